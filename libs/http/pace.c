#include "http/pace.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/memory.h"

#define SETS 4096 /* with WAYS: 32,768 who call within some seconds, in less than 1 MiB */
#define WAYS 8

static const struct {
    const char *told;
    int64_t per_second;
    int64_t burst;
} limits[] = {
    /* No fingers, and no client that pages through all that it has, come near it. */
    [HTTP_CALLS] = {"at most 200 calls a second", 200, 2000},
    /* As one socket more: MESSAGES_PER_SECOND and MESSAGES_BURST of push. */
    [HTTP_MESSAGES] = {"at most 200 messages a second", 200, 400},
    /* Who types fast asks three times a second; each may cost the database as much as 100 calls. */
    [HTTP_SEARCHES] = {"at most 10 searches a second", 10, 50},
    /* A shop that writes to all of its customers; what the partitions take is many times that. */
    [HTTP_SERVICES] = {"at most 1,000 calls a second", 1000, 2000},
};

struct bucket {
    uint64_t key;      /* 0: nobody's */
    int64_t filled_at; /* when tokens was right, in ms */
    double tokens;
};

struct paces {
    pthread_mutex_t lock;
    uint64_t seed; /* nobody is to reckon whose bucket lies beside his */
    struct bucket buckets[SETS][WAYS];
};

struct paces *paces_new(void)
{
    struct paces *paces = memory_new(sizeof *paces);

    pthread_mutex_init(&paces->lock, NULL);
    if (getrandom(&paces->seed, sizeof paces->seed, 0) != (ssize_t)sizeof paces->seed)
        abort(); /* cannot happen below 256 bytes once the system is up */
    return paces;
}

void paces_free(struct paces *paces)
{
    if (!paces)
        return;
    pthread_mutex_destroy(&paces->lock);
    free(paces);
}

/* FNV-1a: users do not choose their ids, and addresses cost more than what they could win. */
static uint64_t key_of(const struct paces *paces, enum http_pace kind, const char *who)
{
    uint64_t hash = 0xcbf29ce484222325 ^ paces->seed ^ (uint64_t)kind;

    for (; *who; who++)
        hash = (hash ^ (unsigned char)*who) * 0x100000001b3;
    hash ^= hash >> 32; /* the low bits choose the set */
    return hash ? hash : 1;
}

static double tokens_at(const struct bucket *bucket, enum http_pace kind, int64_t now)
{
    double tokens =
        bucket->tokens + (double)((now - bucket->filled_at) * limits[kind].per_second) / 1000;

    return tokens < (double)limits[kind].burst ? tokens : (double)limits[kind].burst;
}

/* Whose it is, or the one to forget: nobody's before the one that was used longest ago. */
static struct bucket *find_bucket(struct bucket set[WAYS], uint64_t key)
{
    struct bucket *oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (oldest->key && (!set[i].key || set[i].filled_at < oldest->filled_at))
            oldest = &set[i];
    }
    return oldest;
}

enum status paces_take(struct paces *paces, enum http_pace kind, const char *who, int64_t now,
                       struct error *err)
{
    uint64_t key = key_of(paces, kind, who);
    struct bucket *bucket;
    bool taken;

    pthread_mutex_lock(&paces->lock);
    bucket = find_bucket(paces->buckets[key % SETS], key);
    if (bucket->key != key)
        *bucket = (struct bucket){key, now, (double)limits[kind].burst};
    bucket->tokens = tokens_at(bucket, kind, now);
    bucket->filled_at = now;
    taken = bucket->tokens >= 1;
    if (taken)
        bucket->tokens -= 1;
    pthread_mutex_unlock(&paces->lock);
    return taken ? STATUS_OK : error_set(err, STATUS_TOO_FAST, "%s", limits[kind].told);
}
