#include "announce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "message.h"
#include "spans.h"

static struct slice json_of(const struct record *rec, const void *value, struct buffer *ret)
{
    ret->length = 0;
    record_to_json(rec, value, ret);
    return (struct slice){ret->data, ret->length};
}

/* The two of a private conversation in one publish; one alone when he writes to himself. */
static void add_private(struct announcement *announcement, const char *to, const char *from,
                        const struct envelope *envelope)
{
    char key[TOPOLOGY_NAME_MAX];
    char copy[TOPOLOGY_NAME_MAX];
    const char *bcc[] = {copy};

    topology_user_key(to, key);
    topology_user_key(from, copy);
    outgoing_add(&announcement->frames, key, bcc, strcmp(to, from) != 0, envelope);
}

static char *joined(const struct strings *texts)
{
    struct buffer list = {0};

    for (size_t i = 0; i < texts->n; i++)
        buffer_printf(&list, i ? ",%s" : "%s", texts->items[i]);
    return buffer_take(&list);
}

/* By name: a new member's node may not listen to the group yet. */
static void add_concerned(struct announcement *announcement, const struct strings *user_ids,
                          const struct envelope *envelope)
{
    char keys[BCC_MAX + 1][TOPOLOGY_NAME_MAX];
    const char *bcc[BCC_MAX];
    size_t n = 0;

    for (size_t i = 0; i < user_ids->n; i++) {
        topology_user_key(user_ids->items[i], keys[n]);
        if (n > 0)
            bcc[n - 1] = keys[n];
        n++;
        if (n == N_ELEMENTS(keys) || i + 1 == user_ids->n) {
            outgoing_add(&announcement->frames, keys[0], bcc, n - 1, envelope);
            n = 0;
        }
    }
}

static void add_change(struct announcement *announcement, const struct message_document *message,
                       struct envelope *envelope)
{
    CLEANUP(free) char *users_in = NULL;
    CLEANUP(free) char *users_out = NULL;
    struct group_change change;
    char key[TOPOLOGY_NAME_MAX];

    if (record_from_json(&group_change_record, message->change.text, strlen(message->change.text),
                         &change, NULL) != STATUS_OK)
        return; /* cannot happen: we wrote it */
    users_in = joined(&change.users_in);
    users_out = joined(&change.users_out);
    envelope->kind = ENVELOPE_MEMBERS;
    envelope->rev = message->rev;
    envelope->users_in = slice_of(users_in);
    envelope->users_out = slice_of(users_out);
    topology_group_key(message->group_id, key);
    outgoing_add(&announcement->frames, key, NULL, 0, envelope);
    add_concerned(announcement, &change.users_in, envelope);
    add_concerned(announcement, &change.users_out, envelope);
    record_clear(&group_change_record, &change);
}

static bool is_command_text(const struct message_document *message)
{
    static const char start[] = "{\"text\":\"/"; /* content is in our own form by now */

    return message->msg_type == MSG_TEXT &&
           strncmp(message->content.text, start, sizeof start - 1) == 0;
}

void announce(struct announcement *announcement, const struct conversation *conversation,
              const struct message_document *message, const struct command *command)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    const struct strings *bots = &conversation->doc.bots;
    struct frame_message frame;
    struct envelope envelope = {
        .kind = ENVELOPE_DELIVER,
        .seq = message->seq,
        .user_id = slice_of(message->from_user_id),
        .conversation_id = slice_of(message->conversation_id),
    };
    char key[TOPOLOGY_NAME_MAX];

    if (command) {
        envelope.connection_id = command->envelope.connection_id;
        envelope.node = command->envelope.node;
        envelope.traceparent = command_place(command);
    }
    message_to_frame(message, &frame);
    envelope.payload = json_of(&frame_message_record, &frame, &text);
    if (message->change.text) {
        add_change(announcement, message, &envelope);
    } else if (message->group_id) {
        topology_group_key(message->group_id, key);
        outgoing_add(&announcement->frames, key, NULL, 0, &envelope);
        if (is_command_text(message) && !strings_has(bots, message->from_user_id))
            for (size_t i = 0; i < bots->n; i++)
                announce_to_bot(announcement, bots->items[i], message);
    } else {
        add_private(announcement, message->to_user_id, message->from_user_id, &envelope);
    }
}

