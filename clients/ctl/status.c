/* How everything is: asked of the processes themselves, and of what they stand on. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "bus/inspect.h"
#include "cache/nodes.h"
#include "commands.h"
#include "ctl.h"
#include "output.h"
#include "processes.h"
#include "settings.h"
#include "store/members.h"

enum { CHANNEL_MEASURE = 2 };

#define LAG_MAX_MS 10000 /* a secondary that is so far behind would hold up a fail-over */

struct queue_status {
    char *queue;
    int64_t messages;
    int64_t consumers;
};

static const struct field queue_fields[] = {
    FIELD(struct queue_status, queue),
    FIELD(struct queue_status, messages),
    FIELD(struct queue_status, consumers),
};
static const struct record queue_record =
    RECORD("ctl.queue_status", struct queue_status, queue_fields);

struct overall {
    int64_t at;
    bool ok;
    struct strings faults;
    struct list processes;  /* struct process */
    struct list push_nodes; /* struct cache_node: as Redis knows them */
    struct list queues;     /* struct queue_status */
    struct list members;    /* struct store_member */
};

static const struct field overall_fields[] = {
    FIELD(struct overall, at),
    FIELD(struct overall, ok),
    FIELD(struct overall, faults, .item_max = 400),
    FIELD(struct overall, processes, .of = &process_record),
    FIELD(struct overall, push_nodes, .of = &cache_node_record),
    FIELD(struct overall, queues, .of = &queue_record),
    FIELD(struct overall, members, .of = &store_member_record),
};
static const struct record overall_record = RECORD("ctl.overall", struct overall, overall_fields);

static void PRINTF_LIKE(2, 3) add_fault(struct overall *overall, const char *fmt, ...)
{
    char room[400];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(room, sizeof room, fmt, args); /* cut is fine */
    va_end(args);
    strings_add(&overall->faults, room);
}

/* ---- The processes */

static void judge_processes(struct overall *overall)
{
    const struct process *processes = overall->processes.items;
    int64_t partitions = 0;
    bool all_told = true;

    for (size_t i = 0; i < overall->processes.n; i++) {
        const struct process *process = &processes[i];
        bool is_message = strcmp(process->service, "message") == 0;

        if (!process->ready)
            add_fault(overall, "%s at %s is not ready: %s", process->service, process->address,
                      process->why);
        if (is_message && process->ready)
            partitions += process->partitions;
        all_told &= !is_message || process->ready;
    }
    if (all_told && partitions != PARTITIONS)
        add_fault(overall, "of %d partitions %" PRId64 " have an owner", PARTITIONS, partitions);
}

/* ---- What they stand on */

static void judge_queue(struct overall *overall, enum queue queue,
                        const struct queue_measure *measure)
{
    if (queue == QUEUE_DEAD && measure->messages > 0)
        add_fault(overall, "%" PRId64 " dead letters: see `parleyctl dead list`",
                  measure->messages);
    if (queue != QUEUE_DEAD && measure->consumers == 0)
        add_fault(overall, "nobody consumes the queue %s, where %" PRId64 " wait",
                  queues[queue].name, measure->messages);
}

static enum status look_at_queues(struct overall *overall, struct bus *bus, struct error *err)
{
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        struct queue_measure measure;
        struct queue_status *row;
        enum status s = bus_look_at(bus, CHANNEL_MEASURE, queues[i].name, &measure, err);

        if (s != STATUS_OK)
            return s;
        row = list_add(&overall->queues, &queue_record);
        row->queue = memory_text(queues[i].name);
        row->messages = measure.messages;
        row->consumers = measure.consumers;
        judge_queue(overall, (enum queue)i, &measure);
    }
    return STATUS_OK;
}

static void look_at_rabbitmq(struct overall *overall, const char *amqp_url)
{
    struct bus *bus = NULL;
    struct error err;
    enum status s = bus_open(amqp_url, "parleyctl", &bus, &err);

    if (s == STATUS_OK)
        s = bus_connect(bus, &err);
    if (s == STATUS_OK)
        s = look_at_queues(overall, bus, &err);
    if (s != STATUS_OK)
        add_fault(overall, "%s", err.text);
    bus_close(bus);
}

static void judge_members(struct overall *overall)
{
    const struct store_member *members = overall->members.items;

    for (size_t i = 0; i < overall->members.n; i++) {
        if (!members[i].is_well)
            add_fault(overall, "MongoDB's member %s is %s", members[i].name, members[i].state);
        else if (members[i].lag_ms > LAG_MAX_MS)
            add_fault(overall, "MongoDB's member %s is %" PRId64 " s behind", members[i].name,
                      members[i].lag_ms / 1000);
    }
}

static void look_at_mongodb(struct overall *overall, const char *mongodb_uri)
{
    struct store *store = NULL;
    struct error err;
    enum status s = store_open(mongodb_uri, &store, &err);

    if (s == STATUS_OK)
        s = store_members(store, &overall->members, &err);
    if (s == STATUS_OK)
        judge_members(overall);
    else
        add_fault(overall, "%s", err.text);
    store_close(store);
}

static void look_at_redis(struct overall *overall, const char *redis_url)
{
    struct cache *cache = NULL;
    struct error err;
    enum status s = cache_open(redis_url, &cache, &err);

    if (s == STATUS_OK)
        s = cache_list_nodes(cache, &overall->push_nodes, &err);
    if (s != STATUS_OK)
        add_fault(overall, "%s", err.text);
    cache_close(cache);
}

/* ---- The command */

static void look(struct overall *overall, const struct settings *settings)
{
    overall->at = clock_now();
    processes_look(settings, &overall->processes);
    judge_processes(overall);
    if (settings->amqp_url)
        look_at_rabbitmq(overall, settings->amqp_url);
    if (settings->mongodb_uri)
        look_at_mongodb(overall, settings->mongodb_uri);
    if (settings->redis_url)
        look_at_redis(overall, settings->redis_url);
    overall->ok = overall->faults.n == 0;
}

static void print_part(const char *title, const struct record *rec, const struct list *list)
{
    if (list->n == 0)
        return;
    printf("\n%s\n", title);
    output_table(rec, list);
}

static void print(const struct overall *overall)
{
    output_table(&process_record, &overall->processes);
    print_part("push nodes in Redis", &cache_node_record, &overall->push_nodes);
    print_part("queues", &queue_record, &overall->queues);
    print_part("MongoDB", &store_member_record, &overall->members);
    puts(overall->ok ? "\nall is well" : "\nwrong:");
    for (size_t i = 0; i < overall->faults.n; i++) {
        CLEANUP(buffer_clear) struct buffer text = {0};

        output_harmless(&text, overall->faults.items[i]);
        printf("  %s\n", buffer_text(&text));
    }
}

int run_status(int argc, char **argv)
{
    CLEANUP(settings_clear) struct settings settings = {0};
    struct overall overall = {0};
    bool as_json = take_flag(&argc, argv, "--json");
    bool ok;

    if (argc != 1)
        return CTL_USAGE;
    if (!settings_read(&settings))
        return CTL_FAILED;
    look(&overall, &settings);
    if (as_json)
        output_json(&overall_record, &overall);
    else
        print(&overall);
    ok = overall.ok;
    record_clear(&overall_record, &overall);
    return ok ? CTL_OK : CTL_FAILED;
}
