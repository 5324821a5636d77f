#include "definitions.h"

#include "record/record.h"
#include "token/secret.h"
#include "wire/bus_rights.h"
#include "wire/declarations.h"

/* What every row of a list begins with. */
static void begin_row(struct buffer *ret, size_t i)
{
    buffer_add_text(ret, i ? ",\n  {" : "\n  {");
}

static void add_member(struct buffer *ret, const char *name, const char *value)
{
    buffer_printf(ret, "\"%s\": ", name);
    json_add_string(ret, value);
}

static void add_next(struct buffer *ret, const char *name, const char *value)
{
    buffer_add_text(ret, ", ");
    add_member(ret, name, value);
}

static void print_users(const char *const *passwords, struct buffer *ret)
{
    buffer_add_text(ret, " \"users\": [");
    for (size_t i = 0; i < n_bus_rights; i++) {
        char hash[SECRET_BROKER_HASH_MAX];

        secret_broker_hash(bus_rights[i].user, passwords[i], hash);
        begin_row(ret, i);
        add_member(ret, "name", bus_rights[i].user);
        add_next(ret, "password_hash", hash);
        add_next(ret, "hashing_algorithm", "rabbit_password_hashing_sha256");
        add_next(ret, "tags", "");
        buffer_add_text(ret, "}");
    }
    buffer_add_text(ret, "],\n");
}

static void print_permissions(struct buffer *ret)
{
    buffer_add_text(ret, " \"permissions\": [");
    for (size_t i = 0; i < n_bus_rights; i++) {
        begin_row(ret, i);
        add_member(ret, "user", bus_rights[i].user);
        add_next(ret, "vhost", "/");
        add_next(ret, "configure", bus_rights[i].configure);
        add_next(ret, "write", bus_rights[i].write);
        add_next(ret, "read", bus_rights[i].read);
        buffer_add_text(ret, "}");
    }
    buffer_add_text(ret, "],\n \"topic_permissions\": [");
    for (size_t i = 0; i < n_bus_rights; i++) {
        begin_row(ret, i);
        add_member(ret, "user", bus_rights[i].user);
        add_next(ret, "vhost", "/");
        add_next(ret, "exchange", exchanges[EXCHANGE_EVENT].name);
        add_next(ret, "write", bus_rights[i].events);
        add_next(ret, "read", ".*");
        buffer_add_text(ret, "}");
    }
    buffer_add_text(ret, "],\n");
}

static void print_exchanges(struct buffer *ret)
{
    buffer_add_text(ret, " \"exchanges\": [");
    for (size_t i = 0; i < EXCHANGE_COUNT; i++) {
        begin_row(ret, i);
        add_member(ret, "name", exchanges[i].name);
        add_next(ret, "vhost", "/");
        add_next(ret, "type", exchanges[i].type);
        buffer_printf(ret,
                      ", \"durable\": %s, \"auto_delete\": false, \"internal\": false, "
                      "\"arguments\": {}}",
                      exchanges[i].durable ? "true" : "false");
    }
    buffer_add_text(ret, "],\n");
}

static void print_arguments(const struct queue_declaration *queue, struct buffer *ret)
{
    buffer_add_text(ret, ", \"arguments\": {");
    for (int i = 0; i < queue->n_arguments; i++) {
        const struct queue_argument *argument = &queue->arguments[i];

        if (i)
            buffer_add_text(ret, ", ");
        if (argument->text)
            add_member(ret, argument->name, argument->text);
        else
            buffer_printf(ret, "\"%s\": %lld", argument->name, (long long)argument->number);
    }
    buffer_add_text(ret, "}}");
}

static void print_queues(struct buffer *ret)
{
    struct queue_declaration declared[DECLARATIONS_MAX];
    size_t n = topology_declarations(declared);

    buffer_add_text(ret, " \"queues\": [");
    for (size_t i = 0; i < n; i++) {
        begin_row(ret, i);
        add_member(ret, "name", declared[i].name);
        add_next(ret, "vhost", "/");
        buffer_add_text(ret, ", \"durable\": true, \"auto_delete\": false");
        print_arguments(&declared[i], ret);
    }
    buffer_add_text(ret, "],\n \"bindings\": [");
    for (size_t i = 0; i < n; i++) {
        begin_row(ret, i);
        add_member(ret, "source", exchanges[declared[i].exchange].name);
        add_next(ret, "vhost", "/");
        add_next(ret, "destination", declared[i].name);
        add_next(ret, "destination_type", "queue");
        add_next(ret, "routing_key", declared[i].key ? declared[i].key : declared[i].name);
        buffer_add_text(ret, ", \"arguments\": {}}");
    }
    buffer_add_text(ret, "]\n");
}

void definitions_print(const char *const *passwords, struct buffer *ret)
{
    buffer_add_text(ret, "{\"vhosts\": [{\"name\": \"/\"}],\n");
    print_users(passwords, ret);
    print_permissions(ret);
    print_exchanges(ret);
    print_queues(ret);
    buffer_add_text(ret, "}\n");
}
