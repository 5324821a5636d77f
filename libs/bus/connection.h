#ifndef BUS_CONNECTION_H
#define BUS_CONNECTION_H

/* Inside libs/bus only. */

#include <amqp.h>
#include <amqp_framing.h>

#include "bus/bus.h"
#include "bus/confirms.h"

enum { CHANNEL_PUBLISH = 1, CHANNEL_CONFIRM = 201, CHANNEL_MEASURE, CHANNEL_COUNT };

#define CONNECT_SECONDS 5 /* for each answer while a connection is made */

/* A delivery in the making: AMQP sends it as a method, a header, and pieces of the body. */
struct incoming {
    bool open;             /* the channel is ours */
    bool is_consuming;     /* the broker has said so */
    bool closed_by_broker; /* and its owner has not been told yet */
    bool assembling;
    struct delivery delivery;
    char *body;
    size_t have;
    size_t want;
    struct consumer *consumer; /* metrics.c: of a durable queue; NULL: it is none */
};

/* Complete deliveries that nobody has taken yet. */
struct waiting {
    struct waiting *next;
    struct delivery delivery;
};

struct bus {
    char *url_text; /* cut into pieces by amqp_parse_url(): url points into it */
    struct amqp_connection_info url;
    char *name;
    amqp_connection_state_t state; /* NULL: not connected */
    struct incoming channels[CHANNEL_COUNT];
    struct waiting *first;
    struct waiting *last;
    struct confirms confirms; /* of CHANNEL_CONFIRM */
    bool returned;            /* a mandatory message came back */
    bool refused;             /* the broker said nack */
    bool is_up;               /* counted as connected */
    int64_t measure_at;       /* monotonic ms: depths are asked for again */
};

/* Forget what a channel was assembling, and that it is ours. */
void connection_forget_channel(struct incoming *in);

/* Forget the connection; every later call is UNAVAILABLE. */
void connection_drop(struct bus *bus);

/* Judge what librabbitmq returned: a channel's exception is answered and becomes CONFLICT, all
 * else drops the connection. what names the step, for err. */
enum status connection_check_reply(struct bus *bus, int channel, amqp_rpc_reply_t reply,
                                   const char *what, struct error *err);
enum status connection_check_status(struct bus *bus, int status, const char *what,
                                    struct error *err);
enum status connection_lost(struct error *err);

/* Declare exchanges and durable queues, if any is missing. CONFLICT: this user may not. */
enum status connection_declare_missing(struct bus *bus, struct error *err);

/* Read what is there, waiting up to timeout_ms for the first of it. NOT_FOUND: nothing. */
enum status connection_pump(struct bus *bus, int timeout_ms, int wake_fd, struct error *err);

/* A message's header; NULL: there is none, or it is of another kind. */
const amqp_field_value_t *connection_header(const amqp_basic_properties_t *properties,
                                            const char *name, uint8_t kind);

static inline amqp_bytes_t bytes_of(const char *text)
{
    return amqp_cstring_bytes(text);
}

#endif
