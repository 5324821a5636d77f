#ifndef PUSH_PUSH_H
#define PUSH_PUSH_H

#include <stdatomic.h>

#include "outgoing.h"
#include "mailbox.h"
#include "service/service.h"
#include "trace/span.h"
#include "wire/envelope.h"
#include "wire/frames.h"
#include "ws/server.h"

/* push: people's sockets.
 *
 * Threads, and what each of them owns alone:
 *   loops      sockets and what is known of each (struct socket); door.c lets in, inbound.c reads
 *   router     who is here: users, their sockets and groups (struct registry), the consuming bus
 *   publisher  the publishing bus
 *   lookups    waits for answers of `message` and `auth`
 *   presence   writes to Redis
 * They talk through bounded mailboxes, and no thread but the publisher ever waits for RabbitMQ to
 * take something. Nothing is locked but the mailboxes themselves. */

/* Limits that protocol.md and architecture.md promise. */
#define SOCKETS_PER_USER 32
#define SOCKETS_PER_ADDRESS 1000
#define MESSAGES_PER_SECOND 200
#define MESSAGES_BURST 400
#define TYPING_EVERY_MS 1000
/* Receipts: one for each message of a busy group or of a page of history, and some. */
#define MARKS_PER_SECOND 1000
#define MARKS_BURST 2000

#define RETRY_AFTER_S 2

/* A loop's own: what this turn gathers for the router and the publisher. */
struct gathered {
    struct letters letters;
    struct buffer commands[PARTITIONS];
    size_t command_bytes;
    struct pending *marks; /* hash; empty between turns */
};

struct push_state {
    struct service_context *context;
    struct ws_server *server;
    struct rpc_client *auth_rpc;
    struct rpc_client *message_rpc;
    struct mailbox to_router;
    struct mailbox to_lookups;
    struct mailbox to_presence;
    struct outgoing outgoing;
    struct gathered gathered[WS_LOOPS_MAX];
    atomic_bool is_consuming;   /* the router's bus is connected */
    atomic_bool is_publishing;  /* the publisher's */
    atomic_bool is_drained;     /* no socket is left: the others may end */
    atomic_bool lets_nobody_in; /* after POST /drain */
    atomic_llong leaving;       /* sockets that were told to go, and drains not looked at yet */
};

/* So many at once, and so many more each second. */
struct bucket {
    double tokens;
    int64_t filled_at; /* monotonic ms */
};

/* What the loops know of a socket. */
struct socket {
    char user_id[ID_MAX];
    char session_id[ID_MAX];
    struct trace trace; /* its upgrade's place */
    struct bucket messages;
    struct bucket marks;
    int64_t typed_at;
};

/* door.c: the handler's request and closed. */
void door_request(void *state, struct ws_connection *connection, const struct ws_request *request);
void door_closed(void *state, struct ws_connection *connection, int code);
/* Is origin one of the comma-separated list? The whole of it counts, port included. */
bool door_is_listed(const char *list, const char *word);
/* Whose address it is: the peer's own, or what a trusted peer says of it. */
void door_address(const char *trusted, const char *peer, const struct ws_request *request,
                  char ret[WS_ADDRESS_MAX]);

/* inbound.c: the handler's message and turn. */
void inbound_message(void *state, struct ws_connection *connection, struct slice payload,
                     bool binary);
void inbound_turn(void *state, size_t loop);
/* To the partition of the envelope's conversation_id. */
void inbound_pass_on(struct gathered *gathered, const struct envelope *envelope);

/* marks.c: receipts (types 30 and 31), kept until the loop's turn ends. */
void marks_add(struct gathered *gathered, struct ws_connection *connection,
               const struct frame_read *frame);
void marks_pass_on(struct push_state *push, struct gathered *gathered);

/* drain.c: the service's drain and is_drained, and a number for the name of an edge (X-Edge), so that
 * who makes names up takes no memory; NULL and "" are 0. */
uint64_t drain_edge(const char *name);
void drain_begin(void *state, const char *edge);
bool drain_is_done(void *state);

/* The workers. */
void router_run(void *state, struct service_context *context);
void publisher_run(void *state, struct service_context *context);
void lookups_run(void *state, struct service_context *context);
void presence_run(void *state, struct service_context *context);

/* identity's listener: any thread. */
void router_session_ended(void *state, const char *user_id, const char *session_id,
                          const char *reason);

/* metrics.c */
enum push_frame {
    PUSH_FRAME_UNREADABLE,
    PUSH_FRAME_MESSAGE,
    PUSH_FRAME_READ,
    PUSH_FRAME_DELIVERED,
    PUSH_FRAME_RECALL,
    PUSH_FRAME_EDIT,
    PUSH_FRAME_REACTION,
    PUSH_FRAME_PIN,
    PUSH_FRAME_TYPING,
    PUSH_FRAME_HEARTBEAT,
};

enum {
    PUSH_SOCKETS,
    PUSH_USERS,
    PUSH_GROUPS,
    PUSH_FRAMES, /* type, status */
    PUSH_ANSWERS,
    PUSH_ANSWER_SECONDS, /* 0: acknowledged, 1: refused */
    PUSH_DELIVERIES,
    PUSH_PUBLISHED,
    PUSH_RESYNCS,
    PUSH_OUTGOING_BYTES,
    PUSH_ROUTER_LETTERS,
};
extern struct metrics push_metrics;
enum push_frame push_frame_of(const struct frame *frame); /* refused ones, too */
void push_measure(void *state);

#endif
