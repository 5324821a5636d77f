#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "screen.h"

#define REFRESH_BEFORE_MS (60 * 1000)
/* A clock that is wrong by a token's life must not make us ask at every turn. */
#define REFRESH_EVERY_MS (60 * 1000)
#define REFRESH_AGAIN_MS (5 * 1000)

enum status session_open(struct session *session, const char *url, const char *cacert,
                         struct error *err)
{
    enum status s;

    session->secure = strncasecmp(url, "https:", 6) == 0;
    s = api_open(url, cacert, screen_is_terminal() ? screen_fd() : -1, screen_read, &session->api,
                 err);
    if (s != STATUS_OK)
        return s;
    session->socket = socket_new(cacert);
    if (!session->socket)
        return error_set(err, STATUS_INTERNAL, "libwebsockets does not start%s%s",
                         cacert ? "; is this a file of certificates? " : "", cacert ? cacert : "");
    return STATUS_OK;
}

void session_close(struct session *session)
{
    session_logout(session, false);
    socket_free(session->socket);
    api_close(session->api);
    *session = (struct session){0};
}

void session_give_up(struct session *session)
{
    struct outgoing *lost;

    while ((lost = outbox_take(&session->outbox))) {
        screen_complain("not sent: %s", lost->text);
        session->failed = true;
        outgoing_free(lost);
    }
}

/* ---- Tokens */

static void take_grant(struct session *session, struct grant *grant)
{
    int64_t now = clock_now();

    /* An answer to refresh need not repeat who we are. */
    if (!grant->user_id)
        grant->user_id = TAKE(session->grant.user_id);
    if (!grant->username)
        grant->username = TAKE(session->grant.username);
    if (!grant->websocket_url)
        grant->websocket_url = TAKE(session->grant.websocket_url);
    record_clear(&grant_record, &session->grant);
    session->grant = *grant;
    *grant = (struct grant){0};
    session->refresh_at = session->grant.expires_at - REFRESH_BEFORE_MS;
    if (session->refresh_at < now + REFRESH_EVERY_MS)
        session->refresh_at = now + REFRESH_EVERY_MS;
    api_set_token(session->api, session->grant.token);
}

enum status session_refresh(struct session *session, struct error *err)
{
    CLEANUP(grant_clear) struct grant grant = {0};
    const struct renewal renewal = {session->grant.refresh_token};
    enum status s;

    if (session->ended)
        return error_set(err, STATUS_UNAUTHENTICATED, "the session has ended: log in again");
    api_set_token(session->api, NULL);
    s = api_call(session->api, "POST", "/api/refresh", (struct api_ask){&renewal_record, &renewal},
                 (struct api_answer){&grant_record, &grant, NULL}, err);
    if (s == STATUS_OK) {
        take_grant(session, &grant);
        return STATUS_OK;
    }
    if (s == STATUS_UNAUTHENTICATED || s == STATUS_EXPIRED) {
        session->ended = true;
        return error_set(err, STATUS_UNAUTHENTICATED, "the session has ended: log in again");
    }
    api_set_token(session->api, session->grant.token); /* it may still do */
    session->refresh_at = clock_now() + REFRESH_AGAIN_MS;
    return s;
}

/* Is there somebody to call for, with a token that lasts? */
static enum status prepare(struct session *session, struct error *err)
{
    if (!session_is_open(session) || session->ended)
        return error_set(err, STATUS_UNAUTHENTICATED, "log in first: login <name>");
    if (clock_now() >= session->refresh_at &&
        session_refresh(session, err) == STATUS_UNAUTHENTICATED)
        return STATUS_UNAUTHENTICATED;
    return STATUS_OK;
}

/* The call ended with s: is it worth another one, with a new token? */
static bool is_renewed(struct session *session, enum status *s, struct error *err)
{
    if (*s != STATUS_UNAUTHENTICATED && *s != STATUS_EXPIRED)
        return false;
    *s = session_refresh(session, err);
    return *s == STATUS_OK;
}

enum status session_call(struct session *session, const char *method, const char *path,
                         struct api_ask ask, struct api_answer answer, struct error *err)
{
    enum status s = prepare(session, err);

