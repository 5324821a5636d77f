#include "socket.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "base/memory.h"

/* A delivered frame is a client's frame (64 KiB) and what the server adds. */
#define RECEIVED_MAX (128 * 1024)
#define HANDSHAKE_SECONDS 15 /* the server itself answers an upgrade within 10 */
#define CONNECTING_POLL_MS 20
#define OPEN_POLL_MS 1000

/* The queue of each direction; it is short, since the caller empties it at every turn. */
struct text {
    struct text *next;
    struct buffer bytes;
};

struct socket {
    struct lws_context *context;
    struct lws *wsi;
    enum socket_state state;
    struct socket_end end;
    struct buffer partial; /* the fragments of a message that is not complete */
    struct text *received;
    struct text *unsent;
    bool wants_close;
};

static void text_add(struct text **queue, struct buffer *bytes)
{
    struct text *added = memory_new(sizeof *added);

    added->bytes = *bytes;
    *bytes = (struct buffer){0};
    while (*queue)
        queue = &(*queue)->next;
    *queue = added;
}

static bool text_take(struct text **queue, struct buffer *ret)
{
    struct text *first = *queue;

    if (!first)
        return false;
    *ret = first->bytes;
    *queue = first->next;
    free(first);
    return true;
}

static void text_clear(struct text **queue)
{
    struct buffer bytes;

    while (text_take(queue, &bytes))
        buffer_clear(&bytes);
}

/* ---- What libwebsockets tells us */

static void ended(struct socket *socket, const char *text, size_t length)
{
    if (!socket->end.text[0])
        snprintf(socket->end.text, sizeof socket->end.text, "%.*s", (int)length, text);
    socket->state = SOCKET_CLOSED;
    socket->wsi = NULL;
}

static int receive(struct socket *socket, struct lws *wsi, const void *data, size_t length)
{
    if (lws_frame_is_binary(wsi) || socket->partial.length + length > RECEIVED_MAX) {
        snprintf(socket->end.text, sizeof socket->end.text, "the server sent a frame too large");
        return -1;
    }
    buffer_add(&socket->partial, data, length);
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0)
        text_add(&socket->received, &socket->partial);
    return 0;
}

static int write_one(struct socket *socket, struct lws *wsi)
{
    CLEANUP(buffer_clear) struct buffer bytes = {0};
    size_t length;

    if (socket->wants_close) {
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    if (!text_take(&socket->unsent, &bytes))
        return 0;
    length = bytes.length - LWS_PRE;
    if (lws_write(wsi, (unsigned char *)bytes.data + LWS_PRE, length, LWS_WRITE_TEXT) < (int)length)
        return -1;
    if (socket->unsent)
        lws_callback_on_writable(wsi);
    return 0;
}

static void note_close(struct socket *socket, const unsigned char *data, size_t length)
{
    if (length < 2)
        return;
    socket->end.close_code = data[0] << 8 | data[1];
    snprintf(socket->end.text, sizeof socket->end.text, "%d%s%.*s", socket->end.close_code,
             length > 2 ? " " : "", (int)(length - 2), (const char *)data + 2);
}

static int handle(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                  size_t length)
{
    struct socket *socket = lws_context_user(lws_get_context(wsi));

    (void)user;
    if (wsi != socket->wsi) /* one that was given up */
        return reason == LWS_CALLBACK_CLIENT_WRITEABLE || reason == LWS_CALLBACK_CLIENT_ESTABLISHED
                   ? -1
                   : 0;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        socket->state = SOCKET_OPEN;
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        socket->end.http_status = (int)lws_http_client_http_response(wsi);
        ended(socket, data ? data : "no connection", data ? length : strlen("no connection"));
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(socket, wsi, data, length);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_one(socket, wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        note_close(socket, data, length);
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY:
        ended(socket, "connection lost", strlen("connection lost"));
        break;
    default:
        break;
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "parley", .callback = handle, .rx_buffer_size = 16 * 1024},
    {0},
};

/* ---- Life */

struct socket *socket_new(const char *cacert)
{
    struct socket *socket = memory_new(sizeof *socket);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   (cacert ? LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS : 0),
        .client_ssl_ca_filepath = cacert,
        .timeout_secs = HANDSHAKE_SECONDS,
        .connect_timeout_secs = HANDSHAKE_SECONDS,
        .fd_limit_per_thread = 16, /* otherwise tables for all descriptors that ulimit allows */
        .user = socket,
    };

    lws_set_log_level(0, NULL);
    socket->context = lws_create_context(&info);
    if (!socket->context) {
        free(socket);
        return NULL;
    }
    return socket;
}

