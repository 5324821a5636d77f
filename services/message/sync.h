#ifndef MESSAGE_SYNC_H
#define MESSAGE_SYNC_H

#include "conversations.h"
#include "sync_vector.h"
#include "wire/sync_api.h"

/* What one conversation gives to GET /api/sync. */

#define SYNC_PAGE_BYTES ((size_t)1024 * 1024) /* about: a phone shows one while it asks the next */

struct sync_source {
    struct message_state *message;
    const char *user_id;
    struct entry entry; /* the row was read after the conversation: who leaves meanwhile
                                        sees no more than before */
    const struct row_document *peer; /* the other's row; NULL: a group, or he has none */
    const struct sync_known *known;  /* what the device has; NULL: nothing */
    bool is_new_device;              /* it has nothing of any conversation */
};

/* Fill *ret (zeroed before; the caller clears it, on failure too), and *now with what the device
 * knows once it has it: its change_seq or version is behind when there was too much. *ret_size is
 * about what it takes as JSON, at most SYNC_PAGE_BYTES and a little. */
MUST_CHECK enum status sync_fill(const struct sync_source *source, struct sync_conversation *ret,
                                 struct sync_known *now, size_t *ret_size, struct error *err);

/* What there is to know of it, as row and conversation say. */
void sync_state_of(const struct entry *entry, struct sync_known *ret);

#endif
