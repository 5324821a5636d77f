#ifndef CACHE_TALLY_H
#define CACHE_TALLY_H

#include "cache/cache.h"

/* How often something happened lately, in all processes together. In Redis:
 *   im:tally:<name>:<n>   how often in the n-th two seconds, by Redis's own clock
 *
 * For figures that people look at: what is not written while Redis is away is not made up for.
 * Any thread may call; failures are UNAVAILABLE. */

#define CACHE_TALLY_SECONDS 10

/* It happened n times more. Call it once a second or so, so that counts fall where they belong. */
MUST_CHECK enum status cache_tally(struct cache *cache, const char *name, int64_t n,
                                   struct error *err);

/* How often within the last CACHE_TALLY_SECONDS, but for the two seconds that are not over. */
MUST_CHECK enum status cache_get_tally(struct cache *cache, const char *name, int64_t *ret,
                                       struct error *err);

#endif
