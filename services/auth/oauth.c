/* Log-in by other providers: the routes. */

#include "oauth.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/log.h"

/* Calls that may wait for a provider, for FETCH_MS a step. Of 512 threads the rest serve those who
 * do not need one. */
#define IN_HAND_MAX 64

enum status oauth_open(struct auth_state *auth, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer faults = {0};
    struct oauth *oauth = memory_new(sizeof *oauth);
    const struct provider_setting *settings;

    if (oauth_settings_read(auth->config->oauth_file, &oauth->settings, &faults) != STATUS_OK) {
        oauth_close(oauth);
        return error_set(err, STATUS_INVALID, "%s", buffer_text(&faults));
    }
    settings = oauth->settings.providers.items;
    oauth->items = memory_new(oauth->settings.providers.n * sizeof *oauth->items + 1);
    for (; oauth->n < oauth->settings.providers.n; oauth->n++) {
        oauth->items[oauth->n].setting = &settings[oauth->n];
        pthread_mutex_init(&oauth->items[oauth->n].lock, NULL);
    }
    auth->oauth = oauth;
    return STATUS_OK;
}

void oauth_close(struct oauth *oauth)
{
    if (!oauth)
        return;
    for (size_t i = 0; i < oauth->n; i++)
        provider_close(&oauth->items[i]);
    free(oauth->items);
    record_clear(&oauth_settings_record, &oauth->settings);
    free(oauth);
}

struct provider *provider_find(struct oauth *oauth, const char *name)
{
    for (size_t i = 0; i < oauth->n; i++)
        if (strcmp(oauth->items[i].setting->name, name) == 0)
            return &oauth->items[i];
    return NULL;
}

/* The provider of that name, and the right to wait for it, until provider_leave(). */
static enum status enter(struct auth_state *auth, const char *name, struct provider **ret,
                         struct error *err)
{
    struct provider *provider = provider_find(auth->oauth, name);

    if (!provider)
        return error_set(err, STATUS_NOT_FOUND, "there is no provider of that name");
    if (atomic_fetch_add(&auth->oauth->in_hand, 1) >= IN_HAND_MAX) {
        atomic_fetch_sub(&auth->oauth->in_hand, 1);
        return error_set(err, STATUS_UNAVAILABLE, "too many wait for providers");
    }
    *ret = provider;
    return STATUS_OK;
}

static void leave(struct auth_state *auth)
{
    atomic_fetch_sub(&auth->oauth->in_hand, 1);
}

enum status handle_oauth_providers(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err)
{
    struct auth_state *auth = state;
    struct oauth_providers *list = reply;

    (void)call, (void)request, (void)err;
    for (size_t i = 0; i < auth->oauth->n; i++) {
        struct oauth_provider *provider = list_add(&list->providers, &oauth_provider_record);

        provider->name = memory_text(auth->oauth->items[i].setting->name);
    }
    return STATUS_OK;
}

/* ---- To the provider */

static char *callback_address(const struct call *call, const char *name)
{
    struct buffer ret = {0};

    buffer_printf(&ret, "%s/api/oauth/%s/callback", call->origin, name);
    return buffer_take(&ret);
}

/* Where the browser is to go. attempt is filled in; the address is appended to *ret. */
static enum status begin(struct auth_state *auth, struct call *call, struct provider *provider,
                         struct attempt *attempt, struct buffer *ret, struct error *err)
{
    char verifier[SECRET_MAX];
    char nonce[SECRET_MAX];
    char state[SECRET_MAX];
    enum status s;

    secret_new(verifier);
    secret_new(nonce);
    attempt->provider = memory_text(provider->setting->name);
    attempt->verifier = memory_text(verifier);
    attempt->nonce = memory_text(nonce);
    attempt->callback = callback_address(call, provider->setting->name);
    s = attempt_begin(auth, call, attempt, state, err);
    return s == STATUS_OK ? provider_begin(provider, attempt, state, ret, err) : s;
}

enum status handle_oauth_start(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    struct auth_state *auth = state;
    const struct oauth_start *start = request;
    CLEANUP(attempt_clear) struct attempt attempt = {0};
    CLEANUP(buffer_clear) struct buffer address = {0};
    struct provider *provider;
    enum status s;

    (void)reply;
    s = oauth_start_check(start, err);
    if (s == STATUS_OK)
        s = enter(auth, start->provider, &provider, err);
    if (s != STATUS_OK)
        return s;
    attempt.redirect = memory_text(start->redirect);
    attempt.device = memory_text(start->device);
    s = begin(auth, call, provider, &attempt, &address, err);
    leave(auth);
    if (s == STATUS_OK)
        http_redirect(call, buffer_text(&address));
    return s;
}

enum status handle_oauth_link(void *state, struct call *call, const void *request, void *reply,
                              struct error *err)
{
    struct auth_state *auth = state;
    const struct oauth_link *link = request;
    struct oauth_url *answer = reply;
    CLEANUP(attempt_clear) struct attempt attempt = {0};
    CLEANUP(buffer_clear) struct buffer address = {0};
    struct provider *provider;
    enum status s;

