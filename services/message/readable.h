#ifndef MESSAGE_READABLE_H
#define MESSAGE_READABLE_H

#include "message.h"

/* What one user may read of one conversation: the one place that says it, for history, search, sync
 * and files. */
struct readable {
    char *conversation_id;
    char *user_id;
    struct list spans; /* struct span, oldest first, each with its true end, none empty */
};

/* Pure. row is the user's in a group, NULL in a private conversation of his. The spans end at
 * last_seq, because a batch writes messages and rows before it, and begin at first_seq. A row read
 * after the conversation shows nothing that he was to miss by leaving. */
void readable_init(struct readable *ret, const struct conversation_document *conversation,
                   const struct row_document *row, const char *user_id);
void readable_clear(struct readable *readable);
static inline void readable_clear_at(struct readable *readable)
{
    readable_clear(readable);
}

/* Load both and init. NOT_FOUND, named conversation_id: there is no such conversation, or he was
 * never in it. A private one in which nothing was said is NOT_FOUND too. */
MUST_CHECK enum status readable_load(struct message_state *message, const char *conversation_id,
                                     const char *user_id, struct readable *ret, struct error *err);

bool readable_has(const struct readable *readable, int64_t seq);

/* Append up to limit messages (struct message_document) with from <= seq <= to that he may see, in the
 * order of seq, or against it. What he deleted for himself and what has expired is left out, and
 * holes in seq are skipped: limit is reached when there is enough. */
MUST_CHECK enum status readable_find(struct message_state *message, const struct readable *readable,
                                     int64_t from, int64_t to, bool forwards, int64_t limit,
                                     struct list *ret, struct error *err);

/* The one with this _id; NOT_FOUND, named message_id, when he may not see it. */
MUST_CHECK enum status readable_find_one(struct message_state *message,
                                         const struct readable *readable, const char *message_id,
                                         struct message_document *ret, struct error *err);

#endif
