#ifndef BUS_ASK_H
#define BUS_ASK_H

#include "bus/bus.h"
#include "wire/envelope.h"

/* Commands with an answer, from any thread: the way that a group's changes, a bot's replies and
 * POST /api/messages go through a conversation's partition.
 *
 * A thread of its own holds the bus and the process's queue node.<node>. */
struct ask;

/* node names this process's queue: unique among running processes. */
MUST_CHECK enum status ask_open(const char *amqp_url, const char *node, struct ask **ret,
                                struct error *err);
void ask_close(struct ask *ask); /* NULL is fine; callers that wait get UNAVAILABLE */
bool ask_is_connected(const struct ask *ask);

/* Send envelope to the partition of its conversation_id and wait for the answer: the payload of
 * an ENVELOPE_ANSWER, which the caller frees. node and connection_id are filled in here.
 * UNAVAILABLE: not connected, or no answer within timeout_ms: the command may still be carried
 * out, so only what is harmless to repeat may be asked. Any thread. */
MUST_CHECK enum status ask_call(struct ask *ask, const struct envelope *envelope, int timeout_ms,
                                char **ret, struct error *err);

/* Publish an event (ENVELOPE_EVENT, persistent) and wait for the broker's confirm, 5 s at most. */
MUST_CHECK enum status ask_publish_event(struct ask *ask, const char *key, const char *json,
                                         struct error *err);

/* Publish body, a run of envelopes, to im.deliver under key (topology_user_key(), …_node_key()):
 * frames for people, which nobody waits for and which are lost with the broker. They go in the
 * order in which they were given. The bytes are copied. UNAVAILABLE when not connected or when so
 * many wait already. Any thread. */
#define ASK_DELIVERIES_MAX 10000
#define ASK_DELIVERY_BYTES_MAX (64 * 1024 * 1024)
MUST_CHECK enum status ask_deliver(struct ask *ask, const char *key, struct slice body,
                                   struct error *err);

#endif
