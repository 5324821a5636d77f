#ifndef CTL_DEFINITIONS_H
#define CTL_DEFINITIONS_H

#include "base/buffer.h"

/* RabbitMQ's definitions.json (load_definitions): the virtual host "/", a user for each row of
 * wire/bus_rights.h, what each may do, and everything durable of wire/topology.h. passwords[i] is that
 * of bus_rights[i]. The same input makes the same text. */
void definitions_print(const char *const *passwords, struct buffer *ret);

#endif
