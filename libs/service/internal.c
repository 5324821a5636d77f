/* The internal port: is it alive, is it ready, what has it done. */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "service/runtime.h"

static int fill_healthz(void *state, struct buffer *ret)
{
    (void)state;
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

static int fill_readyz(void *state, struct buffer *ret)
{
    struct runtime *runtime = state;
    bool ready;

    pthread_rwlock_rdlock(&runtime->lock);
    if (runtime->draining)
        buffer_add_text(ret, "draining\n");
    else if (!runtime->open)
        buffer_add_text(ret, "starting\n");
    else
        add_reasons(runtime, ret);
    pthread_rwlock_unlock(&runtime->lock);
    ready = ret->length == 0;
    if (ready)
        buffer_add_text(ret, "ok\n");
    return ready ? 200 : 503;
}

/* ---- /metrics */

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* cannot fail with a constant, supported id */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The second number of /proc/self/statm, in pages. */
static long resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n;
    const char *second;

    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof text - 1);
    (void)close(fd); /* only read from */
    text[n > 0 ? n : 0] = '\0';
    second = strchr(text, ' ');
    return second ? strtol(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static int open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int n = -3; /* ".", ".." and the folder itself */

    if (!folder)
        return 0;
    while (readdir(folder))
        n++;
    (void)closedir(folder); /* only read from */
    return n;
}

static int fill_metrics(void *state, struct buffer *ret)
{
    struct runtime *runtime = state;
    const struct service *service = runtime->service;

    buffer_printf(ret,
                  "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.3f\n"
                  "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %ld\n"
                  "# TYPE process_open_fds gauge\nprocess_open_fds %d\n",
                  cpu_seconds(), resident_bytes(), open_files());
    pthread_rwlock_rdlock(&runtime->lock);
    if (runtime->http)
        http_metrics(runtime->http, ret);
    if (runtime->started && service->metrics)
        service->metrics(service->state, ret);
    pthread_rwlock_unlock(&runtime->lock);
    return 200;
}

static const struct http_page pages[] = {
    {"/healthz", "text/plain; charset=utf-8", fill_healthz},
    {"/readyz", "text/plain; charset=utf-8", fill_readyz},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", fill_metrics},
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
