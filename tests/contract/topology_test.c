/* docs/topology.md is printed from the tables of libs/wire/topology.c:
 *
 *     topology_test --print     prints the page (tools/gen-docs)
 *     topology_test             holds the page against the tables */

#include <regex.h>
#include <string.h>

#include "tests/contract/files.h"
#include "wire/bus_rights.h"
#include "wire/declarations.h"
#include "wire/topology.h"

static void print_exchanges(struct buffer *ret)
{
    buffer_add_text(ret,
                    "## Exchanges\n\n| exchange | type | durable | carries |\n|---|---|---|---|\n");
    for (size_t i = 0; i < EXCHANGE_COUNT; i++)
        buffer_printf(ret, "| `%s` | %s | %s | %s |\n", exchanges[i].name, exchanges[i].type,
                      exchanges[i].durable ? "yes" : "no", exchanges[i].carries);
}

static void print_attempts(const struct queue_info *queue, struct buffer *ret)
{
    if (queue->max_attempts)
        buffer_printf(ret, "%d, %lld ms apart, in `%s.retry`", queue->max_attempts,
                      (long long)queue->retry_ms, queue->name);
    else
        buffer_add_text(ret, "in order, until it is done");
}

static void print_queues(struct buffer *ret)
{
    buffer_add_text(ret, "\n## Queues\n\n"
                         "| queue | bound to | key | in hand | attempts | when full | what |\n"
                         "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        const struct queue_info *queue = &queues[i];

        buffer_printf(ret, "| `%s` | `%s` | `%s` | ", queue->name, exchanges[queue->exchange].name,
                      queue->key);
        if (queue->prefetch) {
            buffer_printf(ret, "%d | ", queue->prefetch);
            print_attempts(queue, ret);
        } else {
            buffer_add_text(ret, "nobody consumes it | ");
        }
        buffer_printf(ret, " | %s at %lld MiB | %s |\n",
                      queue->drop_oldest ? "drops the oldest" : "refuses",
                      (long long)(queue->max_length_bytes >> 20), queue->why);
    }
}

static void print_transient(struct buffer *ret)
{
    char user_queue[TOPOLOGY_NAME_MAX];
    char user_key[TOPOLOGY_NAME_MAX];
    char group_key[TOPOLOGY_NAME_MAX];
    char node_queue[TOPOLOGY_NAME_MAX];
    char node_key[TOPOLOGY_NAME_MAX];

    topology_user_queue("<user_id>", "<node>", user_queue);
    topology_user_key("<user_id>", user_key);
    topology_group_key("<group_id>", group_key);
    topology_node_queue("<node>", node_queue);
    topology_node_key("<node>", node_key);
    buffer_printf(ret,
                  "\n## Transient queues\n\n"
                  "Made by the process that consumes them, all bound to `%s`.\n\n"
                  "| queue | keys | made for | limits |\n"
                  "|---|---|---|---|\n"
                  "| `%s` | `%s` | a user who has sockets on that push node | expires after %d s "
                  "without a consumer; messages live %d s; %d of them, then the oldest go |\n"
                  "| `%s` | `%s`; on push `%s` for each group of its users | answers for one "
                  "process; on push what goes to groups | %d messages, then the oldest go |\n",
                  exchanges[EXCHANGE_DELIVER].name, user_queue, user_key,
                  USER_QUEUE_EXPIRES_MS / 1000, USER_QUEUE_TTL_MS / 1000, USER_QUEUE_MAX_LENGTH,
                  node_queue, node_key, group_key, NODE_QUEUE_MAX_LENGTH);
}

static void print_events(struct buffer *ret)
{
    buffer_printf(ret, "\n## Events\n\nOn `%s`:\n\n| key | record | what |\n|---|---|---|\n",
                  exchanges[EXCHANGE_EVENT].name);
    for (size_t i = 0; i < n_event_infos; i++)
        buffer_printf(ret, "| `%s` | [`%s`](../schemas/%s.json) | %s |\n", event_infos[i].key,
                      event_infos[i].record->name, event_infos[i].record->name, event_infos[i].why);
}

/* In a table's cell: a bar would end it. */
static void print_expression(const char *expression, struct buffer *ret)
{
    buffer_add_text(ret, " `");
    for (const char *p = expression; *p; p++) {
        if (*p == '|')
            buffer_add_text(ret, "\\");
        buffer_add(ret, p, 1);
    }
    buffer_add_text(ret, "` |");
}

static void print_rights(struct buffer *ret)
{
    buffer_printf(
        ret,
        "\n## Rights\n\n"
        "Of each service's user, by `libs/wire/bus_rights.c`, as regular expressions: what "
        "they may make (configure), publish to and bind (write), consume and bind to "
        "(read), and with which keys they may publish on `%s`. `parleyctl secrets` makes "
        "the users.\n\n"
        "| user | configure | write | read | events |\n|---|---|---|---|---|\n",
        exchanges[EXCHANGE_EVENT].name);
    for (size_t i = 0; i < n_bus_rights; i++) {
        buffer_printf(ret, "| `%s` |", bus_rights[i].user);
        print_expression(bus_rights[i].configure, ret);
        print_expression(bus_rights[i].write, ret);
        print_expression(bus_rights[i].read, ret);
        print_expression(bus_rights[i].events, ret);
        buffer_add_text(ret, "\n");
    }
}

