/* How many passwords are hashed at once, and how many wait. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/base.h"
#include "services/auth/hashing.h"

static struct hashing hashing = HASHING_INITIALIZER;
static atomic_int running;
static atomic_int most;
static atomic_int refused;

static int waiting(void)
{
    int n;

    pthread_mutex_lock(&hashing.lock);
    n = hashing.waiting;
    pthread_mutex_unlock(&hashing.lock);
    return n;
}

static void *hash(void *unused)
{
    int now;

    if (hashing_begin(&hashing, NULL) != STATUS_OK) {
        atomic_fetch_add(&refused, 1);
        return unused;
    }
    now = atomic_fetch_add(&running, 1) + 1;
    for (int seen = atomic_load(&most); now > seen;)
        if (atomic_compare_exchange_weak(&most, &seen, now))
            break;
    sched_yield();
    atomic_fetch_sub(&running, 1);
    hashing_end(&hashing);
    return unused;
}

static void hashes_four_at_once_and_bounds_who_waits(void **state)
{
    pthread_t threads[HASHING_WAITING_MAX];
    struct error err;

    (void)state;
    for (int i = 0; i < HASHING_SLOTS; i++)
        assert_int_equal(hashing_begin(&hashing, &err), STATUS_OK);
    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash, NULL), 0);
    while (waiting() < HASHING_WAITING_MAX)
        sched_yield();
    assert_int_equal(hashing_begin(&hashing, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "too many are logging in just now: try again");
    for (int i = 0; i < HASHING_SLOTS; i++)
        hashing_end(&hashing);
    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_in_range(atomic_load(&most), 1, HASHING_SLOTS);
    assert_int_equal(atomic_load(&refused), 0);
    assert_int_equal(waiting(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_four_at_once_and_bounds_who_waits),
    };

    return cmocka_run_group_tests_name("auth hashing", tests, NULL, NULL);
}
