#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdint.h>

#include "base/error.h"
#include "metrics/metrics.h"

/* Redis: short-lived state that may vanish at any time. Delivery never depends on it.
 *
 * Any thread may use one cache; calls take turns. A call waits 2 s at most for its answer, and for a
 * second after a failure calls fail at once: a Redis that is not there costs nobody a stall, one that
 * hangs stalls who asks it, which is never a loop that others wait for
 * (docs/decisions/0203-how-long-redis-may-take.md). */
struct cache;

/* How long calls took and which failed, of all caches of this process. */
extern struct metrics cache_metrics;

MUST_CHECK enum status cache_open(const char *redis_url, struct cache **ret, struct error *err);
void cache_close(struct cache *cache); /* NULL is fine */
MUST_CHECK enum status cache_ping(struct cache *cache, struct error *err);

/* Count one event under key in a fixed window; *ret is how many there were in it, this one
 * included, and *ret_ttl_s (may be NULL) the seconds until it ends. UNAVAILABLE when Redis is away:
 * the caller decides whether that refuses. */
MUST_CHECK enum status cache_count(struct cache *cache, const char *key, int64_t window_s,
                                   int64_t *ret, int64_t *ret_ttl_s, struct error *err);
MUST_CHECK enum status cache_get_count(struct cache *cache, const char *key, int64_t *ret,
                                       int64_t *ret_ttl_s, struct error *err);

/* Keep a text under key for ttl_s seconds, over what was there; and take it away again: *ret, which
 * the caller frees, or NOT_FOUND. Of two who take at once, one gets it. */
MUST_CHECK enum status cache_put(struct cache *cache, const char *key, const char *value,
                                 int64_t ttl_s, struct error *err);
MUST_CHECK enum status cache_take(struct cache *cache, const char *key, char **ret,
                                  struct error *err);

#endif
