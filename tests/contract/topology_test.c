/* docs/topology.md is printed from the tables of libs/wire/topology.c:
 *
 *     topology_test --print     prints the page (tools/gen-docs)
 *     topology_test             holds the page against the tables */

#include <string.h>

#include "tests/contract/files.h"
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
    static const char *const keys[] = {EVENT_USER_REGISTERED, EVENT_SESSION_ENDED,
                                       EVENT_STORED_COMMAND};

    buffer_printf(ret, "\n## Events\n\nRouting keys on `%s`:\n\n", exchanges[EXCHANGE_EVENT].name);
    for (size_t i = 0; i < N_ELEMENTS(keys); i++)
        buffer_printf(ret, "- `%s`\n", keys[i]);
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
        cmocka_unit_test(names_of_queues_and_exchanges_are_unique),
        cmocka_unit_test(a_conversation_stays_in_its_partition_for_ever),
    };

    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        CLEANUP(buffer_clear) struct buffer page = {0};

        print_page(&page);
        return fputs(buffer_text(&page), stdout) < 0;
    }
    return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
