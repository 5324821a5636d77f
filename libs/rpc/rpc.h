#ifndef RPC_RPC_H
#define RPC_RPC_H

#include "base/error.h"
#include "metrics/metrics.h"
#include "record/record.h"

/* The internal service API: short questions that need an answer now, as nng req/rep over TCP.
 * message.h has what is on the wire.
 *
 * All methods must be harmless to repeat, questions or what says how something shall be: nng asks
 * again when a connection is lost, and so may whoever listens on the way, for a minute. */

#define RPC_MESSAGE_MAX \
    (2 * 1024 * 1024)        /* NNG_OPT_RECVMAXSZ: the fullest auth.restrictions fits */
#define RPC_WORKERS 4        /* answers in progress at once; the rest wait in nng */
#define RPC_ADDRESSES_MAX 64 /* of one client; for more replicas there are names */

/* What both sides share, so that nobody else may ask or answer. Calls are not encrypted: who
 * listens on the way reads them. */
struct rpc_key;

/* Read a file of 64 hex digits that nobody else may read. INVALID says what is wrong with it. */
MUST_CHECK enum status rpc_key_read(const char *file, struct rpc_key **ret, struct error *err);
void rpc_key_free(struct rpc_key *key); /* overwritten first; NULL is fine */
DEFINE_CLEANUP(struct rpc_key *, rpc_key_free)

typedef enum status rpc_handler(void *state, const void *request, void *reply, struct error *err);

struct rpc_method {
    const char *name; /* "user.may_write" */
    const struct record *request;
    const struct record *reply;
    rpc_handler *handle; /* runs in any of RPC_WORKERS threads */
};

/* What it points to must live until rpc_server_close(). */
struct rpc_server_config {
    const char *listen; /* "127.0.0.1:9001" */
    const struct rpc_method *methods;
    size_t n_methods;
    void *state;               /* of the methods */
    const struct rpc_key *key; /* NULL: anybody may ask (loopback only) */
    /* Told of each call that was refused for its seal, and never handled. Any thread; NULL is fine. */
    void (*refused)(void *context, const char *reason);
    void *context;
};

struct rpc_server;

/* The calls of this process, on both sides. */
extern struct metrics rpc_metrics;

MUST_CHECK enum status rpc_server_open(const struct rpc_server_config *config,
                                       struct rpc_server **ret, struct error *err);
void rpc_server_close(struct rpc_server *server); /* finishes what is in hand; NULL is fine */

struct rpc_client;

/* addresses is "127.0.0.1:9001", or several with commas between them: the questions go to those
 * that are there in turn, and what was asked of one that is lost is asked of another. They need not
 * be there yet: nng dials in the background and again after a loss. Any thread may call through one
 * client, many at once. key (NULL: none) must live until rpc_client_close(). */
MUST_CHECK enum status rpc_client_open(const char *addresses, const struct rpc_key *key,
                                       struct rpc_client **ret, struct error *err);
void rpc_client_close(struct rpc_client *client); /* NULL is fine */

/* Ask and wait. On STATUS_OK *ret (a struct of reply's record) owns its text, and the caller
 * clears it; otherwise it is zeroed. No answer in time, or one with a wrong seal, is UNAVAILABLE;
 * the server's own errors come back as they were. */
MUST_CHECK enum status rpc_call(struct rpc_client *client, const char *method,
                                const struct record *request_record, const void *request,
                                const struct record *reply_record, void *ret, int timeout_ms,
                                struct error *err);

#endif
