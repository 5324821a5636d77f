#ifndef CACHE_CONNECTION_H
#define CACHE_CONNECTION_H

#include <hiredis.h>
#include <pthread.h>

#include "cache/cache.h"

/* What the files of this library share. */

#define CACHE_PIPELINE_MAX 500 /* commands: neither side's buffers need hold more */

#define CACHE_SCRIPTS 5

struct cache {
    char *host;
    int port;
    char *password; /* NULL: none */
    int database;
    int patience_ms;                 /* for each answer */
    pthread_mutex_t lock;            /* of all below */
    redisContext *context;           /* NULL: not connected */
    int64_t started_us;              /* the call that has the lock */
    int64_t away_until;              /* until then calls fail at once */
    bool has_scripts;                /* this connection's Redis knows presence.c's */
    char digests[CACHE_SCRIPTS][41]; /* by which it knows them */
};

/* Take the lock and a live connection. cache_unlock() in any case. */
MUST_CHECK enum status cache_lock(struct cache *cache, struct error *err);
void cache_unlock(struct cache *cache);

/* ---- With the lock held; a failure closes the connection */

/* The next reply of a pipeline, which the caller frees. */
MUST_CHECK enum status cache_read(struct cache *cache, redisReply **ret, struct error *err);

/* Read n replies. values (may be NULL) gets those that are numbers. */
MUST_CHECK enum status cache_read_numbers(struct cache *cache, size_t n, int64_t *values,
                                          struct error *err);

#endif
