#ifndef CACHE_PRESENCE_H
#define CACHE_PRESENCE_H

#include "cache/cache.h"
#include "record/record.h"

/* Who is online, and where. In Redis:
 *   online:{user_id}        hash "<life>:<session>" -> Unix ms of its last refresh
 *   im:online               sorted set of the users who are, by the Unix ms of their last refresh
 *   im:nodes                sorted set of lives by the Unix ms of their last refresh
 *   im:node:<life>          hash about it: address, sockets
 *   im:node:<life>:users    set of the users who have a session there
 *   im:node:<life>:swept    that it was taken for dead
 * A life is one run of a push process, "<node>#<unique>": so what an earlier run of the same node
 * left behind looks like a dead node's, and one sweeper cleans up after both. All times are Redis's
 * own, so that no two machines' clocks are ever compared.
 *
 * Any thread may call; failures are UNAVAILABLE. */

/* What is not refreshed for so long is gone: three refreshes, so that one that is lost or late
 * (Redis restarted) takes nobody away; and friends of a node that died learn it within a minute. */
#define CACHE_ONLINE_MS 45000
#define CACHE_REFRESH_MS 15000

#define CACHE_LIFE_MAX 128

/* The life of a node that begins now. */
void cache_life_new(const char *node, char ret[CACHE_LIFE_MAX]);

struct cache_session {
    const char *user_id;
    const char *session_id;
    bool has_turned; /* filled in: by this call the user came (or went) altogether */
};

/* n sessions are here (again). has_turned: the user was online nowhere before. */
MUST_CHECK enum status cache_come(struct cache *cache, const char *life,
                                  struct cache_session *sessions, size_t n, struct error *err);
/* n sessions are here no more. has_turned: the user is online nowhere now. */
MUST_CHECK enum status cache_go(struct cache *cache, const char *life,
                                struct cache_session *sessions, size_t n, struct error *err);

/* The life goes on. *ret_was_swept: it was taken for dead, and its users were told of as gone. */
MUST_CHECK enum status cache_set_life(struct cache *cache, const char *life, const char *address,
                                      int64_t sockets, bool *ret_was_swept, struct error *err);
/* It ends in order, just refreshed: what it leaves is taken for dead in grace_ms, time enough for
 * its users to connect elsewhere. */
MUST_CHECK enum status cache_end_life(struct cache *cache, const char *life, int64_t grace_ms,
                                      struct error *err);

/* ---- Cleaning up after the dead */

/* Append the lives that were not refreshed for CACHE_ONLINE_MS, and mark them as swept. */
MUST_CHECK enum status cache_find_dead(struct cache *cache, struct strings *ret, struct error *err);
/* Take some users, 500 at most, of a dead life off it. *ret_users, to which they are appended, stay
 * in its set, so that who dies here begins again; *ret_gone are those of them that are online
 * nowhere now. */
MUST_CHECK enum status cache_sweep(struct cache *cache, const char *life, struct strings *ret_users,
                                   struct strings *ret_gone, struct error *err);
/* They have been dealt with. A life without users is forgotten. *ret_is_dead: it still is; else it
 * was only stalled, has its users again, and nothing was done. */
MUST_CHECK enum status cache_swept(struct cache *cache, const char *life,
                                   const struct strings *users, bool *ret_is_dead,
                                   struct error *err);

/* ---- Looking */

struct cache_online {
    int64_t seen_at;      /* the last refresh, Unix ms; 0: offline */
    struct strings nodes; /* where; none twice */
};

/* ret[i] is about user_ids->items[i]; on success the caller clears them. */
MUST_CHECK enum status cache_find_online(struct cache *cache, const struct strings *user_ids,
                                         struct cache_online *ret, struct error *err);
void cache_online_clear(struct cache_online *online, size_t n);

/* How many people are online, each once. Costs the same however many. */
MUST_CHECK enum status cache_count_online(struct cache *cache, int64_t *ret, struct error *err);

#endif
