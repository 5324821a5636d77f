#ifndef MESSAGE_EFFECTS_H
#define MESSAGE_EFFECTS_H

#include "ledger.h"

/* What storing a message changes besides `messages`: its conversation, the rows of its sender and
 * recipient, and, for a change of members, their rows. Noted in the ledger at once, so that the
 * next message of the batch is judged by it, and written in bulk once the messages are in. */
struct effects {
    struct ledger *ledger;
    struct list changes;         /* struct change_document: to be inserted */
    struct store_bulk *messages; /* what changes made of messages; NULL: nothing */
    struct store_bulk *rows;
    struct mark *marks;         /* hash: how far each sender has read by sending */
    struct conversation *dirty; /* linked by next_dirty */
};

void effects_init(struct effects *effects, struct ledger *ledger);

/* Note one message that is stored or about to be. Messages of a conversation come by seq. Noting
 * one again that a former owner noted changes nothing. */
void effects_note(struct effects *effects, struct conversation *conversation,
                  const struct message_document *message);

/* Note one change and what it made of its message (change_apply() was called). With is_new it is yet to
 * be stored, and *change is taken over; otherwise a former owner stored it. */
void effects_note_change(struct effects *effects, struct conversation *conversation,
                         struct change_document *change, const struct message_document *message,
                         bool is_new);

/* Write changes, messages, rows, then conversations, each by majority. Frees what it holds, whatever comes. */
MUST_CHECK enum status effects_write(struct effects *effects, struct error *err);

/* Free without writing. */
void effects_clear(struct effects *effects);

#endif
