/* One connection under a lock. A failure closes it and keeps calls away from it for a second. */

#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/memory.h"

/* It is not away because others have its core for a moment, or its page is swapped out: log-ins
 * would be refused, and news of presence lost. Only who asks it waits, and only the first in each
 * AWAY_MS. */
#define TIMEOUT_MS 2000
#define AWAY_MS 1000

enum { SECONDS, ERRORS, CONNECTED };

/* Redis answers in less than a millisecond, and is given up after TIMEOUT_MS. */
static const struct metric_bounds bounds = {
    10, {50, 100, 250, 500, 1000, 2500, 10000, 50000, 200000, 1000000}};

static const struct metric_info infos[] = {
    [SECONDS] = {"parley_cache_seconds", METRIC_HISTOGRAM,
                 "How long calls to Redis took once it was their turn, connecting included.",
                 .bounds = &bounds, .per = METRIC_US},
    [ERRORS] =
        {"parley_cache_errors_total", METRIC_COUNTER,
         "Calls that Redis did not answer, and those not made since it was away just before."},
    [CONNECTED] = {"parley_cache_connected", METRIC_GAUGE,
                   "1 while the last call to Redis was answered; before the first it is 0."},
};

struct metrics cache_metrics = METRICS(infos);

/* ---- The URL */

/* redis://[[user]:password@]host[:port][/database]. rest is cut into pieces. */
static bool parse_url(char *rest, struct cache *cache)
{
    char *at, *mark;

    if (strncmp(rest, "redis://", 8) != 0)
        return false;
    rest += 8;
    at = strrchr(rest, '@');
    if (at) {
        *at = '\0';
        mark = strchr(rest, ':');
        if (!mark)
            return false;
        cache->password = memory_text(mark + 1);
        rest = at + 1;
    }
    mark = strchr(rest, '/');
    if (mark) {
        *mark = '\0';
        cache->database = atoi(mark + 1);
    }
    mark = strrchr(rest, ':');
    cache->port = 6379;
    if (mark) {
        *mark = '\0';
        cache->port = atoi(mark + 1);
    }
    cache->host = memory_text(rest);
    return *rest && cache->port > 0 && cache->port < 65536 && cache->database >= 0;
}

enum status cache_open(const char *redis_url, struct cache **ret, struct error *err)
{
    struct cache *cache = memory_new(sizeof *cache);
    CLEANUP(free) char *url = memory_text(redis_url);
    bool valid = parse_url(url, cache);

    cache->patience_ms = TIMEOUT_MS;
    explicit_bzero(url, strlen(redis_url));
    pthread_mutex_init(&cache->lock, NULL);
    if (!valid) {
        cache_close(cache);
        return error_set(err, STATUS_INVALID,
                         "REDIS_URL must be redis://[:password@]host:port/database");
    }
    *ret = cache;
    return STATUS_OK;
}

void cache_close(struct cache *cache)
{
    if (!cache)
        return;
    if (cache->context)
        redisFree(cache->context);
    pthread_mutex_destroy(&cache->lock);
    if (cache->password)
        explicit_bzero(cache->password, strlen(cache->password));
    free(cache->password);
    free(cache->host);
    free(cache);
}

/* ---- The connection; the lock is held in all of these */

static enum status give_up(struct cache *cache, const char *why, struct error *err)
{
    enum status s = error_set(err, STATUS_UNAVAILABLE, "Redis: %s", why);

    if (cache->context)
        redisFree(cache->context); /* why may have pointed into it */
    cache->context = NULL;
    cache->away_until = clock_monotonic() + AWAY_MS;
    metrics_add(&cache_metrics, ERRORS, METRIC_AT(0), 1);
    metrics_set(&cache_metrics, CONNECTED, METRIC_AT(0), false);
    return s;
}

/* Why the last call failed; asked at once. hiredis calls a time-out "Resource temporarily
 * unavailable", as the kernel does. */
static const char *why_lost(const redisContext *context)
{
    if (!context)
        return "out of memory";
    return context->err == REDIS_ERR_IO && errno == EAGAIN ? "no answer in time" : context->errstr;
}

enum status cache_read(struct cache *cache, redisReply **ret, struct error *err)
{
    void *reply = NULL;
    enum status s;

    if (redisGetReply(cache->context, &reply) != REDIS_OK)
        return give_up(cache, why_lost(cache->context), err);
    *ret = reply;
    if ((*ret)->type != REDIS_REPLY_ERROR)
        return STATUS_OK;
    /* A wrong password, or a server that only loads yet: away, as far as we care. */
    s = give_up(cache, (*ret)->str, err);
    freeReplyObject(reply);
    return s;
}

enum status cache_read_numbers(struct cache *cache, size_t n, int64_t *values, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        redisReply *reply;
        enum status s = cache_read(cache, &reply, err);

        if (s != STATUS_OK)
            return s;
        if (values)
            values[i] = reply->type == REDIS_REPLY_INTEGER  ? reply->integer
                        : reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10)
                                                            : 0;
        freeReplyObject(reply);
    }
    return STATUS_OK;
}

