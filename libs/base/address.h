#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>

/* Is address, an IPv4 or IPv6 address as text, one of the list's? The list is comma-separated:
 * addresses and networks ("127.0.0.0/8,::1,fd00::/8"); an IPv4 address that is written as IPv6
 * (::ffff:127.0.0.1) is itself. What cannot be read is not in any list. */
bool address_is_listed(const char *list, const char *address);

/* Can every item of the list be read? */
bool address_list_is_good(const char *list);

/* Whose address it is, for a limit: an IPv6 one counts as its /64, which is what one customer has. */
#define ADDRESS_MAX 64
void address_network(const char *address, char ret[ADDRESS_MAX]);

#endif
