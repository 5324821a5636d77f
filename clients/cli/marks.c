#include <inttypes.h>
#include <string.h>

#include "session.h"

static void send_mark(struct session *session, int type, const struct conversation *c)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};

    buffer_printf(&frame, "{\"type\":%d,\"conversation_id\":\"%s\",\"seq\":%" PRId64 "}", type,
                  c->id, c->seen);
    socket_send(session->socket, &frame);
}

/* What was shown of the chosen conversation is read; of the others it is delivered, which in groups
 * nobody is told. A mark that is lost with its socket is made good by the next catching up, which
 * says what the server knows. */
void marks_send(struct session *session)
{
    if (!session->marks_due)
        return;
    session->marks_due = false;
    for (struct conversation *c = session->conversations; c; c = c->next) {
        if (c == session->chosen && c->seen > c->read_seq) {
            send_mark(session, FRAME_READ, c);
            c->read_seq = c->delivered_seq = c->seen;
        } else if (!c->is_group && c->seen > c->delivered_seq && c->seen > c->read_seq) {
            send_mark(session, FRAME_ACK, c);
            c->delivered_seq = c->seen;
        }
    }
}

static void raise_to(int64_t *seq, int64_t value)
{
    if (*seq < value)
        *seq = value;
}

void marks_take(struct session *session, const struct frame_receipt *receipt)
{
    struct conversation *c = conversation_find(session, receipt->conversation_id);

    if (!c)
        return;
    if (strcmp(receipt->from, session->grant.user_id) == 0) {
        if (receipt->type == FRAME_READ)
            raise_to(&c->read_seq, receipt->seq);
        if (c->read_seq >= c->seen)
            c->unread = 0;
        return;
    }
    raise_to(&c->peer_delivered_seq, receipt->seq);
    if (receipt->type == FRAME_READ)
        raise_to(&c->peer_read_seq, receipt->seq);
}