void socket_close(struct socket *socket)
{
    struct lws *wsi = socket->wsi;

    if (wsi && socket->state == SOCKET_OPEN) { /* say goodbye, but do not wait for the answer */
        socket->wants_close = true;
        lws_callback_on_writable(wsi);
        lws_service(socket->context, -1);
    }
    wsi = socket->wsi;
    socket->wsi = NULL;
    if (wsi)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    socket->state = SOCKET_CLOSED;
    socket->wants_close = false;
    text_clear(&socket->received);
    text_clear(&socket->unsent);
    buffer_clear(&socket->partial);
}

void socket_free(struct socket *socket)
{
    if (!socket)
        return;
    socket_close(socket);
    lws_context_destroy(socket->context);
    free(socket);
}

/* ---- Connecting */

enum status socket_connect(struct socket *socket, const char *url, const char *token,
                           struct error *err)
{
    CLEANUP(address_clear) struct address address = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    CLEANUP(buffer_clear) struct buffer host = {0};
    struct lws_client_connect_info info = {0};

    socket_close(socket);
    socket->end = (struct socket_end){0};
    if (!address_read(url, &address))
        return error_set(err, STATUS_INVALID, "the server names no WebSocket but '%s'", url);
    buffer_printf(&path, "%s?token=%s", address.path, token);
    buffer_add_text(&host, address.host);
    if (address.port)
        buffer_printf(&host, ":%s", address.port);
    info.context = socket->context;
    info.address = address.host;
    info.port = address.port ? atoi(address.port) : address.tls ? 443 : 80;
    info.ssl_connection = address.tls ? LCCSCF_USE_SSL : 0;
    info.path = buffer_text(&path);
    info.host = buffer_text(&host);
    info.alpn = "http/1.1"; /* WebSockets over HTTP/2 are not offered */
    info.local_protocol_name = protocols[0].name;
    info.pwsi = &socket->wsi;
    socket->state = SOCKET_CONNECTING;
    if (!lws_client_connect_via_info(&info))
        ended(socket, "no connection", strlen("no connection"));
    return STATUS_OK;
}

/* ---- Use */

enum socket_state socket_state(const struct socket *socket)
{
    return socket->state;
}

const struct socket_end *socket_end(const struct socket *socket)
{
    return &socket->end;
}

int socket_fd(const struct socket *socket)
{
    return socket->state == SOCKET_OPEN && socket->wsi ? lws_get_socket_fd(socket->wsi) : -1;
}

/* This libwebsockets is built without hooks for a foreign poll loop, so we wait for its one socket
 * ourselves and let it look without waiting (lws_service() with -1). Only while it connects, when
 * what it waits for is not ours to know, it is asked often. */
int socket_patience_ms(struct socket *socket)
{
    if (socket->state == SOCKET_CONNECTING)
        return CONNECTING_POLL_MS;
    /* TLS may hold decrypted bytes of which poll() knows nothing. */
    return lws_service_adjust_timeout(socket->context, OPEN_POLL_MS, 0);
}

void socket_service(struct socket *socket)
{
    lws_service(socket->context, -1);
}

void socket_send(struct socket *socket, const struct buffer *text)
{
    struct buffer bytes = {0};

    if (socket->state != SOCKET_OPEN)
        return;
    buffer_reserve(&bytes, LWS_PRE);
    bytes.length = LWS_PRE; /* libwebsockets writes the frame's header there */
    buffer_add(&bytes, text->data, text->length);
    text_add(&socket->unsent, &bytes);
    lws_callback_on_writable(socket->wsi);
    socket_service(socket);
}

char *socket_take(struct socket *socket)
{
    struct buffer bytes;

    return text_take(&socket->received, &bytes) ? buffer_take(&bytes) : NULL;
}
