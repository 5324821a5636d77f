#include "http/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

/* Upper bounds: a cached answer takes under 1 ms, a bulk insert 10, argon2id 50, a time-out 5 s. */
static const int64_t bounds_us[] = {1000,   2500,   5000,   10000,   25000,  50000,
                                    100000, 250000, 500000, 1000000, 5000000};

struct route_metrics {
    atomic_ullong answers[STATUS_COUNT];
    atomic_ullong buckets[N_ELEMENTS(bounds_us) + 1]; /* each for itself; summed when printed */
    atomic_ullong sum_us;
};

struct metrics {
    size_t n_routes;
    struct route_metrics routes[];
};

struct metrics *metrics_new(size_t n_routes)
{
    struct metrics *metrics =
        memory_new(sizeof *metrics + (n_routes + 1) * sizeof metrics->routes[0]);

    metrics->n_routes = n_routes;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

void metrics_count(struct metrics *metrics, size_t route, enum status status, int64_t duration_us)
{
    struct route_metrics *m = &metrics->routes[route];
    size_t i = 0;

    while (i < N_ELEMENTS(bounds_us) && duration_us > bounds_us[i])
        i++;
    atomic_fetch_add_explicit(&m->answers[status], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->sum_us, (unsigned long long)duration_us, memory_order_relaxed);
}

static void print_labels(const struct metrics *metrics, const struct http_route *routes, size_t i,
                         struct buffer *ret)
{
    if (i < metrics->n_routes)
        buffer_printf(ret, "method=\"%s\",route=\"%s\"", routes[i].method, routes[i].path);
    else
        buffer_add_text(ret, "method=\"\",route=\"none\"");
}

static void print_counts(struct metrics *metrics, const struct http_route *routes,
                         struct buffer *ret)
{
    buffer_add_text(ret, "# HELP parley_http_answers_total Answers by route and status.\n"
                         "# TYPE parley_http_answers_total counter\n");
    for (size_t i = 0; i <= metrics->n_routes; i++)
        for (int s = 0; s < STATUS_COUNT; s++) {
            unsigned long long n = atomic_load(&metrics->routes[i].answers[s]);

            if (!n)
                continue;
            buffer_add_text(ret, "parley_http_answers_total{");
            print_labels(metrics, routes, i, ret);
            buffer_printf(ret, ",status=\"%s\"} %llu\n", status_name((enum status)s), n);
        }
}

static bool has_answers(struct route_metrics *m)
{
    for (int s = 0; s < STATUS_COUNT; s++)
        if (atomic_load(&m->answers[s]))
            return true;
    return false;
}

static void print_histogram(struct metrics *metrics, const struct http_route *routes, size_t i,
                            struct buffer *ret)
{
    struct route_metrics *m = &metrics->routes[i];
    unsigned long long total = 0;

    if (!has_answers(m))
        return; /* most routes of most processes, for long */
    for (size_t b = 0; b <= N_ELEMENTS(bounds_us); b++) {
        total += atomic_load(&m->buckets[b]);
        buffer_add_text(ret, "parley_http_seconds_bucket{");
        print_labels(metrics, routes, i, ret);
        if (b < N_ELEMENTS(bounds_us))
            buffer_printf(ret, ",le=\"%g\"} %llu\n", (double)bounds_us[b] / 1e6, total);
        else
            buffer_printf(ret, ",le=\"+Inf\"} %llu\n", total);
    }
    buffer_add_text(ret, "parley_http_seconds_sum{");
    print_labels(metrics, routes, i, ret);
    buffer_printf(ret, "} %.6f\n", (double)atomic_load(&m->sum_us) / 1e6);
    buffer_add_text(ret, "parley_http_seconds_count{");
    print_labels(metrics, routes, i, ret);
    buffer_printf(ret, "} %llu\n", total);
}

void metrics_print(struct metrics *metrics, const struct http_route *routes, struct buffer *ret)
{
    print_counts(metrics, routes, ret);
    buffer_add_text(ret, "# HELP parley_http_seconds Time from a request's first header until its "
                         "answer was sent.\n"
                         "# TYPE parley_http_seconds histogram\n");
    for (size_t i = 0; i <= metrics->n_routes; i++)
        print_histogram(metrics, routes, i, ret);
}
