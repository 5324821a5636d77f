#ifndef MESSAGE_PACE_H
#define MESSAGE_PACE_H

#include <pthread.h>

#include "base/error.h"

/* How fast service accounts may send over HTTP: a bucket each, in each process. People's sockets
 * have theirs in push. Generous: it is to stop a loop that went wrong, not a shop's busy hour. */
#define PACE_PER_SECOND 100
#define PACE_BURST 1000
#define PACE_SENDERS_MAX 1000 /* past that all begin with full buckets again */

struct pace {
    pthread_mutex_t lock;
    struct pace_sender *senders; /* hash by user id */
};
#define PACE_INITIALIZER \
    { \
        .lock = PTHREAD_MUTEX_INITIALIZER \
    }

/* One more of the user's; now_ms is monotonic. TOO_FAST: not now. Any thread. */
MUST_CHECK enum status pace_take(struct pace *pace, const char *user_id, int64_t now_ms,
                                 struct error *err);
void pace_clear(struct pace *pace);

#endif
