/* The internal port: is it alive, is it ready, what has it done. */

#include "service/metrics.h"

static int fill_healthz(void *state, const char *query, struct buffer *ret)
{
    (void)state;
    (void)query;
    buffer_add_text(ret, "ok\n");
    return 200;
}

static void add_reasons(struct runtime *runtime, struct buffer *ret)
{
    const struct service *service = runtime->service;
    const struct service_context *context = &runtime->context;
    struct error err;

    if (!runtime->serving)
        buffer_printf(ret, "start: %s\n",
                      runtime->started ? "opening ports" : runtime->start_error.text);
    if (context->store && store_ping(context->store, &err) != STATUS_OK)
        buffer_printf(ret, "store: %s\n", err.text);
    if (context->ask && !ask_is_connected(context->ask))
        buffer_add_text(ret, "bus: not connected\n");
    if (context->identity)
        identity_print_reasons(context->identity, ret);
    if (runtime->started && service->is_ready) {
        size_t before = ret->length;

        if (!service->is_ready(service->state, ret) && ret->length == before)
            buffer_printf(ret, "%s: not ready\n", service->name);
    }
}

bool runtime_is_ready(struct runtime *runtime, struct buffer *ret)
{
    pthread_rwlock_rdlock(&runtime->lock);
    if (runtime->draining)
        buffer_add_text(ret, "draining\n");
    else if (!runtime->open)
        buffer_add_text(ret, "starting\n");
    else
        add_reasons(runtime, ret);
    pthread_rwlock_unlock(&runtime->lock);
    return ret->length == 0;
}

static int fill_readyz(void *state, const char *query, struct buffer *ret)
{
    bool ready = runtime_is_ready(state, ret);

    (void)query;
    if (ready)
        buffer_add_text(ret, "ok\n");
    return ready ? 200 : 503;
}

static int fill_metrics(void *state, const char *query, struct buffer *ret)
{
    (void)query;
    metrics_page(state, ret);
    return 200;
}

static const struct http_page pages[] = {
    {"/healthz", "text/plain; charset=utf-8", .fill = fill_healthz},
    {"/readyz", "text/plain; charset=utf-8", .fill = fill_readyz},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", .fill = fill_metrics},
    {"/drain", "text/plain; charset=utf-8", .fill = drain_fill, .method = "POST"},
};

enum status internal_open(struct runtime *runtime, struct error *err)
{
    const struct http_config config = {
        .listen = runtime->config.internal_listen,
        .state = runtime,
        .pages = pages,
        .n_pages = N_ELEMENTS(pages),
    };

    return http_open(&config, &runtime->internal, err);
}
