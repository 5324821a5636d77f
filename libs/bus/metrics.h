#ifndef BUS_METRICS_H
#define BUS_METRICS_H

#include "bus/connection.h"

/* Inside libs/bus: what is counted, by durable queue. */

/* This bus is connected, or it is lost. New ones are lost. */
void bus_count_new(void);
void bus_count_closed(void);
void bus_count_up(struct bus *bus);
void bus_count_lost(struct bus *bus);

/* This channel consumes the queue with acknowledgements from now on; nothing is counted of queues
 * that are not durable. */
void bus_count_consumer(struct incoming *channel, const char *queue);
void bus_count_consumer_end(struct incoming *channel);
void bus_count_delivery(struct incoming *channel, uint64_t tag, bool is_again);
void bus_count_ack(struct incoming *channel, uint64_t tag, bool multiple);
void bus_count_retry(enum queue queue);
void bus_count_park(const char *queue);

/* Ask how much is in the queues that this bus consumes, and in the dead one, if that is due. Nothing
 * is waited for: the answers are read as any frame is. */
void bus_measure(struct bus *bus);
void bus_note_depth(const struct bus *bus, const amqp_queue_declare_ok_t *answer);

#endif
