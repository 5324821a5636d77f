/* Two-second buckets, each a number that Redis forgets by itself. */

#include "cache/tally.h"

#include "connection.h"

#define KEEP_SECONDS 30 /* past CACHE_TALLY_SECONDS, and whoever reads late */

#define BUCKET "local n = math.floor(redis.call('TIME')[1] / 2) local key = KEYS[1] .. ':' "

/* key; how many, seconds to keep */
static const char add_script[] = BUCKET "key = key .. n "
                                        "redis.call('INCRBY', key, ARGV[1]) "
                                        "return redis.call('EXPIRE', key, ARGV[2])";

/* key; buckets */
static const char sum_script[] = BUCKET "local sum = 0 "
                                        "for i = 1, tonumber(ARGV[1]) do "
                                        "  sum = sum + (redis.call('GET', key .. n - i) or 0) "
                                        "end "
                                        "return sum";

static enum status run(struct cache *cache, const char *script, const char *name, int64_t first,
                       int64_t second, int64_t *ret, struct error *err)
{
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "EVAL %s 1 im:tally:%s %lld %lld", script, name,
                                 (long long)first, (long long)second);
        s = cache_read_numbers(cache, 1, ret, err);
    }
    cache_unlock(cache);
    return s;
}

enum status cache_tally(struct cache *cache, const char *name, int64_t n, struct error *err)
{
    return run(cache, add_script, name, n, KEEP_SECONDS, NULL, err);
}

enum status cache_get_tally(struct cache *cache, const char *name, int64_t *ret, struct error *err)
{
    return run(cache, sum_script, name, CACHE_TALLY_SECONDS / 2, 0, ret, err);
}
