#ifndef WS_SERVER_H
#define WS_SERVER_H

#include "base/error.h"
#include "metrics/metrics.h"
#include "ws/codec.h"
#include "ws/frame.h"
#include "ws/handshake.h"

/* A WebSocket server: epoll loops, one thread each, that share a port by SO_REUSEPORT. A socket
 * stays with the loop that accepted it.
 *
 * Everything that happens to sockets happens in their loop's thread. The handler's functions are
 * called there, and must not wait for anything; other threads put what they want done into a
 * loop's inbox through an outbox. A turn of a loop is: what epoll says, what the inbox holds, the
 * timers, handler->turn, and then one write for each socket that has something to be sent.
 *
 * Limits. They are not settings: protocol.md promises them to clients. */
#define WS_HANDSHAKE_MS 5000 /* for the request to arrive */
#define WS_ANSWER_MS 10000   /* for the handler to answer it, else 503 */
#define WS_PING_MS 30000     /* between our pings */
#define WS_SILENCE_MS 60000  /* without a byte from the peer: he is gone */
#define WS_GRACE_MS 2000     /* between our close frame and the end of the connection */
#define WS_LEAVE_MS \
    300 /* before a drain's close frame: nothing is read any more, so that the
                                   answers to what was read can come first */
#define WS_UNSENT_MAX (1 << 20) /* bytes waiting for one socket: beyond, he is too slow (1013) */

struct ws_server;
struct ws_connection;

struct ws_handler {
    /* A client asks to be let in; answer by ws_connection_accept() or ws_connection_refuse(), or
     * by an outbox later. What request points to is gone afterwards. */
    void (*request)(void *context, struct ws_connection *connection,
                    const struct ws_request *request);
    /* A message; its bytes are gone afterwards. */
    void (*message)(void *context, struct ws_connection *connection, struct slice payload,
                    bool binary);
    /* Once for each request, at the end of the turn that ended it. The connection is gone
     * afterwards. */
    void (*closed)(void *context, struct ws_connection *connection, int code);
    /* At the end of each turn of each loop. NULL is fine. */
    void (*turn)(void *context, size_t loop);
};

#define WS_LOOPS_MAX 16

struct ws_config {
    const char *listen; /* "127.0.0.1:8081"; port 0 picks one */
    const char *path;   /* "/ws" */
    size_t n_loops;
    struct ws_limits limits;
    const struct ws_handler *handler;
    void *context;
};

/* Listen and serve. *config is copied, what it points to must live until ws_server_close(). */
MUST_CHECK enum status ws_server_open(const struct ws_config *config, struct ws_server **ret,
                                      struct error *err);

/* Take no new connections; those there go on. */
void ws_server_stop_accepting(struct ws_server *server);

/* Close all sockets with 1001, spread evenly over that time, WS_LEAVE_MS after each was read from for
 * the last time. Returns at once. */
void ws_server_drain(struct ws_server *server, int64_t over_ms);

/* End the loops; what is still open is closed without a word. The handler's closed() has been
 * called for every connection when this returns. NULL is fine. */
void ws_server_close(struct ws_server *server);
DEFINE_CLEANUP(struct ws_server *, ws_server_close)

int ws_server_port(const struct ws_server *server);
size_t ws_server_sockets(const struct ws_server *server); /* open now; any thread */

/* Each loop counts for itself; this brings ws_metrics up to date, before it is printed. Any thread. */
extern struct metrics ws_metrics;
void ws_server_measure(const struct ws_server *server);

/* ---- In the loop's thread, on a connection that a handler was given */

/* Unique in this process for ever, and unlikely to have been another's in an earlier one. */
uint64_t ws_connection_id(const struct ws_connection *connection);
size_t ws_connection_loop(const struct ws_connection *connection); /* 0 … n_loops - 1 */

/* Something of the handler's own, which it frees in closed(). */
void ws_connection_set_data(struct ws_connection *connection, void *data);
void *ws_connection_data(const struct ws_connection *connection);

/* The address of the other end, without its port. */
#define WS_ADDRESS_MAX 64
void ws_connection_address(const struct ws_connection *connection, char ret[WS_ADDRESS_MAX]);

void ws_connection_accept(struct ws_connection *connection);
void ws_connection_refuse(struct ws_connection *connection, const struct error *err,
                          int retry_after_s);

/* Queue a frame; the reference stays the caller's. Nothing happens on a socket that is closing. */
void ws_connection_send(struct ws_connection *connection, struct ws_frame *frame);
void ws_connection_close(struct ws_connection *connection, int code, const char *reason);

/* ---- From other threads */

/* What one thread wants done, gathered per loop until it is flushed. Ids of connections that are
 * gone are ignored. */
struct ws_outbox;

struct ws_outbox *ws_outbox_new(struct ws_server *server);
void ws_outbox_free(struct ws_outbox *outbox); /* drops what was not flushed; NULL is fine */

void ws_outbox_accept(struct ws_outbox *outbox, uint64_t id);
void ws_outbox_refuse(struct ws_outbox *outbox, uint64_t id, const struct error *err,
                      int retry_after_s);
/* The reference stays the caller's. */
void ws_outbox_send(struct ws_outbox *outbox, const uint64_t *ids, size_t n,
                    struct ws_frame *frame);
void ws_outbox_close(struct ws_outbox *outbox, uint64_t id, int code, const char *reason);
void ws_outbox_leave(struct ws_outbox *outbox, uint64_t id); /* as ws_server_drain() does */

/* Hand it all over, with one lock and at most one wake-up per loop. Waits while a loop has more
 * in its inbox than it should; so a loop's own thread must never call this. */
void ws_outbox_flush(struct ws_outbox *outbox);

#endif
