/* The way in for service accounts on the bus: what they publish to im.inbound goes through the
 * partition of its conversation, as everything does.
 *
 * The broker was told to keep a message until it is acknowledged, and that happens once its outcome is
 * known: stored (then the store has it), refused and said so to its reply_to, or parked. So a process
 * that dies leaves it in the queue, and the next one sends it to the partition again, where its
 * message_id says that it is the same. What nobody answers, or is refused for now (50301), stays in
 * hand and is tried again until it is done; meanwhile others pass it.
 *
 * One thread and one connection: the queue on one channel, the partitions' answers on another. One
 * process at a time consumes the queue, since two would change the order of what one sender sent;
 * the others try for it, and take it within CLAIM_MS of its owner's end. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "message.h"

#define CHANNEL_IN 2
#define CHANNEL_ANSWERS 3
#define TAKE_MS 500
#define CLAIM_MS 1000
#define ANSWER_MS 5000 /* as over HTTP */
#define AGAIN_MS 1000  /* after an answer of 50301, and while auth is away */
#define FIND_MS 1000
#define SENDER_MS 2000 /* so long an answer of auth's is kept: an ended account sends no longer */
#define SENDERS_MAX 1000

/* A service account, by the name that the broker vouches for. */
struct sender {
    char *username;
    char user_id[ID_MAX];
    int64_t until;
    UT_hash_handle hh;
};

/* A message in hand. */
struct pending {
    uint64_t id; /* its connection_id on our node */
    struct delivery delivery;
    struct frame frame; /* a send */
    char user_id[ID_MAX];
    char conversation_id[CONVERSATION_ID_MAX];
    struct buffer json;     /* the frame as the partition gets it */
    int64_t due_at;         /* when to try, or to try again */
    struct trace_span span; /* the current one while we are at it */
    UT_hash_handle hh;
};

struct inbound {
    struct message_state *message;
    struct service_context *context;
    struct bus *bus;
    char *node; /* where the answers go */
    uint64_t last_id;
    bool is_ours; /* the queue */
    int64_t claim_at;
    struct pending *pending; /* hash by id: the queue's prefetch at most */
    struct sender *senders;  /* hash by username */
    int64_t ask_at;          /* auth is away: not before */
};

/* ---- Settling */

static void pending_free(struct inbound *inbound, struct pending *pending)
{
    span_end(&pending->span, true);
    HASH_DEL(inbound->pending, pending);
    bus_delivery_clear(&pending->delivery);
    frame_clear(&pending->frame);
    buffer_clear(&pending->json);
    free(pending);
}

static enum status acknowledge(struct inbound *inbound, struct pending *pending, struct error *err)
{
    enum status s = bus_ack(inbound->bus, CHANNEL_IN, pending->delivery.tag, false, err);

    pending_free(inbound, pending);
    return s;
}

/* With who sent it, which the parked bytes do not say. Of what is too long the beginning will do: one
 * of 100 MB would push all else out of im.dead. */
static enum status park(struct inbound *inbound, struct pending *pending, const char *reason,
                        struct error *err)
{
    CLEANUP(buffer_clear) struct buffer why = {0};
    struct slice body = pending->delivery.body;
    enum status s;

    buffer_printf(&why, "%s (from %s, %zu bytes)", reason,
                  pending->delivery.user_id ? pending->delivery.user_id : "nobody", body.length);
    body.length = body.length < FRAME_MAX ? body.length : FRAME_MAX;
    log_warn("inbound message parked", LOG_TEXT("reason", buffer_text(&why)));
    s = bus_park(inbound->bus, queues[QUEUE_MESSAGE_INBOUND].name, body, buffer_text(&why), err);
    return s == STATUS_OK ? acknowledge(inbound, pending, err) : s;
}

/* Somebody learns of it: the sender, if he told where to, or else who looks at im.dead. */
static enum status answer(struct inbound *inbound, struct pending *pending, struct slice ack,
                          const char *refusal, struct error *err)
{
    enum status s = bus_reply(inbound->bus, &pending->delivery, ack, err);

    if (s == STATUS_INVALID && refusal)
        return park(inbound, pending, refusal, err);
    if (s != STATUS_OK && s != STATUS_INVALID)
        return s;
    metrics_add(&message_metrics, MESSAGE_INBOUND, METRIC_AT(refusal != NULL), 1);
    return acknowledge(inbound, pending, err);
}

static enum status refuse(struct inbound *inbound, struct pending *pending,
                          const struct error *reason, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer ack = {0};

    frame_refuse(frame_message_id(&pending->frame), reason, &ack);
    return answer(inbound, pending, (struct slice){ack.data, ack.length}, reason->text, err);
}

/* ---- Who sends */

static void forget_sender(struct inbound *inbound, struct sender *sender)
{
    HASH_DEL(inbound->senders, sender);
    free(sender->username);
    free(sender);
}

static void forget_senders(struct inbound *inbound)
{
    struct sender *sender;
    struct sender *next;

    HASH_ITER(hh, inbound->senders, sender, next)
        forget_sender(inbound, sender);
}

