/* What clients say: in the loops. Each frame is checked, and answered here or passed on. */

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "push.h"
#include "wire/envelope.h"
#include "wire/frames.h"

static void answer(struct ws_connection *connection, const struct buffer *json)
{
    CLEANUP(ws_frame_free)
    struct ws_frame *frame = ws_frame_new(WS_TEXT, (struct slice){json->data, json->length});

    ws_connection_send(connection, frame);
}

static void refuse(struct ws_connection *connection, const char *message_id,
                   const struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};

    frame_refuse(message_id, err, &json);
    answer(connection, &json);
}

static bool take_token(struct bucket *bucket, int64_t now, int per_second, int burst)
{
    bucket->tokens += (double)(now - bucket->filled_at) * per_second / 1000;
    if (bucket->tokens > burst)
        bucket->tokens = burst;
    bucket->filled_at = now;
    if (bucket->tokens < 1)
        return false;
    bucket->tokens -= 1;
    return true;
}

void inbound_pass_on(struct gathered *gathered, const struct envelope *envelope)
{
    struct buffer *commands = &gathered->commands[topology_partition(
        envelope->conversation_id.data, envelope->conversation_id.length)];
    size_t before = commands->length;

    envelope_add(commands, envelope);
    gathered->command_bytes += commands->length - before;
}

static void pass_on(struct push_state *push, struct ws_connection *connection,
                    const char *conversation_id, struct slice payload)
{
    const struct socket *socket = ws_connection_data(connection);
    const struct envelope envelope = {
        .kind = ENVELOPE_FRAME,
        .connection_id = ws_connection_id(connection),
        .seq = clock_monotonic_us(),
        .node = slice_of(push->context->config->node_id),
        .user_id = slice_of(socket->user_id),
        .session_id = slice_of(socket->session_id),
        .conversation_id = slice_of(conversation_id),
        .payload = payload,
    };

    inbound_pass_on(&push->gathered[ws_connection_loop(connection)], &envelope);
}

/* To the conversation with a person, or of a group. */
static void pass_on_to(struct push_state *push, struct ws_connection *connection, const char *to,
                       const char *group_id, struct slice payload)
{
    const struct socket *socket = ws_connection_data(connection);
    char conversation_id[CONVERSATION_ID_MAX];

    if (group_id)
        conversation_id_group(group_id, conversation_id);
    else
        conversation_id_single(socket->user_id, to, conversation_id);
    pass_on(push, connection, conversation_id, payload);
}

/* Can commands be passed on now? */
static enum status check_way(struct push_state *push, struct ws_connection *connection,
                             size_t length, struct error *err)
{
    const struct gathered *gathered = &push->gathered[ws_connection_loop(connection)];

    if (!atomic_load_explicit(&push->is_publishing, memory_order_relaxed) ||
        outgoing_is_full(&push->outgoing, gathered->command_bytes + length))
        return error_set(err, STATUS_UNAVAILABLE, "cannot be sent on now; try again");
    return STATUS_OK;
}

static void handle_send(struct push_state *push, struct ws_connection *connection,
                        struct frame_send *send, struct slice payload)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    char message_id[ID_MAX];

    if (!send->message_id) { /* an older client: then the id is ours, in the bytes as well */
        id_new("msg_", message_id);
        send->message_id = memory_text(message_id);
        record_to_json(&frame_send_record, send, &json);
        payload = (struct slice){json.data, json.length};
    }
    pass_on_to(push, connection, send->to, send->group_id, payload);
}

static enum status check_typing(struct socket *socket, int64_t now, struct error *err)
{
    if (socket->typed_at && now - socket->typed_at < TYPING_EVERY_MS)
        return error_set(err, STATUS_TOO_FAST, "typing may be told once a second");
    socket->typed_at = now;
    return STATUS_OK;
}

static void handle_heartbeat(struct ws_connection *connection, const struct frame_heartbeat *frame)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    CLEANUP(buffer_clear) struct buffer now = {0};
    struct frame_heartbeat reply = {.type = FRAME_HEARTBEAT_ANSWER, .content = frame->content};

    if (!reply.content.text) {
        buffer_printf(&now, "{\"timestamp\":%lld}", (long long)clock_now());
        reply.content.text = buffer_text(&now);
    }
    record_to_json(&frame_heartbeat_record, &reply, &json);
    answer(connection, &json);
}

static bool is_mark(const struct frame *frame)
{
    return frame->record == &frame_read_record || frame->record == &frame_delivered_record;
}

/* Read before it is counted, so that a refusal names its message. */
static enum status check_pace(struct socket *socket, const struct frame *frame, int64_t now,
                              struct error *err)
{
    bool mark = is_mark(frame);
    int per_second = mark ? MARKS_PER_SECOND : MESSAGES_PER_SECOND;

