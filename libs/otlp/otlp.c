#include "otlp/otlp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "fetch/fetch.h"

#define SEND_EVERY_MS 500
#define POST_MS 5000 /* as patient as others are with collectors; meanwhile the queue fills */
#define LAST_POST_MS 500

struct otlp {
    struct otlp_config config;
    pthread_t thread;
    pthread_mutex_t lock; /* of the next three; held for as long as a copy of bytes takes */
    pthread_cond_t wake;
    struct buffer spans; /* with commas between them */
    int64_t n_spans;
    atomic_bool stopping;
    atomic_llong overflowed; /* since the thread looked last */
    /* The thread's own. */
    int64_t lost; /* since they began to be */
    int64_t lost_at;
    bool is_failing;
};

/* ---- Metrics */

enum { SENT, LOST, OUTCOMES };
static const char *const outcomes[OUTCOMES] = {[SENT] = "sent", [LOST] = "lost"};

enum { SPANS };
static const struct metric_info infos[] = {
    [SPANS] = {.name = "parley_trace_spans_total",
               .type = METRIC_COUNTER,
               .help = "Spans for the collector: it took them, or they are lost.",
               .labels = {METRIC_TEXTS("outcome", outcomes)}},
};

struct metrics otlp_metrics = METRICS(infos);

/* ---- From any thread */

static void take_span(void *context, const struct trace_span *span)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct otlp *otlp = context;
    bool fits;

    otlp_add_span(&json, span);
    pthread_mutex_lock(&otlp->lock);
    fits = otlp->spans.length + json.length + 1 <= OTLP_QUEUE_BYTES;
    if (fits) {
        buffer_add_text(&otlp->spans, otlp->spans.length ? "," : "");
        buffer_add(&otlp->spans, json.data, json.length);
        otlp->n_spans++;
    }
    if (otlp->spans.length > OTLP_QUEUE_BYTES / 2)
        pthread_cond_signal(&otlp->wake);
    pthread_mutex_unlock(&otlp->lock);
    if (!fits)
        atomic_fetch_add_explicit(&otlp->overflowed, 1, memory_order_relaxed);
}

/* ---- The thread */

/* Wait for a moment, for a queue that is half full, or for the end; then take all that is there. */
static int64_t take_spans(struct otlp *otlp, struct buffer *ret)
{
    int64_t until_ms = clock_monotonic() + SEND_EVERY_MS;
    const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    int64_t n;
    int failure = 0;

    pthread_mutex_lock(&otlp->lock);
    while (failure == 0 && !atomic_load(&otlp->stopping) &&
           otlp->spans.length <= OTLP_QUEUE_BYTES / 2)
        failure = pthread_cond_timedwait(&otlp->wake, &otlp->lock, &until);
    *ret = otlp->spans;
    n = otlp->n_spans;
    otlp->spans = (struct buffer){0};
    otlp->n_spans = 0;
    pthread_mutex_unlock(&otlp->lock);
    return n;
}

static enum status post(struct otlp *otlp, const struct buffer *spans, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    bool is_last = atomic_load(&otlp->stopping);
    struct fetch_request request = {.url = otlp->config.endpoint, .is_inside = true};
    enum status s;

    otlp_begin_body(&body, otlp->config.service, otlp->config.instance);
    buffer_add(&body, spans->data, spans->length);
    otlp_end_body(&body);
    request.json = buffer_text(&body);
    request.timeout_ms = is_last ? LAST_POST_MS : POST_MS;
    request.stop = is_last ? NULL : &otlp->stopping;
    s = fetch(&request, &answer, err);
    if (s == STATUS_OK && answer.status / 100 != 2)
        s = error_set(err, STATUS_UNAVAILABLE, "the collector answers with status %lld",
                      (long long)answer.status);
    return s;
}

static void note_lost(struct otlp *otlp, int64_t n, const char *reason)
{
    metrics_add(&otlp_metrics, SPANS, METRIC_AT(LOST), n);
    otlp->lost += n;
    otlp->lost_at = clock_monotonic();
    if (!otlp->is_failing)
        otlp->config.report(reason, 0);
    otlp->is_failing = true;
}

static void note_quiet(struct otlp *otlp)
{
    if (!otlp->is_failing || clock_monotonic() - otlp->lost_at < OTLP_QUIET_MS)
        return;
    otlp->config.report(NULL, otlp->lost);
    otlp->is_failing = false;
    otlp->lost = 0;
}

/* Once told to end, a collector that has just failed is not asked again. */
static void send_spans(struct otlp *otlp, bool had_failed, bool *ret_failed)
{
    CLEANUP(buffer_clear) struct buffer spans = {0};
    int64_t n = take_spans(otlp, &spans);
    int64_t overflowed = atomic_exchange(&otlp->overflowed, 0);
    struct error err = {0};

    if (overflowed)
        note_lost(otlp, overflowed, "the queue is full");
    *ret_failed = had_failed;
    if (n == 0)
        return;
    if (had_failed && atomic_load(&otlp->stopping)) {
        metrics_add(&otlp_metrics, SPANS, METRIC_AT(LOST), n);
        return;
    }
    *ret_failed = post(otlp, &spans, &err) != STATUS_OK;
    if (*ret_failed)
        note_lost(otlp, n, err.text);
    else
        metrics_add(&otlp_metrics, SPANS, METRIC_AT(SENT), n);
}

static void *run(void *context)
{
    struct otlp *otlp = context;
    bool has_failed = false;
    bool is_last;

    pthread_setname_np(pthread_self(), "otlp");
    do {
        is_last = atomic_load(&otlp->stopping); /* before the last look */
        send_spans(otlp, has_failed, &has_failed);
        note_quiet(otlp);
    } while (!is_last);
    return NULL;
}

/* ---- Life */

enum status otlp_open(const struct otlp_config *config, struct otlp **ret, struct error *err)
{
    struct otlp *otlp = memory_new(sizeof *otlp);
    pthread_condattr_t clock;

    otlp->config = *config;
    pthread_mutex_init(&otlp->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&otlp->wake, &clock);
    pthread_condattr_destroy(&clock);
    if (pthread_create(&otlp->thread, NULL, run, otlp) != 0) {
        free(otlp);
        return error_set(err, STATUS_UNAVAILABLE, "cannot start a thread");
    }
    span_listen(take_span, otlp);
    *ret = otlp;
    return STATUS_OK;
}

void otlp_close(struct otlp *otlp)
{
    if (!otlp)
        return;
    span_listen(NULL, NULL);
    pthread_mutex_lock(&otlp->lock);
    atomic_store(&otlp->stopping, true);
    pthread_cond_signal(&otlp->wake);
    pthread_mutex_unlock(&otlp->lock);
    pthread_join(otlp->thread, NULL);
    buffer_clear(&otlp->spans);
    pthread_cond_destroy(&otlp->wake);
    pthread_mutex_destroy(&otlp->lock);
    free(otlp);
}
