/* PUT /api/conversations/{conversation_id}/timer: disappearing messages, through the partition. */

#include <stdlib.h>

#include "base/memory.h"
#include "message.h"
#include "wire/retention.h"

enum status handle_timer(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    const struct timer *asked = request;
    struct timer *ret = reply;
    struct timer timer = *asked;
    struct frame_ack ack = {0};
    char id[ID_MAX];
    enum status s = timer_check(asked, err);

    if (s == STATUS_OK)
        s = conversation_id_check(asked->conversation_id, call->user_id, err);
    if (s != STATUS_OK)
        return s;
    if (!timer.message_id) {
        id_new("msg_", id);
        timer.message_id = id;
    }
    s = partition_ask(state, call, ENVELOPE_TIMER, asked->conversation_id, &timer_record, &timer,
                      &ack, err);
    if (s != STATUS_OK)
        return s;
    ret->conversation_id = memory_text(asked->conversation_id);
    ret->seconds = asked->seconds;
    ret->message_id = TAKE(ack.message_id);
    record_clear(&frame_ack_record, &ack);
    return STATUS_OK;
}
