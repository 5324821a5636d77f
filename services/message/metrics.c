#include "message.h"

#include "command.h"

static const char *const kinds[] = {
    [COMMAND_SEND] = "send",       [COMMAND_TYPING] = "typing",
    [COMMAND_MEMBERS] = "members", [COMMAND_CHANGE] = "change",
    [COMMAND_MARK] = "mark",       [COMMAND_TIMER] = "timer",
    [COMMAND_EXPIRE] = "expire",   [COMMAND_UNREADABLE] = "unreadable",
};

static const char *const steps[] = {
    [MESSAGE_STEP_LOAD] = "load",       [MESSAGE_STEP_JUDGE] = "judge",
    [MESSAGE_STEP_STORE] = "store",     [MESSAGE_STEP_EFFECTS] = "effects",
    [MESSAGE_STEP_PUBLISH] = "publish",
};

static const char *const outcomes[] = {"stored", "refused"};

static const struct metric_bounds batch_bounds = {9, {1, 2, 4, 8, 16, 32, 64, 128, 256}};

static const struct metric_info infos[] = {
    [MESSAGE_PARTITIONS] = {"parley_message_partitions", METRIC_GAUGE,
                            "Partitions that this process owns, of 16 in all."},
    [MESSAGE_COMMANDS] = {"parley_message_commands_total",
                          METRIC_COUNTER,
                          "Commands of the partitions, by kind and by how they were answered.",
                          {METRIC_TEXTS("kind", kinds), METRIC_STATUS("status")},
                          .sparse = true},
    [MESSAGE_BATCH_COMMANDS] = {"parley_message_batch_commands", METRIC_HISTOGRAM,
                                "Commands in a batch: all that were waiting, 256 at most.",
                                .bounds = &batch_bounds},
    [MESSAGE_BATCH_SECONDS] = {"parley_message_batch_seconds",
                               METRIC_HISTOGRAM,
                               "How long each step of a batch took: load what it needs, judge it, "
                               "store messages, then what follows from them, publish.",
                               {METRIC_TEXTS("step", steps)},
                               .bounds = &metric_bounds_us,
                               .per = METRIC_US},
    [MESSAGE_BATCHES_FAILED] = {"parley_message_batches_failed_total", METRIC_COUNTER,
                                "Batches given back, since the outcome of a step is not known."},
    [MESSAGE_STORED] = {"parley_message_stored_total", METRIC_COUNTER,
                        "Messages that were stored."},
    [MESSAGE_INDEXED] = {"parley_message_indexed_total", METRIC_COUNTER,
                         "Messages that can be searched for since."},
    [MESSAGE_INBOUND] = {"parley_message_inbound_total",
                         METRIC_COUNTER,
                         "Messages of service accounts on the bus.",
                         {METRIC_TEXTS("outcome", outcomes)}},
};

struct metrics message_metrics = METRICS(infos);

void message_count_batch(const struct command *commands, size_t n)
{
    metrics_observe(&message_metrics, MESSAGE_BATCH_COMMANDS, METRIC_AT(0), (int64_t)n);
    for (size_t i = 0; i < n; i++)
        metrics_add(&message_metrics, MESSAGE_COMMANDS,
                    METRIC_AT(commands[i].kind, commands[i].error.status), 1);
}

/* What others look at, too, is counted in the state. */
void message_measure(void *state)
{
    struct message_state *message = state;

    metrics_set(&message_metrics, MESSAGE_PARTITIONS, METRIC_AT(0),
                atomic_load(&message->partitions));
    metrics_set(&message_metrics, MESSAGE_STORED, METRIC_AT(0), atomic_load(&message->stored));
}
