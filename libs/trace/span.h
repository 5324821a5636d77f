#ifndef TRACE_SPAN_H
#define TRACE_SPAN_H

#include "trace/trace.h"

/* A piece of work with a beginning and an end, which some are told of (libs/otlp) when it was sampled.
 *
 *     struct trace_span span;
 *
 *     span_begin(&span, SPAN_CONSUMER, "bot.command", envelope->traceparent);
 *     …
 *     span_end(&span, s == STATUS_OK);
 *
 * Between the two its place is the thread's current one. Spans of a thread end in the opposite order.
 * When nobody listens, or it is not sampled, it takes a copy of a few bytes and no time is looked at:
 * its place is then the one that was given. */

enum span_kind { /* numbered as OTLP has them */
                 SPAN_INTERNAL = 1,
                 SPAN_SERVER = 2,
                 SPAN_CLIENT = 3,
                 SPAN_CONSUMER = 5,
};

#define SPAN_ATTRIBUTES 6

struct span_attribute {
    const char *key;  /* static */
    const char *text; /* lives until span_end(); NULL: it is a number */
    int64_t number;
};

struct trace_span {
    struct trace here;
    char parent[SPAN_ID_LENGTH + 1]; /* "": the trace begins with it */
    bool is_begun;
    bool is_recorded;
    bool is_failed;
    enum span_kind kind;
    const char *name;  /* lives until span_end(), and may be changed before */
    int64_t begun_ns;  /* Unix time */
    int64_t lasted_ns; /* set by span_end() */
    struct span_attribute attributes[SPAN_ATTRIBUTES];
    size_t n_attributes;
    const struct trace *links; /* other places that it works for; they live until span_end() */
    size_t n_links;
    const struct trace *outer; /* what was current before */
};

/* Begin one by what came from outside. What is not well-formed, or is nothing, begins a new trace. */
void span_begin(struct trace_span *span, enum span_kind kind, const char *name,
                struct slice traceparent);

/* Begin a new trace because of another place: sampled if that is, or as trace_sample() says. */
void span_begin_new(struct trace_span *span, enum span_kind kind, const char *name,
                    const struct trace *because);

/* Likewise by what came from outside, but nothing begins a trace: with none there is no span either,
 * and nothing changes. */
void span_begin_given(struct trace_span *span, enum span_kind kind, const char *name,
                      struct slice traceparent);

/* Begin one within the thread's current place. If that is not recorded there is none. */
void span_begin_child(struct trace_span *span, enum span_kind kind, const char *name);

/* Another place that has to do with it, and lives until span_end(). */
void span_link(struct trace_span *span, const struct trace *other);

/* For what is worth telling only of recorded ones. More than SPAN_ATTRIBUTES are left out. */
void span_add_text(struct trace_span *span, const char *key,
                   const char *text); /* NULL is fine: nothing */
void span_add_number(struct trace_span *span, const char *key, int64_t number);

/* Work that is done in turns: its place is current again, or no more. */
void span_resume(struct trace_span *span);
void span_pause(struct trace_span *span);

void span_end(struct trace_span *span, bool is_good);

/* Who is told of each recorded span when it ends, in its thread, briefly. NULL: nobody, and nothing is
 * recorded. Before other threads start, and after they have ended. */
void span_listen(void (*listener)(void *context, const struct trace_span *span), void *context);

/* Would a span in this place be recorded? */
bool span_is_wanted(const struct trace *trace);

#endif
