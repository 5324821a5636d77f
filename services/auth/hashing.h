#ifndef AUTH_HASHING_H
#define AUTH_HASHING_H

#include <pthread.h>

#include "base/error.h"

/* Passwords are hashed by a few at once: each takes 19 MiB and 15 ms of a core, and a crowd at the
 * door must not take all memory. The rest waits its turn; a bounded rest, because the threads that
 * wait are the HTTP server's (512), and refreshing and logging out need some too. */
#define HASHING_SLOTS 4
#define HASHING_WAITING_MAX 384 /* 3 s of work on two cores */

struct hashing {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    int running;
    int waiting;
};

#define HASHING_INITIALIZER \
    { \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 \
    }

/* Wait for a slot. UNAVAILABLE when too many wait already. */
MUST_CHECK enum status hashing_begin(struct hashing *hashing, struct error *err);
void hashing_end(struct hashing *hashing);

#endif
