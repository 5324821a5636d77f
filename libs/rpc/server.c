/* The answering side: one REP socket, and RPC_WORKERS threads with a context each.
 *
 * To end, each worker closes its own context, woken by cancelling its receive. Then the listener is
 * closed with its connections, but never the socket: nng_close() waits for the connections' memory,
 * and nng 1.5.2 may wait for ever when one closes between a message's length and its bytes
 * (github.com/nanomsg/nng/issues/1543; measured: in 3 of 100 closes under load). What stays behind is
 * a few KiB in a process that is about to exit. */

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "rpc/message.h"
#include "rpc/metrics.h"
#include "rpc/rpc.h"
#include "trace/span.h"

#define RECEIVE_MS 1000 /* should a cancel be lost */
#define CANCEL_AGAIN_MS 5
#define SEND_MS 2000 /* a peer that does not read its answer does not want it */

struct rpc_worker {
    struct rpc_server *server;
    nng_ctx ctx;
    nng_aio *aio;
    atomic_bool receiving; /* may be cancelled: an answer on its way may not */
    pthread_t thread;
};

struct rpc_server {
    nng_socket socket;
    nng_listener listener;
    struct rpc_server_config config;
    atomic_bool stopping;
    struct rpc_worker workers[RPC_WORKERS];
    size_t n_workers;
};

static const struct rpc_method *find_method(const struct rpc_server *server, struct slice name)
{
    for (size_t i = 0; i < server->config.n_methods; i++)
        if (slice_is(name, server->config.methods[i].name))
            return &server->config.methods[i];
    return NULL;
}

static nng_msg *answer(struct rpc_server *server, const struct rpc_method *method,
                       const struct message_question *question, const struct seal *seal)
{
    CLEANUP(free) void *request = memory_new(method->request->size);
    CLEANUP(free) void *reply = memory_new(method->reply->size);
    int64_t started_us = clock_monotonic_us();
    struct trace_span span;
    struct error err = {0};
    enum status s;
    nng_msg *msg;

    span_begin_given(&span, SPAN_SERVER, method->name, question->traceparent);
    s = record_from_json(method->request, question->text.data, question->text.length, request,
                         &err);
    if (s == STATUS_OK)
        s = method->handle(server->config.state, request, reply, &err);
    msg = message_from_answer(server->config.key, seal, s, method->reply, reply, &err);
    record_clear(method->request, request);
    record_clear(method->reply, reply);
    log_debug("question answered", LOG_TEXT("method", method->name),
              LOG_TEXT("status", status_name(s)));
    span_add_text(&span, "rpc.method", method->name);
    span_add_text(&span, "parley.status", status_name(s));
    span_end(&span, s != STATUS_UNAVAILABLE && s != STATUS_INTERNAL);
    rpc_count(RPC_SERVER, method->name, s, started_us);
    return msg;
}

/* s: what was wrong with the seal. Who has the key learns that his clock is wrong. */
static nng_msg *refuse(const struct rpc_server *server, enum status s, const struct seal *question,
                       struct error *err)
{
    struct seal seal = seal_new_answer(question);

    rpc_count_refused();
    if (server->config.refused)
        server->config.refused(server->config.context, err->text);
    return message_from_answer(s == STATUS_EXPIRED ? server->config.key : NULL, &seal,
                               STATUS_UNAVAILABLE, NULL, NULL, err);
}

static nng_msg *handle(struct rpc_server *server, nng_msg *msg)
{
    const struct rpc_method *method = NULL;
    struct message_question question;
    struct slice content;
    struct seal asked = {0}, seal;
    struct error err;
    enum status s;

    s = message_open(server->config.key, SEAL_QUESTION, message_bytes(msg), &asked, &content, &err);
    if (s != STATUS_OK)
        return refuse(server, s, &asked, &err);
    seal = seal_new_answer(&asked);
    if (message_cut_question(content, &question))
        method = find_method(server, question.method);
    if (method)
        return answer(server, method, &question, &seal);
    /* A peer of another version: its call must fail, not hang. */
    (void)error_set(&err, STATUS_INTERNAL, "no such method");
    return message_from_answer(server->config.key, &seal, err.status, NULL, NULL, &err);
}

