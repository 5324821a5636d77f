#ifndef STORE_POOL_H
#define STORE_POOL_H

#include <stdatomic.h>

#include <mongoc/mongoc.h>

#include "store/store.h"
#include "trace/span.h"

/* What the files of this library share. */

/* A socket that is silent for this long, with a write on it, ends as UNAVAILABLE: well below the
 * 30 s after which RabbitMQ drops a consumer that waits for us. */
#define SOCKET_TIMEOUT_MS 10000
#define SELECTION_TIMEOUT_MS 3000 /* an election takes 2 s when nobody is slow */
#define CONNECT_TIMEOUT_MS 2000
#define WAIT_QUEUE_TIMEOUT_MS 5000 /* for one of the pool's clients */
#define WRITE_TIMEOUT_MS 5000      /* for the majority; then the outcome is unknown */
#define READ_TIMEOUT_MS 5000       /* the server gives up a query */
#define HEARTBEAT_MS 1000          /* store_ping() is as old as this */
#define POOL_CLIENTS 64

/* What a call is counted as. */
enum store_operation {
    STORE_OTHER,
    STORE_FIND,
    STORE_COUNT,
    STORE_INSERT,
    STORE_UPDATE,
    STORE_FIND_AND_UPDATE,
    STORE_DELETE,
    STORE_BULK,
    STORE_INDEX,
    STORE_MEASURE,
    STORE_OPERATIONS
};

struct store {
    mongoc_client_pool_t *pool;
    char *database;
    atomic_bool has_primary;
};

/* A client and one collection, taken for the length of a call. */
struct store_loan {
    struct store *store;
    mongoc_client_t *client;
    mongoc_collection_t *collection;
    /* For metrics, spans and the observer. */
    enum store_operation operation; /* the borrower's to say */
    size_t word;                    /* the collection's */
    const char *name;               /* likewise: what store_take() was given, kept by the caller */
    int64_t started_us;
    struct error failure; /* OK: it has not failed */
    struct trace_span span;
    char title[64]; /* the span's name */
};

MUST_CHECK enum status store_take(struct store *store, const char *collection,
                                  struct store_loan *ret, struct error *err);
void store_give_back(struct store_loan *loan); /* one that has not begun is fine */

/* CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_FIND}; */
static inline void store_give_back_at(struct store_loan *loan)
{
    store_give_back(loan);
}

/* The status of a failure; reply (may be NULL) is what the server said. */
enum status store_failure(const bson_error_t *error, const bson_t *reply, struct error *err);

/* The same, noted as the loan's. */
enum status store_failed(struct store_loan *loan, const bson_error_t *error, const bson_t *reply,
                         struct error *err);

#endif
