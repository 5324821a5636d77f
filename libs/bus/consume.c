/* Consuming, settling, and the transient queues. */

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "bus/connection.h"
#include "bus/metrics.h"
#include "wire/declarations.h"

static enum status rpc_done(struct bus *bus, int channel, const char *what, struct error *err)
{
    return connection_check_reply(bus, channel, amqp_get_rpc_reply(bus->state), what, err);
}

enum status bus_consume(struct bus *bus, int channel, const char *queue, int prefetch, int flags,
                        struct error *err)
{
    enum status s = bus_channel_open(bus, channel, err);

    if (s != STATUS_OK)
        return s;
    if (prefetch) {
        amqp_basic_qos(bus->state, (amqp_channel_t)channel, 0, (uint16_t)prefetch, 0);
        s = rpc_done(bus, channel, "prefetch", err);
        if (s != STATUS_OK)
            return s;
    }
    amqp_basic_consume(bus->state, (amqp_channel_t)channel, bytes_of(queue), amqp_empty_bytes, 0,
                       (flags & BUS_NO_ACK) != 0, (flags & BUS_EXCLUSIVE) != 0, amqp_empty_table);
    s = rpc_done(bus, channel, queue, err);
    if (s != STATUS_OK)
        return s;
    bus->channels[channel].is_consuming = true;
    if (!(flags & BUS_NO_ACK))
        bus_count_consumer(&bus->channels[channel], queue);
    return STATUS_OK;
}

static enum status send(struct bus *bus, int channel, amqp_method_number_t method, void *decoded,
                        struct error *err)
{
    if (!bus->state)
        return connection_lost(err);
    return connection_check_status(
        bus, amqp_send_method(bus->state, (amqp_channel_t)channel, method, decoded), "subscribe",
        err);
}

enum status bus_consume_nowait(struct bus *bus, int channel, const char *queue, int prefetch,
                               int flags, struct error *err)
{
    struct incoming *in = &bus->channels[channel];
    amqp_channel_open_t open = {0};
    amqp_basic_qos_t qos = {.prefetch_count = (uint16_t)prefetch};
    amqp_basic_consume_t consume = {.queue = bytes_of(queue),
                                    .no_ack = (flags & BUS_NO_ACK) != 0,
                                    .exclusive = (flags & BUS_EXCLUSIVE) != 0};
    enum status s;

    assert(!in->open);
    s = send(bus, channel, AMQP_CHANNEL_OPEN_METHOD, &open, err);
    if (s != STATUS_OK)
        return s;
    *in = (struct incoming){.open = true};
    if (!(flags & BUS_NO_ACK))
        bus_count_consumer(in, queue);
    s = send(bus, channel, AMQP_BASIC_QOS_METHOD, &qos, err);
    if (s != STATUS_OK)
        return s;
    return send(bus, channel, AMQP_BASIC_CONSUME_METHOD, &consume, err);
}

bool bus_is_consuming(const struct bus *bus, int channel)
{
    return bus->channels[channel].is_consuming;
}

enum status bus_ack(struct bus *bus, int channel, uint64_t tag, bool multiple, struct error *err)
{
    if (!bus->state || !bus->channels[channel].open)
        return connection_lost(err);
    bus_count_ack(&bus->channels[channel], tag, multiple);
    return connection_check_status(
        bus, amqp_basic_ack(bus->state, (amqp_channel_t)channel, tag, multiple), "acknowledge",
        err);
}

/* A persistent message with one header, confirmed. */
static enum status keep(struct bus *bus, const char *exchange, const char *key, struct slice body,
                        amqp_table_entry_t header, struct error *err)
{
    amqp_basic_properties_t properties = {
        ._flags =
            AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_TIMESTAMP_FLAG,
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .timestamp = (uint64_t)clock_now() / 1000, /* AMQP counts seconds */
        .headers = {.num_entries = 1, .entries = &header},
    };
    amqp_bytes_t bytes = {.len = body.length, .bytes = (void *)body.data};
    enum status s;

    if (!bus->state)
        return connection_lost(err);
    s = connection_check_status(bus,
                                amqp_basic_publish(bus->state, CHANNEL_CONFIRM, bytes_of(exchange),
                                                   bytes_of(key), 1, 0, &properties, bytes),
                                "keep", err);
    if (s != STATUS_OK)
        return s;
    confirms_add(&bus->confirms);
    return bus_confirm(bus, err);
}

