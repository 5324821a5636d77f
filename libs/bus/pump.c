/* Reading: frames become deliveries, confirms, and closed channels. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bus/connection.h"
#include "bus/metrics.h"

#define TRACEPARENT_HEADER_MAX 128 /* 55 now, perhaps more in later versions */

static void start_delivery(struct incoming *in, int channel, const amqp_basic_deliver_t *method)
{
    amqp_bytes_t key = method->routing_key;

    /* A copy sent by BCC carries the first key, so the tag of a user's consumer is his key. */
    if (method->consumer_tag.len > 2 && memcmp(method->consumer_tag.bytes, "u.", 2) == 0)
        key = method->consumer_tag;
    if (key.len >= TOPOLOGY_NAME_MAX)
        key.len = TOPOLOGY_NAME_MAX - 1; /* not one of ours: shown cut when it is parked */
    in->assembling = true;
    in->delivery = (struct delivery){.channel = channel, .tag = method->delivery_tag};
    memcpy(in->delivery.key, key.bytes, key.len);
    bus_count_delivery(in, method->delivery_tag, method->redelivered);
}

const amqp_field_value_t *connection_header(const amqp_basic_properties_t *properties,
                                            const char *name, uint8_t kind)
{
    if (!(properties->_flags & AMQP_BASIC_HEADERS_FLAG))
        return NULL;
    for (int i = 0; i < properties->headers.num_entries; i++) {
        const amqp_table_entry_t *entry = &properties->headers.entries[i];

        if (entry->key.len == strlen(name) && memcmp(entry->key.bytes, name, entry->key.len) == 0)
            return entry->value.kind == kind ? &entry->value : NULL;
    }
    return NULL;
}

static int attempts_of(const amqp_basic_properties_t *properties)
{
    const amqp_field_value_t *value =
        connection_header(properties, "x-attempts", AMQP_FIELD_KIND_I32);

    return value ? value->value.i32 : 0;
}

static char *traceparent_of(const amqp_basic_properties_t *properties)
{
    const amqp_field_value_t *value =
        connection_header(properties, "traceparent", AMQP_FIELD_KIND_UTF8);

    if (!value || value->value.bytes.len > TRACEPARENT_HEADER_MAX)
        return NULL;
    return memory_text_n(value->value.bytes.bytes, value->value.bytes.len);
}

static char *text_of(const amqp_basic_properties_t *properties, amqp_flags_t flag,
                     amqp_bytes_t bytes)
{
    return properties->_flags & flag ? memory_text_n(bytes.bytes, bytes.len) : NULL;
}

static void take_properties(struct delivery *ret, const amqp_basic_properties_t *properties)
{
    ret->attempts = attempts_of(properties);
    ret->user_id = text_of(properties, AMQP_BASIC_USER_ID_FLAG, properties->user_id);
    ret->reply_to = text_of(properties, AMQP_BASIC_REPLY_TO_FLAG, properties->reply_to);
    ret->correlation_id =
        text_of(properties, AMQP_BASIC_CORRELATION_ID_FLAG, properties->correlation_id);
    ret->traceparent = traceparent_of(properties);
}

void connection_forget_channel(struct incoming *in)
{
    if (in->assembling)
        bus_delivery_clear(&in->delivery);
    bus_count_consumer_end(in);
    free(in->body);
    *in = (struct incoming){0};
}

static void finish_delivery(struct bus *bus, struct incoming *in)
{
    struct waiting *waiting = memory_new(sizeof *waiting);

    waiting->delivery = in->delivery;
    waiting->delivery.body = (struct slice){in->body, in->have};
    if (bus->last)
        bus->last->next = waiting;
    else
        bus->first = waiting;
    bus->last = waiting;
    in->assembling = false;
    in->body = NULL;
}

static void take_header(struct bus *bus, struct incoming *in, const amqp_frame_t *frame)
{
    take_properties(&in->delivery, frame->payload.properties.decoded);
    in->want = frame->payload.properties.body_size;
    in->have = 0;
    in->body = memory_grow(NULL, in->want, 1);
    if (in->want == 0)
        finish_delivery(bus, in);
}

