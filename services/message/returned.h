#ifndef MESSAGE_RETURNED_H
#define MESSAGE_RETURNED_H

#include "message.h"

/* Members who left a group and came back. What changes of a message goes to its group, and `push` gives
 * it to those whose last stay has the message. Who may see it from an earlier stay is told by name.
 *
 * Append their ids to *ret. Costs a query only when somebody has come back since the message; it is
 * of what is stored, and who comes back with a batch that is not yet is told to sync after it. */
MUST_CHECK enum status returned_find(struct message_state *message,
                                     const struct conversation_document *conversation,
                                     const struct message_document *of, struct strings *ret,
                                     struct error *err);

#endif
