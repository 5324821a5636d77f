#ifndef MESSAGE_SYNC_VECTOR_H
#define MESSAGE_SYNC_VECTOR_H

#include "base/buffer.h"
#include "documents.h"

/* What a device is known to have, of each of its user's conversations: a cursor of GET /api/sync
 * names one. Pure. */
struct sync_known {
    const char *key; /* see sync_key(); the vector's */
    int64_t last_seq;
    int64_t change_seq;
    int64_t version; /* the row's: marks of his own */
    int64_t touched;
    int64_t rev; /* the row's: joining, leaving, his role */
    int64_t
        round; /* of pages, in which it was given last: who has not been given yet comes first */
};

struct sync_vector {
    char *text;
    struct sync_known *known; /* sorted by key */
    size_t n;
};

/* Read what sync_vector_add() wrote; text becomes the vector's. INTERNAL: it is something else. The
 * caller clears *ret, on failure too. */
MUST_CHECK enum status sync_vector_read(char *text, struct sync_vector *ret, struct error *err);
void sync_vector_clear(struct sync_vector *vector);

/* NULL: nothing is known of this conversation. */
const struct sync_known *sync_vector_find(const struct sync_vector *vector, const char *key);

/* Append one line to a vector's text. */
void sync_vector_add(struct buffer *text, const struct sync_known *known);

/* The short name of a conversation among a user's: a group's conversation_id, or the other's
 * user_id. 10,000 of them are stored with each cursor. The caller frees it. */
char *sync_key(const char *conversation_id, const char *user_id);

/* Is there something in `now` that `known` (NULL: nothing) has not? */
bool sync_differs(const struct sync_known *known, const struct sync_known *now);

#endif
