/* The life of a service, from main() to the exit status.
 *
 * Threads: the main thread opens everything, waits in sigwait() and closes everything; workers and
 * libraries have theirs. SIGTERM and SIGINT are blocked before the first other thread starts, so
 * that they reach only those who wait for them, and there are no asynchronous handlers.
 *
 * Whatever is opened is closed in the opposite order, whoever asks another first: requests need the
 * workers (a message sent over HTTP is answered by one), and workers need store and cache. */

#include "service/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "service/metrics.h"
#include "service/runtime.h"
#include "service/traces.h"

/* Between two attempts of start(): its dependencies are usually back within a second or two. */
#define START_WAIT_FIRST_MS 200
#define START_WAIT_MAX_MS 2000

#define REFUSED_LOG_MS 10000

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2 };

struct worker_thread {
    const struct worker *worker;
    struct runtime *runtime;
    pthread_t thread;
};

static void write_all(int fd, struct buffer *text)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t n = write(fd, text->data + done, text->length - done);

        if (n <= 0)
            return; /* nowhere left to report it */
        done += (size_t)n;
    }
}

/* ---- Signals */

static sigset_t ending_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

static void prepare_process(void)
{
    sigset_t set = ending_signals();
    struct rlimit files;

    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error of write(), not our end */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* then fewer sockets, and accept() says so */
    }
}

/* Wait for a signal, but no longer than that; true when one came. */
static bool wait_for_signal(int timeout_ms)
{
    const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    sigset_t set = ending_signals();
    int n;

    do
        n = sigtimedwait(&set, NULL, &timeout);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

static void *end_at_second_signal(void *unused)
{
    sigset_t set = ending_signals();
    int n;

    (void)unused;
    sigwait(&set, &n);
    _exit(EXIT_FAILED);
}

static void watch_second_signal(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, end_at_second_signal, NULL) == 0)
        pthread_detach(thread);
}

/* ---- Parts */

static void log_fault(const struct http_fault *fault)
{
    enum log_level level = fault->err->status == STATUS_INTERNAL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;

    LOG_EVENT(level, "request failed", LOG_TEXT("request_id", fault->call->request_id),
              LOG_TEXT("method", fault->method), LOG_TEXT("route", fault->path),
              LOG_TEXT("status", status_name(fault->err->status)),
              LOG_TEXT("reason", fault->err->text));
}

/* Somebody asks without the key, or with a wrong clock: one line tells as much as thousands. */
static void note_refused_call(void *context, const char *reason)
{
    struct runtime *runtime = context;
    long long total = atomic_fetch_add(&runtime->refused_calls, 1) + 1;
    long long last = atomic_load(&runtime->refused_logged_at);
    int64_t now = clock_monotonic();

    if ((last && now - last < REFUSED_LOG_MS) ||
        !atomic_compare_exchange_strong(&runtime->refused_logged_at, &last, now))
        return;
    log_warn("call refused", LOG_TEXT("reason", reason), LOG_NUMBER("total", total));
}

static enum status open_identity(struct runtime *runtime, struct error *err)
{
    const struct identity_config config = {
        .auth_rpc = runtime->config.auth_rpc,
        .rpc_key = runtime->rpc_key,
        .amqp_url = runtime->config.amqp_url,
        .node_id = runtime->config.node_id,
        .events = runtime->service->events,
        .n_events = runtime->service->n_events,
        .missed = runtime->service->missed,
        .state = runtime->service->state,
    };

    return identity_open(&config, &runtime->context.identity, err);
}

/* None of these waits for its server: each connects when it is first used, or by itself. */
static enum status open_parts(struct runtime *runtime, struct error *err)
{
    const struct service_config *config = &runtime->config;
    struct service_context *context = &runtime->context;
    int uses = runtime->service->uses;
    enum status s = STATUS_OK;

    if (config->rpc_key_file && *config->rpc_key_file)
        s = rpc_key_read(config->rpc_key_file, &runtime->rpc_key, err);
    context->rpc_key = runtime->rpc_key;
    if (s == STATUS_OK && uses & USES_STORE)
        s = store_open(config->mongodb_uri, &context->store, err);
    if (s == STATUS_OK && uses & USES_CACHE)
        s = cache_open(config->redis_url, &context->cache, err);
    if (s == STATUS_OK && uses & USES_ASK)
        s = ask_open(config->amqp_url, config->node_id, &context->ask, err);
    if (s == STATUS_OK && uses & USES_IDENTITY)
        s = open_identity(runtime, err);
    return s;
}

