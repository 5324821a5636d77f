/* POST /api/messages: the send frame over HTTP, through the same partition as every other. */

#include <stdlib.h>

#include "base/memory.h"
#include "message.h"

static void name_message(struct frame_send *send)
{
    char id[ID_MAX];

    if (send->message_id)
        return;
    id_new("msg_", id);
    send->message_id = memory_text(id);
}

enum status handle_send(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct frame_send send = {0};
    struct frame_ack ack = {0};
    struct message_sent *ret = reply;
    char conversation_id[CONVERSATION_ID_MAX];
    enum status s;

    record_copy(&frame_send_record, request, &send);
    s = frame_send_check(&send, err);
    if (s == STATUS_OK) {
        name_message(&send);
        if (send.group_id)
            conversation_id_group(send.group_id, conversation_id);
        else
            conversation_id_single(call->user_id, send.to, conversation_id);
        s = partition_ask(state, call, ENVELOPE_FRAME, conversation_id, &frame_send_record, &send,
                          &ack, err);
    }
    if (s == STATUS_OK) {
        ret->message_id = TAKE(ack.message_id);
        ret->conversation_id = TAKE(ack.conversation_id);
        ret->seq = ack.seq;
        ret->timestamp = ack.timestamp;
        record_clear(&frame_ack_record, &ack);
    }
    record_clear(&frame_send_record, &send);
    return s;
}