    if (s != STATUS_OK)
        return s;
    s = api_call(session->api, method, path, ask, answer, err);
    if (is_renewed(session, &s, err))
        s = api_call(session->api, method, path, ask, answer, err);
    return s;
}

enum status session_upload(struct session *session, const char *path, const char *file,
                           struct api_answer answer, struct error *err)
{
    enum status s = prepare(session, err);

    if (s != STATUS_OK)
        return s;
    s = api_upload(session->api, path, file, answer, err);
    if (is_renewed(session, &s, err))
        s = api_upload(session->api, path, file, answer, err);
    return s;
}

enum status session_download(struct session *session, const char *path, int fd, struct error *err)
{
    enum status s = prepare(session, err);

    if (s != STATUS_OK)
        return s;
    s = api_download(session->api, path, fd, err);
    if (is_renewed(session, &s, err)) /* nothing was written: a refusal never is */
        s = api_download(session->api, path, fd, err);
    return s;
}

/* ---- Coming and going */

enum status session_register(struct session *session, const char *username, const char *password,
                             const char *nickname, struct error *err)
{
    const struct credentials credentials = {
        .username = (char *)username,
        .password = (char *)password,
        .nickname = (char *)nickname,
    };

    return api_call(session->api, "POST", "/api/register",
                    (struct api_ask){&credentials_record, &credentials}, (struct api_answer){0},
                    err);
}

/* Under https the socket is encrypted too, even if the server, behind a proxy, does not know of
 * the s: the token travels in its first line. */
static enum status secure_socket_url(struct session *session, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    struct grant *grant = &session->grant;

    if (!grant->websocket_url || !grant->user_id || !grant->username)
        return error_set(err, STATUS_UNAVAILABLE, "the answer to the log-in is incomplete");
    if (!session->secure || strncasecmp(grant->websocket_url, "ws:", 3) != 0)
        return STATUS_OK;
    buffer_printf(&url, "wss:%s", grant->websocket_url + 3);
    free(grant->websocket_url);
    grant->websocket_url = buffer_take(&url);
    return STATUS_OK;
}

enum status session_login(struct session *session, const char *username, const char *password,
                          struct error *err)
{
    CLEANUP(grant_clear) struct grant grant = {0};
    const struct credentials credentials = {
        .username = (char *)username,
        .password = (char *)password,
        .device = (char *)"parley-cli",
    };
    enum status s;

    s = api_call(session->api, "POST", "/api/login",
                 (struct api_ask){&credentials_record, &credentials},
                 (struct api_answer){&grant_record, &grant, NULL}, err);
    if (s != STATUS_OK)
        return s;
    take_grant(session, &grant);
    s = secure_socket_url(session, err);
    if (s == STATUS_OK)
        s = conversations_load(session, true, err);
    if (s != STATUS_OK) {
        session_logout(session, true);
        return s;
    }
    names_set(&session->names, session->grant.user_id, session->grant.username);
    return STATUS_OK;
}

void session_logout(struct session *session, bool tell_server)
{
    struct error err;

    if (tell_server && session_is_open(session) &&
        api_call(session->api, "POST", "/api/logout",
                 (struct api_ask){&nothing_asked_record, &(struct nothing_asked){0}},
                 (struct api_answer){0}, &err) != STATUS_OK)
        screen_note("the server was not told: %s", err.text); /* here it is over in any case */
    if (session->socket)
        live_clear(session);
    if (session->api)
        api_set_token(session->api, NULL);
    session_give_up(session);
    conversations_clear(session);
    names_clear(&session->names);
    record_clear(&grant_record, &session->grant);
    session->ended = false;
}

/* ---- Names */

const char *session_name(struct session *session, const char *user_id)
{
    CLEANUP(person_clear) struct person person = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    const char *name = names_find(&session->names, user_id);
    struct error ignored; /* a message is better shown with an id than not at all */

    if (name)
        return name;
    buffer_add_text(&path, "/api/users/");
    api_add_escaped(&path, user_id);
    if (session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){&person_record, &person, NULL}, &ignored) != STATUS_OK)
        return user_id;
    names_set(&session->names, user_id, person.username);
    name = names_find(&session->names, user_id);
    return name ? name : user_id;
}
