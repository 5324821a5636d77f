#include "http/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ANSWERS, SECONDS, FAMILIES };

/* A cached answer takes under 1 ms, a bulk insert 10, argon2id 50, a time-out 5 s. */
static const struct metric_bounds bounds = {
    11, {1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000}};

static const char *get_method(const void *metrics, size_t i);
static const char *get_route(const void *metrics, size_t i);

/* For each server n and of of the first label are filled in. */
static const struct metric_info infos[FAMILIES] = {
    [ANSWERS] = {"parley_http_answers_total",
                 METRIC_COUNTER,
                 "Answers by route and status.",
                 {{"method", .get = get_method},
                  {"route", .get = get_route},
                  METRIC_STATUS("status")},
                 .sparse = true},
    [SECONDS] = {"parley_http_seconds",
                 METRIC_HISTOGRAM,
                 "Time from a request's first header until its answer was sent.",
                 {{"method", .get = get_method}, {"route", .get = get_route}},
                 .bounds = &bounds,
                 .per = METRIC_US,
                 .sparse = true}, /* most routes of most processes, for long */
};

struct http_metrics {
    const struct http_route *routes;
    size_t n_routes;
    struct metric_info infos[FAMILIES];
    struct metrics metrics;
};

const struct metrics http_metrics_table = METRICS(infos);

static const char *get_method(const void *metrics, size_t i)
{
    const struct http_metrics *all = metrics;

    return i < all->n_routes ? all->routes[i].method : "";
}

static const char *get_route(const void *metrics, size_t i)
{
    const struct http_metrics *all = metrics;

    return i < all->n_routes ? all->routes[i].path : "none";
}

struct http_metrics *http_metrics_new(const struct http_route *routes, size_t n_routes)
{
    struct http_metrics *metrics = memory_new(sizeof *metrics);

    metrics->routes = routes;
    metrics->n_routes = n_routes;
    memcpy(metrics->infos, infos, sizeof infos);
    for (size_t i = 0; i < FAMILIES; i++) {
        metrics->infos[i].labels[0].n = n_routes + 1;
        metrics->infos[i].labels[0].of = metrics->infos[i].labels[1].of = metrics;
    }
    metrics->metrics = (struct metrics){.infos = metrics->infos, .n = FAMILIES};
    return metrics;
}

void http_metrics_free(struct http_metrics *metrics)
{
    if (metrics)
        metrics_clear(&metrics->metrics);
    free(metrics);
}

void http_metrics_count(struct http_metrics *metrics, size_t route, enum status status,
                        int64_t duration_us)
{
    metrics_add(&metrics->metrics, ANSWERS, METRIC_AT(route, status), 1);
    metrics_observe(&metrics->metrics, SECONDS, METRIC_AT(route), duration_us);
}

void http_metrics_print(struct http_metrics *metrics, struct buffer *ret)
{
    metrics_print(&metrics->metrics, ret);
}
