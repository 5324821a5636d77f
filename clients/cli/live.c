#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "screen.h"
#include "session.h"

#define HEARTBEAT_MS (25 * 1000)
#define SILENCE_MS (60 * 1000) /* two heartbeats unanswered */
#define STABLE_MS (5 * 1000)   /* a socket that lived so long makes its loss a first one */
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS (30 * 1000)

#define STILL_TRYING 4 /* after so many tries in a row the reason is worth another line */

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
    /* Our token may be too old, or the session over: asking for a new one tells. */
    if (end->http_status == 401 || end->close_code == CLOSE_POLICY ||
        end->close_code == CLOSE_SESSION_ENDED)
        (void)session_refresh(session, &err);
    if (session->ended)
        return;
    if (session->was_open || session->attempts == 0 || session->attempts == STILL_TRYING)
        screen_note("%s: connecting again", end->text[0] ? end->text : "the server is silent");
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

/* ---- The turn */

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
    inbox_take(session, now);
    if (!session->behind)
        marks_send(session);
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
