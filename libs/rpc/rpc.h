#ifndef RPC_RPC_H
#define RPC_RPC_H

#include "base/error.h"
#include "record/record.h"

/* The internal service API: short questions that need an answer now, as nng req/rep over TCP.
 *
 * A request is the method's name, a newline, and its record as JSON; an answer is the status's
 * code, a newline, and the reply's JSON or the error's text. */

#define RPC_MESSAGE_MAX \
    (2 * 1024 * 1024) /* NNG_OPT_RECVMAXSZ: the fullest auth.restrictions fits */
#define RPC_WORKERS 4 /* answers in progress at once; the rest wait in nng */

typedef enum status rpc_handler(void *state, const void *request, void *reply, struct error *err);

struct rpc_method {
    const char *name; /* "user.may_write" */
    const struct record *request;
    const struct record *reply;
    rpc_handler *handle; /* runs in any of RPC_WORKERS threads */
};

struct rpc_server;

/* listen is "127.0.0.1:9001". methods and state must live until rpc_server_close(). */
MUST_CHECK enum status rpc_server_open(const char *listen, const struct rpc_method *methods,
                                       size_t n_methods, void *state, struct rpc_server **ret,
                                       struct error *err);
void rpc_server_close(struct rpc_server *server); /* finishes what is in hand; NULL is fine */

struct rpc_client;

/* address is "127.0.0.1:9001". The other side need not be there yet: nng dials in the background
 * and again after a loss. Any thread may call through one client, many at once. */
MUST_CHECK enum status rpc_client_open(const char *address, struct rpc_client **ret,
                                       struct error *err);
void rpc_client_close(struct rpc_client *client); /* NULL is fine */

/* Ask and wait. On STATUS_OK *ret (a struct of reply's record) owns its text, and the caller
 * clears it; otherwise it is zeroed. No answer in time is UNAVAILABLE; the server's own errors come
 * back as they were. */
MUST_CHECK enum status rpc_call(struct rpc_client *client, const char *method,
                                const struct record *request_record, const void *request,
                                const struct record *reply_record, void *ret, int timeout_ms,
                                struct error *err);

#endif
