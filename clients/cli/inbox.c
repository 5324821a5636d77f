#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "screen.h"
#include "session.h"

struct any_frame {
    int64_t type;
};

static const struct field any_frame_fields[] = {
    FIELD(struct any_frame, type, .required = true),
};
static const struct record any_frame_record = RECORD("frame", struct any_frame, any_frame_fields);

/* One's own message has been stored: it is shown at its place like any other. */
static enum status take_stored(struct session *session, const struct frame_ack *ack,
                               const struct outgoing *sent, struct error *err)
{
    const struct frame_message frame = {
        .type = sent->in_group ? FRAME_GROUP : FRAME_PRIVATE,
        .message_id = (char *)sent->message_id,
        .from = session->grant.user_id,
        .to = sent->in_group ? NULL : sent->peer,
        .group_id = sent->in_group ? sent->peer : NULL,
        .msg_type = sent->msg_type,
        .content = {.text = sent->content},
        .timestamp = ack->timestamp,
        .conversation_id = ack->conversation_id,
        .seq = ack->seq,
        .expires_at = ack->expires_at,
    };

    return conversation_take(session, &frame, err);
}

static enum status take_ack(struct session *session, const struct frame_ack *ack, struct error *err)
{
    CLEANUP(outgoing_free) struct outgoing *sent = NULL;
    enum status status = ack->code == 0 ? STATUS_OK : status_from_code(ack->code);
    const struct outgoing *first = session->outbox.first;
    enum status s;

    if (!ack->message_id) {
        screen_complain("%" PRId64 " %s", ack->code, ack->message ? ack->message : "");
        session->failed = true;
        return STATUS_OK;
    }
    if (!first || strcmp(first->message_id, ack->message_id) != 0)
        return STATUS_OK; /* what was sent twice is answered twice */
    if (status == STATUS_OK && ack->conversation_id) {
        s = take_stored(session, ack, first, err);
        if (s != STATUS_OK)
            return s; /* a gap before it is still open: the ack waits, and with it the outbox */
    }
    if (outbox_settle(&session->outbox, ack->message_id, status, clock_monotonic(), &sent) &&
        status != STATUS_OK) {
        screen_complain("not sent: %" PRId64 " %s: %s", ack->code, ack->message ? ack->message : "",
                        sent->text);
        session->failed = true;
    }
    return STATUS_OK;
}

/* conversation.updated, and message.hidden, message.expired, conversation.trimmed: what scrolled by
 * on a terminal cannot be taken off it, and lists do not have it any more. */
static void take_setting(struct session *session, const struct system_content *content)
{
    struct conversation *c = conversation_find(session, content->conversation_id);

    if (c && content->muted.is_set)
        c->muted = content->muted.value;
}

static void take_system(struct session *session, const struct frame_system *frame, int64_t now)
{
    const struct system_content *content = frame->content;

    if (!content || !content->event)
        return;
    if (strcmp(content->event, "resync") == 0) {
        session->behind = true;
        session->catch_up_at = now;
        outbox_again(&session->outbox);
    } else if (content->conversation_id) {
        take_setting(session, content);
    } else {
        system_show(session, content);
    }
}

/* Read text by the record; what cannot be read is reported and passed over: if it held a message,
 * that will be missed by its seq, and asked for. */
static bool read_frame(const struct record *rec, const char *text, void *ret)
{
    struct error err;

    if (record_from_json(rec, text, strlen(text), ret, &err) == STATUS_OK)
        return true;
    screen_complain("the server sent what cannot be read: %s", err.text);
    return false;
}

static const struct {
    int64_t type;
    const struct record *record;
} changes[] = {
    {FRAME_RECALL, &frame_recalled_record},
    {FRAME_EDIT, &frame_edited_record},
    {FRAME_REACTION, &frame_reacted_record},
    {FRAME_PIN, &frame_pinned_record},
};

/* One that we know is a repetition. One that is further on than the next shows that another was
 * missed: sync tells of both, and then this one is known. */
static enum status judge_change(struct session *session, const struct frame_changed *change,
                                struct error *err)
{
    struct conversation *c = conversation_find(session, change->conversation_id);
    const struct number *shown;

    if (!c || change->change_seq <= c->change_seq)
        return STATUS_OK; /* of a conversation that is new here, messages come as they are by then */
    if (change->change_seq > c->change_seq + 1)
        return error_set(err, STATUS_UNAVAILABLE, "a change is missing");
    c->change_seq = change->change_seq;
    if (change->type == FRAME_PIN)
        conversation_pin(c, change->message_id, !change->removed);
    shown = numbers_find(&session->numbers, c->id, change->message_id);
    if (shown && shown->change_seq >= change->change_seq)
        return STATUS_OK; /* it was shown as it is */
    if (c == session->chosen || !c->muted)
        change_show(session, c, change);
    return STATUS_OK;
}

static enum status take_change(struct session *session, int64_t type, const char *text,
                               struct error *err)
{
    struct frame_changed change = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < N_ELEMENTS(changes); i++)
        if (changes[i].type == type && read_frame(changes[i].record, text, &change)) {
            s = judge_change(session, &change, err);
            record_clear(changes[i].record, &change);
        }
    return s;
}

/* On failure the frame is to be taken again. */
static enum status take_frame(struct session *session, const char *text, int64_t now,
                              struct error *err)
{
    struct any_frame any;
    struct frame_message message = {0};
    struct frame_ack ack = {0};
    struct frame_system system_frame = {0};
    struct frame_presence presence = {0};
    struct frame_receipt receipt = {0};
    enum status s = STATUS_OK;

    if (!read_frame(&any_frame_record, text, &any))
        return STATUS_OK;
    switch (any.type) {
    case FRAME_PRIVATE:
    case FRAME_GROUP:
        if (read_frame(&any_message_record, text, &message))
            s = conversation_take(session, &message, err);
        record_clear(&any_message_record, &message);
        break;
    case FRAME_ACK:
        if (read_frame(&frame_ack_record, text, &ack))
            s = take_ack(session, &ack, err);
        record_clear(&frame_ack_record, &ack);
        break;
    case FRAME_SYSTEM:
        if (read_frame(&frame_system_record, text, &system_frame))
            take_system(session, &system_frame, now);
        record_clear(&frame_system_record, &system_frame);
        break;
    case FRAME_PRESENCE:
        if (read_frame(&frame_presence_record, text, &presence))
            presence_show(session, &presence);
        record_clear(&frame_presence_record, &presence);
        break;
    case FRAME_RECALL:
    case FRAME_EDIT:
    case FRAME_REACTION:
    case FRAME_PIN:
        s = take_change(session, any.type, text, err);
        break;
    case FRAME_READ:
    case FRAME_DELIVERED:
        if (read_frame(&frame_receipt_record, text, &receipt))
            marks_take(session, &receipt);
        record_clear(&frame_receipt_record, &receipt);
        break;
    default: /* heartbeat answers; typing and others are not shown here */
        break;
    }
    return s;
}

/* In the order of their arrival; one that has to wait keeps those behind it waiting. */
void inbox_take(struct session *session, int64_t now)
{
    struct error err;

    while (!session->ended && !session->behind) {
        if (!session->held)
            session->held = socket_take(session->socket);
        if (!session->held)
            return;
        session->heard_at = now;
        if (take_frame(session, session->held, now, &err) != STATUS_OK) {
            session->behind = true;
            session->catch_up_at = now + CATCH_UP_AGAIN_MS;
            return;
        }
        free(session->held);
        session->held = NULL;
    }
}
