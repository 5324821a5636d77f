/* The pool, and what MongoDB's errors mean to us. */

#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/pool.h"

#define DATABASE_DEFAULT "parley"

/* ---- Metrics */

enum { SECONDS, ERRORS, HAS_PRIMARY };

static struct metric_words collections;

static const char *const operations[STORE_OPERATIONS] = {
    [STORE_OTHER] = "other",   [STORE_FIND] = "find",
    [STORE_COUNT] = "count",   [STORE_INSERT] = "insert",
    [STORE_UPDATE] = "update", [STORE_FIND_AND_UPDATE] = "find_and_update",
    [STORE_DELETE] = "delete", [STORE_BULK] = "bulk",
    [STORE_INDEX] = "index",   [STORE_MEASURE] = "measure",
};

static const struct metric_info infos[] = {
    [SECONDS] = {"parley_store_seconds",
                 METRIC_HISTOGRAM,
                 "How long calls to MongoDB took, waiting for a connection of the pool included.",
                 {METRIC_TEXTS("operation", operations), METRIC_WORDS("collection", &collections)},
                 .bounds = &metric_bounds_us,
                 .per = METRIC_US,
                 .sparse = true},
    [ERRORS] = {"parley_store_errors_total",
                METRIC_COUNTER,
                "Calls to MongoDB that failed; ID_TAKEN is what a unique index refused.",
                {METRIC_TEXTS("operation", operations), METRIC_WORDS("collection", &collections),
                 METRIC_STATUS("status")},
                .sparse = true},
    [HAS_PRIMARY] = {"parley_store_has_primary", METRIC_GAUGE,
                     "1 while MongoDB's primary is reachable."},
};

struct metrics store_metrics = METRICS(infos);

/* ---- Errors */

/* The server's codes for "not now": elections, shutdowns, time-outs, lost helpers, conflicts. The
 * rest is a mistake of ours. */
static const int passing_codes[] = {
    6,     /* HostUnreachable */
    7,     /* HostNotFound */
    24,    /* LockTimeout */
    43,    /* CursorNotFound: the server was started anew under a long read */
    50,    /* MaxTimeMSExpired */
    64,    /* WriteConcernFailed */
    89,    /* NetworkTimeout */
    91,    /* ShutdownInProgress */
    94,    /* NotYetInitialized */
    100,   /* UnsatisfiableWriteConcern */
    112,   /* WriteConflict */
    133,   /* FailedToSatisfyReadPreference */
    134,   /* ReadConcernMajorityNotAvailableYet */
    175,   /* QueryPlanKilled */
    189,   /* PrimarySteppedDown */
    202,   /* NetworkInterfaceExceededTimeLimit */
    237,   /* CursorKilled */
    262,   /* ExceededTimeLimit */
    9001,  /* SocketException */
    10058, /* LegacyNotPrimary */
    10107, /* NotWritablePrimary */
    11600, /* InterruptedAtShutdown */
    11601, /* Interrupted */
    11602, /* InterruptedDueToReplStateChange */
    13388, /* StaleConfig */
    13435, /* NotPrimaryNoSecondaryOk */
    13436, /* NotPrimaryOrSecondary */
};

static bool is_passing(const bson_error_t *error)
{
    switch (error->domain) {
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_WRITE_CONCERN:
        return true;
    case MONGOC_ERROR_CLIENT:
        return error->code == MONGOC_ERROR_CLIENT_NOT_READY;
    default:
        break;
    }
    for (size_t i = 0; i < N_ELEMENTS(passing_codes); i++)
        if (error->code == (uint32_t)passing_codes[i])
            return true;
    return false;
}

static bool is_duplicate(uint32_t code)
{
    return code == 11000 || code == 11001 || code == 12582;
}

/* A write that was refused (a duplicate, say) and whose majority is not known besides: what it
 * was refused for may yet be rolled back, so its outcome counts as unknown. */
