#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot.h"
#include "log/log.h"
#include "trace/span.h"
#include "wire/envelope.h"

#define CHANNEL_COMMANDS 2
#define TAKE_TIMEOUT_MS 500 /* how soon the worker sees that it must stop */
#define ASK_WAIT_MS 50

static const char *const outcomes[] = {
    [BOT_ANSWERED] = "answered",
    [BOT_REFUSED] = "refused",
    [BOT_RETRIED] = "retried",
    [BOT_PARKED] = "parked",
};

static const struct metric_info infos[] = {
    [BOT_COMMANDS] = {"parley_bot_commands_total",
                      METRIC_COUNTER,
                      "Commands to bots; refused: the answer may not be sent any more.",
                      {METRIC_TEXTS("outcome", outcomes)}},
};

struct metrics bot_metrics = METRICS(infos);

DEFINE_RECORD_CLEANUP(struct stored_command, stored_command)

/* UNAVAILABLE: try again later. Everything else is settled. */
static enum status answer(struct bot_state *bot, const struct stored_command *command,
                          struct error *err)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    enum status s;

    /* Bots never trigger bots, themselves least of all; and for service accounts, which people see as
     * bots, nobody speaks but their programs. */
    if (strcmp(command->from, command->bot_user_id) == 0 ||
        strcmp(command->bot_user_id, bot->hubot_id) != 0)
        return STATUS_OK;
    builtin_answer(command->text, &text);
    s = reply_send(bot, command, buffer_text(&text), err);
    if (s == STATUS_OK) {
        metrics_add(&bot_metrics, BOT_COMMANDS, METRIC_AT(BOT_ANSWERED), 1);
        return s;
    }
    if (status_fate(s) != FATE_ANSWER)
        return s;
    metrics_add(&bot_metrics, BOT_COMMANDS, METRIC_AT(BOT_REFUSED), 1);
    log_info("reply refused", LOG_TEXT("conversation_id", command->conversation_id),
             LOG_TEXT("status", status_name(s)), LOG_TEXT("reason", err->text));
    return STATUS_OK;
}

static enum status handle(struct bot_state *bot, const struct envelope *envelope, struct error *err)
{
    CLEANUP(stored_command_clear) struct stored_command command = {0};
    enum status s;

    if (envelope->kind != ENVELOPE_EVENT)
        return error_set(err, STATUS_INVALID, "not an event but kind %d", (int)envelope->kind);
    s = record_from_json(&stored_command_record, envelope->payload.data, envelope->payload.length,
                         &command, err);
    return s == STATUS_OK ? answer(bot, &command, err) : s;
}

/* Keep what cannot be handled, alone: the other commands of its body are answered. */
static enum status park(struct bus *bus, const struct envelope *envelope,
                        const struct error *reason, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};

    metrics_add(&bot_metrics, BOT_COMMANDS, METRIC_AT(BOT_PARKED), 1);
    log_error("command parked", LOG_TEXT("reason", reason->text));
    envelope_add(&body, envelope);
    return bus_park(bus, queues[QUEUE_BOT_COMMAND].name, (struct slice){body.data, body.length},
                    reason->text, err);
}

/* *ret_is_aside: the whole delivery was put aside. */
static enum status settle(struct bot_state *bot, struct bus *bus, const struct delivery *delivery,
                          const struct envelope *envelope, bool *ret_is_aside, struct error *err)
{
    struct error reason = {0};
    enum status s = handle(bot, envelope, &reason);

    log_debug("command answered", LOG_TEXT("status", status_name(s)));
    *ret_is_aside = status_fate(s) == FATE_RETRY;
    if (*ret_is_aside) {
        metrics_add(&bot_metrics, BOT_COMMANDS, METRIC_AT(BOT_RETRIED), 1);
        log_warn("command put aside", LOG_TEXT("reason", reason.text),
                 LOG_NUMBER("attempts", delivery->attempts));
        return bus_retry(bus, QUEUE_BOT_COMMAND, delivery, reason.text, err);
    }
    return s == STATUS_OK ? s : park(bus, envelope, &reason, err);
}

/* A body is settled as a whole. Put aside, its first commands are answered again when it comes
 * back, by messages that are stored already. */
static enum status handle_body(struct bot_state *bot, struct bus *bus,
                               const struct delivery *delivery, struct error *err)
{
    struct slice rest = delivery->body;
    struct envelope envelope;
    struct error reason = {0};
    enum status s;

    while ((s = envelope_next(&rest, &envelope, &reason)) == STATUS_OK) {
        struct trace_span span;
        bool is_aside = false;

        span_begin_given(&span, SPAN_CONSUMER, "bot.command", envelope.traceparent);
        s = settle(bot, bus, delivery, &envelope, &is_aside, err);
        span_end(&span, s == STATUS_OK && !is_aside);
        if (s != STATUS_OK || is_aside)
            return s;
    }
    if (s != STATUS_NOT_FOUND) {
        metrics_add(&bot_metrics, BOT_COMMANDS, METRIC_AT(BOT_PARKED), 1);
        log_error("commands parked", LOG_TEXT("reason", reason.text));
        s = bus_park(bus, queues[QUEUE_BOT_COMMAND].name, delivery->body, reason.text, err);
        if (s != STATUS_OK)
            return s;
    }
    return bus_ack(bus, delivery->channel, delivery->tag, false, err);
}

/* Answers go over a connection of their own: what is taken before it is there would only be put
 * aside. */
static void wait_for_ask(const struct service_context *context)
{
    const struct timespec pause = {0, ASK_WAIT_MS * 1000000};

    while (!context->stopping && !ask_is_connected(context->ask))
        nanosleep(&pause, NULL);
}

/* Until the connection is lost or the service stops. */
static enum status consume(struct bot_state *bot, struct bus *bus, struct error *err)
{
    const struct queue_info *queue = &queues[QUEUE_BOT_COMMAND];
    struct delivery delivery;
    enum status s;

    s = bus_consume(bus, CHANNEL_COMMANDS, queue->name, queue->prefetch, 0, err);
    atomic_store(&bot->connected, s == STATUS_OK);
    while (s == STATUS_OK && !bot->context->stopping) {
        s = bus_take(bus, TAKE_TIMEOUT_MS, -1, &delivery, err);
        if (s == STATUS_NOT_FOUND) {
            s = STATUS_OK;
            continue;
        }
        if (s != STATUS_OK)
            break;
        s = handle_body(bot, bus, &delivery, err);
        bus_delivery_clear(&delivery);
    }
    atomic_store(&bot->connected, false);
    return s;
}

void inbox_run(void *state, struct service_context *context)
{
    struct bot_state *bot = state;
    CLEANUP(bus_close) struct bus *bus = NULL;
    struct error err;

    if (bus_open(context->config->amqp_url, "bot", &bus, &err) != STATUS_OK) {
        log_error("cannot read commands", LOG_TEXT("reason", err.text));
        return;
    }
    while (!context->stopping) {
        if (bus_reconnect(bus, &context->stopping, &err) != STATUS_OK)
            return;
        wait_for_ask(context);
        log_info("reading commands");
        if (consume(bot, bus, &err) != STATUS_OK)
            log_warn("reading commands ended", LOG_TEXT("reason", err.text));
    }
}
