#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "ctl.h"

static const struct field settings_fields[] = {
    FIELD(struct settings, amqp_url, .max = 512, .secret = true,
          .about = "RabbitMQ, as a user who may do everything"),
    FIELD(struct settings, mongodb_uri, .max = 1024, .secret = true,
          .about = "MongoDB, and the database's name"),
    FIELD(struct settings, redis_url, .max = 512, .secret = true, .about = "Redis"),
    FIELD(struct settings, auth_internal, .def = "127.0.0.1:22169", .max = 2048,
          .about = "INTERNAL_LISTEN of every process of auth, comma-separated; a name stands for "
                   "all addresses that it has"),
    FIELD(struct settings, user_internal, .def = "127.0.0.1:22172", .max = 2048,
          .about = "likewise of user"),
    FIELD(struct settings, group_internal, .def = "127.0.0.1:22175", .max = 2048,
          .about = "likewise of group"),
    FIELD(struct settings, message_internal, .def = "127.0.0.1:22178", .max = 2048,
          .about = "likewise of message"),
    FIELD(struct settings, push_internal, .def = "127.0.0.1:22181", .max = 2048,
          .about = "likewise of push"),
    FIELD(struct settings, bot_internal, .def = "127.0.0.1:22184", .max = 2048,
          .about = "likewise of bot"),
    FIELD(struct settings, internal_listen, .def = "127.0.0.1:8001", .max = 256,
          .about = "the process that health and drain ask"),
    FIELD(struct settings, parley_url, .def = "http://127.0.0.1:8080", .max = 2048,
          .about = "the edge, for what goes by REST"),
    FIELD(struct settings, admin_username, .about = "who logs in there"),
    FIELD(struct settings, admin_password, .secret = true, .about = "and his password"),
};
const struct record settings_record = RECORD("ctl.settings", struct settings, settings_fields);

bool settings_read(struct settings *ret)
{
    CLEANUP(buffer_clear) struct buffer faults = {0};
    char *line;

    if (record_from_env(&settings_record, ret, &faults) == STATUS_OK)
        return true;
    for (line = strtok(buffer_text(&faults), "\n"); line; line = strtok(NULL, "\n"))
        complain("%s", line);
    return false;
}

static bool is_given(const char *value, const char *name)
{
    if (!value)
        complain("%s is not set: `set -a; . var/etc/operator.env` sets it", name);
    return value != NULL;
}

bool settings_open_bus(struct bus **ret)
{
    CLEANUP(settings_clear) struct settings settings = {0};
    struct bus *bus = NULL;
    struct error err;

    if (!settings_read(&settings) || !is_given(settings.amqp_url, "AMQP_URL"))
        return false;
    if (bus_open(settings.amqp_url, "parleyctl", &bus, &err) == STATUS_OK &&
        bus_connect(bus, &err) == STATUS_OK) {
        *ret = bus;
        return true;
    }
    bus_close(bus);
    complain("%s", err.text);
    return false;
}

bool settings_open_store(struct store **ret)
{
    CLEANUP(settings_clear) struct settings settings = {0};
    struct error err;

    if (!settings_read(&settings) || !is_given(settings.mongodb_uri, "MONGODB_URI"))
        return false;
    if (store_open(settings.mongodb_uri, ret, &err) == STATUS_OK)
        return true;
    complain("%s", err.text);
    return false;
}
