#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdatomic.h>

#include "base/error.h"
#include "bus/ask.h"
#include "bus/bus.h"
#include "cache/cache.h"
#include "http/http.h"
#include "rpc/rpc.h"
#include "service/identity.h"
#include "store/store.h"

/* The common life of a service, so that no main.c has a loop, a signal handler or a reconnect:
 * 1. read the configuration from the environment, print every fault at once, exit 2;
 * 2. block SIGTERM and SIGINT, start the internal port, open what .uses names;
 * 3. .start(), again and again while it answers UNAVAILABLE (a store that is not there yet), then
 *    the workers, the RPC methods and the routes; a port that is taken is one line and exit 1;
 * 4. sigwait(); then readiness turns 503, the requests and questions in hand are answered (10 s at
 *    most), workers see context->stopping and finish what they hold, .stop(), everything closes;
 *    exit 0. A second signal ends the process at once, exit 1.
 *
 * Where nothing is served over HTTP (push), workers see stopping at once.
 *
 * POST /drain on INTERNAL_LISTEN, before a process is ended: readiness turns 503, clients are told to go
 * elsewhere, and the answer comes when nothing is in hand (DRAIN_SECONDS and some at most). It serves
 * on, since others may not know yet, until SIGTERM; that is quick then.
 *
 * `parley-<service> --routes` prints the route table as JSON (the edge's path table and the
 * contract tests are made from it), `--methods` that of its calls by nng likewise, `--config` the
 * configuration table and `--metrics` what it counts as Markdown. */

/* What every service is configured by; docs/configuration.md is printed from the table. */
struct service_config {
    char *listen;          /* REST; push: the WebSocket */
    char *internal_listen; /* /healthz, /readyz, /metrics */
    char *rpc_listen;
    char *amqp_url;
    char *mongodb_uri;
    char *redis_url;
    char *auth_rpc; /* addresses of the others' rpc_listen, comma-separated */
    char *user_rpc;
    char *group_rpc;
    char *message_rpc;
    char *rpc_key_file; /* NULL: calls are not sealed */
    char *node_id;      /* stable name of this process; names its queues */
    char *public_url;   /* the origins of the edge, comma-separated; the first is the one shown */
    char *trusted_addresses; /* of our own proxies and machines, comma-separated */
    char *log_level;         /* debug, info, warn, error */
    int64_t drain_seconds;
    char *otlp_endpoint; /* NULL: no spans are recorded */
    int64_t trace_sample;
};
extern const struct record service_config_record;

/* USES_BUS, for the reader: workers open a bus each and report it by .is_ready. */
enum { USES_BUS = 1, USES_STORE = 2, USES_CACHE = 4, USES_IDENTITY = 8, USES_ASK = 16 };

struct service; /* what a handler's state points to is the service's own; it reaches these here */

struct service_context {
    const struct service_config *config;
    const void *own_config;        /* a struct of service->config, or NULL */
    struct store *store;           /* USES_STORE */
    struct cache *cache;           /* USES_CACHE */
    struct identity *identity;     /* USES_IDENTITY */
    struct ask *ask;               /* USES_ASK */
    const struct rpc_key *rpc_key; /* for rpc_client_open(); NULL: none */
    atomic_bool stopping;          /* workers look at it at least once a second */
};

/* A thread with a loop of its own: run until context->stopping. */
struct worker {
    const char *name;
    void (*run)(void *state, struct service_context *context);
};

/* An event of im.event that each process of the service is to hear. It is not kept for who is
 * away: after each (re)connect .missed is called instead. Both in identity's thread, so briefly, and
 * perhaps before .start() has returned, but never once .stop() is called. */
struct service_event {
    const char *key; /* EVENT_… of wire/topology.h */
    const struct record *record;
    void (*handle)(void *state, const void *event);
};

struct service {
    const char *name;
    int uses;
    const struct record *config; /* its own settings, or NULL */
    /* What the table cannot say of them: a line "<VARIABLE>: <fault>\n" for each that is wrong, and
     * INVALID. NULL is fine. */
    enum status (*check_config)(const void *own_config, struct buffer *faults);
    void *state; /* given to handlers, methods and workers; static */
    /* Before anything is served. NULL is fine. After UNAVAILABLE it is called again, so what it
     * made before failing must be kept or released. context lives until .stop() has returned. */
    enum status (*start)(void *state, struct service_context *context, struct error *err);
    void (*stop)(
        void *state); /* after the workers have ended, if start() succeeded; NULL is fine */
    /* Besides store, ask and identity; NULL is fine. why gets a line "<what>: <why not>\n" for each
     * reason. Called by any thread, from after start() until before stop(), as is .measure. */
    bool (*is_ready)(void *state, struct buffer *why);
    struct metrics *const *metrics; /* besides the libraries' */
    size_t n_metrics;
    void (*measure)(void *state); /* before they are printed: set gauges; NULL is fine */
    /* Begin to send clients away; edge: only those who came over it (?edge=…), NULL: all, and let
     * nobody in. Then is it done? Any thread, from after start() until before stop(). NULL is fine,
     * for who .serves_http. */
    void (*drain)(void *state, const char *edge);
    bool (*is_drained)(void *state);
    const struct http_route *routes;
    size_t n_routes;
    int64_t (*upload_max)(const void *own_config); /* where a route has .upload: bytes of a file */
    const struct rpc_method *methods;
    size_t n_methods;
    const struct service_event *events; /* need USES_IDENTITY */
    size_t n_events;
    void (*missed)(void *state); /* events may have been missed: drop what is kept by them */
    const struct worker *workers;
    size_t n_workers;
    bool serves_http; /* false: LISTEN is the service's own affair (push) */
};

/* The whole of main(). Returns the exit status. */
int service_run(const struct service *service, int argc, char **argv);

#endif
