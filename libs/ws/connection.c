#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "ws/loop.h"

/* Two pings unanswered; a little less than twice the time between them, since timers are late. */
#define SILENCE_MS (WS_SILENCE_MS - 1000)

struct ws_connection *ws_connection_new(struct ws_loop *loop, int fd)
{
    struct ws_connection *connection = memory_new(sizeof *connection);

    ws_output_init(fd);
    connection->loop = loop;
    connection->fd = fd;
    connection->heard_at = loop->now;
    connection->pending = memory_new(sizeof *connection->pending);
    ws_loop_set_timer(connection, WS_TIMER_HANDSHAKE);
    return connection;
}

static void pending_free(struct ws_connection *connection)
{
    if (connection->pending)
        buffer_clear(&connection->pending->bytes);
    free(connection->pending);
    connection->pending = NULL;
}

void ws_connection_free(struct ws_connection *connection)
{
    pending_free(connection);
    ws_output_clear(connection);
    ws_parser_clear(&connection->parser);
    free(connection);
}

void ws_connection_watch(struct ws_connection *connection)
{
    bool reads = connection->state != WS_STATE_WAITING &&
                 !(connection->is_leaving && connection->state == WS_STATE_OPEN);
    struct epoll_event event = {
        .events = EPOLLRDHUP | (reads ? EPOLLIN : 0U) | (connection->wants_write ? EPOLLOUT : 0U),
        .data.ptr = connection,
    };

    (void)epoll_ctl(connection->loop->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void count_close(struct ws_connection *connection, int code)
{
    size_t i = 0;

    while (i < WS_COUNTED_CODES && ws_counted_codes[i] != code)
        i++;
    ws_count(&connection->loop->counters.closed[i], 1);
}

void ws_connection_end(struct ws_connection *connection, int code)
{
    if (connection->state == WS_STATE_DEAD)
        return;
    if (!connection->code)
        connection->code = (uint16_t)code;
    if (!connection->pending) /* it was open */
        count_close(connection, connection->code);
    connection->state = WS_STATE_DEAD;
    ws_loop_drop_timer(connection);
    close(connection->fd);
    connection->next = connection->loop->dead;
    connection->loop->dead = connection;
}

void ws_connection_say(struct ws_connection *connection, struct ws_frame *last, int code)
{
    connection->state = WS_STATE_CLOSING;
    connection->code = (uint16_t)code;
    ws_loop_set_timer(connection, WS_TIMER_GRACE);
    ws_output_add(connection, last);
    ws_connection_watch(connection);
}

void ws_connection_close(struct ws_connection *connection, int code, const char *reason)
{
    if (connection->state == WS_STATE_OPEN)
        ws_connection_say(connection, ws_frame_new_close(code, reason), code);
}

void ws_connection_leave(struct ws_connection *connection)
{
    if (connection->state != WS_STATE_OPEN || connection->is_leaving)
        return;
    connection->is_leaving = true;
    ws_loop_set_timer(connection, WS_TIMER_LEAVE);
    ws_connection_watch(connection);
}

static void handle_close(struct ws_connection *connection, int code)
{
    connection->is_peer_done = true;
    if (connection->state == WS_STATE_OPEN)
        ws_connection_say(connection, ws_frame_new_close(code, ""), code);
    else if (connection->last == connection->first)
        ws_connection_end(connection, connection->code);
}

static void handle_ping(struct ws_connection *connection, struct slice payload)
{
    CLEANUP(ws_frame_free) struct ws_frame *pong = ws_frame_new(WS_PONG, payload);

    ws_connection_send(connection, pong);
}

static void read_frames(struct ws_connection *connection, char *data, size_t length)
{
    const struct ws_config *config = connection->loop->config;

    while (connection->state != WS_STATE_DEAD) {
        struct ws_event event =
            ws_parser_next(&connection->parser, &config->limits, &data, &length);

        switch (event.kind) {
        case WS_EVENT_MORE:
            return;
        case WS_EVENT_MESSAGE:
            ws_count(&connection->loop->counters.messages_in, 1);
            if (connection->state == WS_STATE_OPEN)
                config->handler->message(config->context, connection, event.payload, event.binary);
            break;
        case WS_EVENT_PING:
            handle_ping(connection, event.payload);
            break;
        case WS_EVENT_PONG:
            break;
        case WS_EVENT_CLOSE:
            handle_close(connection, event.code);
            break;
        case WS_EVENT_ERROR:
            ws_connection_close(connection, event.code, "");
            break;
        }
    }
}

static void read_request(struct ws_connection *connection, const char *data, size_t length)
{
    const struct ws_config *config = connection->loop->config;
    struct ws_pending *pending = connection->pending;
    struct ws_request request;
    struct error err;
    enum status s;

    buffer_add(&pending->bytes, data, length);
    s = ws_request_parse(pending->bytes.data, pending->bytes.length, config->path, &request,
                         &pending->used, &err);
    if (s != STATUS_OK) {
        ws_connection_refuse(connection, &err, 0);
        return;
    }
    if (pending->used == 0)
        return;
    memcpy(pending->accept, request.accept, sizeof pending->accept);
    pending->is_bearer = request.is_bearer;
    connection->state = WS_STATE_WAITING;
    connection->is_requested = true;
    ws_loop_set_timer(connection, WS_TIMER_ANSWER);
    config->handler->request(config->context, connection, &request);
    if (connection->state == WS_STATE_WAITING)
        ws_connection_watch(
            connection); /* what it sends before it has an answer can wait in the kernel */
}

void ws_connection_accept(struct ws_connection *connection)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};
    struct ws_pending *pending = connection->pending;

    if (connection->state != WS_STATE_WAITING)
        return;
    ws_answer_accept(pending->accept, pending->is_bearer, &answer);
    connection->state = WS_STATE_OPEN;
    connection->heard_at = connection->loop->now;
    ws_count(&connection->loop->counters.accepted, 1);
    ws_output_add(connection, ws_frame_new_raw((struct slice){answer.data, answer.length}));
    ws_loop_set_timer(connection, WS_TIMER_PING);
    ws_connection_watch(connection);
    connection->pending = NULL;
    if (pending->bytes.length > pending->used)
        read_frames(connection, pending->bytes.data + pending->used,
                    pending->bytes.length - pending->used);
    buffer_clear(&pending->bytes);
    free(pending);
}