void announce_to_bot(struct announcement *announcement, const char *bot_user_id,
                     const struct message_document *message)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct content_text content = {0};
    struct stored_command event = {
        .bot_user_id = (char *)bot_user_id,
        .message_id = (char *)message_id_of(message),
        .conversation_id = message->conversation_id,
        .from = message->from_user_id,
        .group_id = message->group_id,
        .seq = message->seq,
        .timestamp = message->created_at,
    };
    struct envelope envelope = {.kind = ENVELOPE_EVENT,
                                .conversation_id = slice_of(message->conversation_id)};

    if (message->msg_type != MSG_TEXT || strcmp(bot_user_id, message->from_user_id) == 0 ||
        record_from_json(&content_text_record, message->content.text, strlen(message->content.text),
                         &content, NULL) != STATUS_OK)
        return;
    event.text = content.text;
    envelope.payload = json_of(&stored_command_record, &event, &json);
    envelope_add(&announcement->events, &envelope);
    record_clear(&content_text_record, &content);
}

void announce_change(struct announcement *announcement, const struct change_document *change,
                     const struct message_document *message, const struct strings *returned,
                     const struct command *command)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct frame_changed frame;
    struct envelope envelope = {
        .kind = ENVELOPE_DELIVER,
        .seq = message->seq,
        .user_id = slice_of(change->user_id),
        .conversation_id = slice_of(message->conversation_id),
    };
    char key[TOPOLOGY_NAME_MAX];

    if (command) {
        envelope.connection_id = command->envelope.connection_id;
        envelope.node = command->envelope.node;
        envelope.traceparent = command_place(command);
    }
    change_to_frame(change, message, &frame);
    envelope.payload = json_of(change_frame_record(change), &frame, &json);
    if (message->group_id) {
        topology_group_key(message->group_id, key);
        outgoing_add(&announcement->frames, key, NULL, 0, &envelope);
        add_concerned(announcement, returned, &envelope);
    } else {
        add_private(announcement, message->to_user_id, message->from_user_id, &envelope);
    }
}

/* "single:<a>:<b>" */
static void add_both(struct announcement *announcement, const char *conversation_id,
                     const struct envelope *envelope)
{
    const char *a = conversation_id + strlen("single:");
    const char *colon = strchr(a, ':');
    CLEANUP(free) char *first = memory_text_n(a, (size_t)(colon - a));

    add_private(announcement, first, colon + 1, envelope);
}

void announce_event(struct announcement *announcement, const char *conversation_id, int64_t seq,
                    const struct system_content *content)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct frame_system frame = {
        .type = FRAME_SYSTEM, .content = (void *)content, .timestamp = clock_now()};
    const struct envelope envelope = {
        .kind = ENVELOPE_DELIVER,
        .seq = seq,
        .conversation_id = slice_of(conversation_id),
        .payload = json_of(&frame_system_record, &frame, &json),
    };
    char key[TOPOLOGY_NAME_MAX];

    if (strncmp(conversation_id, "group:", strlen("group:")) == 0) {
        topology_group_key(conversation_id + strlen("group:"), key);
        outgoing_add(&announcement->frames, key, NULL, 0, &envelope);
    } else {
        add_both(announcement, conversation_id, &envelope);
    }
}

static void add_receipt(struct announcement *announcement, const struct row_document *row,
                        const char *to, const struct command *but, int64_t type, int64_t seq)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct frame_receipt frame = {
        .type = type,
        .conversation_id = row->conversation_id,
        .seq = seq,
        .from = row->user_id,
    };
    struct envelope envelope = {
        .kind = ENVELOPE_DELIVER,
        .user_id = slice_of(row->user_id),
        .conversation_id = slice_of(row->conversation_id),
        .payload = json_of(&frame_receipt_record, &frame, &json),
    };
    char key[TOPOLOGY_NAME_MAX];

    if (but) {
        envelope.connection_id = but->envelope.connection_id;
        envelope.node = but->envelope.node;
        envelope.traceparent = command_place(but);
    }
    topology_user_key(to, key);
    outgoing_add(&announcement->frames, key, NULL, 0, &envelope);
}

