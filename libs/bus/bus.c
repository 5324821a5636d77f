/* One connection: its life, publishing and confirms.
 *
 * All frames are read in one place (connection_pump() in pump.c), because deliveries, confirms,
 * returned messages and closed channels arrive interleaved whatever one waits for. */

#include "bus/bus.h"

#include <amqp_tcp_socket.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/memory.h"
#include "bus/connection.h"
#include "bus/metrics.h"

#define HEARTBEAT_SECONDS 10 /* a broker that vanished without a word is noticed after 20 s */
#define STUCK_MS 15000 /* a broker that takes nothing (a memory alarm) must not hold a thread */
#define FRAME_MAX_BYTES 131072
#define CONFIRM_MS 10000
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 2000 /* people wait for it */

enum status bus_open(const char *amqp_url, const char *name, struct bus **ret, struct error *err)
{
    struct bus *bus = memory_new(sizeof *bus);

    bus->url_text = memory_text(amqp_url);
    bus->name = memory_text(name);
    bus_count_new();
    if (amqp_parse_url(bus->url_text, &bus->url) != AMQP_STATUS_OK || bus->url.ssl) {
        bus_close(bus);
        return error_set(err, STATUS_INVALID,
                         "AMQP_URL must be amqp://user:password@host:port/vhost");
    }
    if (!*bus->url.vhost)
        bus->url.vhost = (char *)"/"; /* "host:port/" means the default one to everybody */
    *ret = bus;
    return STATUS_OK;
}

void bus_close(struct bus *bus)
{
    if (!bus)
        return;
    if (bus->state)
        (void)amqp_connection_close(bus->state, AMQP_REPLY_SUCCESS); /* a courtesy */
    connection_drop(bus);
    bus_count_closed();
    explicit_bzero(bus->url_text, strlen(bus->url_text));
    free(bus->url_text);
    free(bus->name);
    free(bus);
}

void connection_drop(struct bus *bus)
{
    if (bus->state)
        (void)amqp_destroy_connection(bus->state); /* also closes the socket */
    bus->state = NULL;
    bus_count_lost(bus);
    for (int i = 0; i < CHANNEL_COUNT; i++)
        connection_forget_channel(&bus->channels[i]);
    while (bus->first) {
        struct waiting *next = bus->first->next;

        bus_delivery_clear(&bus->first->delivery);
        free(bus->first);
        bus->first = next;
    }
    bus->last = NULL;
    confirms_clear(&bus->confirms);
    bus->returned = false;
    bus->refused = false;
}

bool bus_is_connected(const struct bus *bus)
{
    return bus->state != NULL;
}

enum status connection_lost(struct error *err)
{
    return error_set(err, STATUS_UNAVAILABLE, "not connected to RabbitMQ");
}

enum status connection_check_status(struct bus *bus, int status, const char *what,
                                    struct error *err)
{
    if (status >= 0)
        return STATUS_OK;
    connection_drop(bus);
    return error_set(err, STATUS_UNAVAILABLE, "RabbitMQ: %s: %s", what, amqp_error_string2(status));
}

enum status connection_check_reply(struct bus *bus, int channel, amqp_rpc_reply_t reply,
                                   const char *what, struct error *err)
{
    const amqp_channel_close_t *close;
    amqp_channel_close_ok_t ok = {0};

    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return STATUS_OK;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
        return connection_check_status(bus, reply.library_error, what, err);
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
        reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        close = reply.reply.decoded;
        (void)error_set(err, STATUS_CONFLICT, "RabbitMQ: %s: %.*s", what,
                        (int)close->reply_text.len, (const char *)close->reply_text.bytes);
        bus->channels[channel].open = false;
        (void)amqp_send_method(bus->state, (amqp_channel_t)channel, AMQP_CHANNEL_CLOSE_OK_METHOD,
                               &ok); /* a failure shows at the next call */
        return STATUS_CONFLICT;
    }
    connection_drop(bus);
    return error_set(err, STATUS_UNAVAILABLE, "RabbitMQ: %s: the connection was closed", what);
}

enum status bus_channel_open(struct bus *bus, int channel, struct error *err)
{
    enum status s;

    assert(channel > 0 && channel < CHANNEL_COUNT);
    if (!bus->state)
        return connection_lost(err);
    if (bus->channels[channel].open)
        return STATUS_OK;
    amqp_channel_open(bus->state, (amqp_channel_t)channel);
    s = connection_check_reply(bus, channel, amqp_get_rpc_reply(bus->state), "open channel", err);
    if (s == STATUS_OK)
        bus->channels[channel] = (struct incoming){.open = true};
    return s;
}

static enum status connect_socket(struct bus *bus, struct error *err)
{
    const unsigned stuck_ms = STUCK_MS;
    struct timeval timeout = {.tv_sec = CONNECT_SECONDS};
    amqp_socket_t *socket;
    int status;

    bus->state = amqp_new_connection();
    socket = bus->state ? amqp_tcp_socket_new(bus->state) : NULL;
    if (!socket)
        abort(); /* out of memory: base/buffer.h */
    amqp_set_handshake_timeout(bus->state, &timeout);
    amqp_set_rpc_timeout(bus->state, &timeout);
    status = amqp_socket_open_noblock(socket, bus->url.host, bus->url.port, &timeout);
    if (status == AMQP_STATUS_OK)
        (void)setsockopt(amqp_socket_get_sockfd(socket), IPPROTO_TCP, TCP_USER_TIMEOUT, &stuck_ms,
                         sizeof stuck_ms); /* without it only the limit is missing */
    return connection_check_status(bus, status, "connect", err);
}

