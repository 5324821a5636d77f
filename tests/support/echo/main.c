/* An echo server on libs/ws, for Autobahn: parley-echo [address:port]. Ends when it is killed. */

#include <unistd.h>

#include "log/log.h"
#include "ws/server.h"

static void let_in(void *context, struct ws_connection *connection,
                   const struct ws_request *request)
{
    (void)context;
    (void)request;
    ws_connection_accept(connection);
}

static void echo(void *context, struct ws_connection *connection, struct slice payload, bool binary)
{
    CLEANUP(ws_frame_free)
    struct ws_frame *frame = ws_frame_new(binary ? WS_BINARY : WS_TEXT, payload);

    (void)context;
    ws_connection_send(connection, frame);
}

static void forget(void *context, struct ws_connection *connection, int code)
{
    (void)context;
    (void)connection;
    (void)code;
}

int main(int argc, char **argv)
{
    static const struct ws_handler handler = {let_in, echo, forget, NULL};
    const struct ws_config config = {
        .listen = argc > 1 ? argv[1] : "127.0.0.1:9001",
        .path = "/",
        .n_loops = 2,
        .limits = {.message_max = 16 << 20, .binary = true},
        .handler = &handler,
    };
    struct ws_server *server;
    struct error err;

    log_open("echo", LOG_LEVEL_INFO);
    if (ws_server_open(&config, &server, &err) != STATUS_OK) {
        log_error("cannot serve", LOG_TEXT("reason", err.text));
        return 1;
    }
    log_info("echoing", LOG_NUMBER("port", ws_server_port(server)));
    for (;;)
        pause();
}
