#ifndef MESSAGE_SEARCH_SCOPE_H
#define MESSAGE_SEARCH_SCOPE_H

#include <uthash.h>

#include "readable.h"
#include "terms.h"

/* Where one user's search looks. Nothing of what it holds outlives one request. */

struct scope_conversation {
    struct readable readable;
    char key[TERMS_KEY];
    int64_t end;    /* nothing he may read has a place from here on */
    int64_t newest; /* nothing at all has; what is older than he may see is passed by is_over */
    bool is_over;   /* nothing older than what was seen is his to read */
    UT_hash_handle hh;
};

struct scope {
    struct scope_conversation *items; /* by newest, the newest first */
    size_t n;
    struct scope_conversation *by_id; /* hash by readable.conversation_id */
};

/* All conversations of the user, or one. Of groups that he has left, at most the newest 100 unless one
 * is named. NOT_FOUND, named conversation_id: it is not his. Zero *ret before, and clear it in either case. */
MUST_CHECK enum status scope_load(struct message_state *message, const char *user_id,
                                  const char *conversation_id, struct scope *ret,
                                  struct error *err);
void scope_clear(struct scope *scope);
static inline void scope_clear_at(struct scope *scope)
{
    scope_clear(scope);
}

/* The conversation of a message's _id; NULL: not one of these. */
struct scope_conversation *scope_find(const struct scope *scope, const char *message_id);

/* Append the keys of some that one query can look into together, from *i on, which moves past them:
 * those with the same end. */
void scope_keys(const struct scope *scope, size_t *i, struct strings *ret);

/* All keys. */
void scope_all_keys(const struct scope *scope, struct strings *ret);

#endif
