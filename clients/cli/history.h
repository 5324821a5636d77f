#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include "wire/frames.h"

/* The "data" of an answer of history, compact JSON: {"messages":[…],"has_more":bool}. Its messages
 * are read one by one, so that one that we cannot read hides no other. Pure. */

/* *ret_rest is where history_next() begins; it points into data. */
MUST_CHECK enum status history_open(const char *data, const char **ret_rest, bool *ret_more,
                                    struct error *err);

/* The next message that can be read. The caller clears *ret (record_clear()). false: no more. */
bool history_next(const char **rest, struct frame_message *ret);

#endif
