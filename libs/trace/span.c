#include "trace/span.h"

#include <time.h>

static struct {
    void (*tell)(void *context, const struct trace_span *span);
    void *context;
} listener;

void span_listen(void (*tell)(void *context, const struct trace_span *span), void *context)
{
    listener.context = context;
    listener.tell = tell;
}

bool span_is_wanted(const struct trace *trace)
{
    return listener.tell && trace && trace_is_sampled(trace);
}

static int64_t now_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t); /* cannot fail with a constant, supported id */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Everything but here and outer, of one that is recorded. */
static void begin_recording(struct trace_span *span, enum span_kind kind, const char *name,
                            bool has_parent)
{
    span->kind = kind;
    span->name = name;
    span->is_failed = false;
    span->n_attributes = 0;
    span->links = NULL;
    span->n_links = 0;
    span->parent[0] = '\0';
    if (has_parent) {
        memcpy(span->parent, span->here.text + SPAN_ID_AT, SPAN_ID_LENGTH);
        span->parent[SPAN_ID_LENGTH] = '\0';
        trace_renew_span(&span->here);
    }
    span->begun_ns = now_ns(CLOCK_REALTIME);
    span->lasted_ns = now_ns(CLOCK_MONOTONIC);
}

static void begin(struct trace_span *span, enum span_kind kind, const char *name, bool has_parent)
{
    span->is_begun = true;
    span->is_recorded = span_is_wanted(&span->here);
    if (span->is_recorded)
        begin_recording(span, kind, name, has_parent);
    span->outer = trace_set_current(&span->here);
}

void span_begin(struct trace_span *span, enum span_kind kind, const char *name,
                struct slice traceparent)
{
    bool has_parent = trace_parse(traceparent, &span->here);

    if (!has_parent)
        trace_new(&span->here);
    if (has_parent && trace_is_of_edge(&span->here)) {
        trace_decide(&span->here);
        if (span_is_wanted(&span->here))
            trace_renew_span(&span->here);
        has_parent = false;
    }
    begin(span, kind, name, has_parent);
}

void span_begin_new(struct trace_span *span, enum span_kind kind, const char *name,
                    const struct trace *because)
{
    trace_new(&span->here);
    if (trace_is_sampled(because))
        span->here.text[TRACEPARENT_MAX - 2] = '1';
    begin(span, kind, name, false);
}

void span_link(struct trace_span *span, const struct trace *other)
{
    if (!span->is_recorded)
        return;
    span->links = other;
    span->n_links = 1;
}

void span_begin_given(struct trace_span *span, enum span_kind kind, const char *name,
                      struct slice traceparent)
{
    span->is_begun = span->is_recorded = false;
    if (traceparent.length > 0 && trace_parse(traceparent, &span->here))
        begin(span, kind, name, true);
}

void span_begin_child(struct trace_span *span, enum span_kind kind, const char *name)
{
    const struct trace *current = trace_current();

    span->is_begun = span->is_recorded = false;
    if (!span_is_wanted(current))
        return;
    span->here = *current;
    begin(span, kind, name, true);
}

static void add(struct trace_span *span, struct span_attribute attribute)
{
    if (span->is_recorded && span->n_attributes < SPAN_ATTRIBUTES)
        span->attributes[span->n_attributes++] = attribute;
}

void span_add_text(struct trace_span *span, const char *key, const char *text)
{
    if (text)
        add(span, (struct span_attribute){.key = key, .text = text});
}

void span_add_number(struct trace_span *span, const char *key, int64_t number)
{
    add(span, (struct span_attribute){.key = key, .number = number});
}

void span_resume(struct trace_span *span)
{
    if (span->is_begun)
        span->outer = trace_set_current(&span->here);
}

void span_pause(struct trace_span *span)
{
    if (span->is_begun)
        (void)trace_set_current(span->outer);
}

void span_end(struct trace_span *span, bool is_good)
{
    if (!span->is_begun)
        return;
    if (trace_current() == &span->here)
        (void)trace_set_current(span->outer);
    span->is_begun = false;
    if (!span->is_recorded || !listener.tell)
        return;
    span->lasted_ns = now_ns(CLOCK_MONOTONIC) - span->lasted_ns;
    span->is_failed = !is_good;
    listener.tell(listener.context, span);
}
