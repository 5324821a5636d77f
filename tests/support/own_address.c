#include "tests/support/own_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All of 127.0.0.0/8 is loopback, and a process has a number of at most 22 bits: so each has an
 * address, none of them 127.0.0.1, and ports below those that the system gives to who connects. */
#define FIRST_PORT 7000

void own_address(char ret[OWN_ADDRESS_MAX])
{
    static int n;
    unsigned pid = (unsigned)getpid();

    (void)snprintf(ret, OWN_ADDRESS_MAX, "127.%u.%u.%u:%d", 64 + (pid >> 16), pid >> 8 & 255,
                   pid & 255, FIRST_PORT + n++);
}

struct sockaddr_in address_to_dial(const char *address)
{
    struct sockaddr_in ret = {.sin_family = AF_INET};
    char host[OWN_ADDRESS_MAX];

    (void)snprintf(host, sizeof host, "%.*s", (int)strcspn(address, ":"), address);
    (void)inet_pton(AF_INET, host, &ret.sin_addr);
    ret.sin_port = htons((uint16_t)atoi(address + strlen(host) + 1));
    return ret;
}