static void print_page(struct buffer *ret)
{
    buffer_printf(ret,
                  "# Topology\n\n"
                  "Everything that is declared in RabbitMQ, printed from `libs/wire/topology.c` by "
                  "`make docs`.\n\n"
                  "A conversation belongs to one of %d partitions: FNV-1a of its id, modulo %d. "
                  "Each partition's queue has one consumer at a time.\n\n",
                  PARTITIONS, PARTITIONS);
    print_exchanges(ret);
    print_queues(ret);
    print_transient(ret);
    print_events(ret);
    print_rights(ret);
}

static void the_page_is_printed_from_the_tables(void **state)
{
    CLEANUP(buffer_clear) struct buffer page = {0};
    CLEANUP(buffer_clear) struct buffer file = {0};

    (void)state;
    print_page(&page);
    assert_true(read_file("docs/topology.md", &file));
    assert_string_equal(buffer_text(&file), buffer_text(&page)); /* else: make docs */
}

/* ---- Rights */

static bool matches(const char *expression, const char *name)
{
    regex_t compiled;
    bool ret;

    assert_int_equal(regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB), 0);
    ret = regexec(&compiled, name, 0, NULL, 0) == 0;
    regfree(&compiled);
    return ret;
}

static bool is_operator(const struct bus_rights *rights)
{
    return strcmp(rights->user, BUS_OPERATOR) == 0;
}

/* How many services' users a name is allowed to by one of their expressions. */
#define COUNT(member, name) \
    ({ \
        size_t n_ = 0; \
        for (size_t i_ = 0; i_ < n_bus_rights; i_++) \
            n_ += !is_operator(&bus_rights[i_]) && matches(bus_rights[i_].member, name); \
        n_; \
    })

static void services_declare_nothing_that_lasts(void **state)
{
    struct queue_declaration declared[DECLARATIONS_MAX];
    size_t n = topology_declarations(declared);

    (void)state;
    for (size_t i = 0; i < EXCHANGE_COUNT; i++)
        assert_int_equal(COUNT(configure, exchanges[i].name), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(COUNT(configure, declared[i].name), 0);
        assert_int_equal(COUNT(write, declared[i].name), 0); /* it is bound already */
    }
}

static void each_durable_queue_is_read_by_one_service_the_dead_one_by_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        assert_int_equal(COUNT(read, queues[i].name), queues[i].prefetch ? 1 : 0);
}

static void each_event_has_a_service_that_may_publish_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_event_infos; i++) {
        /* Who is online is told by push, and by user of those whose push has died. */
        size_t wanted = strcmp(event_infos[i].key, EVENT_PRESENCE) == 0 ? 2 : 1;

        if (COUNT(events, event_infos[i].key) != wanted)
            fail_msg("%s: libs/wire/bus_rights.c", event_infos[i].key);
    }
    assert_int_equal(COUNT(events, "something.else"), 0);
}

static void a_queue_of_a_process_belongs_to_its_service_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_bus_rights; i++) {
        CLEANUP(buffer_clear) struct buffer node = {0};
        char queue[TOPOLOGY_NAME_MAX];

        if (is_operator(&bus_rights[i]))
            continue;
        buffer_printf(&node, "%s-2.identity", bus_rights[i].user);
        topology_node_queue(buffer_text(&node), queue);
        assert_true(matches(bus_rights[i].configure, queue));
        assert_int_equal(COUNT(configure, queue), 1);
        assert_int_equal(COUNT(write, queue), 1);
        assert_int_equal(COUNT(read, queue), 1);
    }
    assert_int_equal(COUNT(configure, "user.user_1.push-2"), 1);
    assert_int_equal(COUNT(read, "user.user_1.push-2"), 1);
}

static void names_of_queues_and_exchanges_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(queues[i].name, queues[j].name);
    for (size_t i = 0; i < EXCHANGE_COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(exchanges[i].name, exchanges[j].name);
}

/* ---- asyncapi.json tells others what is in the tables. */

static const cJSON *exchange_of(const cJSON *channel)
{
    const cJSON *bindings = cJSON_GetObjectItemCaseSensitive(channel, "bindings");
    const cJSON *amqp = cJSON_GetObjectItemCaseSensitive(bindings, "amqp");

    return cJSON_GetObjectItemCaseSensitive(amqp, "exchange");
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text ? text : "";
}

/* The channel on that exchange with that address, or with any when it is NULL. */
static const cJSON *find_channel(const cJSON *channels, enum exchange exchange, const char *address)
{
    const cJSON *channel;

    cJSON_ArrayForEach(channel, channels)
    {
        if (strcmp(text_of(exchange_of(channel), "name"), exchanges[exchange].name) == 0 &&
            (!address || strcmp(text_of(channel, "address"), address) == 0))
            return channel;
    }
    return NULL;
}

