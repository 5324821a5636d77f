/* health and drain: what is asked of one process, on its internal port. */

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "base/clock.h"
#include "base/memory.h"
#include "commands.h"
#include "ctl.h"
#include "fetch/fetch.h"
#include "settings.h"

#define HEALTH_MS 3000
/* A drain lasts DRAIN_SECONDS and some, 600 s at most; Kubernetes ends us when its grace is over. */
#define DRAIN_MS (610 * 1000)
#define LEAST_MAX_S 600

/* Ask a page of the process that listens there, and print what it says. */
static int ask(const char *listen, const char *page, const char *method, int timeout_ms)
{
    static const char anywhere[] = "0.0.0.0:";
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    CLEANUP(buffer_clear) struct buffer url = {0};
    struct fetch_request request = {.method = method, .timeout_ms = timeout_ms, .is_inside = true};
    struct error err;

    if (strncmp(listen, anywhere, strlen(anywhere)) == 0)
        buffer_printf(&url, "http://127.0.0.1:%s%s", listen + strlen(anywhere), page);
    else
        buffer_printf(&url, "http://%s%s", listen, page);
    request.url = buffer_text(&url);
    if (fetch(&request, &answer, &err) != STATUS_OK) {
        complain("%s", err.text);
        return CTL_FAILED;
    }
    fputs(buffer_text(&answer.body), stdout);
    return answer.status == 200 ? CTL_OK : CTL_FAILED;
}

int run_health(int argc, char **argv)
{
    CLEANUP(settings_clear) struct settings settings = {0};
    bool ready = argc == 2 && strcmp(argv[1], "--ready") == 0;

    if (argc > 2 || (argc == 2 && !ready))
        return CTL_USAGE;
    if (!settings_read(&settings))
        return CTL_FAILED;
    return ask(settings.internal_listen, ready ? "/readyz" : "/healthz", NULL, HEALTH_MS);
}

/* ---- All push at once: each takes its DRAIN_SECONDS */

struct asked {
    pthread_t thread;
    char *address;
    const char *page;
    int status;
};

static void *drain_one(void *context)
{
    struct asked *asked = context;

    asked->status = ask(asked->address, asked->page, "POST", DRAIN_MS);
    return NULL;
}

static int drain_edge(const char *edge, char *pushes)
{
    CLEANUP(buffer_clear) struct buffer page = {0};
    struct strings addresses = {0};
    struct asked *all;
    const char *text;
    char *rest = NULL;
    int status = CTL_OK;
    struct error err;

    buffer_add_text(&page, "/drain?");
    fetch_add_field(&page, "edge", edge);
    for (char *name = strtok_r(pushes, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest))
        if (addresses_find(name, &addresses, &err) != STATUS_OK) {
            complain("%s: %s", name, err.text);
            status = CTL_FAILED;
        }
    all = memory_new(addresses.n * sizeof *all + 1);
    text = buffer_text(&page); /* writes: not beside those who read it */
    for (size_t i = 0; i < addresses.n; i++) {
        all[i] = (struct asked){.address = addresses.items[i], .page = text};
        if (pthread_create(&all[i].thread, NULL, drain_one, &all[i]) != 0)
            abort(); /* as when there is no memory */
    }
    for (size_t i = 0; i < addresses.n; i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].status != CTL_OK)
            status = all[i].status;
    }
    free(all);
    strings_clear(&addresses);
    return status;
}

/* Seconds, or -1. */
static long read_seconds(const char *text)
{
    char *end;
    long seconds = strtol(text, &end, 10);

    return *text && !*end && seconds >= 0 && seconds <= LEAST_MAX_S ? seconds : -1;
}

static int drain(int argc, char **argv)
{
    CLEANUP(settings_clear) struct settings settings = {0};
    bool is_edge = argc > 1 && strcmp(argv[1], "--edge") == 0;

    if (argc > 3 || (argc == 3) != is_edge)
        return CTL_USAGE;
    if (!settings_read(&settings))
        return CTL_FAILED;
    if (is_edge)
        return drain_edge(argv[2], settings.push_internal);
    return ask(argc == 2 ? argv[1] : settings.internal_listen, "/drain", "POST", DRAIN_MS);
}

int run_drain(int argc, char **argv)
{
    bool has_least = argc > 2 && strcmp(argv[1], "--least") == 0;
    long least_s = has_least ? read_seconds(argv[2]) : 0;
    int64_t until = clock_monotonic() + least_s * 1000;
    int64_t left;
    int status;

    if (least_s < 0)
        return CTL_USAGE;
    status = drain(has_least ? argc - 2 : argc, has_least ? argv + 2 : argv);
    while (status == CTL_OK && (left = until - clock_monotonic()) > 0)
        (void)poll(NULL, 0, (int)left);
    return status;
}