    s = oauth_redirect_check(link->redirect, err);
    if (s == STATUS_OK)
        s = enter(auth, link->provider, &provider, err);
    if (s != STATUS_OK)
        return s;
    attempt.redirect = memory_text(link->redirect ? link->redirect : "/api/identities");
    attempt.user_id = memory_text(call->user_id);
    attempt.session_id = memory_text(call->session_id);
    /* A link stays when sessions end and the password changes: who only got hold of a session for a
     * moment is not to leave himself a door. */
    s = account_confirm(auth, call, link->password, err);
    if (s == STATUS_OK)
        s = begin(auth, call, provider, &attempt, &address, err);
    leave(auth);
    if (s == STATUS_OK)
        answer->url = buffer_take(&address);
    return s;
}

/* ---- And back */

static enum status check_answer(const struct attempt *attempt, const struct oauth_callback *answer,
                                struct error *err)
{
    if (strcmp(attempt->provider, answer->provider) != 0)
        return error_field(err, STATUS_INVALID, "state",
                           "field 'state' is of a log-in with another provider");
    if (answer->error && (strcmp(answer->error, "server_error") == 0 ||
                          strcmp(answer->error, "temporarily_unavailable") == 0))
        return error_set(err, STATUS_UNAVAILABLE, "the provider answers %.40s", answer->error);
    if (answer->error)
        return error_set(err, STATUS_FORBIDDEN, "the provider refused: %.60s", answer->error);
    if (!answer->code || !*answer->code)
        return error_field(err, STATUS_INVALID, "code", "field 'code' is missing");
    return STATUS_OK;
}

/* Who began it must still be logged in: a link lasts longer than a session that was ended. */
static enum status check_session(struct auth_state *auth, const struct attempt *attempt,
                                 struct error *err)
{
    CLEANUP(session_document_clear) struct session_document session = {0};
    enum status s;

    s = store_find_one(auth->store, SESSIONS, &session_document_record, &session, err,
                       "{'_id': %s, 'user_id': %s, 'ended_at': 0}", attempt->session_id,
                       attempt->user_id);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNAUTHENTICATED, "the session that began this has ended");
    return s;
}

static enum status finish(struct auth_state *auth, struct call *call, struct provider *provider,
                          const struct attempt *attempt, const struct oauth_callback *answer,
                          struct auth_session *ret, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    CLEANUP(proof_clear) struct proof proof = {0};
    enum status s = check_answer(attempt, answer, err);

    if (s == STATUS_OK)
        s = provider_finish(provider, attempt, answer, &proof, err);
    if (s == STATUS_OK && attempt->user_id) /* now: the provider may have taken its time */
        s = check_session(auth, attempt, err);
    if (s == STATUS_OK && attempt->user_id)
        return identity_link(auth, provider, &proof, attempt->user_id, err);
    if (s == STATUS_OK)
        s = identity_find_account(auth, provider, &proof, &account, err);
    if (s == STATUS_OK)
        s = login_complete(auth, call, &account, attempt->device, ret, err);
    return s;
}

/* The path with oauth_error=<code> in its query, before a fragment. */
static void redirect_with_error(struct call *call, const char *path, enum status status)
{
    CLEANUP(buffer_clear) struct buffer address = {0};
    size_t length = strcspn(path, "#");

    buffer_add(&address, path, length);
    buffer_printf(&address, "%soauth_error=%d%s", memchr(path, '?', length) ? "&" : "?",
                  status_code(status), path + length);
    http_redirect(call, buffer_text(&address));
}

/* The client reads a number, or less than was said (libs/http): the reason is for operators. */
static void log_failure(const char *provider, enum status status, const struct error *err)
{
    if (status == STATUS_FORBIDDEN || status == STATUS_CONFLICT)
        return; /* somebody changed his mind, or is banned */
    log_warn("log-in by provider failed", LOG_TEXT("provider", provider),
             LOG_NUMBER("code", status_code(status)), LOG_TEXT("reason", err->text));
}

enum status handle_oauth_callback(void *state, struct call *call, const void *request, void *reply,
                                  struct error *err)
{
    struct auth_state *auth = state;
    const struct oauth_callback *answer = request;
    CLEANUP(attempt_clear) struct attempt attempt = {0};
    struct provider *provider;
    enum status s;

    s = enter(auth, answer->provider, &provider, err);
    if (s != STATUS_OK)
        return s;
    s = attempt_take(auth, call, answer->state, &attempt, err);
    if (s == STATUS_OK) {
        s = finish(auth, call, provider, &attempt, answer, reply, err);
        if (s != STATUS_OK)
            log_failure(answer->provider, s, err);
    }
    leave(auth);
    if (!attempt.redirect)
        return s;
    if (s == STATUS_OK)
        http_redirect(call, attempt.redirect);
    else
        redirect_with_error(call, attempt.redirect, s);
    return STATUS_OK;
}