static void each_exchange_has_a_channel_and_each_channel_its_exchange(void **state)
{
    cJSON *document = read_json("schemas/asyncapi.json");
    const cJSON *channels = cJSON_GetObjectItemCaseSensitive(document, "channels");
    const cJSON *channel;

    (void)state;
    for (size_t i = 0; i < EXCHANGE_COUNT; i++)
        if (!find_channel(channels, (enum exchange)i, NULL))
            fail_msg("asyncapi.json has no channel on %s", exchanges[i].name);
    cJSON_ArrayForEach(channel, channels)
    {
        const cJSON *exchange = exchange_of(channel);
        size_t i = 0;

        if (!exchange)
            continue; /* not on the bus */
        while (i < EXCHANGE_COUNT && strcmp(text_of(exchange, "name"), exchanges[i].name) != 0)
            i++;
        if (i == EXCHANGE_COUNT)
            fail_msg("channel %s is on no exchange of ours", channel->string);
        assert_string_equal(text_of(exchange, "type"), exchanges[i].type);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(exchange, "durable")),
                         exchanges[i].durable);
    }
    cJSON_Delete(document);
}

static const char *address_of(const struct queue_info *queue)
{
    if (queue->exchange == EXCHANGE_COMMAND)
        return "message.p{partition}";
    return queue->exchange == EXCHANGE_DEAD ? "{from}" : queue->key;
}

static void each_queue_and_key_has_its_channel(void **state)
{
    cJSON *document = read_json("schemas/asyncapi.json");
    const cJSON *channels = cJSON_GetObjectItemCaseSensitive(document, "channels");
    char keys[3][TOPOLOGY_NAME_MAX];

    (void)state;
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        if (!find_channel(channels, queues[i].exchange, address_of(&queues[i])))
            fail_msg("asyncapi.json has no channel for %s", queues[i].name);
    topology_user_key("{user_id}", keys[0]);
    topology_group_key("{group_id}", keys[1]);
    topology_node_key("{node}", keys[2]);
    for (size_t i = 0; i < N_ELEMENTS(keys); i++)
        if (!find_channel(channels, EXCHANGE_DELIVER, keys[i]))
            fail_msg("asyncapi.json has no channel for %s", keys[i]);
    cJSON_Delete(document);
}

/* By way of the channel's only message. */
static void each_event_is_described_by_its_record(void **state)
{
    cJSON *document = read_json("schemas/asyncapi.json");
    const cJSON *channels = cJSON_GetObjectItemCaseSensitive(document, "channels");
    const cJSON *components = cJSON_GetObjectItemCaseSensitive(document, "components");
    const cJSON *messages = cJSON_GetObjectItemCaseSensitive(components, "messages");

    (void)state;
    for (size_t i = 0; i < n_event_infos; i++) {
        CLEANUP(buffer_clear) struct buffer schema = {0};
        const cJSON *channel = find_channel(channels, EXCHANGE_EVENT, event_infos[i].key);
        const cJSON *message;

        if (!channel)
            fail_msg("asyncapi.json has no channel for %s", event_infos[i].key);
        message = cJSON_GetObjectItemCaseSensitive(channel, "messages")->child;
        message = cJSON_GetObjectItemCaseSensitive(messages, message->string);
        buffer_printf(&schema, "%s.json", event_infos[i].record->name);
        assert_string_equal(text_of(cJSON_GetObjectItemCaseSensitive(message, "payload"), "$ref"),
                            buffer_text(&schema));
    }
    cJSON_Delete(document);
}

/* Another hash would send a conversation's next message to a partition that does not know it. */
static void a_conversation_stays_in_its_partition_for_ever(void **state)
{
    static const struct {
        const char *conversation_id;
        int partition;
    } cases[] = {
        {"group:g", 15},
        {"single:a:b", 12},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(
            topology_partition(cases[i].conversation_id, strlen(cases[i].conversation_id)),
            cases[i].partition);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_printed_from_the_tables),
        cmocka_unit_test(services_declare_nothing_that_lasts),
        cmocka_unit_test(each_durable_queue_is_read_by_one_service_the_dead_one_by_none),
        cmocka_unit_test(each_event_has_a_service_that_may_publish_it),
        cmocka_unit_test(a_queue_of_a_process_belongs_to_its_service_alone),
        cmocka_unit_test(names_of_queues_and_exchanges_are_unique),
        cmocka_unit_test(each_exchange_has_a_channel_and_each_channel_its_exchange),
        cmocka_unit_test(each_queue_and_key_has_its_channel),
        cmocka_unit_test(each_event_is_described_by_its_record),
        cmocka_unit_test(a_conversation_stays_in_its_partition_for_ever),
    };

    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        CLEANUP(buffer_clear) struct buffer page = {0};

        print_page(&page);
        return fputs(buffer_text(&page), stdout) < 0;
    }
    return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
