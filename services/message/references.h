#ifndef MESSAGE_REFERENCES_H
#define MESSAGE_REFERENCES_H

#include "command.h"

/* Whom a text names: people, or everybody. Most name nobody, which costs a look at their content and no
 * more. What a text answers (reply_to) is not looked up: it may have expired while one wrote. Pure. */

/* False: nobody, and *ret is as it was. Otherwise the caller clears *ret. */
bool references_find(int64_t msg_type, const char *content, struct content_text *ret);

/* May somebody with this row (NULL: in a private conversation) say that? FORBIDDEN: only the owner and
 * admins of a group name everybody. */
MUST_CHECK enum status references_check(int64_t msg_type, const char *content,
                                        const struct row_document *row, struct error *err);

#endif
