#include "bus/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define MEASURE_MS 5000
#define TAKEN_MAX 256 /* deliveries of a channel in hand: no prefetch is larger */

enum {
    CONNECTIONS,
    LOST,
    DELIVERED,
    REDELIVERED,
    HANDLE_SECONDS,
    RETRIED,
    PARKED,
    DEPTH,
    CONSUMERS
};

enum { UP, DOWN };
static const char *const states[] = {[UP] = "up", [DOWN] = "down"};

static const char *get_queue(const void *unused, size_t i)
{
    (void)unused;
    return queues[i].name;
}

#define QUEUE_LABEL \
    { \
        { \
            "queue", QUEUE_COUNT, get_queue \
        } \
    }

static const struct metric_info infos[] = {
    [CONNECTIONS] = {"parley_bus_connections",
                     METRIC_GAUGE,
                     "Connections to RabbitMQ that this process wants, and whether they are up.",
                     {METRIC_TEXTS("state", states)}},
    [LOST] = {"parley_bus_lost_total", METRIC_COUNTER, "Connections to RabbitMQ that were lost."},
    [DELIVERED] = {"parley_bus_delivered_total", METRIC_COUNTER,
                   "AMQP messages taken from a durable queue.", QUEUE_LABEL, .sparse = true},
    [REDELIVERED] = {"parley_bus_redelivered_total", METRIC_COUNTER,
                     "Those of them that somebody had had before and not acknowledged.",
                     QUEUE_LABEL, .sparse = true},
    [HANDLE_SECONDS] = {"parley_bus_handle_seconds", METRIC_HISTOGRAM,
                        "From the arrival of an AMQP message to its acknowledgement.", QUEUE_LABEL,
                        .bounds = &metric_bounds_us, .per = METRIC_US, .sparse = true},
    [RETRIED] = {"parley_bus_retried_total", METRIC_COUNTER,
                 "AMQP messages put aside, to be tried again later.", QUEUE_LABEL, .sparse = true},
    [PARKED] =
        {"parley_bus_parked_total", METRIC_COUNTER,
         "What could not be handled and was put into the queue 'dead', by where it came from.",
         QUEUE_LABEL},
    [DEPTH] = {"parley_bus_queue_messages", METRIC_GAUGE,
               "AMQP messages that wait in a durable queue which is consumed here, and in 'dead'.",
               QUEUE_LABEL, .sparse = true},
    [CONSUMERS] = {"parley_bus_queue_consumers", METRIC_GAUGE, "How many consume it.", QUEUE_LABEL,
                   .sparse = true},
};

struct metrics bus_metrics = METRICS(infos);

static size_t find_queue(const char *name, size_t length)
{
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        if (strlen(queues[i].name) == length && memcmp(queues[i].name, name, length) == 0)
            return i;
    return QUEUE_COUNT;
}

/* ---- Connections */

void bus_count_new(void)
{
    metrics_add(&bus_metrics, CONNECTIONS, METRIC_AT(DOWN), 1);
}

void bus_count_closed(void)
{
    metrics_add(&bus_metrics, CONNECTIONS, METRIC_AT(DOWN), -1);
}

void bus_count_up(struct bus *bus)
{
    bus->is_up = true;
    metrics_add(&bus_metrics, CONNECTIONS, METRIC_AT(UP), 1);
    metrics_add(&bus_metrics, CONNECTIONS, METRIC_AT(DOWN), -1);
}

void bus_count_lost(struct bus *bus)
{
    if (!bus->is_up)
        return;
    bus->is_up = false;
    metrics_add(&bus_metrics, CONNECTIONS, METRIC_AT(UP), -1);
    metrics_add(&bus_metrics, CONNECTIONS, METRIC_AT(DOWN), 1);
    metrics_add(&bus_metrics, LOST, METRIC_AT(0), 1);
}

/* ---- Deliveries */

/* What a channel that consumes a durable queue remembers. */
struct consumer {
    size_t queue;
    uint64_t settled;            /* all up to this tag, by acknowledgements of several */
    int64_t taken_us[TAKEN_MAX]; /* by tag; 0: settled */
};

