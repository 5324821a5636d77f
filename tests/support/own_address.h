#ifndef TESTS_SUPPORT_OWN_ADDRESS_H
#define TESTS_SUPPORT_OWN_ADDRESS_H

#include <netinet/in.h>

/* "127.200.100.100:65535" */
#define OWN_ADDRESS_MAX 32

/* Where this process may listen, close and listen again, and nobody else does: a port that was free a
 * moment ago on 127.0.0.1 may be the source of another process's connection by now. Each call gives
 * another one. */
void own_address(char ret[OWN_ADDRESS_MAX]);

/* The same as the system takes it. */
struct sockaddr_in address_to_dial(const char *address);

#endif
