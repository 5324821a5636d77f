#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"
#include "wire/envelope.h"

#define REPLY_TIMEOUT_MS 5000

void reply_frame(const struct stored_command *command, const char *text, struct buffer *ret)
{
    struct content_text content = {.text = (char *)text, .reply_to = command->message_id};
    struct frame_send send = {
        .type = command->group_id ? FRAME_GROUP : FRAME_PRIVATE,
        .to = command->group_id ? NULL : command->from,
        .group_id = command->group_id,
        .msg_type = MSG_TEXT,
    };
    CLEANUP(buffer_clear) struct buffer json = {0};
    char message_id[MESSAGE_ID_MAX];

    (void)snprintf(message_id, sizeof message_id, "hubot-reply-%020lld", (long long)command->seq);
    record_to_json(&content_text_record, &content, &json);
    send.message_id = message_id;
    send.content.text = buffer_text(&json);
    record_to_json(&frame_send_record, &send, ret);
}

DEFINE_RECORD_CLEANUP(struct frame_ack, frame_ack)

enum status reply_send(struct bot_state *bot, const struct stored_command *command,
                       const char *text, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};
    CLEANUP(free) char *answer = NULL;
    CLEANUP(frame_ack_clear) struct frame_ack ack = {0};
    struct envelope envelope = {.kind = ENVELOPE_FRAME};
    enum status s;

    reply_frame(command, text, &frame);
    envelope.user_id = slice_of(command->bot_user_id);
    envelope.conversation_id = slice_of(command->conversation_id);
    envelope.payload = (struct slice){frame.data, frame.length};
    s = ask_call(bot->context->ask, &envelope, REPLY_TIMEOUT_MS, &answer, err);
    if (s == STATUS_OK)
        s = record_from_json(&frame_ack_record, answer, strlen(answer), &ack, err);
    if (s != STATUS_OK || ack.code == 0)
        return s;
    return error_set(err, status_from_code(ack.code), "%s", ack.message ? ack.message : "refused");
}
