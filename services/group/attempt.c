#include "attempt.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

/* From the request to the log's answer; then 50301, whatever became of the change. */
#define CHANGE_TIMEOUT_MS 5000

/* Threads of one process take turns, or n who join at once would try n² times. Other processes
 * are met by rev. */
static pthread_mutex_t turns[PARTITIONS] = {[0 ... PARTITIONS - 1] = PTHREAD_MUTEX_INITIALIZER};

enum status attempt_run(struct attempt *attempt,
                        enum status (*try)(struct attempt *attempt, struct error *err),
                        struct error *err)
{
    int64_t deadline = clock_monotonic() + CHANGE_TIMEOUT_MS;
    pthread_mutex_t *turn =
        &turns[topology_partition(attempt->group_id, strlen(attempt->group_id))];
    int64_t left;
    enum status s;

    do {
        attempt->is_late = false;
        pthread_mutex_lock(turn);
        s = try(attempt, err);
        pthread_mutex_unlock(turn);
        if (s != STATUS_OK)
            return s;
        left = deadline - clock_monotonic();
        if (left <= 0)
            return error_set(err, STATUS_UNAVAILABLE, "others' changes of the group came first");
        s = outbox_flush(attempt->state->outbox, attempt->group_id, attempt->rev, (int)left, err);
    } while (s == STATUS_OK && attempt->is_late);
    return s;
}
