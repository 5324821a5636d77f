#ifndef USER_SEARCH_H
#define USER_SEARCH_H

#include <stdint.h>

#include "base/base.h"

/* A search shows those whose username begins with the query, in the order of their usernames; then
 * those of whom only the nickname does, in the order of (folded nickname, id). A cursor names the
 * last one that was shown, so it stays good whoever comes, goes or is renamed in between. */
enum search_phase { SEARCH_USERNAMES, SEARCH_NICKNAMES };

struct search_place {
    enum search_phase phase;
    char *name;    /* the username, or the folded nickname */
    char *user_id; /* SEARCH_NICKNAMES: whose it is; else NULL */
};

/* Users are stored with nickname_key, the folded nickname, and with this: how many bytes of it their
 * username begins with too. A shorter query that finds the nickname finds the username as well, so
 * an index tells who is to be left out of the second part. */
int64_t search_common(const char *username, const char *nickname_key);

/* The place in base64url, which the caller frees. */
char *search_place_write(const struct search_place *place);

/* False: it is not what search_place_write() wrote; *ret then owns nothing. */
bool search_place_read(const char *cursor, struct search_place *ret);

void search_place_clear(struct search_place *place);
static inline void search_place_clear_at(struct search_place *place)
{
    search_place_clear(place);
}

#endif
