#include "addresses.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/memory.h"

static void add(const struct addrinfo *found, struct strings *ret)
{
    CLEANUP(buffer_clear) struct buffer address = {0};
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return; /* an address family that nobody speaks */
    buffer_printf(&address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    strings_add(ret, buffer_text(&address));
}

enum status addresses_find(const char *name, struct strings *ret, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    CLEANUP(free) char *text = memory_text(name);
    char *colon = strrchr(text, ':');
    struct addrinfo *found = NULL;
    char *host = text;
    int fault;

    if (!colon || colon == text)
        return error_set(err, STATUS_INVALID, "not host:port");
    *colon = '\0';
    if (*host == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    fault = getaddrinfo(host, colon + 1, &hints, &found);
    if (fault)
        return error_set(err, STATUS_INVALID, "%s", gai_strerror(fault));
    for (const struct addrinfo *at = found; at; at = at->ai_next)
        add(at, ret);
    freeaddrinfo(found);
    return STATUS_OK;
}
