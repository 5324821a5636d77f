/* Log-in, refresh and log-out: a session's tokens, in the answer and as cookies. */

#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "base/memory.h"
#include "wire/shown.h"

#define REFRESH_PATH "/api/refresh" /* the only place that a browser sends the token to */

/* The same origin as the client used, over the socket's scheme. */
static char *websocket_url(const struct auth_state *auth, const struct call *call)
{
    struct buffer url = {0};

    if (auth->config->push_public_url)
        return memory_text(auth->config->push_public_url);
    if (strncmp(call->origin, "https://", 8) == 0)
        buffer_printf(&url, "wss://%s/ws", call->origin + 8);
    else
        buffer_printf(&url, "ws://%s/ws", call->origin + strlen("http://"));
    return buffer_take(&url);
}

static void set_cookies(struct call *call, const char *token, const char *refresh_token)
{
    http_set_cookie(call, "access_token", token, "/", "Lax", *token ? TOKEN_SECONDS : 0);
    http_set_cookie(call, "refresh_token", refresh_token, REFRESH_PATH, "Strict",
                    *refresh_token ? SESSION_MS / 1000 : 0);
}

static enum status fill_reply(struct auth_state *auth, struct call *call,
                              const struct account_document *account, const char *session_id,
                              const char *refresh_token, struct auth_session *ret,
                              struct error *err)
{
    struct token_claims claims = {0};
    enum status s;

    (void)snprintf(claims.user_id, sizeof claims.user_id, "%s", account->id); /* ours: all fit */
    (void)snprintf(claims.session_id, sizeof claims.session_id, "%s", session_id);
    (void)snprintf(claims.role, sizeof claims.role, "%s", account->role);
    s = token_sign(auth->signer, &claims, &ret->token, err);
    if (s != STATUS_OK)
        return s;
    ret->user_id = memory_text(account->id);
    ret->username = memory_text(account->username);
    ret->nickname = memory_text(account->nickname);
    ret->refresh_token = memory_text(refresh_token);
    ret->expires_at = claims.expires_at;
    ret->websocket_url = websocket_url(auth, call);
    set_cookies(call, ret->token, refresh_token);
    return STATUS_OK;
}

enum status handle_login(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    struct auth_state *auth = state;
    const struct auth_login *login = request;
    CLEANUP(account_document_clear) struct account_document account = {0};
    CLEANUP(session_document_clear) struct session_document session = {0};
    char refresh_token[REFRESH_TOKEN_MAX];
    enum status s = STATUS_OK;

    if (login->device && *login->device) /* it stands in the list of one's sessions */
        s = shown_check_line(login->device, "device", err);
    if (s == STATUS_OK)
        s = password_check(auth, call, login, &account, err);
    if (s == STATUS_OK)
        s = session_start(auth, call, account.id, login->device, &session, refresh_token, err);
    if (s != STATUS_OK)
        return s;
    return fill_reply(auth, call, &account, session.id, refresh_token, reply, err);
}

enum status handle_refresh(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    struct auth_state *auth = state;
    const struct auth_refresh *refresh = request;
    const char *token = refresh->refresh_token;
    CLEANUP(account_document_clear) struct account_document account = {0};
    CLEANUP(session_document_clear) struct session_document session = {0};
    char refresh_token[REFRESH_TOKEN_MAX];
    enum status s;

    if (!token)
        token = http_find_cookie(call, "refresh_token");
    if (!token)
        return error_set(err, STATUS_UNAUTHENTICATED, "a refresh token is missing");
    s = session_rotate(auth, token, &session, refresh_token, err);
    if (s == STATUS_OK)
        s = account_find(auth, session.user_id, &account, err);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNAUTHENTICATED, "the account is gone");
    if (s != STATUS_OK)
        return s;
    return fill_reply(auth, call, &account, session.id, refresh_token, reply, err);
}

enum status handle_logout(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    struct auth_state *auth = state;
    enum status s;

    (void)request, (void)reply;
    s = session_end(auth, call->user_id, call->session_id, "logout", err);
    if (s == STATUS_OK)
        set_cookies(call, "", "");
    return s;
}