static enum status login(struct bus *bus, struct error *err)
{
    amqp_table_entry_t name = {
        .key = bytes_of("connection_name"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes_of(bus->name)},
    };
    amqp_table_t properties = {.num_entries = 1, .entries = &name};
    amqp_rpc_reply_t reply = amqp_login_with_properties(
        bus->state, bus->url.vhost, CHANNEL_COUNT, FRAME_MAX_BYTES, HEARTBEAT_SECONDS, &properties,
        AMQP_SASL_METHOD_PLAIN, bus->url.user, bus->url.password);

    return connection_check_reply(bus, 0, reply, "log in", err);
}

enum status bus_connect(struct bus *bus, struct error *err)
{
    enum status s;

    connection_drop(bus);
    s = connect_socket(bus, err);
    if (s == STATUS_OK)
        s = login(bus, err);
    if (s == STATUS_OK)
        s = bus_channel_open(bus, CHANNEL_PUBLISH, err);
    if (s == STATUS_OK)
        s = connection_declare_missing(bus, err);
    if (s == STATUS_OK)
        s = bus_channel_open(bus, CHANNEL_CONFIRM, err);
    if (s == STATUS_OK) {
        amqp_confirm_select(bus->state, CHANNEL_CONFIRM);
        s = connection_check_reply(bus, CHANNEL_CONFIRM, amqp_get_rpc_reply(bus->state), "confirm",
                                   err);
    }
    if (s == STATUS_OK) {
        bus_count_up(bus);
        return s;
    }
    connection_drop(bus); /* CONFLICT: something is missing, and may not be declared */
    return s;
}

enum status bus_reconnect(struct bus *bus, const atomic_bool *stop, struct error *err)
{
    int64_t wait_ms = BACKOFF_FIRST_MS;

    while (!atomic_load(stop)) {
        int64_t until;
        uint16_t noise;

        if (bus_connect(bus, err) == STATUS_OK)
            return STATUS_OK;
        /* Half of the wait is random: after a broker's restart not all come at once. */
        if (getrandom(&noise, sizeof noise, GRND_NONBLOCK) != sizeof noise)
            noise = 0;
        until = clock_monotonic() + wait_ms / 2 + noise * wait_ms / 2 / UINT16_MAX;
        while (!atomic_load(stop) && clock_monotonic() < until)
            (void)poll(NULL, 0, 50);
        wait_ms = wait_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait_ms * 2;
    }
    return error_set(err, STATUS_UNAVAILABLE, "stopping");
}

/* BCC: RabbitMQ routes to these keys too and takes the header off again. */
static void add_bcc(amqp_field_value_t *values, const char *const *bcc, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] =
            (amqp_field_value_t){.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes_of(bcc[i])};
}

enum status bus_publish(struct bus *bus, enum exchange exchange, const char *key,
                        const char *const *bcc, size_t n_bcc, struct slice body, int flags,
                        struct error *err)
{
    amqp_field_value_t keys[BCC_MAX];
    amqp_table_entry_t header = {
        .key = bytes_of("BCC"),
        .value = {.kind = AMQP_FIELD_KIND_ARRAY,
                  .value.array = {.num_entries = (int)n_bcc, .entries = keys}},
    };
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
        .delivery_mode =
            flags & BUS_PERSISTENT ? AMQP_DELIVERY_PERSISTENT : AMQP_DELIVERY_NONPERSISTENT,
    };
    amqp_bytes_t bytes = {.len = body.length, .bytes = (void *)body.data};
    int channel = flags ? CHANNEL_CONFIRM : CHANNEL_PUBLISH;
    int status;

    if (!bus->state)
        return connection_lost(err);
    assert(n_bcc <= BCC_MAX);
    if (n_bcc) {
        add_bcc(keys, bcc, n_bcc);
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers = (amqp_table_t){.num_entries = 1, .entries = &header};
    }
    status =
        amqp_basic_publish(bus->state, (amqp_channel_t)channel, bytes_of(exchanges[exchange].name),
                           bytes_of(key), (flags & BUS_MANDATORY) != 0, 0, &properties, bytes);
    if (flags && status >= 0)
        confirms_add(&bus->confirms);
    return connection_check_status(bus, status, "publish", err);
}

enum status bus_confirm(struct bus *bus, struct error *err)
{
    int64_t until = clock_monotonic() + CONFIRM_MS;

    while (bus->state && bus->confirms.n > 0) {
        int64_t left = until - clock_monotonic();
        enum status s;

        if (left <= 0) {
            connection_drop(bus); /* what is outstanding is unknown: begin anew */
            return error_set(err, STATUS_UNAVAILABLE, "RabbitMQ did not confirm in time");
        }
        s = connection_pump(bus, (int)left, -1, err);
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return s;
    }
    if (!bus->state)
        return connection_lost(err);
    if (bus->refused) {
        bus->refused = false;
        return error_set(err, STATUS_UNAVAILABLE, "RabbitMQ refused a message: the queue is full");
    }
    if (bus->returned) {
        bus->returned = false;
        return error_set(err, STATUS_NOT_FOUND, "no queue wanted the message");
    }
    return STATUS_OK;
}
