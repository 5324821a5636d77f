#ifndef MESSAGE_UNREAD_H
#define MESSAGE_UNREAD_H

#include "message.h"

/* What follows from how far somebody has read. As a rule from numbers of his row and of the
 * conversation alone; once something after read_seq was recalled, has expired or was deleted by him,
 * it is counted. Any thread. */

#define UNREAD_MAX 999 /* shown; past it nobody counts */

/* By the numbers, or is there more to it? Pure. */
bool unread_is_exact(const struct conversation_document *conversation,
                     const struct row_document *row);
int64_t unread_of(const struct conversation_document *conversation, const struct row_document *row);

/* Messages of others that the row's user has not read: UNREAD_MAX at most. */
MUST_CHECK enum status unread_count(struct message_state *message,
                                    const struct conversation_document *conversation,
                                    const struct row_document *row, int64_t *ret,
                                    struct error *err);

/* Is he named in one of them? */
MUST_CHECK enum status unread_is_mentioned(struct message_state *message,
                                           const struct conversation_document *conversation,
                                           const struct row_document *row, bool *ret,
                                           struct error *err);

/* The newest message that he may see. NOT_FOUND: none. */
MUST_CHECK enum status unread_last_message(struct message_state *message,
                                           const struct conversation_document *conversation,
                                           const struct row_document *row,
                                           struct message_document *ret, struct error *err);

#endif
