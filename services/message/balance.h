#ifndef MESSAGE_BALANCE_H
#define MESSAGE_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/topology.h"

/* How the processes of message share the partitions: RabbitMQ does not balance consumers.
 *
 * Each tells every BALANCE_BEAT_MS that it is there and what it holds (message.owner), and whoever was
 * not heard for BALANCE_DEAD_MS is dead. Sorted by name, of n processes the r-th may hold
 * PARTITIONS / n, and one more while r < PARTITIONS % n. This decides only who tries: who owns a
 * partition is decided by RabbitMQ, which gives a queue to one consumer at a time. So a heartbeat
 * that is lost or late costs balance, and never order.
 *
 * Pure: times are the caller's, of one monotonic clock in ms. */
#define BALANCE_BEAT_MS 300
#define BALANCE_DEAD_MS 1200 /* three lost beats; with CLAIM_MS still below the 2 s promised */

/* With more processes than partitions some hold none. Those past this number do not count, which
 * makes the shares uneven, and nothing worse. */
#define BALANCE_PEERS_MAX 64

struct balance_peer {
    char node[NODE_ID_MAX + 1];
    unsigned held; /* bit k: partition k */
    int64_t heard_at;
};

struct balance {
    struct balance_peer peers[BALANCE_PEERS_MAX]; /* the others that live */
    int n;
};

/* A beat of another process. True: what it held before may be free now. */
bool balance_hear(struct balance *balance, const char *node, unsigned held, bool leaving,
                  int64_t now);

/* Beats may have been missed: nobody is dead before he had time to be heard again. */
void balance_renew(struct balance *balance, int64_t now);

/* How many partitions the process of this name may hold; forgets the dead. *ret_taken: which ones
 * the others hold. */
int balance_quota(struct balance *balance, const char *self, int64_t now, unsigned *ret_taken);

#endif
