#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/slice.h"
#include "metrics/metrics.h"
#include "wire/topology.h"

/* A connection to RabbitMQ.
 *
 * One bus belongs to one thread: librabbitmq connections are not thread-safe, and a lock around
 * a blocking read would stall every publisher. A thread that publishes much and consumes much
 * opens two, since RabbitMQ stops reading from a connection that publishes too fast.
 *
 * A broker that takes nothing for 15 s (it blocks publishers when its memory runs out) counts as
 * lost, so that no thread waits for it longer.
 *
 * When the connection is lost, every call answers UNAVAILABLE until bus_connect() succeeds; what
 * was declared by bus_declare_*() and consumed must then be asked for again by the owner, because
 * only he knows what he still wants. */
struct bus;

/* What was delivered, handled, retried and parked, by queue; how much waits there; connections. */
extern struct metrics bus_metrics;

/* Make a bus that is not connected yet. amqp_url ("amqp://user:password@host:port/vhost") and name
 * (shown in RabbitMQ's connection list) are copied. INVALID for a bad url. */
MUST_CHECK enum status bus_open(const char *amqp_url, const char *name, struct bus **ret,
                                struct error *err);

/* Close and free. NULL is fine. Deliveries not yet acknowledged go back to their queues. */
void bus_close(struct bus *bus);
DEFINE_CLEANUP(struct bus *, bus_close)

/* One attempt to connect (or connect again), and to declare the exchanges and durable queues of
 * wire/topology.h if any is missing. Waits 5 s at most for each answer. CONFLICT: something is
 * missing, and this user may not declare it, or it is there but other than we want it, and needs a
 * new name. */
MUST_CHECK enum status bus_connect(struct bus *bus, struct error *err);

/* Declare all of them whatever is there, and bind the queues, which bus_connect() cannot look at:
 * harmless when they exist. For who may: an operator at an upgrade. */
MUST_CHECK enum status bus_declare(struct bus *bus, struct error *err);

/* Connect, trying for ever with a jittered back-off of 0.1 s to 2 s, until *stop turns true
 * (UNAVAILABLE). */
MUST_CHECK enum status bus_reconnect(struct bus *bus, const atomic_bool *stop, struct error *err);

bool bus_is_connected(const struct bus *bus);

/* ---- Publish */

enum { BUS_PERSISTENT = 1, BUS_MANDATORY = 2 };

/* With a flag set, a message goes over a channel of its own that the broker confirms, for
 * bus_confirm() to wait for; without one it costs the broker no confirm.
 *
 * Publish body (a run of envelopes) to an exchange. key is the routing key; up to BCC_MAX further
 * keys may be given in bcc. Nothing is waited for. Order on one bus is kept by the broker among
 * messages without flags, and among those with. */
MUST_CHECK enum status bus_publish(struct bus *bus, enum exchange exchange, const char *key,
                                   const char *const *bcc, size_t n_bcc, struct slice body,
                                   int flags, struct error *err);

/* Wait until the broker has confirmed all that this bus published (10 s at most): persistent
 * messages then survive its death. NOT_FOUND when a BUS_MANDATORY message had no queue. */
MUST_CHECK enum status bus_confirm(struct bus *bus, struct error *err);

/* ---- Consume. Channels are small numbers chosen by the owner, 2 to 200 (1 publishes). */

enum { BUS_EXCLUSIVE = 1, BUS_NO_ACK = 2 };

/* Open a channel and consume a queue on it. CONFLICT when BUS_EXCLUSIVE is wanted and another has
 * it; the channel is then closed. prefetch counts AMQP messages, 0 is no limit. */
MUST_CHECK enum status bus_consume(struct bus *bus, int channel, const char *queue, int prefetch,
                                   int flags, struct error *err);

/* Ask for the same on a channel that is closed, without waiting for the three answers: bus_take()
 * reads them. From then on bus_is_consuming(), or CONFLICT for this channel. For who asks for many,
 * and has more to do than to wait for a broker that may be far away. */
