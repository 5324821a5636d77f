#ifndef MESSAGE_VANISHED_H
#define MESSAGE_VANISHED_H

#include "documents.h"
#include "store/store.h"

/* What is left of a message that a timer has removed: its id, whose it was, and what its ack said,
 * and no word of what it held. By it one that is sent again is known, and not told to anybody again
 * (docs/decisions/0202). It is a struct message_document of which only those members are set. */

/* How long: past it the same message_id is a new message. A client sends again after 5 s, after a
 * reconnect and after a restart; who was away for a month has given up. No longer, since whoever
 * reads the database learns from it who wrote when. */
#define VANISHED_DAYS 30

MUST_CHECK enum status vanished_index(struct store *store, struct error *err);

/* Keep what is to be known of these, by their _id, while they are in `messages`. Harmless to
 * repeat, when they are gone too. */
MUST_CHECK enum status vanished_keep(struct store *store, const struct strings *ids,
                                     struct error *err);

/* Append those of the ids that have vanished to *ret (struct message_document). */
MUST_CHECK enum status vanished_find(struct store *store, const struct strings *ids,
                                     struct list *ret, struct error *err);

/* Remove what is older than VANISHED_DAYS. */
MUST_CHECK enum status vanished_trim(struct store *store, struct error *err);

/* Remove some of a conversation's, of which all messages are gone; *ret_done: none is left. */
MUST_CHECK enum status vanished_erase(struct store *store, const char *conversation_id,
                                      bool *ret_done, struct error *err);

#endif
