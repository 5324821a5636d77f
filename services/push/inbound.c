/* What clients say: in the loops. Each frame is checked, and answered here or passed on. */

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "push.h"
#include "wire/envelope.h"
#include "wire/frames.h"

static void answer(struct ws_connection *connection, const struct buffer *json)
{
    CLEANUP(ws_frame_free)
    struct ws_frame *frame = ws_frame_new(WS_TEXT, (struct slice){json->data, json->length});

    ws_connection_send(connection, frame);
}

static void refuse(struct push_state *push, struct ws_connection *connection,
                   const char *message_id, const struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};

    atomic_fetch_add_explicit(&push->refused, 1, memory_order_relaxed);
    frame_refuse(message_id, err, &json);
    answer(connection, &json);
}

/* A bucket that holds MESSAGES_BURST and gains MESSAGES_PER_SECOND. */
static bool take_token(struct socket *socket, int64_t now)
{
    socket->tokens += (double)(now - socket->filled_at) * MESSAGES_PER_SECOND / 1000;
    if (socket->tokens > MESSAGES_BURST)
        socket->tokens = MESSAGES_BURST;
    socket->filled_at = now;
    if (socket->tokens < 1)
        return false;
    socket->tokens -= 1;
    return true;
}

static void pass_on(struct push_state *push, struct ws_connection *connection,
                    const char *conversation_id, struct slice payload)
{
    struct gathered *gathered = &push->gathered[ws_connection_loop(connection)];
    const struct socket *socket = ws_connection_data(connection);
    struct envelope envelope = {
        .kind = ENVELOPE_FRAME,
        .connection_id = ws_connection_id(connection),
        .node = slice_of(push->context->config->node_id),
        .user_id = slice_of(socket->user_id),
        .session_id = slice_of(socket->session_id),
        .traceparent = slice_of(socket->traceparent),
        .payload = payload,
    };
    struct buffer *commands;
    size_t before;

    envelope.conversation_id = slice_of(conversation_id);
    commands = &gathered->commands[topology_partition(envelope.conversation_id.data,
                                                      envelope.conversation_id.length)];
    before = commands->length;
    envelope_add(commands, &envelope);
    gathered->command_bytes += commands->length - before;
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

static enum status check(struct push_state *push, struct ws_connection *connection,
                         struct slice payload, struct frame *frame, struct error *err)
{
    struct socket *socket = ws_connection_data(connection);
    int64_t now = clock_monotonic();
    bool is_in_time = take_token(socket, now);
    enum status s = frame_from_json(payload.data, payload.length, frame, err);

    if (s != STATUS_OK)
        return s;
    if (!is_in_time) /* read nevertheless, so that the refusal names its message */
        return error_set(err, STATUS_TOO_FAST, "at most %d messages a second", MESSAGES_PER_SECOND);
    if (frame->record == &frame_typing_record)
        s = check_typing(socket, now, err);
    if (s == STATUS_OK && frame_is_change(frame))
        s = conversation_id_check(frame->change.conversation_id, socket->user_id, err);
    if (s == STATUS_OK && (frame->record == &frame_send_record ||
                           frame->record == &frame_typing_record || frame_is_change(frame)))
        s = check_way(push, connection, payload.length, err);
    return s;
}

void inbound_message(void *state, struct ws_connection *connection, struct slice payload,
                     bool binary)
{
    struct push_state *push = state;
    CLEANUP(frame_clear) struct frame frame = {0};
    struct error err;
    enum status s = check(push, connection, payload, &frame, &err);

    (void)binary; /* the codec lets none through */
    if (s != STATUS_OK)
        refuse(push, connection, frame_message_id(&frame), &err);
    else if (frame.record == &frame_send_record)
        handle_send(push, connection, &frame.send, payload);
    else if (frame.record == &frame_typing_record)
        pass_on_to(push, connection, frame.typing.to, frame.typing.group_id, payload);
    else if (frame_is_change(&frame))
        pass_on(push, connection, frame.change.conversation_id, payload);
    else if (frame.record == &frame_heartbeat_record)
        handle_heartbeat(connection, &frame.heartbeat);
}

void inbound_turn(void *state, size_t loop)
{
    struct push_state *push = state;
    struct gathered *gathered = &push->gathered[loop];

    if (gathered->command_bytes > 0)
        outgoing_put(&push->outgoing, gathered->commands);
    gathered->command_bytes = 0;
    mailbox_put(&push->to_router, &gathered->letters);
}