static struct sender *keep_sender(struct inbound *inbound, const char *username,
                                  const struct service_identity *found)
{
    struct sender *sender = memory_new(sizeof *sender);

    if (HASH_COUNT(inbound->senders) >= SENDERS_MAX)
        forget_senders(inbound);
    sender->username = memory_text(username);
    (void)snprintf(sender->user_id, sizeof sender->user_id, "%s", found->user_id); /* fits */
    sender->until = clock_monotonic() + SENDER_MS;
    HASH_ADD_KEYPTR(hh, inbound->senders, sender->username, strlen(sender->username), sender);
    return sender;
}

/* UNAUTHENTICATED: no service account has that name. INVALID: nobody could. */
static enum status find_sender(struct inbound *inbound, const char *username,
                               const struct sender **ret, struct error *err)
{
    const struct service_query query = {.username = (char *)username}; /* only read */
    struct service_identity found;
    struct sender *sender;
    enum status s;

    HASH_FIND_STR(inbound->senders, username, sender);
    if (sender && sender->until > clock_monotonic()) {
        *ret = sender;
        return STATUS_OK;
    }
    if (sender)
        forget_sender(inbound, sender);
    if (inbound->ask_at > clock_monotonic())
        return error_set(err, STATUS_UNAVAILABLE, "auth does not answer");
    s = rpc_call(inbound->message->auth_rpc, RPC_AUTH_FIND_SERVICE, &service_query_record, &query,
                 &service_identity_record, &found, FIND_MS, err);
    if (s == STATUS_UNAVAILABLE)
        inbound->ask_at = clock_monotonic() + AGAIN_MS;
    if (s != STATUS_OK)
        return s;
    *ret = keep_sender(inbound, username, &found);
    record_clear(&service_identity_record, &found);
    return STATUS_OK;
}

/* ---- Through the partition */

static enum status read_body(struct pending *pending, struct error *err)
{
    const struct slice body = pending->delivery.body;
    enum status s;

    if (body.length > FRAME_MAX)
        return error_set(err, STATUS_TOO_LARGE, "a frame has at most %d bytes", FRAME_MAX);
    s = frame_from_json(body.data, body.length, &pending->frame, err);
    if (s != STATUS_OK)
        return s;
    if (pending->frame.record != &frame_send_record)
        return error_field(err, STATUS_INVALID, "type", "field 'type' must be a message's here");
    if (!pending->frame.send.message_id)
        return error_field(err, STATUS_INVALID, "message_id",
                           "field 'message_id' is needed here: it makes a repetition harmless");
    record_to_json(&frame_send_record, &pending->frame.send, &pending->json);
    return STATUS_OK;
}

static enum status send(struct inbound *inbound, struct pending *pending, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    const struct frame_send *message = &pending->frame.send;
    char key[TOPOLOGY_NAME_MAX];
    struct envelope envelope;

    if (message->group_id)
        conversation_id_group(message->group_id, pending->conversation_id);
    else
        conversation_id_single(pending->user_id, message->to, pending->conversation_id);
    envelope = (struct envelope){
        .kind = ENVELOPE_FRAME,
        .connection_id = pending->id,
        .node = slice_of(inbound->node),
        .user_id = slice_of(pending->user_id),
        .conversation_id = slice_of(pending->conversation_id),
        .payload = {pending->json.data, pending->json.length},
    };
    envelope_add(&body, &envelope);
    topology_partition_key(
        topology_partition(pending->conversation_id, strlen(pending->conversation_id)), key);
    pending->due_at = clock_monotonic() + ANSWER_MS;
    return bus_publish(inbound->bus, EXCHANGE_COMMAND, key, NULL, 0,
                       (struct slice){body.data, body.length}, 0, err);
}

/* Send it, or settle it. The body was read before. */
static enum status try(struct inbound *inbound, struct pending *pending, struct error *err)
{
    const struct sender *sender = NULL;
    struct error reason;
    enum status s = find_sender(inbound, pending->delivery.user_id, &sender, &reason);

    if (s == STATUS_UNAVAILABLE) {
        pending->due_at = clock_monotonic() + AGAIN_MS;
        return STATUS_OK;
    }
    if (s != STATUS_OK)
        return refuse(inbound, pending, &reason, err);
    strcpy(pending->user_id, sender->user_id);
    return send(inbound, pending, err);
}

/* Takes the delivery over. */
static enum status take(struct inbound *inbound, const struct delivery *delivery, struct error *err)
{
    struct pending *pending = memory_new(sizeof *pending);
    struct error reason;

    pending->id = ++inbound->last_id;
    pending->delivery = *delivery;
    HASH_ADD(hh, inbound->pending, id, sizeof pending->id, pending);
    span_begin(&pending->span, SPAN_CONSUMER, "message.inbound",
               slice_of(pending->delivery.traceparent));
    if (!pending->delivery.user_id || !*pending->delivery.user_id)
        return park(inbound, pending, "no user_id: the broker vouches for nobody", err);
    if (read_body(pending, &reason) != STATUS_OK)
        return refuse(inbound, pending, &reason, err);
    return try(inbound, pending, err);
}