static void take_body(struct bus *bus, struct incoming *in, const amqp_frame_t *frame)
{
    size_t n = frame->payload.body_fragment.len;

    if (n > in->want - in->have)
        n = in->want - in->have;
    memcpy(in->body + in->have, frame->payload.body_fragment.bytes, n);
    in->have += n;
    if (in->have == in->want)
        finish_delivery(bus, in);
}

static enum status channel_closed(struct bus *bus, int channel, struct error *err)
{
    amqp_channel_close_ok_t ok = {0};
    struct incoming *in = &bus->channels[channel];
    int status;

    status =
        amqp_send_method(bus->state, (amqp_channel_t)channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    if (channel == CHANNEL_PUBLISH || channel == CHANNEL_CONFIRM) {
        connection_drop(bus);
        return error_set(err, STATUS_UNAVAILABLE, "RabbitMQ closed the publishing channel");
    }
    connection_forget_channel(in);
    in->closed_by_broker = channel != CHANNEL_MEASURE; /* that one nobody has asked for */
    return connection_check_status(bus, status, "close channel", err);
}

static enum status take_method(struct bus *bus, const amqp_frame_t *frame, struct error *err)
{
    const amqp_method_t *method = &frame->payload.method;
    int channel = frame->channel;
    const amqp_basic_ack_t *ack;
    const amqp_basic_nack_t *nack;
    amqp_rpc_reply_t closed;

    switch (method->id) {
    case AMQP_BASIC_DELIVER_METHOD:
        start_delivery(&bus->channels[channel], channel, method->decoded);
        return STATUS_OK;
    case AMQP_BASIC_ACK_METHOD:
        ack = method->decoded;
        confirms_take(&bus->confirms, ack->delivery_tag, ack->multiple);
        return STATUS_OK;
    case AMQP_BASIC_NACK_METHOD:
        nack = method->decoded;
        bus->refused = true;
        confirms_take(&bus->confirms, nack->delivery_tag, nack->multiple);
        return STATUS_OK;
    case AMQP_BASIC_RETURN_METHOD:
        bus->returned = true; /* its header and body follow and are passed over */
        return STATUS_OK;
    case AMQP_BASIC_CANCEL_METHOD: /* the queue was deleted under us: begin the channel anew */
        bus_channel_close(bus, channel);
        bus->channels[channel].closed_by_broker = true;
        return STATUS_OK;
    case AMQP_BASIC_CONSUME_OK_METHOD:
        bus->channels[channel].is_consuming = true;
        return STATUS_OK;
    case AMQP_QUEUE_DECLARE_OK_METHOD:
        if (channel == CHANNEL_MEASURE)
            bus_note_depth(bus, method->decoded);
        return STATUS_OK;
    case AMQP_CHANNEL_CLOSE_METHOD:
        return channel_closed(bus, channel, err);
    case AMQP_CONNECTION_CLOSE_METHOD:
        closed = (amqp_rpc_reply_t){.reply_type = AMQP_RESPONSE_SERVER_EXCEPTION, .reply = *method};
        return connection_check_reply(bus, 0, closed, "closed by the broker", err);
    default: /* late answers to calls that timed out */
        return STATUS_OK;
    }
}

static enum status take_frame(struct bus *bus, const amqp_frame_t *frame, struct error *err)
{
    struct incoming *in;

    if (frame->channel >= CHANNEL_COUNT)
        return STATUS_OK;
    in = &bus->channels[frame->channel];
    if (frame->frame_type == AMQP_FRAME_METHOD)
        return in->open || frame->channel == 0 ? take_method(bus, frame, err) : STATUS_OK;
    if (!in->open || !in->assembling)
        return STATUS_OK; /* of a channel that we closed, or a returned message */
    if (frame->frame_type == AMQP_FRAME_HEADER)
        take_header(bus, in, frame);
    else if (frame->frame_type == AMQP_FRAME_BODY && in->body)
        take_body(bus, in, frame);
    return STATUS_OK;
}

/* One frame that is there already. NOT_FOUND: none is complete. */
static enum status read_frame(struct bus *bus, struct error *err)
{
    struct timeval now = {0};
    amqp_frame_t frame;
    enum status s;
    int status = amqp_simple_wait_frame_noblock(bus->state, &frame, &now);

