#include "bus/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bus/connection.h"

enum status bus_look_at(struct bus *bus, int channel, const char *queue, struct queue_measure *ret,
                        struct error *err)
{
    const amqp_queue_declare_ok_t *ok;
    enum status s = bus_channel_open(bus, channel, err);

    if (s != STATUS_OK)
        return s;
    ok = amqp_queue_declare(bus->state, (amqp_channel_t)channel, bytes_of(queue), 1, 0, 0, 0,
                            amqp_empty_table);
    s = connection_check_reply(bus, channel, amqp_get_rpc_reply(bus->state), queue, err);
    if (s == STATUS_OK)
        *ret = (struct queue_measure){ok->message_count, ok->consumer_count};
    return s;
}

void letter_clear(struct letter *letter)
{
    free(letter->reason);
    free(letter->body);
    *letter = (struct letter){0};
}

static void read_letter(const amqp_message_t *message, struct letter *ret)
{
    const amqp_basic_properties_t *properties = &message->properties;
    const amqp_field_value_t *reason =
        connection_header(properties, "x-reason", AMQP_FIELD_KIND_UTF8);

    if (reason)
        ret->reason = memory_text_n(reason->value.bytes.bytes, reason->value.bytes.len);
    if (properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG)
        ret->at = (int64_t)properties->timestamp * 1000;
    ret->body = memory_text_n(message->body.len ? message->body.bytes : "", message->body.len);
    ret->length = message->body.len;
}

enum status bus_get(struct bus *bus, int channel, const char *queue, struct letter *ret,
                    struct error *err)
{
    const amqp_basic_get_ok_t *ok;
    amqp_rpc_reply_t reply;
    amqp_message_t message;
    size_t length;
    enum status s;

    if (!bus->state)
        return connection_lost(err);
    reply = amqp_basic_get(bus->state, (amqp_channel_t)channel, bytes_of(queue), 0);
    s = connection_check_reply(bus, channel, reply, queue, err);
    if (s != STATUS_OK)
        return s;
    if (reply.reply.id == AMQP_BASIC_GET_EMPTY_METHOD)
        return error_set(err, STATUS_NOT_FOUND, "there is no more in %s", queue);
    ok = reply.reply.decoded;
    *ret = (struct letter){.tag = ok->delivery_tag};
    length = ok->routing_key.len < sizeof ret->from ? ok->routing_key.len : sizeof ret->from - 1;
    memcpy(ret->from, ok->routing_key.bytes, length);
    reply = amqp_read_message(bus->state, (amqp_channel_t)channel, &message, 0);
    s = connection_check_reply(bus, channel, reply, queue, err);
    if (s != STATUS_OK)
        return s;
    read_letter(&message, ret);
    amqp_destroy_message(&message);
    amqp_maybe_release_buffers(bus->state);
    return STATUS_OK;
}