static enum status take_answer(struct inbound *inbound, const struct envelope *envelope,
                               struct error *err)
{
    const struct slice payload = envelope->payload;
    struct pending *pending;
    struct frame_ack ack;
    enum status s;

    HASH_FIND(hh, inbound->pending, &envelope->connection_id, sizeof pending->id, pending);
    if (!pending || envelope->kind != ENVELOPE_ANSWER)
        return STATUS_OK; /* settled by an answer to an earlier try */
    if (record_from_json(&frame_ack_record, payload.data, payload.length, &ack, NULL) != STATUS_OK)
        return STATUS_OK; /* cannot happen: we wrote it; tried again */
    if (status_from_code(ack.code) == STATUS_UNAVAILABLE) {
        pending->due_at = clock_monotonic() + AGAIN_MS;
        s = STATUS_OK;
    } else {
        span_resume(&pending->span);
        s = answer(inbound, pending, payload, ack.code == 0 ? NULL : ack.message, err);
        (void)trace_set_current(NULL); /* it may be gone */
    }
    record_clear(&frame_ack_record, &ack);
    return s;
}

static enum status take_answers(struct inbound *inbound, const struct delivery *delivery,
                                struct error *err)
{
    struct slice rest = delivery->body;
    struct envelope envelope;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && envelope_next(&rest, &envelope, NULL) == STATUS_OK)
        s = take_answer(inbound, &envelope, err);
    return s;
}

/* ---- The loop */

static enum status try_again(struct inbound *inbound, struct error *err)
{
    struct pending *pending;
    struct pending *next;
    enum status s = STATUS_OK;

    HASH_ITER(hh, inbound->pending, pending, next)
        if (s == STATUS_OK && pending->due_at <= clock_monotonic()) {
            span_resume(&pending->span);
            s = try(inbound, pending, err);
            (void)trace_set_current(NULL);
        }
    return s;
}

static enum status turn(struct inbound *inbound, struct error *err)
{
    struct delivery delivery = {0};
    enum status s = bus_take(inbound->bus, TAKE_MS, -1, &delivery, err);

    if (s == STATUS_OK && delivery.channel == CHANNEL_IN) {
        s = take(inbound, &delivery, err);
        (void)trace_set_current(NULL);
    } else if (s == STATUS_OK) {
        s = take_answers(inbound, &delivery, err);
        bus_delivery_clear(&delivery);
    } else if (s == STATUS_NOT_FOUND) {
        s = STATUS_OK;
    }
    return s == STATUS_OK ? try_again(inbound, err) : s;
}

static enum status claim(struct inbound *inbound, struct error *err)
{
    const struct queue_info *queue = &queues[QUEUE_MESSAGE_INBOUND];
    enum status s;

    if (inbound->is_ours || clock_monotonic() < inbound->claim_at)
        return STATUS_OK;
    inbound->claim_at = clock_monotonic() + CLAIM_MS;
    s = bus_consume(inbound->bus, CHANNEL_IN, queue->name, queue->prefetch, BUS_EXCLUSIVE, err);
    inbound->is_ours = s == STATUS_OK;
    return s == STATUS_CONFLICT ? STATUS_OK : s; /* another process has it */
}

/* Until the connection is lost or the service stops. What is in hand is then the broker's again. */
static enum status consume(struct inbound *inbound, struct error *err)
{
    struct pending *pending;
    struct pending *next;
    enum status s = bus_consume_node(inbound->bus, CHANNEL_ANSWERS, inbound->node, err);

    inbound->is_ours = false;
    inbound->claim_at = 0;
    while (s == STATUS_OK && !atomic_load(&inbound->context->stopping)) {
        s = claim(inbound, err);
        if (s == STATUS_OK)
            s = turn(inbound, err);
    }
    HASH_ITER(hh, inbound->pending, pending, next)
        pending_free(inbound, pending);
    return s;
}

void inbound_run(void *state, struct service_context *context)
{
    /* An answer to a question of an earlier life must not fit one of ours. */
    struct inbound inbound = {
        .message = state, .context = context, .last_id = (uint64_t)clock_now() << 20};
    CLEANUP(buffer_clear) struct buffer node = {0};
    struct error err;

    buffer_printf(&node, "%s.inbound", context->config->node_id);
    inbound.node = buffer_text(&node);
    if (bus_open(context->config->amqp_url, inbound.node, &inbound.bus, &err) != STATUS_OK) {
        log_error("inbound cannot start", LOG_TEXT("reason", err.text));
        return;
    }
    while (!atomic_load(&context->stopping) &&
           bus_reconnect(inbound.bus, &context->stopping, &err) == STATUS_OK)
        if (consume(&inbound, &err) != STATUS_OK)
            log_warn("reading of inbound messages ended", LOG_TEXT("reason", err.text));
    forget_senders(&inbound);
    bus_close(inbound.bus);
}
