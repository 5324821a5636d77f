#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/frames.h"

#define DELAY_MIN_MS 500
#define DELAY_MAX_MS 4000

void outgoing_free(struct outgoing *outgoing)
{
    if (!outgoing)
        return;
    free(outgoing->peer);
    free(outgoing->content);
    free(outgoing->text);
    free(outgoing);
}

void outbox_add(struct outbox *outbox, bool in_group, const char *peer, int64_t msg_type,
                const char *content, const char *text)
{
    struct outgoing *added = memory_new(sizeof *added);

    id_new("", added->message_id);
    added->in_group = in_group;
    added->peer = memory_text(peer);
    added->msg_type = msg_type;
    added->content = memory_text(content);
    added->text = memory_text(text);
    if (outbox->last)
        outbox->last->next = added;
    else
        outbox->first = added;
    outbox->last = added;
}

int64_t outbox_next(const struct outbox *outbox)
{
    const struct outgoing *first = outbox->first;

    if (!first)
        return INT64_MAX;
    return first->sent_at ? first->sent_at + ACK_MS : first->not_before;
}

bool outbox_take_frame(struct outbox *outbox, int64_t now, struct buffer *ret)
{
    struct outgoing *first = outbox->first;
    struct frame_send frame = {0};

    if (!first || now < outbox_next(outbox))
        return false;
    frame.type = first->in_group ? FRAME_GROUP : FRAME_PRIVATE;
    frame.message_id = first->message_id;
    *(first->in_group ? &frame.group_id : &frame.to) = first->peer;
    frame.msg_type = first->msg_type;
    frame.content.text = first->content;
    record_to_json(&frame_send_record, &frame, ret);
    first->sent_at = now;
    return true;
}

void outbox_again(struct outbox *outbox)
{
    if (outbox->first)
        outbox->first->sent_at = 0;
}

struct outgoing *outbox_take(struct outbox *outbox)
{
    struct outgoing *first = outbox->first;

    if (!first)
        return NULL;
    outbox->first = first->next;
    if (!outbox->first)
        outbox->last = NULL;
    first->next = NULL;
    return first;
}

bool outbox_settle(struct outbox *outbox, const char *message_id, enum status status, int64_t now,
                   struct outgoing **ret)
{
    struct outgoing *first = outbox->first;

    if (!first || strcmp(first->message_id, message_id) != 0)
        return false; /* an ack for something sent twice comes twice */
    if (status == STATUS_UNAVAILABLE || status == STATUS_TOO_FAST) {
        if (!first->refused_at)
            first->refused_at = now;
        if (now - first->refused_at < PATIENCE_MS) {
            first->delay = first->delay ? first->delay * 2 : DELAY_MIN_MS;
            if (first->delay > DELAY_MAX_MS)
                first->delay = DELAY_MAX_MS;
            first->not_before = now + first->delay;
            first->sent_at = 0;
            return false;
        }
    }
    *ret = outbox_take(outbox);
    return true;
}
