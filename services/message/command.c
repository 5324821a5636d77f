#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "references.h"
#include "wire/forward.h"

/* A system message names at most so many people: clients ask for the list of members, and a frame
 * has 64 KiB. */
#define SYSTEM_USER_IDS_MAX 100

static enum status read_change(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    char message_id[32];
    enum status s = record_from_json(&group_change_record, payload.data, payload.length,
                                     &command->change, &command->error);

    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_MEMBERS;
    conversation_id_group(command->change.group_id, command->conversation_id);
    (void)snprintf(message_id, sizeof message_id, "rev:%lld", (long long)command->change.rev);
    command->document_id = message_document_id(command->conversation_id, message_id);
    return STATUS_OK;
}

static void name_conversation(struct command *command, const char *to, const char *group_id)
{
    if (group_id)
        conversation_id_group(group_id, command->conversation_id);
    else
        conversation_id_single(command->user_id, to, command->conversation_id);
}

/* A conversation that the client named. */
static enum status take_conversation(struct command *command, const char *conversation_id)
{
    enum status s = conversation_id_check(conversation_id, command->user_id, &command->error);

    if (s != STATUS_OK)
        return s;
    memcpy(command->conversation_id, conversation_id, strlen(conversation_id) + 1); /* checked */
    if (strncmp(conversation_id, "single:", strlen("single:")) == 0)
        conversation_id_peer(conversation_id, command->user_id, command->peer_id);
    return STATUS_OK;
}

static enum status read_change_frame(struct command *command)
{
    const struct frame_change *change = &command->frame.change;
    enum status s = take_conversation(command, change->conversation_id);

    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_CHANGE;
    command->document_id = message_document_id(command->conversation_id, change->message_id);
    return STATUS_OK;
}

static enum status read_frame(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    const struct frame_send *send = &command->frame.send;
    enum status s = frame_from_json(payload.data, payload.length, &command->frame, &command->error);

    if (s != STATUS_OK)
        return s;
    if (command->frame.record == &frame_typing_record) {
        command->kind = COMMAND_TYPING;
        name_conversation(command, command->frame.typing.to, command->frame.typing.group_id);
        return STATUS_OK;
    }
    if (frame_is_change(&command->frame))
        return read_change_frame(command);
    if (command->frame.record == &frame_read_record ||
        command->frame.record == &frame_delivered_record) {
        command->kind = COMMAND_MARK;
        return take_conversation(command, command->frame.record == &frame_read_record
                                              ? command->frame.read.conversation_id
                                              : command->frame.delivered.conversation_id);
    }
    if (command->frame.record != &frame_send_record || !send->message_id)
        return error_set(&command->error, STATUS_INVALID, "not a command for a partition");
    command->kind = COMMAND_SEND;
    name_conversation(command, send->to, send->group_id);
    command->document_id = message_document_id(command->conversation_id, send->message_id);
    return STATUS_OK;
}

static enum status read_forward(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    struct frame_send *send = &command->frame.send;
    struct message_forwarded forwarded;
    enum status s = record_from_json(&message_forwarded_record, payload.data, payload.length,
                                     &forwarded, &command->error);

    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_SEND;
    command->frame.record = &frame_send_record;
    *send = (struct frame_send){
        .type = forwarded.group_id ? FRAME_GROUP : FRAME_PRIVATE,
        .message_id = TAKE(forwarded.message_id),
        .to = TAKE(forwarded.to),
        .group_id = TAKE(forwarded.group_id),
        .msg_type = forwarded.msg_type,
        .content = {TAKE(forwarded.content.text)},
    };
    command->forwarded_from = TAKE(forwarded.forwarded_from);
    record_clear(&message_forwarded_record, &forwarded);
    if (!send->to == !send->group_id)
        return error_set(&command->error, STATUS_INVALID, "a forwarded message goes to one place");
    name_conversation(command, send->to, send->group_id);
    command->document_id = message_document_id(command->conversation_id, send->message_id);
    return STATUS_OK;
}

static enum status read_timer(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    const struct timer *timer = &command->timer;
    enum status s = record_from_json(&timer_record, payload.data, payload.length, &command->timer,
                                     &command->error);

    if (s == STATUS_OK)
        s = take_conversation(command, timer->conversation_id);
    if (s == STATUS_OK && !timer->message_id)
        s = error_set(&command->error, STATUS_INVALID, "a timer without its message_id");
    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_TIMER;
    command->document_id = message_document_id(command->conversation_id, timer->message_id);
    return STATUS_OK;
}

