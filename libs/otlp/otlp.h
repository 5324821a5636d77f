#ifndef OTLP_OTLP_H
#define OTLP_OTLP_H

#include "base/buffer.h"
#include "base/error.h"
#include "metrics/metrics.h"
#include "trace/span.h"

/* Tells a collector of the spans that were recorded: OTLP over HTTP in its JSON encoding, a POST or two a
 * second from a thread of its own.
 *
 * Who ends a span writes it into a queue of limited size and goes on. What finds no room there, or what
 * the collector does not take, is lost and counted: a trace is not worth that anybody waits for it, or
 * that a second copy of it is kept. */
struct otlp;

/* Some 4,000 spans: a second of a busy process that samples all. */
#define OTLP_QUEUE_BYTES (2 * 1024 * 1024)

struct otlp_config {
    const char *endpoint; /* "http://127.0.0.1:4318/v1/traces" */
    const char *service;  /* its name, and */
    const char *instance; /* which of its processes this is */
    /* In the thread, when the first spans are lost (lost is 0, and reason says why), and again with
     * their number when for OTLP_QUIET_MS none were (reason is NULL). */
    void (*report)(const char *reason, int64_t lost);
};
#define OTLP_QUIET_MS 60000

/* Listen to all spans of the process (span_listen()). config is copied, and what it points to lives
 * until otlp_close(). Before other threads start. */
MUST_CHECK enum status otlp_open(const struct otlp_config *config, struct otlp **ret,
                                 struct error *err);

/* Once no other thread is left that has spans. Sends what is there, if the collector takes it at once;
 * takes two seconds at most. NULL is fine. */
void otlp_close(struct otlp *otlp);

extern struct metrics otlp_metrics;

/* Append a span as an object of OTLP's JSON. */
void otlp_add_span(struct buffer *ret, const struct trace_span *span);

/* What a body of the collector's begins and ends with; between them are spans, with commas. */
void otlp_begin_body(struct buffer *ret, const char *service, const char *instance);
void otlp_end_body(struct buffer *ret);

#endif
