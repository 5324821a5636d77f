#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include "http/http.h"

/* Counters per route and status, and a histogram of durations per route. Any thread; atomics. */
struct metrics;

struct metrics *metrics_new(size_t n_routes);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* Count one answer; route is the index in the table, or n_routes for what matched none. */
void metrics_count(struct metrics *metrics, size_t route, enum status status, int64_t duration_us);

/* Append it all as Prometheus text. */
void metrics_print(struct metrics *metrics, const struct http_route *routes, struct buffer *ret);

#endif