static enum status read_mark(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    enum status s = record_from_json(&user_mark_record, payload.data, payload.length,
                                     &command->mark, &command->error);

    if (s == STATUS_OK)
        s = take_conversation(command, command->mark.conversation_id);
    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_MARK;
    if (command->mark.hide_message_id)
        command->document_id =
            message_document_id(command->conversation_id, command->mark.hide_message_id);
    return STATUS_OK;
}

static enum status read_expire(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    enum status s = record_from_json(&expire_record, payload.data, payload.length, &command->expire,
                                     &command->error);

    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_EXPIRE;
    (void)snprintf(command->conversation_id, sizeof command->conversation_id, "%s",
                   command->expire.conversation_id); /* fits: the table checks it */
    return STATUS_OK;
}

/* He is in no conversation of it, so his id is not looked for in theirs. */
static enum status read_administrators_recall(struct command *command)
{
    const struct slice payload = command->envelope.payload;
    const struct frame_change *change = &command->frame.change;
    enum status s = frame_from_json(payload.data, payload.length, &command->frame, &command->error);

    if (s == STATUS_OK && change->type != FRAME_RECALL)
        s = error_set(&command->error, STATUS_INVALID, "not a recall");
    if (s != STATUS_OK)
        return s;
    command->kind = COMMAND_CHANGE;
    command->is_administrator = true;
    (void)snprintf(command->conversation_id, sizeof command->conversation_id, "%s",
                   change->conversation_id); /* likewise */
    command->document_id = message_document_id(command->conversation_id, change->message_id);
    return STATUS_OK;
}

void command_init(struct command *command, const struct envelope *envelope, int partition)
{
    enum status s;

    memset(command, 0, sizeof *command);
    command->envelope = *envelope;
    command->partition = partition;
    if (envelope->user_id.length >= ID_MAX ||
        (envelope->user_id.length == 0 && envelope->kind != ENVELOPE_EXPIRE)) {
        s = error_set(&command->error, STATUS_INVALID, "an envelope without its user");
    } else {
        memcpy(command->user_id, envelope->user_id.data, envelope->user_id.length);
        if (envelope->kind == ENVELOPE_CHANGE)
            s = read_change(command);
        else if (envelope->kind == ENVELOPE_FRAME)
            s = read_frame(command);
        else if (envelope->kind == ENVELOPE_FORWARD)
            s = read_forward(command);
        else if (envelope->kind == ENVELOPE_TIMER)
            s = read_timer(command);
        else if (envelope->kind == ENVELOPE_EXPIRE)
            s = read_expire(command);
        else if (envelope->kind == ENVELOPE_MARK)
            s = read_mark(command);
        else if (envelope->kind == ENVELOPE_RECALL)
            s = read_administrators_recall(command);
        else
            s = error_set(&command->error, STATUS_INVALID, "an envelope of a foreign kind");
    }
    if (s != STATUS_OK)
        command->kind = COMMAND_UNREADABLE;
}

/* A recall reaches whoever has the message. */
const char *command_recipient(const struct command *command)
{
    const struct frame *frame = &command->frame;

    if (command->kind == COMMAND_SEND)
        return frame->send.to;
    if (command->kind == COMMAND_TYPING)
        return frame->typing.to;
    if (command->kind == COMMAND_CHANGE && frame->change.type != FRAME_RECALL &&
        command->peer_id[0])
        return command->peer_id;
    if (command->kind == COMMAND_TIMER && command->peer_id[0])
        return command->peer_id;
    return NULL;
}

bool command_is_receipt(const struct command *command)
{
    return command->kind == COMMAND_MARK && command->peer_id[0] &&
           strcmp(command->peer_id, command->user_id) != 0 &&
           (command->frame.record || command->mark.read_seq > 0);
}

void command_reset(struct command *command)
{
    if (command->kind != COMMAND_UNREADABLE)
        command->error = (struct error){0};
    command->conversation = NULL;
    command->message = NULL;
    command->change_seq = 0;
    command->changed_at = 0;
    command->is_repeated = false;
    command->rev_expected = 0;
}

enum status command_check_muted(struct command *command)
{
    time_t seconds = (time_t)(command->muted_until / 1000);
    struct tm day;
    char text[32];

    if (command->muted_until == 0)
        return STATUS_OK;
    if (!gmtime_r(&seconds, &day) || strftime(text, sizeof text, "%F %T UTC", &day) == 0)
        return error_set(&command->error, STATUS_MUTED, "you are muted"); /* for ages */
    return error_set(&command->error, STATUS_MUTED, "you are muted until %s", text);
}

