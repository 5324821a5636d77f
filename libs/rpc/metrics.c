#include "rpc/metrics.h"

#include <string.h>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "wire/rpc_info.h"

#define METHODS_MAX 64 /* rows of rpc_infos[], and one for all that are not among them */

enum { CALLS, SECONDS, REFUSED };

static const char *const sides[] = {[RPC_CLIENT] = "client", [RPC_SERVER] = "server"};

static const char *get_method(const void *unused, size_t i)
{
    (void)unused;
    if (i == METHODS_MAX - 1)
        return "other";
    return i < n_rpc_infos ? rpc_infos[i].name : NULL;
}

#define METHOD_LABEL \
    { \
        "method", METHODS_MAX, get_method \
    }

static const struct metric_info infos[] = {
    [CALLS] = {"parley_rpc_calls_total",
               METRIC_COUNTER,
               "Calls by nng, on the side that asks and the one that answers, by their outcome.",
               {METRIC_TEXTS("side", sides), METHOD_LABEL, METRIC_STATUS("status")},
               .sparse = true},
    [SECONDS] = {"parley_rpc_seconds",
                 METRIC_HISTOGRAM,
                 "How long calls took: the asker's time has the network's and the waiting in it.",
                 {METRIC_TEXTS("side", sides), METHOD_LABEL},
                 .bounds = &metric_bounds_us,
                 .per = METRIC_US,
                 .sparse = true},
    [REFUSED] = {"parley_rpc_refused_total", METRIC_COUNTER,
                 "Questions that were not handled, since their seal is missing, wrong or old."},
};

struct metrics rpc_metrics = METRICS(infos);

static size_t index_of(const char *method)
{
    for (size_t i = 0; i < n_rpc_infos && i < METHODS_MAX - 1; i++)
        if (strcmp(rpc_infos[i].name, method) == 0)
            return i;
    return METHODS_MAX - 1;
}

void rpc_count(enum rpc_side side, const char *method, enum status status, int64_t started_us)
{
    size_t index = index_of(method);

    metrics_add(&rpc_metrics, CALLS, METRIC_AT(side, index, status), 1);
    metrics_observe(&rpc_metrics, SECONDS, METRIC_AT(side, index),
                    clock_monotonic_us() - started_us);
}

void rpc_count_refused(void)
{
    metrics_add(&rpc_metrics, REFUSED, METRIC_AT(0), 1);
}
