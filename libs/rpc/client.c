/* The asking side: one REQ socket with a dialer for each address, and a context with its own aio for
 * each call, so that any number of threads ask at once and none takes another's answer.
 *
 * nng's REQ protocol asks those that are connected in turn, and sends a question again when its
 * connection is lost, or by a timer. The timer never fires; the other is welcome, since it is the
 * quickest way over a peer's end, stops with the call's time, and all our methods are harmless to
 * repeat.
 *
 * As in server.c, what is closed is the dialer and never the socket. By the same fault of nng a
 * connection that breaks in an unlucky moment is never taken down, and then no dialer of the process
 * dials again: so an address without an answer for some seconds is dialled anew, while others
 * answer, and when none does, a new socket is opened beside the old one. */

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "rpc/message.h"
#include "rpc/metrics.h"
#include "rpc/rpc.h"
#include "trace/span.h"

/* Longer than any call. Infinity would also turn off what follows a lost connection: the question
 * would fail with it (measured). */
#define RESEND_MS (24 * 60 * 60 * 1000)

/* Between two attempts to connect: a restarted peer is found well within a second. */
#define RECONNECT_MIN_MS 50
#define RECONNECT_MAX_MS 500

/* How long no call may have been answered before something new is tried. It doubles each time, for
 * each leaves a few KiB behind, and a peer may be away for days. */
#define PATIENCE_MIN_MS 5000
#define PATIENCE_MAX_MS (10 * 60 * 1000)

/* So often its turn must have passed besides: calls are given out in turn, but not all last alike. */
#define MISSED_MAX 32

struct peer {
    char *address;
    nng_dialer dialer;
    int64_t silent_since; /* 0: the last answer that we know of was its */
    int64_t patience_ms;
    size_t missed; /* answers by others since its last */
};

struct rpc_client {
    char *addresses; /* all of them, for people */
    const struct rpc_key *key;
    pthread_mutex_t lock; /* of all below */
    nng_socket socket;    /* a number: whoever has it may use it, as none is ever closed */
    struct peer *peers;
    size_t n_peers;
    int64_t failing_since; /* 0: the last call was answered */
    int64_t patience_ms;
};

static int64_t more_patience(int64_t ms)
{
    return ms * 2 < PATIENCE_MAX_MS ? ms * 2 : PATIENCE_MAX_MS;
}

/* The lock is held, as for all that dials. */
static enum status dial(struct rpc_client *client, struct peer *peer, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    int failure;

    buffer_printf(&url, "tcp://%s", peer->address);
    failure = nng_dial(client->socket, buffer_text(&url), &peer->dialer, NNG_FLAG_NONBLOCK);
    if (failure)
        return error_set(err, STATUS_INVALID, "cannot ask '%s': %s", peer->address,
                         nng_strerror(failure));
    return STATUS_OK;
}

static void hang_up(struct peer *peer)
{
    if (nng_dialer_id(peer->dialer) > 0)
        (void)nng_dialer_close(peer->dialer);
    peer->dialer = (nng_dialer)NNG_DIALER_INITIALIZER;
}

/* Open a socket that dials all. */
static enum status open_socket(struct rpc_client *client, struct error *err)
{
    enum status s = STATUS_OK;
    nng_socket socket;
    int failure;

    failure = nng_req0_open(&socket);
    if (failure)
        return message_failed("cannot open a socket", failure, err);
    /* Constant, supported options: they cannot fail. */
    (void)nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX);
    (void)nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, RESEND_MS);
    (void)nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    (void)nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    client->socket = socket;
    for (size_t i = 0; s == STATUS_OK && i < client->n_peers; i++)
        s = dial(client, &client->peers[i], err);
    return s;
}

static nng_socket current_socket(struct rpc_client *client)
{
    nng_socket socket;

    pthread_mutex_lock(&client->lock);
    socket = client->socket;
    pthread_mutex_unlock(&client->lock);
    return socket;
}

/* Others are answering: has this one been passed over for too long? */
static void note_silence(struct rpc_client *client, struct peer *peer, int64_t now)
{
    peer->missed++;
    if (!peer->silent_since) {
        peer->silent_since = now;
        peer->missed = 1;
    } else if (peer->missed > MISSED_MAX * client->n_peers &&
               now - peer->silent_since > peer->patience_ms) {
        hang_up(peer);
        (void)dial(client, peer, NULL); /* if that fails, it stays silent, and we come here again */
        peer->silent_since = now;
        peer->patience_ms = more_patience(peer->patience_ms);
    }
}

static void note_answer(struct rpc_client *client, nng_msg *answer)
{
    int dialer = nng_dialer_id(nng_pipe_dialer(nng_msg_get_pipe(answer)));
    int64_t now = clock_monotonic();

    pthread_mutex_lock(&client->lock);
    client->failing_since = 0;
    client->patience_ms = PATIENCE_MIN_MS;
    for (size_t i = 0; i < client->n_peers; i++) {
        struct peer *peer = &client->peers[i];

        if (nng_dialer_id(peer->dialer) != dialer) {
            note_silence(client, peer, now);
            continue;
        }
        peer->silent_since = 0;
        peer->patience_ms = PATIENCE_MIN_MS;
    }
    pthread_mutex_unlock(&client->lock);
}