static void close_parts(struct runtime *runtime)
{
    struct service_context *context = &runtime->context;

    identity_close(context->identity);
    ask_close(context->ask);
    cache_close(context->cache);
    store_close(context->store);
    rpc_key_free(runtime->rpc_key);
}

static void *run_worker(void *context)
{
    struct worker_thread *thread = context;
    struct runtime *runtime = thread->runtime;

    thread->worker->run(runtime->service->state, &runtime->context);
    return NULL;
}

static enum status start_workers(struct runtime *runtime, struct error *err)
{
    const struct service *service = runtime->service;

    runtime->threads = memory_new(service->n_workers * sizeof *runtime->threads + 1);
    for (size_t i = 0; i < service->n_workers; i++) {
        struct worker_thread *thread = &runtime->threads[i];
        char name[16] = ""; /* the kernel's limit */

        thread->worker = &service->workers[i];
        thread->runtime = runtime;
        if (pthread_create(&thread->thread, NULL, run_worker, thread) != 0)
            return error_set(err, STATUS_INTERNAL, "cannot start a thread");
        memcpy(name, thread->worker->name, strnlen(thread->worker->name, sizeof name - 1));
        pthread_setname_np(thread->thread, name);
        runtime->n_threads++;
    }
    return STATUS_OK;
}

static void stop_workers(struct runtime *runtime)
{
    atomic_store(&runtime->context.stopping, true);
    for (size_t i = 0; i < runtime->n_threads; i++)
        pthread_join(runtime->threads[i].thread, NULL);
    free(runtime->threads);
}

static enum status open_routes(struct runtime *runtime, struct error *err)
{
    const struct service *service = runtime->service;
    const struct http_config config = {
        .listen = runtime->config.listen,
        .routes = service->routes,
        .n_routes = service->n_routes,
        .state = service->state,
        .verify = runtime->context.identity ? identity_verify : NULL,
        .verify_context = runtime->context.identity,
        .public_url = runtime->config.public_url,
        .trusted_addresses = runtime->config.trusted_addresses,
        .upload_max = service->upload_max ? service->upload_max(runtime->own_config) : 0,
        .report = log_fault,
    };
    struct http *http;
    enum status s = http_open(&config, &http, err);

    if (s != STATUS_OK)
        return s;
    pthread_rwlock_wrlock(&runtime->lock);
    runtime->http = http;
    pthread_rwlock_unlock(&runtime->lock);
    return STATUS_OK;
}

/* ---- Phases */

static void set_flag(struct runtime *runtime, bool *flag, bool value)
{
    pthread_rwlock_wrlock(&runtime->lock);
    *flag = value;
    pthread_rwlock_unlock(&runtime->lock);
}

static void note_start_error(struct runtime *runtime, const struct error *err)
{
    if (strcmp(runtime->start_error.text, err->text) == 0)
        return; /* said already */
    log_warn("not started yet", LOG_TEXT("reason", err->text));
    pthread_rwlock_wrlock(&runtime->lock);
    runtime->start_error = *err;
    pthread_rwlock_unlock(&runtime->lock);
}

/* Call start() until its dependencies are there. *ret_signalled: told to end meanwhile. */
static enum status start_patiently(struct runtime *runtime, bool *ret_signalled, struct error *err)
{
    const struct service *service = runtime->service;
    int wait_ms = START_WAIT_FIRST_MS;
    enum status s;

    while (service->start) {
        *err = (struct error){0};
        s = service->start(service->state, &runtime->context, err);
        if (s == STATUS_OK)
            break;
        if (s != STATUS_UNAVAILABLE)
            return s;
        note_start_error(runtime, err);
        *ret_signalled = wait_for_signal(wait_ms);
        if (*ret_signalled)
            return s;
        wait_ms = wait_ms * 2 < START_WAIT_MAX_MS ? wait_ms * 2 : START_WAIT_MAX_MS;
    }
    set_flag(runtime, &runtime->started, true);
    return STATUS_OK;
}

static enum status serve(struct runtime *runtime, struct error *err)
{
    const struct service *service = runtime->service;
    const struct rpc_server_config rpc = {
        .listen = runtime->config.rpc_listen,
        .methods = service->methods,
        .n_methods = service->n_methods,
        .state = service->state,
        .key = runtime->rpc_key,
        .refused = note_refused_call,
        .context = runtime,
    };
    enum status s;

    s = start_workers(runtime, err);
    if (s == STATUS_OK && service->n_methods)
        s = rpc_server_open(&rpc, &runtime->rpc, err);
    if (s == STATUS_OK && service->serves_http)
        s = open_routes(runtime, err);
    return s;
}

