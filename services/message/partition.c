/* From HTTP into the partition of a conversation: the way that every frame goes. */

#include <stdlib.h>
#include <string.h>

#include "message.h"

#define ANSWER_MS 5000

/* A refusal is the caller's error, its field and text included. */
static enum status read_ack(const char *answer, struct frame_ack *ret, struct error *err)
{
    const struct error_data *data;
    enum status s = record_from_json(&frame_ack_record, answer, strlen(answer), ret, err);

    if (s != STATUS_OK)
        return error_set(err, STATUS_INTERNAL, "the answer of a partition is malformed");
    if (ret->code == 0)
        return STATUS_OK;
    data = ret->data;
    s = error_field(err, status_from_code(ret->code), data && data->field ? data->field : "", "%s",
                    ret->message);
    record_clear(&frame_ack_record, ret);
    return s;
}

enum status partition_ask(struct message_state *message, const struct call *call,
                          enum envelope_kind kind, const char *conversation_id,
                          const struct record *rec, const void *value, struct frame_ack *ret,
                          struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    CLEANUP(free) char *answer = NULL;
    enum status s;

    record_to_json(rec, value, &json);
    s = ask_call(message->context->ask,
                 &(struct envelope){
                     .kind = kind,
                     .user_id = slice_of(call->user_id),
                     .session_id = slice_of(call->session_id),
                     .conversation_id = slice_of(conversation_id),
                     .payload = {json.data, json.length},
                 },
                 ANSWER_MS, &answer, err);
    return s == STATUS_OK ? read_ack(answer, ret, err) : s;
}
