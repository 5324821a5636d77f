/* Forwarding: a message that one sees, sent on by oneself as it is now. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "readable.h"
#include "wire/forward.h"

/* Whom a text names, and what it answers, belongs to the conversation that it was written in. */
static void forget_references(struct message_document *message)
{
    struct content_text text;
    struct buffer json = {0};

    if (message->msg_type != MSG_TEXT ||
        record_from_json(&content_text_record, message->content.text, strlen(message->content.text),
                         &text, NULL) != STATUS_OK)
        return;
    strings_clear(&text.at_user_ids);
    text.at_all = false;
    free(TAKE(text.reply_to));
    record_to_json(&content_text_record, &text, &json);
    record_clear(&content_text_record, &text);
    free(message->content.text);
    message->content.text = buffer_take(&json);
}

/* The message as the caller may send it on. The caller clears *ret after STATUS_OK. */
static enum status find(struct message_state *message, const struct message_forward *forward,
                        const char *user_id, struct message_document *ret, struct error *err)
{
    CLEANUP(readable_clear) struct readable readable = {0};
    enum status s = readable_load(message, forward->conversation_id, user_id, &readable, err);

    if (s == STATUS_OK)
        s = readable_find_one(message, &readable, forward->message_id, ret, err);
    if (s != STATUS_OK)
        return s;
    if (ret->msg_type == MSG_SYSTEM)
        s = error_field(err, STATUS_FORBIDDEN, "message_id",
                        "what happened to the conversation cannot be forwarded");
    else if (ret->recalled_at)
        s = error_field(err, STATUS_NOT_FOUND, "message_id", "the message was recalled");
    if (s != STATUS_OK)
        record_clear(&message_document_record, ret);
    else
        forget_references(ret);
    return s;
}

static enum status check_target(const struct message_forward *forward, struct error *err)
{
    if (!forward->to && !forward->group_id)
        return error_field(err, STATUS_INVALID, "to", "field 'to' is missing");
    if (forward->to && forward->group_id)
        return error_field(err, STATUS_INVALID, "to",
                           "field 'to' is not allowed beside 'group_id'");
    return STATUS_OK;
}

static enum status send_on(struct message_state *message, const struct call *call,
                           const struct message_forward *forward,
                           const struct message_document *source, struct frame_ack *ret,
                           struct error *err)
{
    char id[ID_MAX];
    char conversation_id[CONVERSATION_ID_MAX];
    const struct message_forwarded forwarded = {
        .message_id = forward->new_message_id ? forward->new_message_id : id,
        .to = forward->to,
        .group_id = forward->group_id,
        .msg_type = source->msg_type,
        .content = source->content,
        .forwarded_from = source->forwarded_from ? source->forwarded_from : source->from_user_id,
    };

    id_new("msg_", id);
    if (forward->group_id)
        conversation_id_group(forward->group_id, conversation_id);
    else
        conversation_id_single(call->user_id, forward->to, conversation_id);
    return partition_ask(message, call, ENVELOPE_FORWARD, conversation_id,
                         &message_forwarded_record, &forwarded, ret, err);
}

enum status handle_forward(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    const struct message_forward *forward = request;
    struct message_sent *ret = reply;
    struct message_document source;
    struct frame_ack ack = {0};
    enum status s = check_target(forward, err);

    if (s == STATUS_OK)
        s = find(state, forward, call->user_id, &source, err);
    if (s != STATUS_OK)
        return s;
    s = send_on(state, call, forward, &source, &ack, err);
    record_clear(&message_document_record, &source);
    if (s != STATUS_OK)
        return s;
    ret->message_id = TAKE(ack.message_id);
    ret->conversation_id = TAKE(ack.conversation_id);
    ret->seq = ack.seq;
    ret->timestamp = ack.timestamp;
    record_clear(&frame_ack_record, &ack);
    return STATUS_OK;
}
