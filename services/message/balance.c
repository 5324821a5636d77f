#include "balance.h"

#include <stdio.h>
#include <string.h>

static struct balance_peer *find(struct balance *balance, const char *node)
{
    for (int i = 0; i < balance->n; i++)
        if (strcmp(balance->peers[i].node, node) == 0)
            return &balance->peers[i];
    return NULL;
}

static void forget(struct balance *balance, struct balance_peer *peer)
{
    *peer = balance->peers[--balance->n];
}

static struct balance_peer *add(struct balance *balance, const char *node)
{
    struct balance_peer *peer;

    if (balance->n == BALANCE_PEERS_MAX || strlen(node) > NODE_ID_MAX)
        return NULL;
    peer = &balance->peers[balance->n++];
    *peer = (struct balance_peer){0};
    (void)snprintf(peer->node, sizeof peer->node, "%s", node); /* fits */
    return peer;
}

bool balance_hear(struct balance *balance, const char *node, unsigned held, bool leaving,
                  int64_t now)
{
    struct balance_peer *peer = find(balance, node);
    bool has_less;

    if (!peer && !leaving)
        peer = add(balance, node);
    if (!peer)
        return leaving;
    has_less = (peer->held & ~held) != 0;
    peer->held = held;
    peer->heard_at = now;
    if (leaving)
        forget(balance, peer);
    return has_less || leaving;
}

void balance_renew(struct balance *balance, int64_t now)
{
    for (int i = 0; i < balance->n; i++)
        balance->peers[i].heard_at = now;
}

int balance_quota(struct balance *balance, const char *self, int64_t now, unsigned *ret_taken)
{
    int rank = 0;
    int n;

    *ret_taken = 0;
    for (int i = balance->n - 1; i >= 0; i--) { /* the last takes the place of who is forgotten */
        struct balance_peer *peer = &balance->peers[i];

        if (now - peer->heard_at >= BALANCE_DEAD_MS) {
            forget(balance, peer);
            continue;
        }
        rank += strcmp(peer->node, self) < 0;
        *ret_taken |= peer->held;
    }
    n = balance->n + 1;
    return PARTITIONS / n + (rank < PARTITIONS % n);
}