static bool has_write_concern_error(const bson_t *reply)
{
    bson_iter_t iter;
    bson_iter_t child;

    if (!reply)
        return false;
    if (bson_iter_init_find(&iter, reply, "writeConcernError"))
        return true;
    return bson_iter_init_find(&iter, reply, "writeConcernErrors") &&
           bson_iter_recurse(&iter, &child) && bson_iter_next(&child);
}

enum status store_failure(const bson_error_t *error, const bson_t *reply, struct error *err)
{
    if (is_passing(error) || has_write_concern_error(reply))
        return error_set(err, STATUS_UNAVAILABLE, "MongoDB: %s", error->message);
    if (is_duplicate(error->code))
        return error_set(err, STATUS_ID_TAKEN, "MongoDB: %s", error->message);
    return error_set(err, STATUS_INTERNAL, "MongoDB: %s (%u)", error->message, error->code);
}

static enum status note_failure(struct store_loan *loan, struct error *err)
{
    enum status s = loan->failure.status;

    metrics_add(&store_metrics, ERRORS, METRIC_AT(loan->operation, loan->word, s), 1);
    if (err)
        *err = loan->failure;
    return s;
}

enum status store_failed(struct store_loan *loan, const bson_error_t *error, const bson_t *reply,
                         struct error *err)
{
    (void)store_failure(error, reply, &loan->failure);
    return note_failure(loan, err);
}

/* ---- Open */

static void topology_changed(const mongoc_apm_topology_changed_t *event)
{
    struct store *store = mongoc_apm_topology_changed_get_context(event);

    /* The cast: the call only reads, but its declaration does not say so. */
    bool has_primary = mongoc_topology_description_has_writable_server(
        (mongoc_topology_description_t *)mongoc_apm_topology_changed_get_new_description(event));

    atomic_store(&store->has_primary, has_primary);
    metrics_set(&store_metrics, HAS_PRIMARY, METRIC_AT(0), has_primary);
}

/* The driver keeps counters for a tool of its own in /dev/shm/mongoc-<pid>, made in a constructor
 * of its library. A process that is killed would leave the file behind, and the next of that id
 * complain on stderr, where our log is. Without its name it goes with the process. */
__attribute__((constructor)) static void forget_shared_counters(void)
{
    char name[32];

    (void)snprintf(name, sizeof name, "/mongoc-%d", (int)getpid()); /* fits */
    (void)shm_unlink(name); /* not there: the driver was told to use none */
}

static void start_driver(void)
{
    mongoc_log_set_handler(NULL, NULL); /* libraries return, they do not log; nor does its start */
    mongoc_init();
}

/* What the promises rest on is set here, whatever the URI says. */
static void set_guarantees(mongoc_uri_t *uri)
{
    mongoc_write_concern_t *concern = mongoc_write_concern_new();
    mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);

    mongoc_write_concern_set_wmajority(concern, WRITE_TIMEOUT_MS);
    mongoc_write_concern_set_journal(concern, true);
    mongoc_uri_set_write_concern(uri, concern);
    mongoc_uri_set_read_prefs_t(uri, primary);
    mongoc_write_concern_destroy(concern);
    mongoc_read_prefs_destroy(primary);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_TIMEOUT_MS);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SELECTION_TIMEOUT_MS);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_TIMEOUT_MS);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, WAIT_QUEUE_TIMEOUT_MS);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, HEARTBEAT_MS);
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, POOL_CLIENTS);
    /* The server keeps a record of each retryable write, which costs more than the retry is worth
     * to us: every caller can repeat what he does, and does so after UNAVAILABLE. */
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
}

static void watch_topology(struct store *store)
{
    mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();

    mongoc_apm_set_topology_changed_cb(callbacks, topology_changed);
    mongoc_client_pool_set_apm_callbacks(store->pool, callbacks, store);
    mongoc_apm_callbacks_destroy(callbacks);
}

