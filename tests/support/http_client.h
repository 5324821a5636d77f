#ifndef TESTS_SUPPORT_HTTP_CLIENT_H
#define TESTS_SUPPORT_HTTP_CLIENT_H

#include <stddef.h>

/* A client without manners: what it sends is what the test says, byte by byte. */

/* A connection to a "host:port" of loopback, or -1. */
int client_dial(const char *address);

/* Send all of it, or as much as the server takes: a refusal in the middle shows in its answer. */
void client_put(int fd, const char *data, size_t length);

/* All that comes until the server closes, to be freed. Closes fd. */
char *client_get(int fd);

#endif