void bus_count_consumer(struct incoming *channel, const char *queue)
{
    size_t index = find_queue(queue, strlen(queue));

    bus_count_consumer_end(channel); /* what the broker has closed, perhaps */
    if (index == QUEUE_COUNT)
        return;
    channel->consumer = memory_new(sizeof *channel->consumer);
    channel->consumer->queue = index;
}

void bus_count_consumer_end(struct incoming *channel)
{
    if (!channel->consumer)
        return;
    metrics_unset(&bus_metrics, DEPTH, METRIC_AT(channel->consumer->queue));
    metrics_unset(&bus_metrics, CONSUMERS, METRIC_AT(channel->consumer->queue));
    free(channel->consumer);
    channel->consumer = NULL;
}

void bus_count_delivery(struct incoming *channel, uint64_t tag, bool is_again)
{
    struct consumer *consumer = channel->consumer;

    if (!consumer)
        return;
    consumer->taken_us[tag % TAKEN_MAX] = clock_monotonic_us();
    metrics_add(&bus_metrics, DELIVERED, METRIC_AT(consumer->queue), 1);
    if (is_again)
        metrics_add(&bus_metrics, REDELIVERED, METRIC_AT(consumer->queue), 1);
}

void bus_count_ack(struct incoming *channel, uint64_t tag, bool multiple)
{
    struct consumer *consumer = channel->consumer;
    int64_t now_us;

    if (!consumer)
        return;
    now_us = clock_monotonic_us();
    for (uint64_t t = multiple ? consumer->settled + 1 : tag; t <= tag; t++) {
        int64_t *taken_us = &consumer->taken_us[t % TAKEN_MAX];

        if (*taken_us)
            metrics_observe(&bus_metrics, HANDLE_SECONDS, METRIC_AT(consumer->queue),
                            now_us - *taken_us);
        *taken_us = 0;
    }
    if (multiple)
        consumer->settled = tag;
}

void bus_count_retry(enum queue queue)
{
    metrics_add(&bus_metrics, RETRIED, METRIC_AT(queue), 1);
}

void bus_count_park(const char *queue)
{
    size_t index = find_queue(queue, strlen(queue));

    if (index < QUEUE_COUNT)
        metrics_add(&bus_metrics, PARKED, METRIC_AT(index), 1);
}

/* ---- Depth */

static bool ask_depth(struct bus *bus, size_t queue)
{
    amqp_queue_declare_t question = {.queue = bytes_of(queues[queue].name), .passive = 1};

    return amqp_send_method(bus->state, CHANNEL_MEASURE, AMQP_QUEUE_DECLARE_METHOD, &question) >= 0;
}

/* A failure shows at the next call. */
void bus_measure(struct bus *bus)
{
    int64_t now = clock_monotonic();
    bool is_consuming = false;

    if (!bus->state || now < bus->measure_at)
        return;
    bus->measure_at = now + MEASURE_MS;
    for (int i = 0; i < CHANNEL_COUNT; i++)
        is_consuming |= bus->channels[i].consumer != NULL;
    if (!is_consuming || bus_channel_open(bus, CHANNEL_MEASURE, NULL) != STATUS_OK)
        return;
    for (int i = 0; i < CHANNEL_COUNT; i++)
        if (bus->channels[i].consumer && !ask_depth(bus, bus->channels[i].consumer->queue))
            return;
    (void)ask_depth(bus, QUEUE_DEAD);
}

static bool is_consumed(const struct bus *bus, size_t queue)
{
    for (int i = 0; i < CHANNEL_COUNT; i++)
        if (bus->channels[i].consumer && bus->channels[i].consumer->queue == queue)
            return true;
    return false;
}

/* One that was given up since it was asked for is not ours to tell any more. */
void bus_note_depth(const struct bus *bus, const amqp_queue_declare_ok_t *answer)
{
    size_t index = find_queue(answer->queue.bytes, answer->queue.len);

    if (index == QUEUE_COUNT || (index != QUEUE_DEAD && !is_consumed(bus, index)))
        return;
    metrics_set(&bus_metrics, DEPTH, METRIC_AT(index), answer->message_count);
    metrics_set(&bus_metrics, CONSUMERS, METRIC_AT(index), answer->consumer_count);
}
