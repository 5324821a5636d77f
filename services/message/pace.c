#include "pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/id.h"
#include "base/memory.h"

struct pace_sender {
    char user_id[ID_MAX];
    int64_t left; /* thousandths of a message */
    int64_t filled_at;
    UT_hash_handle hh;
};

static void forget_all(struct pace *pace)
{
    struct pace_sender *sender;
    struct pace_sender *next;

    HASH_ITER(hh, pace->senders, sender, next) {
        HASH_DEL(pace->senders, sender);
        free(sender);
    }
}

/* With the lock. */
static struct pace_sender *find(struct pace *pace, const char *user_id, int64_t now_ms)
{
    struct pace_sender *sender;

    HASH_FIND_STR(pace->senders, user_id, sender);
    if (sender)
        return sender;
    if (HASH_COUNT(pace->senders) >= PACE_SENDERS_MAX)
        forget_all(pace);
    sender = memory_new(sizeof *sender);
    (void)snprintf(sender->user_id, sizeof sender->user_id, "%s", user_id); /* ours: fits */
    sender->left = INT64_C(1000) * PACE_BURST;
    sender->filled_at = now_ms;
    HASH_ADD_STR(pace->senders, user_id, sender);
    return sender;
}

enum status pace_take(struct pace *pace, const char *user_id, int64_t now_ms, struct error *err)
{
    struct pace_sender *sender;
    bool may;

    pthread_mutex_lock(&pace->lock);
    sender = find(pace, user_id, now_ms);
    sender->left += (now_ms - sender->filled_at) * PACE_PER_SECOND;
    sender->filled_at = now_ms;
    if (sender->left > INT64_C(1000) * PACE_BURST)
        sender->left = INT64_C(1000) * PACE_BURST;
    may = sender->left >= 1000;
    if (may)
        sender->left -= 1000;
    pthread_mutex_unlock(&pace->lock);
    if (may)
        return STATUS_OK;
    return error_set(err, STATUS_TOO_FAST, "a service sends %d messages a second at most",
                     PACE_PER_SECOND);
}

void pace_clear(struct pace *pace)
{
    pthread_mutex_lock(&pace->lock);
    forget_all(pace);
    pthread_mutex_unlock(&pace->lock);
}