enum status bus_park(struct bus *bus, const char *from, struct slice body, const char *reason,
                     struct error *err)
{
    amqp_table_entry_t header = {
        .key = bytes_of("x-reason"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes_of(reason)},
    };
    enum status s;

    s = keep(bus, exchanges[EXCHANGE_DEAD].name, from, body, header, err);
    if (s == STATUS_OK)
        bus_count_park(from);
    return s;
}

enum status bus_retry(struct bus *bus, enum queue queue, const struct delivery *delivery,
                      const char *reason, struct error *err)
{
    const struct queue_info *info = &queues[queue];
    char name[TOPOLOGY_NAME_MAX];
    amqp_table_entry_t header = {
        .key = bytes_of("x-attempts"),
        .value = {.kind = AMQP_FIELD_KIND_I32, .value.i32 = delivery->attempts + 1},
    };
    enum status s;

    topology_retry_queue(info, name);
    if (delivery->attempts + 1 >= info->max_attempts)
        s = bus_park(bus, info->name, delivery->body, reason, err);
    else
        s = keep(bus, exchanges[EXCHANGE_COMMAND].name, name, delivery->body, header, err);
    if (s == STATUS_OK && delivery->attempts + 1 < info->max_attempts)
        bus_count_retry(queue);
    if (s != STATUS_OK)
        return s;
    return bus_ack(bus, delivery->channel, delivery->tag, false, err);
}

static bool is_for_answers(const struct delivery *delivery)
{
    const char *queue = delivery->reply_to;
    CLEANUP(buffer_clear) struct buffer own = {0};

    if (!queue || !delivery->user_id || strncmp(queue, "amq.", 4) == 0)
        return queue && delivery->user_id;
    buffer_printf(&own, REPLY_TO_PREFIX "%s.", delivery->user_id);
    return strncmp(queue, buffer_text(&own), own.length) == 0;
}

enum status bus_reply(struct bus *bus, const struct delivery *delivery, struct slice json,
                      struct error *err)
{
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG,
        .content_type = bytes_of("application/json"),
        .delivery_mode = AMQP_DELIVERY_NONPERSISTENT,
    };
    amqp_bytes_t bytes = {.len = json.length, .bytes = (void *)json.data};

    if (!is_for_answers(delivery))
        return error_set(err, STATUS_INVALID, "no reply_to that is for answers");
    if (!bus->state)
        return connection_lost(err);
    if (delivery->correlation_id) {
        properties._flags |= AMQP_BASIC_CORRELATION_ID_FLAG;
        properties.correlation_id = bytes_of(delivery->correlation_id);
    }
    return connection_check_status(bus,
                                   amqp_basic_publish(bus->state, CHANNEL_PUBLISH, bytes_of(""),
                                                      bytes_of(delivery->reply_to), 0, 0,
                                                      &properties, bytes),
                                   "reply", err);
}

static amqp_table_entry_t number(const char *key, int64_t value)
{
    return (amqp_table_entry_t){.key = bytes_of(key),
                                .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = value}};
}

enum status bus_consume_node(struct bus *bus, int channel, const char *node, struct error *err)
{
    char queue[TOPOLOGY_NAME_MAX];
    char key[TOPOLOGY_NAME_MAX];
    amqp_table_entry_t arguments[] = {
        number("x-max-length", NODE_QUEUE_MAX_LENGTH),
        number("x-expires", USER_QUEUE_EXPIRES_MS),
    };
    amqp_table_t table = {.num_entries = N_ELEMENTS(arguments), .entries = arguments};
    amqp_channel_t on = (amqp_channel_t)channel;
    enum status s;

    topology_node_queue(node, queue);
    topology_node_key(node, key);
    s = bus_channel_open(bus, channel, err);
    if (s != STATUS_OK)
        return s;
    amqp_queue_delete(bus->state, on, bytes_of(queue), 0, 0);
    s = rpc_done(bus, channel, queue, err);
    if (s != STATUS_OK)
        return s;
    amqp_queue_declare(bus->state, on, bytes_of(queue), 0, 0, 0, 0, table);
    s = rpc_done(bus, channel, queue, err);
    if (s != STATUS_OK)
        return s;
    s = bus_bind_node(bus, channel, node, EXCHANGE_DELIVER, key, err);
    if (s != STATUS_OK)
        return s;
    return bus_consume(bus, channel, queue, 0, BUS_NO_ACK, err);
}

