/* The thread that passes clients' commands on to RabbitMQ. */

#include "log/log.h"
#include "push.h"

#define KEPT_MAX (1 << 20) /* of a buffer between its uses */

/* Publish what buffers hold; what went out is taken off them. */
static enum status publish_all(struct push_state *push, struct bus *bus,
                               struct buffer taken[PARTITIONS], size_t done[PARTITIONS],
                               struct error *err)
{
    for (int i = 0; i < PARTITIONS; i++) {
        struct slice rest = {taken[i].data + done[i], taken[i].length - done[i]};
        char key[TOPOLOGY_NAME_MAX];

        topology_partition_key(i, key);
        while (rest.length > 0) {
            struct slice body = outgoing_body(&rest);
            enum status s = bus_publish(bus, EXCHANGE_COMMAND, key, NULL, 0, body, 0, err);

            if (s != STATUS_OK)
                return s;
            done[i] += body.length;
            atomic_fetch_sub_explicit(&push->outgoing.bytes, body.length, memory_order_relaxed);
            metrics_add(&push_metrics, PUSH_PUBLISHED, METRIC_AT(0), 1);
        }
        taken[i].length = done[i] = 0;
        if (taken[i].room > KEPT_MAX)
            buffer_clear(&taken[i]);
    }
    return STATUS_OK;
}

/* What friends are to hear: old news when the connection is back, so it is not kept over a loss. */
static enum status publish_presence(struct push_state *push, struct bus *bus, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer events = {0};
    struct slice rest;
    enum status s = STATUS_OK;

    outgoing_take_presence(&push->outgoing, &events);
    rest = (struct slice){events.data, events.length};
    while (s == STATUS_OK && rest.length > 0)
        s = bus_publish(bus, EXCHANGE_EVENT, EVENT_PRESENCE, NULL, 0, outgoing_body(&rest), 0, err);
    return s;
}

/* Wait for something to publish, and serve the connection meanwhile. */
static enum status wait(struct push_state *push, struct bus *bus, struct error *err)
{
    struct delivery delivery;
    enum status s = bus_take(bus, 200, push->outgoing.wake, &delivery, err);

    if (s == STATUS_OK)
        bus_delivery_clear(&delivery); /* nothing is consumed here: cannot happen */
    return s == STATUS_UNAVAILABLE ? s : STATUS_OK;
}

/* After a loss what was in hand goes out again: what the broker had already is known by its
 * message_id. */
static enum status reconnect(struct push_state *push, struct bus *bus, struct error *err)
{
    enum status s;

    if (atomic_exchange(&push->is_publishing, false))
        log_warn("publishing connection lost", LOG_TEXT("reason", err->text));
    s = bus_reconnect(bus, &push->is_drained, err);
    if (s == STATUS_OK) {
        atomic_store(&push->is_publishing, true);
        log_info("publishing connection open");
    }
    return s;
}

void publisher_run(void *state, struct service_context *context)
{
    struct push_state *push = state;
    CLEANUP(bus_close) struct bus *bus = NULL;
    struct buffer taken[PARTITIONS] = {0};
    size_t done[PARTITIONS] = {0};
    struct error err = {0};
    enum status s = bus_open(context->config->amqp_url, context->config->node_id, &bus, &err);

    if (s != STATUS_OK) {
        log_error("no bus", LOG_TEXT("reason", err.text));
        return;
    }
    s = reconnect(push, bus, &err);
    while (s == STATUS_OK || !atomic_load(&push->is_drained)) {
        bool was_drained = atomic_load(&push->is_drained); /* before the last look */

        if (s != STATUS_OK)
            s = reconnect(push, bus, &err);
        else
            outgoing_take(&push->outgoing, taken);
        if (s == STATUS_OK)
            s = publish_all(push, bus, taken, done, &err);
        if (s == STATUS_OK)
            s = publish_presence(push, bus, &err);
        if (was_drained)
            break;
        if (s == STATUS_OK)
            s = wait(push, bus, &err);
    }
    atomic_store(&push->is_publishing, false);
    for (int i = 0; i < PARTITIONS; i++)
        buffer_clear(&taken[i]);
}