/* From open ports to a signal. */
static enum status live(struct runtime *runtime, struct error *err)
{
    bool signalled = false;
    sigset_t set = ending_signals();
    enum status s;
    int n;

    s = open_parts(runtime, err);
    if (s != STATUS_OK)
        return s;
    set_flag(runtime, &runtime->open, true);
    s = start_patiently(runtime, &signalled, err);
    if (signalled)
        return STATUS_OK;
    if (s == STATUS_OK)
        s = serve(runtime, err);
    if (s != STATUS_OK)
        return s;
    set_flag(runtime, &runtime->serving, true);
    log_info("serving", LOG_TEXT("listen", runtime->config.listen),
             LOG_TEXT("node_id", runtime->config.node_id), LOG_NUMBER("pid", getpid()));
    sigwait(&set, &n);
    log_info("stopping");
    return STATUS_OK;
}

/* Copes with what never started. */
static void end(struct runtime *runtime)
{
    const struct service *service = runtime->service;
    struct http *http = runtime->http;
    bool started = runtime->started;

    watch_second_signal();
    set_flag(runtime, &runtime->ending, true);
    set_flag(runtime, &runtime->draining, true);
    if (!service->serves_http)
        atomic_store(&runtime->context.stopping, true);
    if (http)
        http_stop_accepting(http);
    pthread_rwlock_wrlock(&runtime->lock); /* the pages are done with it */
    runtime->http = NULL;
    pthread_rwlock_unlock(&runtime->lock);
    http_close(http);
    rpc_server_close(runtime->rpc);
    stop_workers(runtime);
    identity_stop(runtime->context.identity); /* its events are handled with what stop() frees */
    pthread_rwlock_wrlock(&runtime->lock);
    runtime->started = runtime->open = false;
    pthread_rwlock_unlock(&runtime->lock);
    if (started && service->stop)
        service->stop(service->state);
    close_parts(runtime);
    http_close(runtime->internal);
}

static int run(struct runtime *runtime)
{
    struct error err = {0};
    enum status s;

    pthread_rwlock_init(&runtime->lock, NULL);
    s = traces_open(runtime, &err);
    if (s == STATUS_OK)
        s = internal_open(runtime, &err);
    if (s == STATUS_OK)
        s = live(runtime, &err);
    if (s != STATUS_OK)
        log_error("cannot serve", LOG_TEXT("reason", err.text));
    end(runtime);
    traces_close(runtime);
    pthread_rwlock_destroy(&runtime->lock);
    if (s != STATUS_OK)
        return EXIT_FAILED;
    log_info("stopped");
    return EXIT_STOPPED;
}

static int print(void (*fill)(const struct service *service, struct buffer *ret),
                 const struct service *service)
{
    CLEANUP(buffer_clear) struct buffer text = {0};

    fill(service, &text);
    write_all(STDOUT_FILENO, &text);
    return EXIT_STOPPED;
}

static void log_faults(struct buffer *faults)
{
    char *rest = buffer_text(faults);
    char *line;

    while ((line = strsep(&rest, "\n")))
        if (*line)
            log_error("bad setting", LOG_TEXT("reason", line));
}

int service_run(const struct service *service, int argc, char **argv)
{
    struct runtime runtime = {.service = service, .began_at = clock_now()};
    CLEANUP(buffer_clear) struct buffer faults = {0};
    int status;

    if (argc == 2 && strcmp(argv[1], "--routes") == 0)
        return print(print_routes, service);
    if (argc == 2 && strcmp(argv[1], "--methods") == 0)
        return print(print_methods, service);
    if (argc == 2 && strcmp(argv[1], "--config") == 0)
        return print(print_config, service);
    if (argc == 2 && strcmp(argv[1], "--metrics") == 0)
        return print(print_metrics, service);
    log_open(service->name, LOG_LEVEL_INFO);
    if (argc != 1) {
        log_error("only --routes, --methods, --config and --metrics are understood",
                  LOG_TEXT("argument", argv[1]));
        return EXIT_CONFIG;
    }
    prepare_process();
    if (config_read(&runtime, &faults) == STATUS_OK) {
        log_open(service->name, config_log_level(&runtime.config));
        runtime.context.config = &runtime.config;
        runtime.context.own_config = runtime.own_config;
        status = run(&runtime);
    } else {
        log_faults(&faults);
        status = EXIT_CONFIG;
    }
    config_clear(&runtime);
    return status;
}
