#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/memory.h"
#include "screen.h"
#include "session.h"

#define HEARTBEAT_MS (25 * 1000)
#define SILENCE_MS (60 * 1000) /* two heartbeats unanswered */
#define STABLE_MS (5 * 1000)   /* a socket that lived so long makes its loss a first one */
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS (30 * 1000)
#define CATCH_UP_AGAIN_MS 1000

#define CLOSE_POLICY 1008
#define CLOSE_SESSION_ENDED 4401

/* All times below are of clock_monotonic(). */

/* ---- Connecting */

/* At once after the first loss, then 1 s, 2 s, 4 s … 30 s, each spread over a half to the whole of
 * it, so that clients which were cut off together do not come back together. */
static int64_t backoff(int attempts)
{
    int64_t delay = BACKOFF_MIN_MS;
    uint16_t noise = 0;

    if (attempts == 0)
        return 0;
    for (int i = 1; i < attempts && delay < BACKOFF_MAX_MS; i++)
        delay *= 2;
    if (delay > BACKOFF_MAX_MS)
        delay = BACKOFF_MAX_MS;
    if (getrandom(&noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        noise = UINT16_MAX;
    return delay / 2 + delay / 2 * noise / UINT16_MAX;
}

static void connect_socket(struct session *session, int64_t now)
{
    struct error err;

    if (socket_connect(session->socket, session->grant.websocket_url, session->grant.token, &err) ==
        STATUS_OK) {
        session->heard_at = now;
        return;
    }
    screen_complain("%s", err.text);
    session->ended = true;
}

static void handle_loss(struct session *session, int64_t now)
{
    const struct socket_end *end = socket_end(session->socket);
    int64_t delay;
    struct error err;

    if (session->was_open && now - session->opened_at >= STABLE_MS)
        session->attempts = 0;
    if (session->was_open || session->attempts == 1)
        screen_note("%s: connecting again", end->text);
    /* Our token may be too old, or the session over: asking for a new one tells. */
    if (end->http_status == 401 || end->close_code == CLOSE_POLICY ||
        end->close_code == CLOSE_SESSION_ENDED)
        (void)session_refresh(session, &err);
    delay = backoff(session->attempts);
    session->was_open = false;
    session->connect_at = now + delay;
    session->attempts++;
}

static void handle_open(struct session *session, int64_t now)
{
    if (session->opened_at)
        screen_note("connected again");
    session->was_open = true;
    session->opened_at = now;
    session->heartbeat_at = now + HEARTBEAT_MS;
    session->heard_at = now;
    /* Nothing that comes by this socket was missed, but what came before it may have been. */
    session->behind = true;
    session->catch_up_at = now;
    outbox_again(&session->outbox);
}

void live_clear(struct session *session)
{
    socket_close(session->socket);
    free(session->held);
    session->held = NULL;
    session->was_open = false;
    session->behind = false;
    session->connecting = false;
    session->opened_at = 0;
    session->connect_at = 0;
    session->attempts = 0;
}

/* ---- Frames */

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
    CLEANUP(buffer_clear) struct buffer content = {0};
    struct frame_message frame = {
        .type = sent->in_group ? FRAME_GROUP : FRAME_PRIVATE,
        .message_id = (char *)sent->message_id,
        .from = session->grant.user_id,
        .to = sent->in_group ? NULL : sent->peer,
        .group_id = sent->in_group ? sent->peer : NULL,
        .timestamp = ack->timestamp,
        .conversation_id = ack->conversation_id,
        .seq = ack->seq,
    };

    buffer_add_text(&content, "{\"text\":");
    json_add_string(&content, sent->text);
    buffer_add_text(&content, "}");
    frame.content.text = buffer_text(&content);
    return conversation_take(session, &frame, err);
}

static enum status take_ack(struct session *session, const struct frame_ack *ack,
                            struct error *err)
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
        screen_complain("not sent: %" PRId64 " %s: %s", ack->code,
                        ack->message ? ack->message : "", sent->text);
        session->failed = true;
    }
    return STATUS_OK;
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
    } else {
        screen_note("%s%s%s", content->event, content->name ? " " : "",
                    content->name ? content->name : "");
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

/* On failure the frame is to be taken again. */
static enum status take_frame(struct session *session, const char *text, int64_t now,
                              struct error *err)
{
    struct any_frame any;
    struct frame_message message = {0};
    struct frame_ack ack = {0};
    struct frame_system system_frame = {0};
    enum status s = STATUS_OK;

    if (!read_frame(&any_frame_record, text, &any))
        return STATUS_OK;
    switch (any.type) {
    case FRAME_PRIVATE:
    case FRAME_GROUP:
        if (read_frame(&frame_message_record, text, &message))
            s = conversation_take(session, &message, err);
        record_clear(&frame_message_record, &message);
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
    default: /* heartbeat answers; typing and others are not shown here */
        break;
    }
    return s;
}

/* In the order of their arrival; one that has to wait keeps those behind it waiting. */
static void take_frames(struct session *session, int64_t now)
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

static void catch_up(struct session *session, int64_t now)
{
    struct error err;

    if (!session->behind || now < session->catch_up_at)
        return;
    if (conversations_load(session, false, &err) == STATUS_OK)
        session->behind = false;
    else
        session->catch_up_at = clock_monotonic() + CATCH_UP_AGAIN_MS;
}

/* ---- The turn */

static void beat(struct session *session, int64_t now)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};

    if (now < session->heartbeat_at)
        return;
    buffer_printf(&frame, "{\"type\":%d,\"content\":{\"timestamp\":%" PRId64 "}}", FRAME_HEARTBEAT,
                  clock_now());
    socket_send(session->socket, &frame);
    session->heartbeat_at = now + HEARTBEAT_MS;
}

