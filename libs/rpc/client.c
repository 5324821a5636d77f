/* The asking side: one REQ socket that dials by itself, and a context with its own aio for each
 * call, so that any number of threads ask at once and none takes another's answer.
 *
 * nng's REQ protocol sends a question again when its connection is lost, and by a timer. The timer
 * is off; the other is welcome, since it is the quickest way over a peer's restart, ends with the
 * call's time, and all our methods are questions, which are harmless to repeat.
 *
 * As in server.c, what is closed is the dialer and never the socket. By the same fault of nng a
 * connection that breaks in an unlucky moment is never taken down, and its dialer never dials
 * again: so after some seconds without any answer a new socket is opened beside the old one. */

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "rpc/message.h"
#include "rpc/rpc.h"

/* Between two attempts to connect: a restarted peer is found well within a second. */
#define RECONNECT_MIN_MS 50
#define RECONNECT_MAX_MS 500

/* How long no call may have been answered before a new socket is tried. It doubles each time, for
 * each leaves a few KiB behind, and a peer may be away for days. */
#define PATIENCE_MIN_MS 5000
#define PATIENCE_MAX_MS (10 * 60 * 1000)

struct rpc_client {
    char *address;
    pthread_mutex_t lock; /* of all below */
    nng_socket socket;    /* a number: whoever has it may use it, as none is ever closed */
    nng_dialer dialer;
    int64_t failing_since; /* 0: the last call was answered */
    int64_t patience_ms;
};

/* Open a socket that dials; the lock is held. */
static enum status dial(struct rpc_client *client, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    nng_socket socket;
    int failure;

    failure = nng_req0_open(&socket);
    if (failure)
        return message_failed("cannot open a socket", failure, err);
    /* Constant, supported options: they cannot fail. */
    (void)nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX);
    (void)nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    (void)nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    (void)nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    client->socket = socket;
    buffer_printf(&url, "tcp://%s", client->address);
    failure = nng_dial(socket, buffer_text(&url), &client->dialer, NNG_FLAG_NONBLOCK);
    if (failure)
        return error_set(err, STATUS_INVALID, "cannot ask %s: %s", client->address,
                         nng_strerror(failure));
    return STATUS_OK;
}

static nng_socket current_socket(struct rpc_client *client)
{
    nng_socket socket;

    pthread_mutex_lock(&client->lock);
    socket = client->socket;
    pthread_mutex_unlock(&client->lock);
    return socket;
}

static void note_answer(struct rpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->failing_since = 0;
    client->patience_ms = PATIENCE_MIN_MS;
    pthread_mutex_unlock(&client->lock);
}

static void note_failure(struct rpc_client *client)
{
    int64_t now = clock_monotonic();

    pthread_mutex_lock(&client->lock);
    if (!client->failing_since) {
        client->failing_since = now;
    } else if (now - client->failing_since > client->patience_ms) {
        (void)nng_dialer_close(client->dialer);
        (void)dial(client, NULL); /* if that fails, so will calls, and we come here again */
        client->failing_since = now;
        client->patience_ms =
            client->patience_ms * 2 < PATIENCE_MAX_MS ? client->patience_ms * 2 : PATIENCE_MAX_MS;
    }
    pthread_mutex_unlock(&client->lock);
}

enum status rpc_client_open(const char *address, struct rpc_client **ret, struct error *err)
{
    struct rpc_client *client = memory_new(sizeof *client);
    enum status s;

    client->address = memory_text(address);
    client->patience_ms = PATIENCE_MIN_MS;
    pthread_mutex_init(&client->lock, NULL);
    s = dial(client, err);
    if (s != STATUS_OK) {
        rpc_client_close(client);
        return s;
    }
    *ret = client;
    return STATUS_OK;
}

void rpc_client_close(struct rpc_client *client)
{
    if (!client)
        return;
    if (nng_dialer_id(client->dialer) > 0)
        (void)nng_dialer_close(client->dialer);
    pthread_mutex_destroy(&client->lock);
    free(client->address);
    free(client);
}

static nng_duration left(int64_t until)
{
    int64_t ms = until - clock_monotonic();

    return ms > 1 ? (nng_duration)ms : 1; /* 0 would mean something else to nng */
}

/* Send msg, which is ours no more, and wait for *ret. */
static int exchange(nng_ctx ctx, nng_aio *aio, nng_msg *msg, int64_t until, nng_msg **ret)
{
    int failure;

    nng_aio_set_msg(aio, msg);
    nng_aio_set_timeout(aio, left(until));
    nng_ctx_send(ctx, aio);
    nng_aio_wait(aio);
    failure = nng_aio_result(aio);
    if (failure) {
        nng_msg_free(msg); /* still ours when it could not be sent */
        return failure;
    }
    nng_aio_set_timeout(aio, left(until));
    nng_ctx_recv(ctx, aio);
    nng_aio_wait(aio);
    failure = nng_aio_result(aio);
    if (!failure)
        *ret = nng_aio_get_msg(aio);
    return failure;
}

static enum status ask(struct rpc_client *client, nng_msg *msg, int timeout_ms, nng_msg **ret,
                       struct error *err)
{
    int64_t until = clock_monotonic() + timeout_ms;
    nng_aio *aio;
    nng_ctx ctx;
    int failure;

    failure = nng_ctx_open(&ctx, current_socket(client));
    if (failure) {
        nng_msg_free(msg);
        return message_failed(client->address, failure, err);
    }
    failure = nng_aio_alloc(&aio, NULL, NULL);
    if (failure) {
        nng_msg_free(msg);
    } else {
        failure = exchange(ctx, aio, msg, until, ret);
        nng_aio_free(aio);
    }
    (void)nng_ctx_close(ctx);
    if (failure) {
        note_failure(client);
        return message_failed(client->address, failure, err);
    }
    note_answer(client);
    return STATUS_OK;
}

enum status rpc_call(struct rpc_client *client, const char *method,
                     const struct record *request_record, const void *request,
                     const struct record *reply_record, void *ret, int timeout_ms,
                     struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    nng_msg *answer = NULL;
    enum status s;

    memset(ret, 0, reply_record->size);
    record_to_json(request_record, request, &body);
    if (body.length > MESSAGE_BODY_MAX)
        return error_set(err, STATUS_INTERNAL, "a question to %s is too long: %zu bytes",
                         client->address, body.length);
    s = ask(client, message_new(slice_of(method), (struct slice){body.data, body.length}),
            timeout_ms, &answer, err);
    if (s != STATUS_OK)
        return s;
    s = message_read_answer(answer, reply_record, ret, err);
    nng_msg_free(answer);
    return s;
}
