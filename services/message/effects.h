#ifndef MESSAGE_EFFECTS_H
#define MESSAGE_EFFECTS_H

#include "file_sends.h"
#include "ledger.h"
#include "search_queue.h"

/* What storing a message changes besides `messages`: its conversation, the rows of its sender and
 * recipient, and, for a change of members, their rows. Noted in the ledger at once, so that the
 * next message of the batch is judged by it, and written in bulk once the messages are in. */
struct effects {
    struct ledger *ledger;
    struct search_queue *search;
    struct search_news *news;    /* for it, once all is written */
    struct list changes;         /* struct change_document: to be inserted */
    struct store_bulk *messages; /* what changes made of messages; NULL: nothing */
    struct file_uses files;
    struct store_bulk *rows;
    struct store_bulk *hidden;   /* NULL: nothing is; likewise */
    struct store_bulk *settings; /* rows of which each must be as it was */
    struct row *marked;          /* linked by marks.next */
    struct mark *marks;          /* hash: how far each sender has read by sending */
    struct conversation *dirty;  /* linked by next_dirty */
    const struct expire **expired;
    size_t n_expired;
};

void effects_init(struct effects *effects, struct ledger *ledger, struct search_queue *search);

/* Note one message that is stored or about to be. Messages of a conversation come by seq. Noting
 * one again that a former owner noted changes nothing. */
void effects_note(struct effects *effects, struct conversation *conversation,
                  const struct message_document *message);

/* Note one change and what it made of its message (change_apply() was called). With is_new it is yet to
 * be stored, and *change is taken over; otherwise a former owner stored it. */
void effects_note_change(struct effects *effects, struct conversation *conversation,
                         struct change_document *change, const struct message_document *message,
                         bool is_new);

/* Something else changed that sync shows to all members: once a batch. */
void effects_touch(struct effects *effects, struct conversation *conversation);

/* Note what is to be removed (expire_apply() was called). expire stays the caller's, until all is
 * written or cleared. */
void effects_note_expired(struct effects *effects, const struct expire *expire);

/* Write changes, messages, rows, then conversations, each by majority; what has expired is deleted at
 * last, the messages after all that belongs to them, because by them the sweeper finds it again. Frees what it holds, whatever comes. */
MUST_CHECK enum status effects_write(struct effects *effects, struct error *err);

/* Free without writing. */
void effects_clear(struct effects *effects);

#endif