static void note_failure(struct rpc_client *client)
{
    int64_t now = clock_monotonic();

    pthread_mutex_lock(&client->lock);
    if (!client->failing_since) {
        client->failing_since = now;
    } else if (now - client->failing_since > client->patience_ms) {
        for (size_t i = 0; i < client->n_peers; i++)
            hang_up(&client->peers[i]);
        (void)open_socket(client, NULL); /* if that fails, so will calls, and we come here again */
        client->failing_since = now;
        client->patience_ms = more_patience(client->patience_ms);
    }
    pthread_mutex_unlock(&client->lock);
}

static enum status add_peers(struct rpc_client *client, struct error *err)
{
    const char *text = client->addresses;

    while (*text) {
        size_t length = strcspn(text, ", ");
        struct peer *peer;

        if (length > 0) {
            if (client->n_peers == RPC_ADDRESSES_MAX)
                return error_set(err, STATUS_INVALID, "more than %d addresses to ask",
                                 RPC_ADDRESSES_MAX);
            client->peers = memory_grow(client->peers, client->n_peers + 1, sizeof *client->peers);
            peer = &client->peers[client->n_peers++];
            *peer = (struct peer){.address = memory_text_n(text, length),
                                  .dialer = NNG_DIALER_INITIALIZER,
                                  .patience_ms = PATIENCE_MIN_MS};
        }
        text += length;
        text += strspn(text, ", ");
    }
    if (client->n_peers == 0)
        return error_set(err, STATUS_INVALID, "no address to ask");
    return STATUS_OK;
}

enum status rpc_client_open(const char *addresses, const struct rpc_key *key,
                            struct rpc_client **ret, struct error *err)
{
    struct rpc_client *client = memory_new(sizeof *client);
    enum status s;

    client->addresses = memory_text(addresses);
    client->key = key;
    client->patience_ms = PATIENCE_MIN_MS;
    pthread_mutex_init(&client->lock, NULL);
    s = add_peers(client, err);
    if (s == STATUS_OK)
        s = open_socket(client, err);
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
    for (size_t i = 0; i < client->n_peers; i++) {
        hang_up(&client->peers[i]);
        free(client->peers[i].address);
    }
    free(client->peers);
    pthread_mutex_destroy(&client->lock);
    free(client->addresses);
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
        return message_failed(client->addresses, failure, err);
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
        return message_failed(client->addresses, failure, err);
    }
    note_answer(client, *ret);
    return STATUS_OK;
}

static enum status read_answer(struct rpc_client *client, nng_msg *answer,
                               const struct seal *question, const struct record *rec, void *ret,
                               struct error *err)
{
    struct seal seal = *question; /* without a key there is none to be read */
    struct slice content;
    struct error why;

    if (message_open(client->key, SEAL_ANSWER, message_bytes(answer), &seal, &content, &why) !=
        STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "%s: the answer is %s", client->addresses,
                         why.text);
    if (memcmp(seal.nonce, question->nonce, SEAL_NONCE) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "%s: the answer is to another question",
                         client->addresses);
    return message_read_answer(content, rec, ret, err);
}

static enum status call(struct rpc_client *client, const char *method,
                        const struct record *request_record, const void *request,
                        const struct record *reply_record, void *ret, int timeout_ms,
                        struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    CLEANUP(buffer_clear) struct buffer line = {0};
    struct seal question = {0};
    nng_msg *answer = NULL;
    enum status s;

    memset(ret, 0, reply_record->size);
    record_to_json(request_record, request, &body);
    if (body.length > MESSAGE_BODY_MAX)
        return error_set(err, STATUS_INTERNAL, "a question to %s is too long: %zu bytes",
                         client->addresses, body.length);
    buffer_add_text(&line, method);
    if (trace_current())
        buffer_printf(&line, " %s", trace_current()->text);
    if (client->key)
        question = seal_new_question();
    s = ask(client,
            message_new(client->key, &question, (struct slice){line.data, line.length},
                        (struct slice){body.data, body.length}),
            timeout_ms, &answer, err);
    if (s != STATUS_OK)
        return s;
    s = read_answer(client, answer, &question, reply_record, ret, err);
    nng_msg_free(answer);
    return s;
}

enum status rpc_call(struct rpc_client *client, const char *method,
                     const struct record *request_record, const void *request,
                     const struct record *reply_record, void *ret, int timeout_ms,
                     struct error *err)
{
    int64_t started_us = clock_monotonic_us();
    struct trace_span span;
    enum status s;

    span_begin_child(&span, SPAN_CLIENT, method);
    s = call(client, method, request_record, request, reply_record, ret, timeout_ms, err);
    span_add_text(&span, "rpc.method", method);
    span_add_text(&span, "parley.status", status_name(s));
    span_end(&span, s != STATUS_UNAVAILABLE && s != STATUS_INTERNAL);
    rpc_count(RPC_CLIENT, method, s, started_us);
    return s;
}
