/* The owner: claims partitions, takes what is waiting, and settles it.
 *
 * One channel per partition, given up by closing it, never by basic.cancel: a cancelled consumer's
 * unacked messages come back behind newer ones (measured). Whenever the outcome of a write is
 * unknown or another owner shows, all channels are closed, all that was known is forgotten, and the
 * partitions are claimed again: the commands come back in their old order. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "batch.h"
#include "log/log.h"

#define FIRST_CHANNEL 2
#define BATCH_COMMANDS REPUBLISH_MAX /* bulks past this gain nothing more (architecture.md) */
#define CLAIM_MS 250                 /* how often a partition that another holds is tried for */
#define BACKOFF_FIRST_MS 100         /* after MongoDB failed; doubled up to the next */
#define BACKOFF_MAX_MS 2000
#define USER_TIMEOUT_MS 1000
#define ATTEMPTS 3 /* for one command that cannot be handled, before it is parked */

struct owner {
    struct message_state *message;
    struct service_context *context;
    struct bus *consume;
    struct bus *publish;
    bool held[PARTITIONS];
    int64_t claimed_at;
    int64_t backoff_ms;
    struct ledger ledger;
    struct permissions permissions;
    struct batch_context batch;
    /* What is in hand. */
    struct delivery *deliveries;
    size_t n_deliveries;
    struct command *commands;
    size_t n_commands;
};

static void clear_hand(struct owner *owner)
{
    for (size_t i = 0; i < owner->n_commands; i++)
        command_clear(&owner->commands[i]);
    for (size_t i = 0; i < owner->n_deliveries; i++)
        bus_delivery_clear(&owner->deliveries[i]);
    owner->n_commands = 0;
    owner->n_deliveries = 0;
}

static void count_partitions(struct owner *owner)
{
    int n = 0;

    for (int k = 0; k < PARTITIONS; k++)
        n += owner->held[k];
    atomic_store(&owner->message->partitions, n);
}

static void release_all(struct owner *owner)
{
    clear_hand(owner);
    for (int k = 0; k < PARTITIONS; k++) {
        if (owner->held[k])
            bus_channel_close(owner->consume, FIRST_CHANNEL + k);
        owner->held[k] = false;
    }
    count_partitions(owner);
    ledger_clear(&owner->ledger);
    owner->claimed_at = 0;
}

/* Give up everything and wait a little, longer each time in a row. */
static void back_off(struct owner *owner, const struct error *err)
{
    int64_t until = clock_monotonic() + owner->backoff_ms;

    log_warn("batch given back", LOG_TEXT("reason", err->text),
             LOG_NUMBER("wait_ms", owner->backoff_ms));
    release_all(owner);
    while (clock_monotonic() < until && !atomic_load(&owner->context->stopping))
        (void)poll(NULL, 0, 20);
    owner->backoff_ms =
        owner->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : owner->backoff_ms * 2;
}

static enum status connect(struct owner *owner, struct error *err)
{
    enum status s = STATUS_OK;

    if (!bus_is_connected(owner->consume)) {
        release_all(owner);
        permissions_clear(&owner->permissions); /* events may have been missed */
        s = bus_reconnect(owner->consume, &owner->context->stopping, err);
    }
    if (s == STATUS_OK && !bus_is_connected(owner->publish))
        s = bus_reconnect(owner->publish, &owner->context->stopping, err);
    return s;
}

static enum status claim(struct owner *owner, struct error *err)
{
    if (clock_monotonic() - owner->claimed_at < CLAIM_MS)
        return STATUS_OK;
    owner->claimed_at = clock_monotonic();
    for (int k = 0; k < PARTITIONS; k++) {
        const struct queue_info *info = &queues[QUEUE_MESSAGE_P0 + k];
        enum status s;

        if (owner->held[k])
            continue;
        s = bus_consume(owner->consume, FIRST_CHANNEL + k, info->name, info->prefetch,
                        BUS_EXCLUSIVE, err);
        if (s == STATUS_OK) {
            owner->held[k] = true;
            search_queue_sweep(&owner->message->search_queue); /* a former owner's news died */
            log_info("partition claimed", LOG_NUMBER("partition", k));
        } else if (s != STATUS_CONFLICT) { /* CONFLICT: another has it still */
            return s;
        }
    }
    count_partitions(owner);
    return STATUS_OK;
}