void announce_own_reading(struct announcement *announcement, const struct row_document *row,
                          const struct command *reader)
{
    add_receipt(announcement, row, row->user_id, reader, FRAME_READ, row->read_seq);
}

void announce_receipt(struct announcement *announcement, const struct row_document *row,
                      int64_t type, int64_t seq)
{
    char peer_id[ID_MAX];

    conversation_id_peer(row->conversation_id, row->user_id, peer_id);
    add_receipt(announcement, row, peer_id, NULL, type, seq);
}

void announce_to_oneself(struct announcement *announcement, const char *user_id,
                         const struct system_content *content)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct frame_system frame = {
        .type = FRAME_SYSTEM, .content = (void *)content, .timestamp = clock_now()};
    const struct envelope envelope = {
        .kind = ENVELOPE_DELIVER,
        .user_id = slice_of(user_id),
        .payload = json_of(&frame_system_record, &frame, &json),
    };
    char key[TOPOLOGY_NAME_MAX];

    topology_user_key(user_id, key);
    outgoing_add(&announcement->frames, key, NULL, 0, &envelope);
}

void announce_typing(struct announcement *announcement, const struct command *command)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct frame_typing *typing = &command->frame.typing;
    const struct frame_typing_out frame = {
        .type = FRAME_TYPING,
        .from = (char *)command->user_id,
        .to = typing->to,
        .group_id = typing->group_id,
        .conversation_id = (char *)command->conversation_id,
    };
    const struct envelope envelope = {
        .kind = ENVELOPE_DELIVER,
        .connection_id = command->envelope.connection_id,
        .node = command->envelope.node,
        .user_id = slice_of(command->user_id),
        .conversation_id = slice_of(command->conversation_id),
        .payload = json_of(&frame_typing_out_record, &frame, &json),
    };
    char key[TOPOLOGY_NAME_MAX];

    if (typing->group_id)
        topology_group_key(typing->group_id, key);
    else
        topology_user_key(typing->to, key); /* the sender's other devices need not know */
    outgoing_add(&announcement->frames, key, NULL, 0, &envelope);
}

void announce_answer(struct announcement *announcement, const struct command *command)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct envelope envelope = {.kind = ENVELOPE_ANSWER,
                                .connection_id = command->envelope.connection_id,
                                .seq = command->envelope.seq,
                                .rev = status_code(command->error.status),
                                .traceparent = command_place(command)};
    char node[TOPOLOGY_NAME_MAX / 2];
    char key[TOPOLOGY_NAME_MAX];

    if (command->envelope.connection_id == 0 || command->envelope.node.length == 0 ||
        command->envelope.node.length >= sizeof node || !command_answer(command, &json))
        return;
    memcpy(node, command->envelope.node.data, command->envelope.node.length);
    node[command->envelope.node.length] = '\0';
    envelope.payload = (struct slice){json.data, json.length};
    topology_node_key(node, key);
    outgoing_add(&announcement->answers, key, NULL, 0, &envelope);
}

/* Confirmed. A queue that is full (a bot that is away for long) must not keep people from talking:
 * then they are parked. */
static enum status publish_events(struct slice events, struct bus *bus, struct error *err)
{
    enum status s = bus_publish(bus, EXCHANGE_EVENT, EVENT_STORED_COMMAND, NULL, 0, events,
                                BUS_PERSISTENT, err);

    if (s == STATUS_OK)
        s = bus_confirm(bus, err);
    if (s == STATUS_UNAVAILABLE && bus_is_connected(bus)) /* refused */
        s = bus_park(bus, EVENT_STORED_COMMAND, events, "the queue is full", err);
    return s;
}

enum status announcement_publish(struct announcement *announcement, struct bus *bus,
                                 struct error *err)
{
    const struct slice events = {announcement->events.data, announcement->events.length};
    enum status s = STATUS_OK;

    if (events.length > 0)
        s = publish_events(events, bus, err);
    if (s == STATUS_OK)
        s = outgoing_publish(&announcement->frames, bus, err);
    if (s == STATUS_OK)
        s = outgoing_publish(&announcement->answers, bus, err);
    return s;
}

void announcement_clear(struct announcement *announcement)
{
    outgoing_clear(&announcement->frames);
    outgoing_clear(&announcement->answers);
    buffer_clear(&announcement->events);
}
