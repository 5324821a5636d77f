#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include "base/base.h"

/* The parts of a WebSocket's URL. */
struct address {
    char *host;
    char *port; /* NULL: the scheme's own */
    char *path;
    bool tls;
};

/* False: not "ws://…" or "wss://…". In either case *ret is to be cleared. */
bool address_read(const char *url, struct address *ret);

void address_clear(struct address *address);

static inline void address_clear_at(struct address *address)
{
    address_clear(address);
}

#endif
