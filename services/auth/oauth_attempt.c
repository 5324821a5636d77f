/* What is remembered of a log-in while the browser is with the provider: in Redis, for the state
 * and the browser's cookie together. Who has only one of them finds nothing. */

#include <stdio.h>
#include <string.h>

#include "limits.h"
#include "oauth.h"

#define BROWSER "oauth_browser" /* the cookie; docker/nginx.conf.in lets it pass */
#define BROWSER_PATH "/api/oauth"
#define KEY_MAX (SECRET_MAX + 16)
#define ADDRESS_MAX 2048

static const struct field attempt_fields[] = {
    FIELD(struct attempt, provider, .required = true),
    FIELD(struct attempt, redirect, .max = ADDRESS_MAX),
    FIELD(struct attempt, device),
    FIELD(struct attempt, verifier, .required = true),
    FIELD(struct attempt, nonce, .required = true),
    FIELD(struct attempt, callback, .required = true, .max = ADDRESS_MAX),
    FIELD(struct attempt, user_id),
    FIELD(struct attempt, session_id),
};
const struct record attempt_record = RECORD("oauth.attempt", struct attempt, attempt_fields);

static bool is_secret(const char *text)
{
    return text && strnlen(text, SECRET_MAX) == SECRET_LENGTH &&
           strspn(text, ALPHABET_ID) == SECRET_LENGTH;
}

static void key_of(const char *state, const char *browser, char ret[KEY_MAX])
{
    char both[2 * SECRET_MAX];
    char hash[SECRET_MAX];

    (void)snprintf(both, sizeof both, "%s.%s", state, browser); /* fits: both are secrets */
    secret_hash(both, hash);
    (void)snprintf(ret, KEY_MAX, "oauth:%s", hash);
}

/* Each attempt is 10 minutes of Redis's memory. */
static const struct limit limit_address_attempts = {
    .name = "oauth-from",
    .most = ATTEMPTS_PER_MINUTE,
    .window_s = 60,
    .by_address = true,
    .told = "too many log-ins from your address: wait a minute",
};

/* One for all its attempts, so that two tabs do not disturb each other. */
static void browser_of(struct call *call, char ret[SECRET_MAX])
{
    const char *cookie = http_find_cookie(call, BROWSER);

    if (is_secret(cookie))
        memcpy(ret, cookie, SECRET_MAX);
    else
        secret_new(ret);
}

enum status attempt_begin(struct auth_state *auth, struct call *call, const struct attempt *attempt,
                          char ret_state[SECRET_MAX], struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    char browser[SECRET_MAX];
    char key[KEY_MAX];
    enum status s = limit_count(auth->context, call, &limit_address_attempts, NULL, err);

    if (s != STATUS_OK)
        return s;
    browser_of(call, browser);
    secret_new(ret_state);
    key_of(ret_state, browser, key);
    record_to_json(&attempt_record, attempt, &json);
    s = cache_put(auth->context->cache, key, buffer_text(&json), ATTEMPT_SECONDS, err);
    if (s == STATUS_OK)
        http_set_cookie(call, BROWSER, browser, BROWSER_PATH, "Lax", ATTEMPT_SECONDS);
    return s;
}

enum status attempt_take(struct auth_state *auth, struct call *call, const char *state,
                         struct attempt *ret, struct error *err)
{
    const char *browser = http_find_cookie(call, BROWSER);
    CLEANUP(free) char *json = NULL;
    char key[KEY_MAX];
    enum status s = STATUS_NOT_FOUND;

    if (is_secret(state) && is_secret(browser)) {
        key_of(state, browser, key);
        s = cache_take(auth->context->cache, key, &json, err);
    }
    if (s == STATUS_NOT_FOUND)
        return error_field(err, STATUS_INVALID, "state",
                           "field 'state' is not of a log-in that this browser began within 10 "
                           "minutes: please begin again");
    if (s != STATUS_OK)
        return s;
    return record_from_json(&attempt_record, json, strlen(json), ret, err);
}
