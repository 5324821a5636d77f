#ifndef WIRE_TOPOLOGY_H
#define WIRE_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

/* Everything that is declared in RabbitMQ, and every name and key: no other file spells one.
 * docs/topology.md is printed from these tables. */

enum exchange {
    EXCHANGE_COMMAND,
    EXCHANGE_EVENT,
    EXCHANGE_DELIVER,
    EXCHANGE_DEAD,
    EXCHANGE_INBOUND,
    EXCHANGE_COUNT
};

struct exchange_info {
    const char *name;
    const char *type;
    bool durable;
    const char *carries;
};
extern const struct exchange_info exchanges[EXCHANGE_COUNT];

/* Fixed for the life of an installation: changing it needs new queue names. */
#define PARTITIONS 16
#define ALL_PARTITIONS ((1u << PARTITIONS) - 1) /* as a set: bit k stands for partition k */

enum queue {
    QUEUE_MESSAGE_P0, /* … QUEUE_MESSAGE_P0 + 15 */
    QUEUE_BOT_COMMAND = QUEUE_MESSAGE_P0 + PARTITIONS,
    QUEUE_USER_PRESENCE,
    QUEUE_MESSAGE_INBOUND,
    QUEUE_DEAD,
    QUEUE_COUNT
};

struct queue_info {
    const char *name;
    enum exchange exchange;
    const char *key;          /* what it is bound to */
    int prefetch;             /* AMQP messages in hand at once */
    int max_attempts;         /* 0: keeps its order, so is never retried aside but claimed again */
    int64_t retry_ms;         /* wait in <name>.retry */
    int64_t max_length_bytes; /* a full queue refuses (im.command) or drops its oldest (dead) */
    bool drop_oldest;
    const char *why;
};
extern const struct queue_info queues[QUEUE_COUNT];

/* Transient queues, made by who consumes them. */
#define NODE_QUEUE_PREFIX "node."    /* node.<node>: a push node's or process's own */
#define USER_QUEUE_EXPIRES_MS 300000 /* made again cheaply within this (architecture.md) */
#define USER_QUEUE_TTL_MS 30000
#define USER_QUEUE_MAX_LENGTH 10000
#define NODE_QUEUE_MAX_LENGTH 200000
#define BCC_MAX 32 /* RabbitMQ's work is quadratic in the number of keys */

#define TOPOLOGY_NAME_MAX 128
#define NODE_ID_MAX 48 /* what names a process, and its queues */

/* Which partition a conversation belongs to: FNV-1a, the same in every process for ever. */
int topology_partition(const char *conversation_id, size_t length);

/* Routing keys and queue names, written into ret (TOPOLOGY_NAME_MAX bytes). */
void topology_partition_key(int partition, char *ret);    /* message.p3 */
void topology_user_key(const char *user_id, char *ret);   /* u.<user_id> */
void topology_group_key(const char *group_id, char *ret); /* g.<group_id> */
void topology_node_key(const char *node, char *ret);      /* n.<node> */
void topology_node_queue(const char *node, char *ret);    /* node.<node> */
void topology_user_queue(const char *user_id, const char *node, char *ret);

/* Events: routing keys on im.event. Each has a row in event_infos[]. */
#define EVENT_USER_REGISTERED "user.registered"
#define EVENT_SESSION_ENDED "session.ended"
#define EVENT_STORED_COMMAND "message.stored.command"
#define EVENT_KEYS "auth.keys"                  /* nothing: auth's public keys have changed */
#define EVENT_USER_RESTRICTED "user.restricted" /* user_restricted */
#define EVENT_USER_RELATION "user.relation"     /* user_relation */
#define EVENT_MESSAGE_OWNER "message.owner"     /* message_owner: also when nothing happens */
#define EVENT_PRESENCE "presence.changed"       /* presence_changes */

struct event_info {
    const char *key;
    const struct record *record;
    const char *why;
};
extern const struct event_info event_infos[];
extern const size_t n_event_infos;

#endif
