#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Whose work is this? W3C Trace Context: a trace is all that one request of a client sets off, a span
 * a piece of it, and what is done right now has a place in both.
 *
 * Each thread has a current place, or none. libs/log writes it on every line, envelope_add() and
 * rpc_call() send it along, so that most code need not know of it. Nothing here allocates or waits;
 * a struct belongs to its thread. */

#define TRACEPARENT_MAX 56 /* 55 characters and the terminator */

/* As it travels, "00-<trace id: 32 hex>-<span id: 16 hex>-<01: sampled, or 00>", always well-formed;
 * "" is no place. */
struct trace {
    char text[TRACEPARENT_MAX];
};

#define TRACE_ID_AT 3
#define TRACE_ID_LENGTH 32
#define SPAN_ID_AT 36
#define SPAN_ID_LENGTH 16

/* Read what somebody sent. False, and *ret is untouched: it is not well-formed, and the sender has
 * lost his say. Later versions are read as far as we know them. Pure: fuzzed. */
bool trace_parse(struct slice text, struct trace *ret);

/* A new trace, which nobody began before us; sampled as trace_sample() says. */
void trace_new(struct trace *ret);

/* Put a new span id into it. */
void trace_renew_span(struct trace *trace);

static inline struct slice trace_slice(const struct trace *trace)
{
    return (struct slice){trace->text, trace->text[0] ? TRACEPARENT_MAX - 1 : 0};
}

static inline bool trace_is_sampled(const struct trace *trace)
{
    return trace->text[0] && trace->text[TRACEPARENT_MAX - 2] == '1';
}

/* The edge has no spans, so it makes up the span id from the trace id: who gets such a place begins
 * the trace, and decides whether it is sampled. */
bool trace_is_of_edge(const struct trace *trace);

/* Of 1,000 traces that begin with us, so many are sampled (0: none, until this is called). Which ones
 * follows from their id, so that all processes agree. Before other threads start. */
void trace_sample(int64_t per_mille);
void trace_decide(struct trace *trace); /* for one that begins here */

/* The thread's current place; NULL: none. */
const struct trace *trace_current(void);

/* Change it, for as long as trace lives or until the next change; the former one is returned. An empty
 * place is none. */
const struct trace *trace_set_current(const struct trace *trace);

#endif
