#ifndef WIRE_BUS_RIGHTS_H
#define WIRE_BUS_RIGHTS_H

#include <stddef.h>

/* What each service's RabbitMQ user may do: what it does, and no more. Regular expressions, in
 * RabbitMQ's sense: configure makes and deletes, write publishes to an exchange and binds a queue,
 * read consumes a queue and binds to an exchange. Nobody but the operator makes exchanges or durable
 * queues: these come with definitions.json.
 *
 * A process's own queues carry its NODE_ID, which therefore begins with the service's name and "-".
 * Service accounts (docs/protocol.md, im.inbound) have users of their own, which operators make. */
struct bus_rights {
    const char *user; /* the service's name, or BUS_OPERATOR */
    const char *configure;
    const char *write;
    const char *read;
    const char *events; /* the keys that it may publish on im.event; "^$" for none */
};

#define BUS_OPERATOR "operator" /* parleyctl's: everything */

extern const struct bus_rights bus_rights[];
extern const size_t n_bus_rights;

#endif
