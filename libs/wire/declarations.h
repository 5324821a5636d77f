#ifndef WIRE_DECLARATIONS_H
#define WIRE_DECLARATIONS_H

#include "wire/topology.h"

/* The durable queues of topology.h as RabbitMQ is told them, one by one: what libs/bus declares, and
 * what `parleyctl secrets` writes into definitions.json. */

struct queue_argument {
    const char *name;
    const char *text; /* NULL: it is a number */
    int64_t number;
};

#define QUEUE_ARGUMENTS_MAX 3

struct queue_declaration {
    char name[TOPOLOGY_NAME_MAX];
    struct queue_argument arguments[QUEUE_ARGUMENTS_MAX];
    int n_arguments;
    enum exchange exchange; /* what it is bound to */
    const char *key;        /* by this key; NULL: by its name */
};

/* Each queue, and after it its <name>.retry when it has one. */
#define DECLARATIONS_MAX (2 * QUEUE_COUNT)

/* How many there are. They point into the tables of topology.c. */
size_t topology_declarations(struct queue_declaration ret[DECLARATIONS_MAX]);

/* "bot.command.retry": also the key under which EXCHANGE_COMMAND leads to it, so that who puts
 * something aside needs no right to write to whatever queue he likes. */
void topology_retry_queue(const struct queue_info *info, char *ret); /* TOPOLOGY_NAME_MAX bytes */

#endif