MUST_CHECK enum status bus_consume_nowait(struct bus *bus, int channel, const char *queue,
                                          int prefetch, int flags, struct error *err);
bool bus_is_consuming(const struct bus *bus, int channel);

/* Close a channel: its unacknowledged deliveries return to their queue in their old place. Those
 * already taken from the library are the caller's to forget. */
void bus_channel_close(struct bus *bus, int channel);

struct delivery {
    int channel;
    uint64_t tag;
    struct slice body;
    char key[TOPOLOGY_NAME_MAX]; /* routing key; from a user's queue always u.<user_id> */
    int attempts;                /* how often it was put aside before, from the queue's .retry */
    /* AMQP's properties of these names, of who publishes from outside (im.inbound); NULL: absent. */
    char *user_id; /* the broker has compared it with who logged in */
    char *reply_to;
    char *correlation_id;
    char *traceparent; /* their header of that name, unread; what our own send is in envelopes */
};

/* The next delivery of any channel, waiting for timeout_ms (0: only what is there already) or
 * until wake_fd (-1: none) is readable. The caller ends it with bus_delivery_clear().
 * NOT_FOUND: nothing came. CONFLICT: the broker closed ret->channel (another owner, a deleted
 * queue); open it again or not. UNAVAILABLE: the connection is lost. */
MUST_CHECK enum status bus_take(struct bus *bus, int timeout_ms, int wake_fd, struct delivery *ret,
                                struct error *err);
void bus_delivery_clear(struct delivery *delivery);

/* Acknowledge this one, or with multiple all of its channel up to it. */
MUST_CHECK enum status bus_ack(struct bus *bus, int channel, uint64_t tag, bool multiple,
                               struct error *err);

/* Put one aside for its queue's retry_ms, or, after max_attempts, park it; then acknowledge. */
MUST_CHECK enum status bus_retry(struct bus *bus, enum queue queue, const struct delivery *delivery,
                                 const char *reason, struct error *err);

/* Keep bytes that cannot be handled in im.dead, under the key of where they came from, with the
 * reason in the header x-reason and the time in its timestamp, confirmed. The caller then
 * acknowledges. bus/inspect.h looks at them. */
MUST_CHECK enum status bus_park(struct bus *bus, const char *from, struct slice body,
                                const char *reason, struct error *err);

/* Answer a delivery with JSON: to the queue of its reply_to, under its correlation_id, and without
 * waiting. INVALID: it has none, or one that is not for his answers: a foreigner must not make us write
 * to queues that he may not write to himself, nor to another's. */
#define REPLY_TO_PREFIX \
    "reply." /* and "<user_id>.": queues of that outsider; "amq." are those that the broker names */
MUST_CHECK enum status bus_reply(struct bus *bus, const struct delivery *delivery,
                                 struct slice json, struct error *err);

/* ---- Transient queues, on an open channel */

MUST_CHECK enum status bus_channel_open(struct bus *bus, int channel, struct error *err);

/* A node's or process's own queue, made anew (what an earlier life left is dropped), consumed
 * without acknowledgements and bound to n.<node> on im.deliver. */
MUST_CHECK enum status bus_consume_node(struct bus *bus, int channel, const char *node,
                                        struct error *err);

/* Bind the node's queue to one more key. Waits for the broker. */
MUST_CHECK enum status bus_bind_node(struct bus *bus, int channel, const char *node,
                                     enum exchange exchange, const char *key, struct error *err);

/* The no-wait calls: they are sent and not answered. bus_sync() makes sure of all before it on
 * that channel. */
MUST_CHECK enum status bus_subscribe_user(struct bus *bus, int channel, const char *user_id,
                                          const char *node, struct error *err);
MUST_CHECK enum status bus_unsubscribe_user(struct bus *bus, int channel, const char *user_id,
                                            const char *node, struct error *err);
MUST_CHECK enum status bus_bind_group(struct bus *bus, int channel, const char *group_id,
                                      const char *node, bool bind, struct error *err);
MUST_CHECK enum status bus_sync(struct bus *bus, int channel, struct error *err);

#endif
