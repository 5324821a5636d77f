#ifndef MESSAGE_STORED_H
#define MESSAGE_STORED_H

#include "ledger.h"

/* The messages of a batch's ids that are stored, by it or before: by them sending again is
 * harmless. */
struct stored {
    struct list known;               /* struct message_document: found by the ids */
    struct list vanished;            /* likewise, of what a timer has removed (vanished.h) */
    struct stored_message *messages; /* hash by _id: known, recovered, and new */
};

/* Look for what commands and changes (struct change_document) name, in one query; and in a second
 * for those sends that it has not found, if they go to conversations of which messages have
 * vanished. The commands have their conversations. What is in recovered (struct message_document)
 * goes before what is found, and stays the caller's; it must outlive *ret, which the caller ends
 * with stored_clear(), on failure too. */
MUST_CHECK enum status stored_load(struct store *store, const struct command *commands, size_t n,
                                   struct list *recovered, const struct list *changes,
                                   struct stored *ret, struct error *err);

/* One that the batch stores. It stays the caller's. */
void stored_add(struct stored *stored, struct message_document *message);

struct message_document *stored_find(const struct stored *stored, const char *id);

/* The message as changes of this batch have left it, to be changed further; NULL: there is none. */
struct message_document *stored_find_changeable(struct stored *stored, const char *id);

/* What an ack says of a message that has vanished, and its sender; NULL: it has not, or it is not
 * known any more. */
const struct message_document *stored_find_vanished(const struct stored *stored, const char *id);

void stored_clear(struct stored *stored);

#endif
