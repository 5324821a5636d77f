#ifndef MESSAGE_REFERENCES_H
#define MESSAGE_REFERENCES_H

#include "command.h"

/* What a text refers to besides saying something: people, everybody, the message that it answers.
 * Most refer to nothing, which costs a look at their content and no more. Pure. */

/* False: nothing, and *ret is as it was. Otherwise the caller clears *ret. */
bool references_find(int64_t msg_type, const char *content, struct content_text *ret);

/* The _id of the message that a SEND answers, or NULL; the caller frees it. */
char *references_reply_id(const struct command *command);

/* May somebody with this row (NULL: in a private conversation) name everybody? FORBIDDEN: only owner and
 * admins of a group do. INVALID: in private nobody does. */
MUST_CHECK enum status references_check_at_all(const struct row_document *row, struct error *err);

/* May the SEND refer to what it does? row is the sender's, NULL in a private conversation; reply is
 * what references_reply_id() names, NULL when there is no such message. INVALID: he cannot see it; or as
 * references_check_at_all(). */
MUST_CHECK enum status references_check(const struct command *command,
                                        const struct row_document *row,
                                        const struct conversation_document *conversation,
                                        const struct message_document *reply, struct error *err);

#endif