static enum status connect_now(struct cache *cache, struct error *err)
{
    const struct timeval timeout = {cache->patience_ms / 1000, cache->patience_ms % 1000 * 1000};
    size_t n = 1;

    cache->has_scripts = false;
    cache->context = redisConnectWithTimeout(cache->host, cache->port, timeout);
    if (!cache->context || cache->context->err)
        return give_up(cache, why_lost(cache->context), err);
    (void)redisSetTimeout(cache->context, timeout); /* constant: cannot fail */
    (void)redisEnableKeepAlive(cache->context);     /* a loss then shows at the next call */
    if (cache->password && ++n)
        (void)redisAppendCommand(cache->context, "AUTH %s", cache->password);
    (void)redisAppendCommand(cache->context, "SELECT %d", cache->database);
    return cache_read_numbers(cache, n, NULL, err);
}

/* Redis has closed its side: it restarted, and is most likely back. */
static bool is_stale(const struct cache *cache)
{
    char byte;
    ssize_t n = recv(cache->context->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

enum status cache_lock(struct cache *cache, struct error *err)
{
    enum status s;

    pthread_mutex_lock(&cache->lock);
    cache->started_us = clock_monotonic_us();
    if (cache->context && !is_stale(cache))
        return STATUS_OK;
    if (cache->context)
        redisFree(cache->context);
    cache->context = NULL;
    if (clock_monotonic() < cache->away_until) {
        metrics_add(&cache_metrics, ERRORS, METRIC_AT(0), 1);
        cache->started_us = 0; /* nothing was waited for */
        return error_set(err, STATUS_UNAVAILABLE, "Redis: away a moment ago");
    }
    s = connect_now(cache, err);
    if (s == STATUS_OK)
        metrics_set(&cache_metrics, CONNECTED, METRIC_AT(0), true);
    return s;
}

void cache_unlock(struct cache *cache)
{
    if (cache->started_us)
        metrics_observe(&cache_metrics, SECONDS, METRIC_AT(0),
                        clock_monotonic_us() - cache->started_us);
    pthread_mutex_unlock(&cache->lock);
}

/* ---- Calls */

enum status cache_ping(struct cache *cache, struct error *err)
{
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "PING"); /* only fails when out of memory */
        s = cache_read_numbers(cache, 1, NULL, err);
    }
    cache_unlock(cache);
    return s;
}

enum status cache_count(struct cache *cache, const char *key, int64_t window_s, int64_t *ret,
                        int64_t *ret_ttl_s, struct error *err)
{
    int64_t values[3] = {0};
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        /* SET NX begins a window; INCR keeps its end. */
        (void)redisAppendCommand(cache->context, "SET %s 0 EX %lld NX", key, (long long)window_s);
        (void)redisAppendCommand(cache->context, "INCR %s", key);
        (void)redisAppendCommand(cache->context, "TTL %s", key);
        s = cache_read_numbers(cache, 3, values, err);
    }
    if (s == STATUS_OK && values[2] < 0) {
        /* The window ended between the two: INCR began one without an end. */
        (void)redisAppendCommand(cache->context, "EXPIRE %s %lld", key, (long long)window_s);
        s = cache_read_numbers(cache, 1, NULL, err);
        values[2] = window_s;
    }
    cache_unlock(cache);
    if (s != STATUS_OK)
        return s;
    *ret = values[1];
    if (ret_ttl_s)
        *ret_ttl_s = values[2];
    return STATUS_OK;
}

enum status cache_get_count(struct cache *cache, const char *key, int64_t *ret, int64_t *ret_ttl_s,
                            struct error *err)
{
    int64_t values[2] = {0};
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "GET %s", key);
        (void)redisAppendCommand(cache->context, "TTL %s", key);
        s = cache_read_numbers(cache, 2, values, err);
    }
    cache_unlock(cache);
    if (s != STATUS_OK)
        return s;
    *ret = values[0];
    if (ret_ttl_s)
        *ret_ttl_s = values[1] > 0 ? values[1] : 0;
    return STATUS_OK;
}

enum status cache_put(struct cache *cache, const char *key, const char *value, int64_t ttl_s,
                      struct error *err)
{
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "SET %s %s EX %lld", key, value, (long long)ttl_s);
        s = cache_read_numbers(cache, 1, NULL, err);
    }
    cache_unlock(cache);
    return s;
}

enum status cache_take(struct cache *cache, const char *key, char **ret, struct error *err)
{
    redisReply *reply = NULL;
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "GETDEL %s", key);
        s = cache_read(cache, &reply, err);
    }
    cache_unlock(cache);
    if (s != STATUS_OK)
        return s;
    if (reply->type == REDIS_REPLY_STRING)
        *ret = memory_text_n(reply->str, reply->len);
    else
        s = error_set(err, STATUS_NOT_FOUND, "Redis: no such key");
    freeReplyObject(reply);
    return s;
}