    if (take_token(mark ? &socket->marks : &socket->messages, now, per_second,
                   mark ? MARKS_BURST : MESSAGES_BURST))
        return STATUS_OK;
    return error_set(err, STATUS_TOO_FAST, "at most %d %s a second", per_second,
                     mark ? "receipts" : "messages");
}

/* NULL: it need not be one of his. */
static const char *named_conversation(const struct frame *frame)
{
    if (frame_is_change(frame))
        return frame->change.conversation_id;
    if (frame->record == &frame_read_record)
        return frame->read.conversation_id;
    return frame->record == &frame_delivered_record ? frame->delivered.conversation_id : NULL;
}

static enum status check(struct push_state *push, struct ws_connection *connection,
                         struct slice payload, struct frame *frame, struct error *err)
{
    struct socket *socket = ws_connection_data(connection);
    int64_t now = clock_monotonic();
    const char *conversation_id;
    struct error unused;
    enum status s = frame_from_json(payload.data, payload.length, frame, err);
    enum status pace = check_pace(socket, frame, now, s == STATUS_OK ? err : &unused);

    if (s != STATUS_OK)
        return s;
    if (pace != STATUS_OK)
        return pace;
    conversation_id = named_conversation(frame);
    if (frame->record == &frame_typing_record)
        s = check_typing(socket, now, err);
    if (s == STATUS_OK && conversation_id)
        s = conversation_id_check(conversation_id, socket->user_id, err);
    if (s == STATUS_OK && frame->record != &frame_heartbeat_record)
        s = check_way(push, connection, payload.length, err);
    return s;
}

/* In groups nobody is shown what was delivered: it goes no further. */
static void handle_mark(struct push_state *push, struct ws_connection *connection,
                        const struct frame *frame)
{
    struct gathered *gathered = &push->gathered[ws_connection_loop(connection)];
    const struct frame_delivered *delivered = &frame->delivered;

    if (frame->record == &frame_read_record)
        marks_add(gathered, connection, &frame->read);
    else if (strncmp(delivered->conversation_id, "group:", strlen("group:")) != 0)
        marks_add(
            gathered, connection,
            &(struct frame_read){delivered->type, delivered->conversation_id, delivered->seq});
}

/* A frame is a trace of its own, for a socket lives for days: linked to the socket's, or the client's if
 * the frame names one. Heartbeats, and what cannot be read, have none. */
static void begin_span(struct trace_span *span, const struct trace *socket,
                       const struct frame *frame)
{
    const char *given = NULL;

    if (frame->record == &frame_send_record)
        given = frame->send.traceparent;
    else if (frame_is_change(frame))
        given = frame->change.traceparent;
    if (given && trace_parse(slice_of(given), &span->here))
        span_begin(span, SPAN_SERVER, frame->record->name, slice_of(given));
    else
        span_begin_new(span, SPAN_SERVER, frame->record->name, socket);
    if (trace_is_sampled(socket))
        span_link(span, socket);
    log_debug("frame taken", LOG_TEXT("type", frame->record->name));
}

void inbound_message(void *state, struct ws_connection *connection, struct slice payload,
                     bool binary)
{
    struct push_state *push = state;
    CLEANUP(frame_clear) struct frame frame = {0};
    struct error err;
    enum status s = check(push, connection, payload, &frame, &err);
    const struct socket *socket = ws_connection_data(connection);
    const struct trace opened = socket->trace; /* the socket may be gone when the span ends */
    struct trace_span span = {.is_begun = false};

    (void)binary; /* the codec lets none through */
    if (s == STATUS_OK && frame.record != &frame_heartbeat_record)
        begin_span(&span, &opened, &frame);
    metrics_add(&push_metrics, PUSH_FRAMES, METRIC_AT(push_frame_of(&frame), s), 1);
    if (s != STATUS_OK)
        refuse(connection, frame_message_id(&frame), &err);
    else if (frame.record == &frame_send_record)
        handle_send(push, connection, &frame.send, payload);
    else if (frame.record == &frame_typing_record)
        pass_on_to(push, connection, frame.typing.to, frame.typing.group_id, payload);
    else if (frame_is_change(&frame))
        pass_on(push, connection, frame.change.conversation_id, payload);
    else if (is_mark(&frame))
        handle_mark(push, connection, &frame);
    else if (frame.record == &frame_heartbeat_record)
        handle_heartbeat(connection, &frame.heartbeat);
    span_end(&span, true);
}

void inbound_turn(void *state, size_t loop)
{
    struct push_state *push = state;
    struct gathered *gathered = &push->gathered[loop];

    marks_pass_on(push, gathered);
    if (gathered->command_bytes > 0)
        outgoing_put(&push->outgoing, gathered->commands);
    gathered->command_bytes = 0;
    mailbox_put(&push->to_router, &gathered->letters);
}
