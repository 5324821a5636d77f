#ifndef MESSAGE_CONVERSATIONS_H
#define MESSAGE_CONVERSATIONS_H

#include "message.h"

/* One's conversations, for the list (conversations.c) and for sync (sync.c). Any thread. */

#define CONVERSATIONS_MAX 10000 /* of one user that are looked at */

/* A row beside its conversation, as far as its user may see it. */
struct entry {
    const struct row_document *row;
    const struct conversation_document *conversation;
    int64_t last_seq;
    bool has_left;
};

struct overview {
    struct list rows;          /* struct row_document */
    struct list conversations; /* struct conversation_document, by id */
    struct entry *entries;     /* newest activity first */
    size_t n;
};

/* All of a user's that have something to show, hidden ones too: rows, then conversations. Zero *ret
 * before, and clear it in either case. */
MUST_CHECK enum status overview_load(struct message_state *message, const char *user_id,
                                     struct overview *ret, struct error *err);
void overview_clear(struct overview *overview);

/* What row and conversation make of last_seq and has_left: members that left see it as it was then. */
void entry_fill(struct entry *entry);

/* What a client is told of a conversation, as far as row and conversation say it; *ret is zeroed before.
 */
void conversations_fill(const struct entry *entry, const char *user_id,
                        struct conversation_item *ret);

/* What the messages say: the newest one that he may see (when it is not there yet), how many are
 * unread, is he named in them? */
MUST_CHECK enum status conversations_look(struct message_state *message, const struct entry *entry,
                                          struct conversation_item *item, struct error *err);

/* One of the user's, but for the other's receipts. NOT_FOUND, named
 * conversation_id. The caller clears *ret. */
MUST_CHECK enum status conversations_find(struct message_state *message,
                                          const char *conversation_id, const char *user_id,
                                          struct conversation_item *ret, struct error *err);

/* Names of the others, for n items that are `size` bytes apart. Without `user` their ids must do. */
void conversations_add_names(struct message_state *message, void *items, size_t n, size_t size);

#endif
