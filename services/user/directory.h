#ifndef USER_DIRECTORY_H
#define USER_DIRECTORY_H

#include <pthread.h>

#include "record/record.h"

/* How everybody comes into `users`, so that search finds also who never called. auth tells of each
 * account when it is made (user.registered); what was missed so, a worker asks for: at start, after
 * every reconnect to the bus, and every 30 s. Replicas do it side by side: harmless. */
struct directory {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list registered; /* struct account: told of, and not kept yet */
    bool missed;            /* ask auth now */
};

#define DIRECTORY_INITIALIZER \
    { \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER \
    }

#endif