void command_clear(struct command *command)
{
    frame_clear(&command->frame);
    record_clear(&group_change_record, &command->change);
    record_clear(&timer_record, &command->timer);
    record_clear(&expire_record, &command->expire);
    record_clear(&user_mark_record, &command->mark);
    free(command->document_id);
    free(command->forwarded_from);
    memset(command, 0, sizeof *command);
}

static void fill_change(const struct command *command, struct message_document *ret)
{
    const struct group_change *change = &command->change;
    const struct strings *concerned = change->users_out.n ? &change->users_out : &change->users_in;
    struct system_content content = {
        .event = change->event,
        .group_id = change->group_id,
        .user_id = change->user_id,
        .name = change->name,
        .user_ids = *concerned,
        .roles = change->roles,
    };
    struct buffer text = {0};

    if (content.user_ids.n > SYSTEM_USER_IDS_MAX)
        content.user_ids.n = SYSTEM_USER_IDS_MAX;
    record_to_json(&system_content_record, &content, &text);
    ret->content.text = buffer_take(&text);
    record_to_json(&group_change_record, change, &text);
    ret->change.text = buffer_take(&text);
    ret->rev = change->rev;
    ret->group_id = memory_text(change->group_id);
    ret->msg_type = MSG_SYSTEM;
}

static void fill_timer(const struct command *command, struct message_document *ret)
{
    const struct timer_content content = {
        .event = (char *)EVENT_TIMER,
        .conversation_id = (char *)command->conversation_id,
        .user_id = (char *)command->user_id,
        .seconds = command->timer.seconds,
    };
    struct buffer text = {0};

    record_to_json(&timer_content_record, &content, &text);
    ret->content.text = buffer_take(&text);
    if (command->peer_id[0])
        ret->to_user_id = memory_text(command->peer_id);
    else
        ret->group_id = memory_text(command->conversation_id + strlen("group:"));
    ret->msg_type = MSG_SYSTEM;
}

static void fill_mentions(struct message_document *message)
{
    struct content_text text;

    if (!references_find(message->msg_type, message->content.text, &text))
        return;
    for (size_t i = 0; i < text.at_user_ids.n; i++)
        strings_add(&message->mentions, text.at_user_ids.items[i]);
    if (text.at_all)
        strings_add(&message->mentions, MENTION_ALL);
    record_clear(&content_text_record, &text);
}

struct message_document *command_to_message(const struct command *command, int64_t seq,
                                            int64_t count, int64_t now)
{
    struct message_document *message = memory_new(sizeof *message);
    const struct frame_send *send = &command->frame.send;

    message->id = memory_text(command->document_id);
    message->conversation_id = memory_text(command->conversation_id);
    message->from_user_id = memory_text(command->user_id);
    message->seq = seq;
    message->created_at = now;
    if (command->kind == COMMAND_MEMBERS) {
        message->count = count;
        fill_change(command, message);
        return message;
    }
    if (command->kind == COMMAND_TIMER) {
        message->count = count;
        fill_timer(command, message);
        return message;
    }
    message->count = count + 1;
    message->to_user_id = memory_text(send->to);
    message->group_id = memory_text(send->group_id);
    message->msg_type = send->msg_type;
    message->content.text = memory_text(send->content.text);
    fill_mentions(message);
    message->forwarded_from = memory_text(command->forwarded_from);
    return message;
}

bool command_answer(const struct command *command, struct buffer *ret)
{
    const struct message_document *message = command->message;
    struct frame_ack ack = {.type = FRAME_ACK};

    if (command->error.status != STATUS_OK && command->rev_expected == 0) {
        frame_refuse(frame_message_id(&command->frame), &command->error, ret);
        return true;
    }
    if (command->kind == COMMAND_TYPING || (command->kind == COMMAND_MARK && command->frame.record))
        return false;
    ack.code = status_code(command->error.status);
    ack.message = (char *)(command->error.status == STATUS_OK ? "success" : command->error.text);
    ack.seq = command->rev_expected;
    ack.change_seq = command->change_seq;
    ack.repeated = command->is_repeated;
    if (message) {
        ack.message_id = (char *)message_id_of(message);
        ack.conversation_id = message->conversation_id;
        ack.seq = message->seq;
        ack.timestamp = command->changed_at ? command->changed_at : message->created_at;
        ack.expires_at = message->expires_at;
    }
    record_to_json(&frame_ack_record, &ack, ret);
    return true;
}
