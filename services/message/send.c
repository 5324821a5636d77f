/* POST /api/messages: the send frame over HTTP, through the same partition as every other. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message.h"

#define SEND_TIMEOUT_MS 5000

static void name_message(struct frame_send *send)
{
    char id[ID_MAX];

    if (send->message_id)
        return;
    id_new("msg_", id);
    send->message_id = memory_text(id);
}

/* What the partition answered: an ack or a refusal. */
static enum status read_answer(const char *answer, struct message_sent *ret, struct error *err)
{
    struct frame_ack ack;
    const struct error_data *data;
    enum status s = record_from_json(&frame_ack_record, answer, strlen(answer), &ack, err);

    if (s != STATUS_OK)
        return error_set(err, STATUS_INTERNAL, "the answer of a partition is malformed");
    data = ack.data;
    if (ack.code != 0) {
        s = error_field(err, status_from_code(ack.code), data && data->field ? data->field : "",
                        "%s", ack.message);
    } else {
        ret->message_id = TAKE(ack.message_id);
        ret->conversation_id = TAKE(ack.conversation_id);
        ret->seq = ack.seq;
        ret->timestamp = ack.timestamp;
    }
    record_clear(&frame_ack_record, &ack);
    return s;
}

enum status handle_send(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct message_state *message = state;
    struct frame_send send = {0};
    CLEANUP(buffer_clear) struct buffer json = {0};
    CLEANUP(free) char *answer = NULL;
    char conversation_id[CONVERSATION_ID_MAX];
    enum status s;

    record_copy(&frame_send_record, request, &send);
    s = frame_send_check(&send, err);
    if (s == STATUS_OK) {
        name_message(&send);
        record_to_json(&frame_send_record, &send, &json);
        if (send.group_id)
            conversation_id_group(send.group_id, conversation_id);
        else
            conversation_id_single(call->user_id, send.to, conversation_id);
        s = ask_call(message->context->ask,
                     &(struct envelope){
                         .kind = ENVELOPE_FRAME,
                         .user_id = slice_of(call->user_id),
                         .session_id = slice_of(call->session_id),
                         .conversation_id = slice_of(conversation_id),
                         .traceparent = slice_of(call->traceparent),
                         .payload = {json.data, json.length},
                     },
                     SEND_TIMEOUT_MS, &answer, err);
    }
    if (s == STATUS_OK)
        s = read_answer(answer, reply, err);
    record_clear(&frame_send_record, &send);
    return s;
}