enum status store_open(const char *mongodb_uri, struct store **ret, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct store *store;
    mongoc_uri_t *uri;
    bson_error_t error;

    (void)pthread_once(&once, start_driver);
    uri = mongoc_uri_new_with_error(mongodb_uri, &error);
    if (!uri)
        return error_set(err, STATUS_INVALID, "MONGODB_URI: %s", error.message);
    set_guarantees(uri);
    store = memory_new(sizeof *store);
    store->database =
        memory_text(mongoc_uri_get_database(uri) ? mongoc_uri_get_database(uri) : DATABASE_DEFAULT);
    store->pool = mongoc_client_pool_new_with_error(uri, &error);
    mongoc_uri_destroy(uri);
    if (!store->pool) {
        store_close(store);
        return error_set(err, STATUS_INVALID, "MONGODB_URI: %s", error.message);
    }
    (void)mongoc_client_pool_set_error_api(store->pool, MONGOC_ERROR_API_VERSION_2);
    (void)mongoc_client_pool_set_appname(store->pool, "parley");
    watch_topology(store);
    /* The first client starts the thread that looks for the primary. */
    mongoc_client_pool_push(store->pool, mongoc_client_pool_pop(store->pool));
    *ret = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->pool)
        mongoc_client_pool_destroy(store->pool);
    free(store->database);
    free(store);
}

/* The driver's own thread asks the servers once a second and learns of a lost one at once, so this
 * waits for nothing. */
enum status store_ping(struct store *store, struct error *err)
{
    if (!atomic_load(&store->has_primary))
        return error_set(err, STATUS_UNAVAILABLE, "MongoDB: no primary is reachable");
    return STATUS_OK;
}

/* ---- A call */

static void (*observe)(const struct store_call *call);

void store_observe(void (*observer)(const struct store_call *call))
{
    observe = observer;
}

static void begin_span(struct store_loan *loan)
{
    struct trace_span *span = &loan->span;

    span_begin_child(span, SPAN_CLIENT, loan->title);
    if (!span->is_recorded)
        return;
    (void)snprintf(loan->title, sizeof loan->title, "%s %s", operations[loan->operation],
                   loan->name); /* or cut */
    span_add_text(span, "db.system.name", "mongodb");
    span_add_text(span, "db.operation.name", operations[loan->operation]);
    span_add_text(span, "db.collection.name", loan->name);
}

static void end_call(struct store_loan *loan)
{
    enum status s = loan->failure.status;
    const struct store_call call = {
        .operation = operations[loan->operation],
        .collection = loan->name,
        .us = clock_monotonic_us() - loan->started_us,
        .failure = s == STATUS_OK ? NULL : &loan->failure,
    };

    metrics_observe(&store_metrics, SECONDS, METRIC_AT(loan->operation, loan->word), call.us);
    if (s != STATUS_OK)
        span_add_text(&loan->span, "error.type", status_name(s));
    if (observe)
        observe(&call);
    span_end(&loan->span, s == STATUS_OK || s == STATUS_ID_TAKEN);
}

enum status store_take(struct store *store, const char *collection, struct store_loan *ret,
                       struct error *err)
{
    mongoc_client_t *client;

    ret->word = metric_words_find(&collections, collection);
    ret->name = collection;
    ret->started_us = clock_monotonic_us();
    begin_span(ret);
    client = mongoc_client_pool_pop(store->pool);
    if (!client) {
        (void)error_set(&ret->failure, STATUS_UNAVAILABLE, "MongoDB: all %d connections are busy",
                        POOL_CLIENTS);
        (void)note_failure(ret, err);
        end_call(ret);
        return STATUS_UNAVAILABLE;
    }
    ret->store = store;
    ret->client = client;
    ret->collection = mongoc_client_get_collection(client, store->database, collection);
    return STATUS_OK;
}

void store_give_back(struct store_loan *loan)
{
    if (!loan->client)
        return;
    mongoc_collection_destroy(loan->collection);
    mongoc_client_pool_push(loan->store->pool, loan->client);
    loan->client = NULL;
    end_call(loan);
}