void ws_connection_refuse(struct ws_connection *connection, const struct error *err,
                          int retry_after_s)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};

    if (connection->state != WS_STATE_WAITING && connection->state != WS_STATE_HANDSHAKE)
        return;
    ws_answer_refuse(err, retry_after_s, &answer);
    metrics_add(&ws_metrics, WS_METRIC_REFUSED, METRIC_AT(err->status), 1);
    ws_connection_say(connection, ws_frame_new_raw((struct slice){answer.data, answer.length}),
                      WS_CODE_ABNORMAL);
}

void ws_connection_read(struct ws_connection *connection)
{
    char *input = connection->loop->input;
    ssize_t n;

    if (connection->state == WS_STATE_DEAD)
        return;
    n = recv(connection->fd, input, WS_INPUT_MAX, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        ws_connection_end(connection, WS_CODE_ABNORMAL);
        return;
    }
    connection->heard_at = connection->loop->now;
    ws_count(&connection->loop->counters.bytes_in, (unsigned long long)n);
    if (connection->state == WS_STATE_HANDSHAKE)
        read_request(connection, input, (size_t)n);
    else if (connection->state == WS_STATE_OPEN ||
             (connection->state == WS_STATE_CLOSING && !connection->pending))
        read_frames(connection, input, (size_t)n);
}

void ws_connection_is_due(struct ws_connection *connection)
{
    struct error err;

    switch (connection->timer) {
    case WS_TIMER_ANSWER:
        error_set(&err, STATUS_UNAVAILABLE, "not ready to serve you yet; try again");
        ws_connection_refuse(connection, &err, 1);
        return;
    case WS_TIMER_PING:
        if (connection->loop->now - connection->heard_at >= SILENCE_MS) {
            ws_connection_close(connection, WS_CODE_GOING_AWAY, "silent for too long");
            return;
        }
        ws_loop_set_timer(connection, WS_TIMER_PING);
        ws_connection_send(connection, connection->loop->ping);
        return;
    case WS_TIMER_LEAVE:
        ws_connection_close(connection, WS_CODE_GOING_AWAY, "going away");
        return;
    default: /* no request, or no end: without further words */
        ws_connection_end(connection, WS_CODE_ABNORMAL);
    }
}

uint64_t ws_connection_id(const struct ws_connection *connection)
{
    return connection->id;
}

size_t ws_connection_loop(const struct ws_connection *connection)
{
    return connection->loop->index;
}

void ws_connection_set_data(struct ws_connection *connection, void *data)
{
    connection->data = data;
}

void *ws_connection_data(const struct ws_connection *connection)
{
    return connection->data;
}

void ws_connection_address(const struct ws_connection *connection, char ret[WS_ADDRESS_MAX])
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;

    ret[0] = '\0';
    if (getpeername(connection->fd, (struct sockaddr *)&peer, &length) < 0)
        return;
    if (peer.ss_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&peer)->sin6_addr, ret, WS_ADDRESS_MAX);
    else
        (void)inet_ntop(AF_INET, &((struct sockaddr_in *)&peer)->sin_addr, ret, WS_ADDRESS_MAX);
}
