#ifndef MESSAGE_RETENTION_H
#define MESSAGE_RETENTION_H

#include "command.h"

/* How long messages live: what timers and the end of messages make of a conversation. Pure. */

/* May he set a timer there? row is his in a group, NULL in a private conversation. FORBIDDEN: he
 * is neither owner nor admin of the group. */
MUST_CHECK enum status timer_judge(const struct row_document *row, struct error *err);

/* If the message tells of a timer, its conversation has that timer from then on. */
void timer_apply(const struct message_document *message,
                 struct conversation_document *conversation);

/* When a message of now ends, by the conversation's timer: 0 without one. One that outlives
 * retention_days (0: nothing is too old) ends by that. */
int64_t timer_end(const struct conversation_document *conversation, int64_t retention_days,
                  int64_t now);

/* The highest seq of those that a timer removes; 0: they are too old. */
int64_t expire_vanished_seq(const struct expire *expire);

/* The conversation without what has expired. */
void expire_apply(const struct expire *expire, struct conversation_document *conversation);

/* What devices are told of it. *ret owns nothing. */
void expire_to_content(const struct expire *expire, struct system_content *ret);

#endif
