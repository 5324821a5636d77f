#ifndef CTL_PROCESSES_H
#define CTL_PROCESSES_H

#include "settings.h"

/* One process of a service, as it tells of itself on its internal port. */
struct process {
    char *service;
    char *address;
    bool ready;
    char *version;
    int64_t uptime_s;
    int64_t sockets;    /* push */
    int64_t partitions; /* message */
    char *why;          /* it is not ready */
};
extern const struct record process_record;

/* Ask all of them, one after the other, 2 s each at most, and append a row for each. A name that has
 * no address is a row that is not ready. */
void processes_look(const struct settings *settings, struct list *ret);

#endif