    if (status == AMQP_STATUS_TIMEOUT)
        return STATUS_NOT_FOUND;
    s = connection_check_status(bus, status, "read", err);
    if (s != STATUS_OK)
        return s;
    s = take_frame(bus, &frame, err);
    /* While a call waits for its answer, the library queues the deliveries that come before it, tens
     * of thousands under load; and to release its buffers it walks that queue once a channel. Done
     * for each frame, that held a node for 53 s. */
    if (bus->state && !amqp_frames_enqueued(bus->state))
        amqp_maybe_release_buffers(bus->state);
    return s;
}

/* So many frames at a time: a broker that is faster than we are must not keep us reading. */
#define PUMP_FRAMES 1024

enum status connection_pump(struct bus *bus, int timeout_ms, int wake_fd, struct error *err)
{
    enum status s;
    int n = 0;

    if (!bus->state)
        return connection_lost(err);
    /* Also sends and checks heartbeats, so it is called before any wait. */
    do {
        s = read_frame(bus, err);
    } while (s == STATUS_OK && ++n < PUMP_FRAMES);
    if (n > 0 && s == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (s != STATUS_NOT_FOUND)
        return s;
    if (timeout_ms > 0) {
        struct pollfd fds[] = {{.fd = amqp_get_sockfd(bus->state), .events = POLLIN},
                               {.fd = wake_fd, .events = POLLIN}};

        if (poll(fds, 2, timeout_ms) <= 0 || !fds[0].revents)
            return STATUS_NOT_FOUND;
        return connection_pump(bus, 0, -1, err);
    }
    return STATUS_NOT_FOUND;
}

void bus_channel_close(struct bus *bus, int channel)
{
    struct waiting **link = &bus->first;
    struct incoming *in = &bus->channels[channel];

    if (bus->state && in->open) {
        amqp_rpc_reply_t reply =
            amqp_channel_close(bus->state, (amqp_channel_t)channel, AMQP_REPLY_SUCCESS);

        in->open = false;
        (void)connection_check_reply(bus, channel, reply, "close channel", NULL); /* gone anyway */
        /* The library has queued frames of other channels, and of this one from before its end:
         * read them now, while they are known as old. */
        while (bus->state && amqp_frames_enqueued(bus->state))
            if (read_frame(bus, NULL) != STATUS_OK)
                break;
    }
    connection_forget_channel(in);
    bus->last = NULL;
    while (*link) {
        struct waiting *waiting = *link;

        if (waiting->delivery.channel == channel) {
            *link = waiting->next;
            bus_delivery_clear(&waiting->delivery);
            free(waiting);
        } else {
            bus->last = waiting;
            link = &waiting->next;
        }
    }
}

static bool find_closed(struct bus *bus, struct delivery *ret)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (!bus->channels[i].closed_by_broker)
            continue;
        bus->channels[i].closed_by_broker = false;
        *ret = (struct delivery){.channel = i};
        return true;
    }
    return false;
}

enum status bus_take(struct bus *bus, int timeout_ms, int wake_fd, struct delivery *ret,
                     struct error *err)
{
    struct waiting *waiting;

    bus_measure(bus);
    if (!bus->first) {
        enum status s = connection_pump(bus, timeout_ms, wake_fd, err);

        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return s;
    }
    if (find_closed(bus, ret))
        return error_set(err, STATUS_CONFLICT, "RabbitMQ closed a channel");
    waiting = bus->first;
    if (!waiting)
        return STATUS_NOT_FOUND;
    bus->first = waiting->next;
    if (!bus->first)
        bus->last = NULL;
    *ret = waiting->delivery;
    free(waiting);
    return STATUS_OK;
}

void bus_delivery_clear(struct delivery *delivery)
{
    free((void *)delivery->body.data);
    free(delivery->user_id);
    free(delivery->reply_to);
    free(delivery->correlation_id);
    free(delivery->traceparent);
    *delivery = (struct delivery){0};
}
