#ifndef MESSAGE_SHARE_H
#define MESSAGE_SHARE_H

#include <pthread.h>

#include "balance.h"
#include "bus/bus.h"
#include "wire/internal.h"

/* What the owner knows of the others: identity's thread hears them (share_hear, share_missed), the
 * owner asks, and is woken when there may be something to take. */
struct share {
    pthread_mutex_t lock;
    struct balance balance;
    char node[NODE_ID_MAX + 1]; /* ours */
    int wake_fd;                /* for bus_take(); -1 before share_open() */
    int64_t told_at;
    unsigned told_held;
};
#define SHARE_INITIALIZER \
    { \
        .lock = PTHREAD_MUTEX_INITIALIZER, .wake_fd = -1 \
    }

/* node is copied. Calling it again changes nothing. UNAVAILABLE: out of files. */
MUST_CHECK enum status share_open(struct share *share, const char *node, struct error *err);
void share_close(struct share *share);

/* ---- Any thread */

void share_hear(struct share *share, const struct message_owner *event);
void share_missed(struct share *share);

/* ---- The owner's thread */

/* balance_quota(). *ret_is_news: since the last call somebody gave something up. */
int share_quota(struct share *share, unsigned *ret_taken, bool *ret_is_news);

/* Tell the others what we hold, if that has changed or it is time to. Nothing is waited for. */
MUST_CHECK enum status share_tell(struct share *share, struct bus *bus, unsigned held,
                                  struct error *err);
/* That we hold nothing and will not: they need not wait until we are dead. */
MUST_CHECK enum status share_leave(struct share *share, struct bus *bus, struct error *err);

/* In how many ms share_tell() is due; 0: now. */
int share_due_ms(const struct share *share);

#endif
