/* The owner: claims its share of the partitions (balance.h), takes what is waiting, and settles it.
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
#define PUBLISH_CHANNEL 1            /* bus.h */
#define BATCH_COMMANDS REPUBLISH_MAX /* bulks past this gain nothing more (architecture.md) */
#define CLAIM_MS 250                 /* how often partitions are tried for */
#define BACKOFF_FIRST_MS 100         /* after MongoDB failed; doubled up to the next */
#define BACKOFF_MAX_MS 2000
#define USER_TIMEOUT_MS 1000
#define ATTEMPTS 3 /* for one command that cannot be handled, before it is parked */

struct owner {
    struct message_state *message;
    struct service_context *context;
    struct bus *consume;
    struct bus *publish;
    unsigned held;  /* partitions: bit k */
    unsigned asked; /* those that RabbitMQ has yet to give us, or to refuse */
    unsigned taken; /* by others, as they say */
    int quota;
    int64_t claimed_at; /* 0: try now */
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

static int n_held(const struct owner *owner)
{
    return __builtin_popcount(owner->held);
}

/* With what we may yet be given. */
static int n_claimed(const struct owner *owner)
{
    return __builtin_popcount(owner->held | owner->asked);
}

static void release(struct owner *owner, int k)
{
    bus_channel_close(owner->consume, FIRST_CHANNEL + k);
    owner->held &= ~(1u << k);
    owner->asked &= ~(1u << k);
    atomic_store(&owner->message->partitions, n_held(owner));
}

static void release_all(struct owner *owner)
{
    clear_hand(owner);
    for (int k = 0; k < PARTITIONS; k++)
        if ((owner->held | owner->asked) >> k & 1)
            release(owner, k);
    ledger_clear(&owner->ledger);
    owner->claimed_at = 0;
}

/* Both connections are heard, or RabbitMQ would end them in a long absence of MongoDB's: nothing is
 * consumed on them now, but their heartbeats are sent by reading. */
static void pause_a_moment(struct owner *owner)
{
    struct bus *const buses[] = {owner->consume, owner->publish};

    for (size_t i = 0; i < N_ELEMENTS(buses); i++) {
        struct delivery nothing;

        if (bus_is_connected(buses[i]) && bus_take(buses[i], 0, -1, &nothing, NULL) == STATUS_OK)
            bus_delivery_clear(&nothing);
    }
    (void)poll(NULL, 0, 20);
}

/* Give up everything and wait a little, longer each time in a row, and as long as no primary can be
 * reached. Meanwhile we tell nobody that we are there: to the others, who may reach it, we are dead. */
static void back_off(struct owner *owner, const struct error *err)
{
    int64_t until = clock_monotonic() + owner->backoff_ms;

    log_warn("batch given back", LOG_TEXT("reason", err->text),
             LOG_NUMBER("wait_ms", owner->backoff_ms));
    release_all(owner);
    while (!atomic_load(&owner->context->stopping) &&
           (clock_monotonic() < until || store_ping(owner->message->store, NULL) != STATUS_OK))
        pause_a_moment(owner);
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

/* Another process has come: it gets what is above our share, between two batches, all at once, since
 * the ledger is looked through once. What we have published is in its queues before the next owner can
 * publish: he is behind us for whoever listens. */
static enum status release_surplus(struct owner *owner, struct error *err)
{
    unsigned before = owner->held;
    enum status s;

    if (n_held(owner) <= owner->quota)
        return STATUS_OK;
    s = bus_sync(owner->publish, PUBLISH_CHANNEL, err);
    if (s != STATUS_OK)
        return s;
    for (int k = PARTITIONS - 1; n_held(owner) > owner->quota; k--)
        if (owner->held >> k & 1)
            release(owner, k);
    ledger_forget(&owner->ledger, before & ~owner->held);
    log_info("partitions released", LOG_NUMBER("left", n_held(owner)));
    return STATUS_OK;
}

/* What nobody says that he holds, up to our share. The answers are not waited for: with a broker a
 * second away that took 48 s for eight partitions, and who says nothing for so long is dead to the
 * others (docs/decisions/0201). */
static enum status claim(struct owner *owner, struct error *err)
{
    enum status s = STATUS_OK;

    if (n_claimed(owner) >= owner->quota || clock_monotonic() - owner->claimed_at < CLAIM_MS)
        return STATUS_OK;
    owner->claimed_at = clock_monotonic();
    for (int k = 0; k < PARTITIONS && s == STATUS_OK && n_claimed(owner) < owner->quota; k++) {
        const struct queue_info *info = &queues[QUEUE_MESSAGE_P0 + k];

        if ((owner->held | owner->asked | owner->taken) >> k & 1)
            continue;
        owner->asked |= 1u << k;
        s = bus_consume_nowait(owner->consume, FIRST_CHANNEL + k, info->name, info->prefetch,
                               BUS_EXCLUSIVE, err);
    }
    return s;
}

/* What RabbitMQ has given us of what we asked for. */
static void note_claims(struct owner *owner)
{
    for (int k = 0; k < PARTITIONS; k++) {
        if (!(owner->asked >> k & 1) || !bus_is_consuming(owner->consume, FIRST_CHANNEL + k))
            continue;
        owner->asked &= ~(1u << k);
        owner->held |= 1u << k;
        atomic_store(&owner->message->partitions, n_held(owner));
        search_queue_sweep(&owner->message->search_queue); /* a former owner's news died */
        log_info("partition claimed", LOG_NUMBER("partition", k));
    }
}

/* Another has it still. False: it was ours. */
static bool note_refusal(struct owner *owner, int channel)
{
    unsigned bit = 1u << (channel - FIRST_CHANNEL);
    bool was_asked = (owner->asked & bit) != 0;

    owner->asked &= ~bit;
    return was_asked;
}

static enum status share_partitions(struct owner *owner, struct error *err)
{
    struct share *share = &owner->message->share;
    bool is_news;
    enum status s;

    owner->quota = share_quota(share, &owner->taken, &is_news);
    atomic_store(&owner->message->quota, owner->quota);
    if (is_news)
        owner->claimed_at = 0;
    s = release_surplus(owner, err);
    if (s == STATUS_OK)
        s = claim(owner, err);
    if (s == STATUS_OK)
        s = share_tell(share, owner->publish, owner->held, err);
    return s;
}

static enum status park(struct owner *owner, int partition, struct slice bytes, const char *reason,
                        struct error *err)
{
    log_error("command parked", LOG_NUMBER("partition", partition), LOG_TEXT("reason", reason));
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
    struct share *share = &owner->message->share;
    int due_ms = share_due_ms(share);
    int wait_ms = n_held(owner) < owner->quota && due_ms > CLAIM_MS ? CLAIM_MS : due_ms;

    while (owner->n_commands < BATCH_COMMANDS) {
        struct delivery delivery = {0};
        enum status s = bus_take(owner->consume, wait_ms, share->wake_fd, &delivery, err);

        if (s == STATUS_NOT_FOUND ||
            (s == STATUS_CONFLICT && note_refusal(owner, delivery.channel)))
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
    }
    return s;
}

static enum status handle_batch(struct owner *owner, struct error *err)
{
    enum status s = gather(owner, err);

    note_claims(owner);
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
    struct error err;
    bool is_told = false;

    if (owner->publish && bus_is_connected(owner->publish))
        is_told = bus_sync(owner->publish, PUBLISH_CHANNEL, &err) == STATUS_OK;
    if (owner->consume)
        release_all(owner);
    if (is_told && share_leave(&owner->message->share, owner->publish, &err) != STATUS_OK)
        log_warn("left without a word", LOG_TEXT("reason", err.text));
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
            s = share_partitions(&owner, &err);
        if (s == STATUS_OK)
            s = handle_batch(&owner, &err);
        if (s != STATUS_OK && !atomic_load(&context->stopping))
            back_off(&owner, &err);
    }
    owner_close(&owner);
}
