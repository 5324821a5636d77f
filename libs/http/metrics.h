#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include "http/http.h"
#include "metrics/metrics.h"

/* Counters per route and status, and a histogram of durations per route. Any thread. */
struct http_metrics;

struct http_metrics *http_metrics_new(const struct http_route *routes, size_t n_routes);
void http_metrics_free(struct http_metrics *metrics); /* NULL is fine */

/* Count one answer; route is the index in the table, or n_routes for what matched none. */
void http_metrics_count(struct http_metrics *metrics, size_t route, enum status status,
                        int64_t duration_us);

void http_metrics_print(struct http_metrics *metrics, struct buffer *ret);

#endif
