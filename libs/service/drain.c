/* POST /drain: send clients away before this process is ended, by whoever will end it. */

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "service/runtime.h"

#define LOOK_MS 20
/* Past DRAIN_SECONDS: the last sockets have their close frames to exchange. */
#define GRACE_MS 3500

/* The value of edge=…, which is plain; NULL: it is not there. */
static char *read_edge(const char *query)
{
    static const char name[] = "edge=";

    if (strncmp(query, name, strlen(name)) != 0)
        return NULL;
    query += strlen(name);
    return memory_text_n(query, strcspn(query, "&"));
}

/* False: it has not started yet, or has ended. */
static bool begin(struct runtime *runtime, const char *edge)
{
    const struct service *service = runtime->service;
    bool serves;

    pthread_rwlock_wrlock(&runtime->lock);
    serves = runtime->started && !runtime->ending;
    if (!edge)
        runtime->draining = true;
    if (serves && runtime->http)
        http_drain(runtime->http);
    if (serves && service->drain)
        service->drain(service->state, edge);
    pthread_rwlock_unlock(&runtime->lock);
    return serves;
}

static bool is_done(struct runtime *runtime)
{
    const struct service *service = runtime->service;
    bool done;

    pthread_rwlock_rdlock(&runtime->lock);
    done = runtime->ending || !runtime->started ||
           ((!runtime->http || http_is_quiet(runtime->http)) &&
            (!service->is_drained || service->is_drained(service->state)));
    pthread_rwlock_unlock(&runtime->lock);
    return done;
}

int drain_fill(void *state, const char *query, struct buffer *ret)
{
    struct runtime *runtime = state;
    CLEANUP(free) char *edge = read_edge(query);
    int64_t seconds = runtime->config.drain_seconds;
    int64_t until = clock_monotonic() + seconds * 1000;
    bool done = false;

    if (edge && (!*edge || !runtime->service->drain)) {
        buffer_add_text(ret, "only push has sockets, of an edge with a name\n");
        return 404;
    }
    if (runtime->service->drain)
        until += GRACE_MS;
    log_info("asked to drain", LOG_TEXT("edge", edge));
    if (begin(runtime, edge))
        while (!(done = is_done(runtime)) && clock_monotonic() < until)
            (void)poll(NULL, 0, LOOK_MS);
    log_info("drained", LOG_TEXT("edge", edge), LOG_NUMBER("all", done));
    buffer_add_text(ret, done ? "drained\n" : "not all is done; the time is over\n");
    return 200;
}
