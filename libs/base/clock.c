#include "base/clock.h"

#include <time.h>

static int64_t milliseconds(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t); /* cannot fail with a constant, supported id */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
    return milliseconds(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return milliseconds(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t); /* as above */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