enum status bus_bind_node(struct bus *bus, int channel, const char *node, enum exchange exchange,
                          const char *key, struct error *err)
{
    char queue[TOPOLOGY_NAME_MAX];

    if (!bus->state)
        return connection_lost(err);
    topology_node_queue(node, queue);
    amqp_queue_bind(bus->state, (amqp_channel_t)channel, bytes_of(queue),
                    bytes_of(exchanges[exchange].name), bytes_of(key), amqp_empty_table);
    return rpc_done(bus, channel, queue, err);
}

static enum status send_bind(struct bus *bus, int channel, const char *queue, const char *key,
                             bool bind, struct error *err)
{
    amqp_queue_bind_t method = {
        .queue = bytes_of(queue),
        .exchange = bytes_of(exchanges[EXCHANGE_DELIVER].name),
        .routing_key = bytes_of(key),
        .nowait = 1,
    };
    amqp_queue_unbind_t unbind = {
        .queue = method.queue,
        .exchange = method.exchange,
        .routing_key = method.routing_key,
    };

    if (bind)
        return send(bus, channel, AMQP_QUEUE_BIND_METHOD, &method, err);
    /* queue.unbind has no no-wait form, but nobody says that its answer must be waited for: it
     * comes behind all deliveries that are under way, and the pump passes over it. */
    return send(bus, channel, AMQP_QUEUE_UNBIND_METHOD, &unbind, err);
}

enum status bus_subscribe_user(struct bus *bus, int channel, const char *user_id, const char *node,
                               struct error *err)
{
    char queue[TOPOLOGY_NAME_MAX];
    char key[TOPOLOGY_NAME_MAX];
    amqp_table_entry_t arguments[] = {
        number("x-expires", USER_QUEUE_EXPIRES_MS),
        number("x-message-ttl", USER_QUEUE_TTL_MS),
        number("x-max-length", USER_QUEUE_MAX_LENGTH),
    };
    amqp_queue_declare_t declare = {
        .nowait = 1,
        .arguments = {.num_entries = N_ELEMENTS(arguments), .entries = arguments},
    };
    amqp_basic_consume_t consume = {.no_ack = 1, .nowait = 1};
    enum status s;

    topology_user_queue(user_id, node, queue);
    topology_user_key(user_id, key);
    declare.queue = bytes_of(queue);
    consume.queue = declare.queue;
    consume.consumer_tag = bytes_of(key);
    s = send(bus, channel, AMQP_QUEUE_DECLARE_METHOD, &declare, err);
    if (s == STATUS_OK)
        s = send_bind(bus, channel, queue, key, true, err);
    if (s == STATUS_OK)
        s = send(bus, channel, AMQP_BASIC_CONSUME_METHOD, &consume, err);
    return s;
}

enum status bus_unsubscribe_user(struct bus *bus, int channel, const char *user_id,
                                 const char *node, struct error *err)
{
    char queue[TOPOLOGY_NAME_MAX];
    char key[TOPOLOGY_NAME_MAX];
    amqp_basic_cancel_t cancel = {.nowait = 1};
    enum status s;

    topology_user_queue(user_id, node, queue);
    topology_user_key(user_id, key);
    cancel.consumer_tag = bytes_of(key);
    s = send_bind(bus, channel, queue, key, false, err);
    if (s == STATUS_OK)
        s = send(bus, channel, AMQP_BASIC_CANCEL_METHOD, &cancel, err);
    return s;
}

enum status bus_bind_group(struct bus *bus, int channel, const char *group_id, const char *node,
                           bool bind, struct error *err)
{
    char queue[TOPOLOGY_NAME_MAX];
    char key[TOPOLOGY_NAME_MAX];

    topology_node_queue(node, queue);
    topology_group_key(group_id, key);
    return send_bind(bus, channel, queue, key, bind, err);
}

enum status bus_sync(struct bus *bus, int channel, struct error *err)
{
    if (!bus->state)
        return connection_lost(err);
    /* The cheapest question that has an answer: no prefetch limit, which is what it was. */
    amqp_basic_qos(bus->state, (amqp_channel_t)channel, 0, 0, 0);
    return rpc_done(bus, channel, "synchronise", err);
}