static enum status park(struct owner *owner, int partition, struct slice bytes, const char *reason,
                        struct error *err)
{
    log_error("command parked", LOG_NUMBER("partition", partition), LOG_TEXT("reason", reason));
    atomic_fetch_add(&owner->message->parked, 1);
    return bus_park(owner->publish, queues[QUEUE_MESSAGE_P0 + partition].name, bytes, reason, err);
}

/* The envelopes of one delivery become commands; from the first malformed one on, its bytes are
 * parked, since nothing after it can be found. */
static enum status unpack(struct owner *owner, const struct delivery *delivery, struct error *err)
{
    int partition = delivery->channel - FIRST_CHANNEL;
    struct slice rest = delivery->body;

    for (;;) {
        struct slice here = rest;
        struct envelope envelope;
        enum status s = envelope_next(&rest, &envelope, err);

        if (s == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (s != STATUS_OK)
            return park(owner, partition, here, err->text, err);
        if ((owner->n_commands & (owner->n_commands - 1)) == 0)
            owner->commands =
                memory_grow(owner->commands, owner->n_commands ? owner->n_commands * 2 : 1,
                            sizeof *owner->commands);
        command_init(&owner->commands[owner->n_commands++], &envelope, partition);
    }
}

/* All that is waiting, at most a batch. A batch of one waits for nobody. */
static enum status gather(struct owner *owner, struct error *err)
{
    int wait_ms = atomic_load(&owner->message->partitions) == PARTITIONS ? 500 : CLAIM_MS;

    while (owner->n_commands < BATCH_COMMANDS) {
        struct delivery delivery = {0};
        enum status s = bus_take(owner->consume, wait_ms, -1, &delivery, err);

        if (s == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (s != STATUS_OK)
            return s;
        owner->deliveries =
            memory_grow(owner->deliveries, owner->n_deliveries + 1, sizeof *owner->deliveries);
        owner->deliveries[owner->n_deliveries++] = delivery;
        s = unpack(owner, &owner->deliveries[owner->n_deliveries - 1], err);
        if (s != STATUS_OK)
            return s;
        wait_ms = 0;
    }
    return STATUS_OK;
}

/* Deliveries of one channel are acknowledged up to the last. */
static enum status acknowledge(struct owner *owner, struct error *err)
{
    uint64_t last[PARTITIONS] = {0};

    for (size_t i = 0; i < owner->n_deliveries; i++)
        last[owner->deliveries[i].channel - FIRST_CHANNEL] = owner->deliveries[i].tag;
    for (int k = 0; k < PARTITIONS; k++) {
        enum status s = STATUS_OK;

        if (last[k])
            s = bus_ack(owner->consume, FIRST_CHANNEL + k, last[k], true, err);
        if (s != STATUS_OK)
            return s;
    }
    clear_hand(owner);
    return STATUS_OK;
}

static enum status refuse_and_park(struct owner *owner, struct command *command, const char *reason,
                                   struct error *err)
{
    CLEANUP(buffer_clear) struct buffer bytes = {0};
    enum status s;