static void turn_open(struct session *session, int64_t now)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};

    if (!session->was_open)
        handle_open(session, now);
    beat(session, now);
    catch_up(session, now);
    take_frames(session, now);
    if (outbox_take_frame(&session->outbox, clock_monotonic(), &frame))
        socket_send(session->socket, &frame);
    if (clock_monotonic() - session->heard_at > SILENCE_MS && !session->behind)
        socket_close(session->socket);
}

void live_turn(struct session *session)
{
    int64_t now = clock_monotonic();
    struct error err;

    socket_service(session->socket);
    if (!session_is_open(session))
        return;
    if (!session->ended && clock_now() >= session->refresh_at)
        (void)session_refresh(session, &err);
    switch (socket_state(session->socket)) {
    case SOCKET_OPEN:
        session->connecting = false;
        turn_open(session, now);
        break;
    case SOCKET_CONNECTING:
        break;
    case SOCKET_CLOSED:
        if (session->was_open || session->connecting) {
            session->connecting = false;
            handle_loss(session, now);
        }
        if (!session->ended && now >= session->connect_at) {
            session->connecting = true;
            connect_socket(session, now);
        }
        break;
    }
    if (session->ended) {
        screen_complain("the session has ended: log in again");
        session->failed = true;
        session_logout(session, false);
    }
}

static int until(int64_t when, int64_t now, int patience)
{
    if (when - now < patience)
        return when > now ? (int)(when - now) : 0;
    return patience;
}

int live_patience_ms(struct session *session)
{
    int64_t now = clock_monotonic();
    int patience = socket_patience_ms(session->socket);

    if (!session_is_open(session))
        return patience;
    if (socket_state(session->socket) == SOCKET_CLOSED)
        return until(session->connect_at, now, patience);
    if (session->was_open)
        patience = until(outbox_next(&session->outbox), now, patience);
    if (session->behind)
        patience = until(session->catch_up_at, now, patience);
    return patience;
}

bool live_is_settled(const struct session *session)
{
    return !session_is_open(session) ||
           (session->was_open && !session->behind && !session->held && !session->outbox.first);
}
