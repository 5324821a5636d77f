#ifndef CLI_SOCKET_H
#define CLI_SOCKET_H

#include "base/buffer.h"
#include "base/error.h"

/* The WebSocket, by libwebsockets: one connection, no callbacks for the caller, no decisions.
 * What arrives is queued until it is asked for; whether to connect again is the caller's matter. */
struct socket;

enum socket_state { SOCKET_CLOSED, SOCKET_CONNECTING, SOCKET_OPEN };

/* Why it is closed. */
struct socket_end {
    int http_status; /* the server refused the upgrade; 0: it did not come so far */
    int close_code;  /* the server closed with this; 0: it did not say */
    char text[120];  /* for a person */
};

/* cacert as in api_open(). NULL when libwebsockets does not start. */
struct socket *socket_new(const char *cacert);
void socket_free(struct socket *socket);
DEFINE_CLEANUP(struct socket *, socket_free)

/* Begin to connect to url ("ws://…" or "wss://…") with the token. What was open is closed first
 * and what it left in the queues is dropped. INVALID: not such a URL. */
MUST_CHECK enum status socket_connect(struct socket *socket, const char *url, const char *token,
                                      struct error *err);
void socket_close(struct socket *socket);

enum socket_state socket_state(const struct socket *socket);
const struct socket_end *socket_end(const struct socket *socket);

/* For the poll loop: the descriptor to wait for (-1: none), and for how long at most. */
int socket_fd(const struct socket *socket);
int socket_patience_ms(struct socket *socket);

/* Read and write what can be without waiting; after every poll, ready or not. */
void socket_service(struct socket *socket);

/* Queue one text. It is lost when the connection is. */
void socket_send(struct socket *socket, const struct buffer *text);

/* The next text that arrived, which the caller frees; NULL: none. */
char *socket_take(struct socket *socket);

#endif