static void send_answer(struct rpc_worker *worker, nng_msg *msg)
{
    nng_aio_set_msg(worker->aio, msg);
    nng_aio_set_timeout(worker->aio, SEND_MS);
    nng_ctx_send(worker->ctx, worker->aio);
    nng_aio_wait(worker->aio);
    if (nng_aio_result(worker->aio) != 0)
        nng_msg_free(msg); /* the asker is gone, and has timed out by itself */
}

static void *work(void *context)
{
    struct rpc_worker *worker = context;
    struct rpc_server *server = worker->server;

    while (!atomic_load(&server->stopping)) {
        nng_msg *msg, *reply;

        nng_aio_set_timeout(worker->aio, RECEIVE_MS);
        nng_ctx_recv(worker->ctx, worker->aio);
        atomic_store(&worker->receiving, true);
        nng_aio_wait(worker->aio);
        atomic_store(&worker->receiving, false);
        if (nng_aio_result(worker->aio) != 0)
            continue; /* nothing came */
        msg = nng_aio_get_msg(worker->aio);
        reply = handle(server, msg);
        nng_msg_free(msg);
        send_answer(worker, reply);
    }
    (void)nng_ctx_close(worker->ctx);
    return NULL;
}

static enum status start_worker(struct rpc_server *server, struct error *err)
{
    struct rpc_worker *worker = &server->workers[server->n_workers];
    int failure;

    worker->server = server;
    failure = nng_aio_alloc(&worker->aio, NULL, NULL);
    if (failure)
        return message_failed("cannot open a worker", failure, err);
    failure = nng_ctx_open(&worker->ctx, server->socket);
    if (failure) {
        nng_aio_free(worker->aio);
        return message_failed("cannot open a worker", failure, err);
    }
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
        (void)nng_ctx_close(worker->ctx);
        nng_aio_free(worker->aio);
        return error_set(err, STATUS_UNAVAILABLE, "cannot start a thread");
    }
    pthread_setname_np(worker->thread, "rpc");
    server->n_workers++;
    return STATUS_OK;
}

static enum status listen_on(struct rpc_server *server, const char *address, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    int failure;

    buffer_printf(&url, "tcp://%s", address);
    failure = nng_listen(server->socket, buffer_text(&url), &server->listener, 0);
    if (failure)
        return error_set(err, STATUS_UNAVAILABLE, "cannot listen on %s: %s", address,
                         nng_strerror(failure));
    return STATUS_OK;
}

enum status rpc_server_open(const struct rpc_server_config *config, struct rpc_server **ret,
                            struct error *err)
{
    struct rpc_server *server = memory_new(sizeof *server);
    nng_socket socket;
    enum status s;
    int failure;

    server->config = *config;
    failure = nng_rep0_open(&socket);
    if (failure) {
        free(server);
        return message_failed("cannot open a socket", failure, err);
    }
    server->socket = socket;
    (void)nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX); /* cannot fail */
    s = listen_on(server, config->listen, err);
    for (int i = 0; s == STATUS_OK && i < RPC_WORKERS; i++)
        s = start_worker(server, err);
    if (s != STATUS_OK) {
        rpc_server_close(server);
        return s;
    }
    *ret = server;
    return STATUS_OK;
}

/* A worker that was about to receive when it was cancelled is cancelled again: until all have ended,
 * questions come in that nobody takes, and their askers wait. */
static void join_worker(struct rpc_worker *worker)
{
    for (;;) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until); /* what pthread_timedjoin_np() goes by */
        until.tv_nsec += CANCEL_AGAIN_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000L;
        }
        if (pthread_timedjoin_np(worker->thread, NULL, &until) == 0)
            return;
        if (atomic_load(&worker->receiving))
            nng_aio_cancel(worker->aio);
    }
}

void rpc_server_close(struct rpc_server *server)
{
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < server->n_workers; i++)
        if (atomic_load(&server->workers[i].receiving))
            nng_aio_cancel(server->workers[i].aio);
    for (size_t i = 0; i < server->n_workers; i++) {
        join_worker(&server->workers[i]);
        nng_aio_free(server->workers[i].aio);
    }
    if (nng_listener_id(server->listener) > 0)
        (void)nng_listener_close(server->listener);
    free(server);
}
