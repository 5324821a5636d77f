#ifndef SERVICE_RUNTIME_H
#define SERVICE_RUNTIME_H

#include <pthread.h>

#include "log/log.h"
#include "service/service.h"

/* What the files of libs/service share: one running service. */
struct runtime {
    const struct service *service;
    struct service_config config;
    void *own_config;
    struct service_context context;

    int64_t began_at;  /* Unix ms */
    struct otlp *otlp; /* NULL: no spans are recorded */
    struct http *internal;
    struct rpc_server *rpc;
    struct rpc_key *rpc_key;
    atomic_llong refused_calls;     /* for their seals */
    atomic_llong refused_logged_at; /* monotonic ms */
    struct worker_thread *threads;
    size_t n_threads;

    /* The pages of the internal port live longer than what they look at: they hold the lock to
     * read, and parts come (open, started, http) and go under it as a writer. */
    pthread_rwlock_t lock;
    bool open;
    bool started; /* .start() succeeded */
    bool serving; /* and workers run and ports are open */
    bool draining;
    bool ending; /* SIGTERM has come */
    struct http *http;
    struct error start_error; /* why start() has not succeeded yet */
};

/* Read service_config and the service's own settings. On INVALID faults has a line for each. */
MUST_CHECK enum status config_read(struct runtime *runtime, struct buffer *faults);
void config_clear(struct runtime *runtime);
enum log_level config_log_level(const struct service_config *config);

/* If not, why gets a line for each reason. Any thread. */
bool runtime_is_ready(struct runtime *runtime, struct buffer *why);

/* The answers to --routes, --methods and --config. */
void print_routes(const struct service *service, struct buffer *ret);
void print_methods(const struct service *service, struct buffer *ret);
void print_config(const struct service *service, struct buffer *ret);

/* drain.c: the page of POST /drain. */
int drain_fill(void *runtime, const char *query, struct buffer *ret);

/* /healthz, /readyz, /metrics, /drain on INTERNAL_LISTEN. */
MUST_CHECK enum status internal_open(struct runtime *runtime, struct error *err);

#endif
