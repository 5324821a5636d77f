#ifndef BUS_INSPECT_H
#define BUS_INSPECT_H

#include "bus/bus.h"

/* What an operator asks a broker: how its queues stand, and what lies in one. */

struct queue_measure {
    int64_t messages; /* that wait: those in consumers' hands are not counted */
    int64_t consumers;
};

/* CONFLICT: there is no such queue, or it may not be asked for; channel is closed then. */
MUST_CHECK enum status bus_look_at(struct bus *bus, int channel, const char *queue,
                                   struct queue_measure *ret, struct error *err);

/* One message of a queue, as it was parked. */
struct letter {
    uint64_t tag;                 /* for bus_ack() */
    char from[TOPOLOGY_NAME_MAX]; /* its key: where it was parked from */
    char *reason;                 /* x-reason; NULL: none */
    int64_t at;                   /* when it was parked, Unix ms, to the second; 0: unknown */
    char *body;
    size_t length;
};
void letter_clear(struct letter *letter);

static inline void letter_clear_at(struct letter *letter)
{
    letter_clear(letter);
}

/* Take the next message of a queue into the hand of that open channel: nobody else sees it until it
 * is acknowledged, which removes it, or the channel is closed, which puts all that it holds back in
 * their old places. NOT_FOUND: there is no more. The caller clears *ret. */
MUST_CHECK enum status bus_get(struct bus *bus, int channel, const char *queue, struct letter *ret,
                               struct error *err);

#endif
