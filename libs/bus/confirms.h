#ifndef BUS_CONFIRMS_H
#define BUS_CONFIRMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Inside libs/bus only: what the broker has yet to confirm. It numbers the messages of a channel
 * from 1, and confirms them in any order, one by one or all up to one. Pure. */
struct confirms {
    uint64_t last;  /* the number of the last message published */
    uint64_t *tags; /* of those outstanding, ascending */
    size_t n;
    size_t room;
};

void confirms_add(struct confirms *confirms);
void confirms_take(struct confirms *confirms, uint64_t tag, bool multiple);
void confirms_clear(struct confirms *confirms);

#endif
