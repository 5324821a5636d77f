/* Log-in and refresh: a session's tokens, in the answer and as cookies. */

#include <stdio.h>
#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
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

void login_clear_cookies(struct call *call)
{
    set_cookies(call, "", "");
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
    claims.generation = account->generation;
    s = token_sign(auth->signer, &claims, &ret->token, err);
    if (s != STATUS_OK)
        return s;
    ret->user_id = memory_text(account->id);
    ret->username = memory_text(account->username);
    ret->nickname = memory_text(account->nickname);
    ret->role = memory_text(account->role);
    ret->refresh_token = memory_text(refresh_token);
    ret->expires_at = claims.expires_at;
    ret->websocket_url = websocket_url(auth, call);
    set_cookies(call, ret->token, refresh_token);
    return STATUS_OK;
}

/* Does the account let anyone in? */
static enum status check_account(const struct account_document *account, struct error *err)
{
    if (account->deleted_at > 0)
        return error_set(err, STATUS_UNAUTHENTICATED, "the account is gone");
    if (account_is_banned(account, clock_now()))
        return error_set(err, STATUS_FORBIDDEN, "the account is banned: %s",
                         account->ban_reason ? account->ban_reason : "no reason was given");
    return STATUS_OK;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Who bans an account, or changes its password, stores that first and then ends the sessions that
 * are there. So whoever looks once his session is stored either sees the change or is ended by it. */
static enum status check_again(struct auth_state *auth, const struct account_document *before,
                               struct account_document *ret, struct error *err)
{
    enum status s = account_find(auth, before->id, ret, err);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNAUTHENTICATED, "the account is gone");
    if (s == STATUS_OK)
        s = check_account(ret, err);
    if (s == STATUS_OK && !same(ret->password_hash, before->password_hash))
        return error_set(err, STATUS_UNAUTHENTICATED, "the password has just changed: try again");
    return s;
}

enum status login_complete(struct auth_state *auth, struct call *call,
                           const struct account_document *account, const char *device,
                           struct auth_session *ret, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document now = {0};
    CLEANUP(session_document_clear) struct session_document session = {0};
    char refresh_token[REFRESH_TOKEN_MAX];
    enum status s = check_account(account, err);

    if (s == STATUS_OK)
        s = session_start(auth, call, account->id, device, &session, refresh_token, err);
    if (s != STATUS_OK)
        return s;
    s = check_again(auth, account, &now, err);
    if (s == STATUS_OK)
        s = sessions_limit(auth, account->id, err);
    if (s == STATUS_OK)
        s = fill_reply(auth, call, &now, session.id, refresh_token, ret, err);
    if (s != STATUS_OK && session_end(auth, account->id, session.id, END_LOGOUT, NULL) != STATUS_OK)
        log_warn("session of a refused log-in left", LOG_TEXT("session_id", session.id));
    return s;
}

enum status handle_login(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    struct auth_state *auth = state;
    const struct auth_login *login = request;
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s = STATUS_OK;

    if (login->device && *login->device) /* it stands in the list of one's sessions */
        s = shown_check_line(login->device, "device", err);
    if (s == STATUS_OK)
        s = password_check(auth, call, login, &account, err);
    if (s == STATUS_OK)
        s = login_complete(auth, call, &account, login->device, reply, err);
    return s;
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
    if (s == STATUS_OK)
        s = check_account(&account, err);
    if (s != STATUS_OK)
        return s;
    return fill_reply(auth, call, &account, session.id, refresh_token, reply, err);
}
