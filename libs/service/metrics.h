#ifndef SERVICE_METRICS_H
#define SERVICE_METRICS_H

#include "service/runtime.h"

/* All that a process of this service counts, as Prometheus text: of itself, of its libraries, and of
 * the service. */
void metrics_page(struct runtime *runtime, struct buffer *ret);

/* The answer to --metrics: a row of Markdown for each family. */
void print_metrics(const struct service *service, struct buffer *ret);

#endif