    envelope_add(&bytes, &command->envelope);
    s = park(owner, command->partition, (struct slice){bytes.data, bytes.length}, reason, err);
    return s == STATUS_OK ? batch_refuse(&owner->batch, command, err) : s;
}

/* Somewhere in the batch is a command that cannot be handled: find it by handling one at a time. */
static enum status run_singly(struct owner *owner, struct command *commands, size_t n,
                              struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        enum status s = STATUS_INTERNAL;

        for (int attempt = 0; attempt < ATTEMPTS && s == STATUS_INTERNAL; attempt++) {
            ledger_clear(&owner->ledger);
            s = batch_run(&owner->batch, &commands[i], 1, err);
        }
        if (s == STATUS_INTERNAL) {
            struct error reason = *err;

            ledger_clear(&owner->ledger);
            s = refuse_and_park(owner, &commands[i], reason.text, err);
        }
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* What the edge should not have let through: kept for us to look at, and answered (by batch_run()).
 */
static enum status park_unreadable(struct owner *owner, struct error *err)
{
    for (size_t i = 0; i < owner->n_commands; i++) {
        const struct command *command = &owner->commands[i];
        CLEANUP(buffer_clear) struct buffer bytes = {0};
        enum status s;

        if (command->kind != COMMAND_UNREADABLE)
            continue;
        envelope_add(&bytes, &command->envelope);
        s = park(owner, command->partition, (struct slice){bytes.data, bytes.length},
                 command->error.text, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* Nothing is delivered on the publishing connection, but its heartbeats are sent by reading it:
 * without them RabbitMQ ends it in a quiet hour, and the next batch finds it gone. */
static enum status keep_publishing(struct owner *owner, struct error *err)
{
    struct delivery nothing;
    enum status s = bus_take(owner->publish, 0, -1, &nothing, err);

    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* The last delivery may hold more commands than a batch: then they are several. What one of them
 * leaves behind when we die must stay within REPUBLISH_MAX. */
static enum status run_all(struct owner *owner, struct error *err)
{
    enum status s = STATUS_OK;

    for (size_t i = 0; i < owner->n_commands && s == STATUS_OK; i += BATCH_COMMANDS) {
        struct command *commands = &owner->commands[i];
        size_t n = owner->n_commands - i < BATCH_COMMANDS ? owner->n_commands - i : BATCH_COMMANDS;

        ledger_trim(&owner->ledger);
        s = batch_run(&owner->batch, commands, n, err);
        if (s == STATUS_INTERNAL)
            s = run_singly(owner, commands, n, err);
        atomic_fetch_add(&owner->message->batches, 1);
    }
    return s;
}

static enum status handle_batch(struct owner *owner, struct error *err)
{
    enum status s = gather(owner, err);

    if (s == STATUS_OK)
        s = keep_publishing(owner, err);
    if (s == STATUS_OK)
        s = park_unreadable(owner, err);
    if (s == STATUS_OK)
        s = run_all(owner, err);
    if (s != STATUS_OK || owner->n_deliveries == 0)
        return s;
    atomic_fetch_add(&owner->message->commands, (int64_t)owner->n_commands);
    owner->backoff_ms = BACKOFF_FIRST_MS;
    return acknowledge(owner, err);
}

static enum status owner_open(struct owner *owner, struct error *err)
{
    const struct service_config *config = owner->context->config;
    enum status s = bus_open(config->amqp_url, config->node_id, &owner->consume, err);

    return s == STATUS_OK ? bus_open(config->amqp_url, config->node_id, &owner->publish, err) : s;
}

static void owner_close(struct owner *owner)
{
    if (owner->consume)
        release_all(owner);
    permissions_clear(&owner->permissions);
    bus_close(owner->consume);
    bus_close(owner->publish);
    free(owner->commands);
    free(owner->deliveries);
}

static enum status ask_user(void *context, const struct pairs *pairs, struct pair_answers *ret)
{
    struct message_state *message = context;

    return rpc_call(message->user_rpc, RPC_USER_MAY_WRITE, &pairs_record, pairs,
                    &pair_answers_record, ret, USER_TIMEOUT_MS, NULL);
}

void owner_run(void *state, struct service_context *context)
{
    struct message_state *message = state;
    struct owner owner = {
        .message = message,
        .context = context,
        .backoff_ms = BACKOFF_FIRST_MS,
        .ledger = {.store = message->store},
        .permissions = {.ask = ask_user, .context = message, .news = &message->news},
    };
    struct error err;

    owner.batch = (struct batch_context){
        .message = message, .ledger = &owner.ledger, .permissions = &owner.permissions};
    if (owner_open(&owner, &err) != STATUS_OK)
        log_error("owner cannot start", LOG_TEXT("reason", err.text));
    owner.batch.publish = owner.publish;
    while (owner.publish && !atomic_load(&context->stopping)) {
        enum status s = connect(&owner, &err);

        if (s == STATUS_OK)
            s = claim(&owner, &err);
        if (s == STATUS_OK)
            s = handle_batch(&owner, &err);
        if (s != STATUS_OK && !atomic_load(&context->stopping))
            back_off(&owner, &err);
    }
    owner_close(&owner);
}
