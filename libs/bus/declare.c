/* Exchanges and durable queues: what is missing of them.
 *
 * Looking is one round trip, since nobody waits for an answer before the next question, and needs no
 * rights. A service's own user has none to declare; on a broker that was made ready by
 * definitions.json it need not. Bindings cannot be looked at: they are there as long as their queues
 * are, or bus_declare() makes them again. */

#include "bus/connection.h"
#include "wire/declarations.h"

static enum status ask_for_exchange(struct bus *bus, const struct exchange_info *info,
                                    struct error *err)
{
    amqp_exchange_declare_t method = {
        .exchange = bytes_of(info->name), .type = bytes_of(info->type), .passive = 1};

    return connection_check_status(
        bus, amqp_send_method(bus->state, CHANNEL_PUBLISH, AMQP_EXCHANGE_DECLARE_METHOD, &method),
        "look at exchanges", err);
}

static enum status ask_for_queue(struct bus *bus, const char *name, struct error *err)
{
    amqp_queue_declare_t method = {.queue = bytes_of(name), .passive = 1};

    return connection_check_status(
        bus, amqp_send_method(bus->state, CHANNEL_PUBLISH, AMQP_QUEUE_DECLARE_METHOD, &method),
        "look at queues", err);
}

/* The next answer. CONFLICT: the broker has closed the channel, since something is not there. */
static enum status take_answer(struct bus *bus, struct error *err)
{
    struct timeval timeout = {.tv_sec = CONNECT_SECONDS};
    amqp_rpc_reply_t reply = {.reply_type = AMQP_RESPONSE_SERVER_EXCEPTION};
    amqp_frame_t frame;
    int status;

    do
        status = amqp_simple_wait_frame_noblock(bus->state, &frame, &timeout);
    while (status == AMQP_STATUS_OK && frame.frame_type != AMQP_FRAME_METHOD);
    if (status != AMQP_STATUS_OK)
        return connection_check_status(bus, status, "look at what is there", err);
    if (frame.payload.method.id == AMQP_EXCHANGE_DECLARE_OK_METHOD ||
        frame.payload.method.id == AMQP_QUEUE_DECLARE_OK_METHOD)
        return STATUS_OK;
    reply.reply = frame.payload.method;
    return connection_check_reply(bus, CHANNEL_PUBLISH, reply, "look at what is there", err);
}

static enum status look_for_all(struct bus *bus, struct error *err)
{
    struct queue_declaration wanted[DECLARATIONS_MAX];
    size_t n = topology_declarations(wanted);
    enum status s = STATUS_OK;

    for (size_t i = 0; i < EXCHANGE_COUNT && s == STATUS_OK; i++)
        s = ask_for_exchange(bus, &exchanges[i], err);
    for (size_t i = 0; i < n && s == STATUS_OK; i++)
        s = ask_for_queue(bus, wanted[i].name, err);
    for (size_t i = 0; i < EXCHANGE_COUNT + n && s == STATUS_OK; i++)
        s = take_answer(bus, err);
    if (bus->state)
        amqp_maybe_release_buffers(bus->state);
    return s;
}

static enum status declare_queue(struct bus *bus, const struct queue_declaration *wanted,
                                 struct error *err)
{
    amqp_table_entry_t entries[QUEUE_ARGUMENTS_MAX];
    amqp_table_t table = {.num_entries = wanted->n_arguments, .entries = entries};
    enum status s;

    for (int i = 0; i < wanted->n_arguments; i++) {
        const struct queue_argument *argument = &wanted->arguments[i];

        entries[i].key = bytes_of(argument->name);
        if (argument->text)
            entries[i].value = (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8,
                                                    .value.bytes = bytes_of(argument->text)};
        else
            entries[i].value =
                (amqp_field_value_t){.kind = AMQP_FIELD_KIND_I64, .value.i64 = argument->number};
    }
    amqp_queue_declare(bus->state, CHANNEL_PUBLISH, bytes_of(wanted->name), 0, 1, 0, 0, table);
    s = connection_check_reply(bus, CHANNEL_PUBLISH, amqp_get_rpc_reply(bus->state), wanted->name,
                               err);
    if (s != STATUS_OK)
        return s;
    amqp_queue_bind(bus->state, CHANNEL_PUBLISH, bytes_of(wanted->name),
                    bytes_of(exchanges[wanted->exchange].name),
                    bytes_of(wanted->key ? wanted->key : wanted->name), amqp_empty_table);
    return connection_check_reply(bus, CHANNEL_PUBLISH, amqp_get_rpc_reply(bus->state),
                                  wanted->name, err);
}

enum status bus_declare(struct bus *bus, struct error *err)
{
    struct queue_declaration wanted[DECLARATIONS_MAX];
    size_t n = topology_declarations(wanted);
    enum status s = bus_channel_open(bus, CHANNEL_PUBLISH, err);

    for (size_t i = 0; i < EXCHANGE_COUNT && s == STATUS_OK; i++) {
        amqp_exchange_declare(bus->state, CHANNEL_PUBLISH, bytes_of(exchanges[i].name),
                              bytes_of(exchanges[i].type), 0, exchanges[i].durable, 0, 0,
                              amqp_empty_table);
        s = connection_check_reply(bus, CHANNEL_PUBLISH, amqp_get_rpc_reply(bus->state),
                                   exchanges[i].name, err);
    }
    for (size_t i = 0; i < n && s == STATUS_OK; i++)
        s = declare_queue(bus, &wanted[i], err);
    return s;
}

enum status connection_declare_missing(struct bus *bus, struct error *err)
{
    struct error missing;
    enum status s = look_for_all(bus, &missing);

    if (s == STATUS_CONFLICT) {
        s = bus_declare(bus, err);
        if (s != STATUS_CONFLICT)
            return s;
        return error_set(err, s, "%s; who may declare it does so by `parleyctl declare`",
                         missing.text);
    }
    if (s != STATUS_OK && err)
        *err = missing;
    return s;
}
