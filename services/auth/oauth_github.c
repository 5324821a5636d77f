/* GitHub: OAuth 2.0 without OpenID Connect. Who it is, its API says. */

#include <stdio.h>

#include "base/memory.h"
#include "oauth.h"

struct github_user {
    int64_t id; /* logins change hands */
    char *login;
    char *name;
    char *email;
};

static const struct field user_fields[] = {
    FIELD(struct github_user, id, .required = true, .min = 1, .max = INT64_MAX),
    FIELD(struct github_user, login, .required = true),
    FIELD(struct github_user, name, .nullable = true, .max = 1024),
    FIELD(struct github_user, email, .nullable = true, .max = 1024),
};
static const struct record user_record =
    RECORD("oauth.github_user", struct github_user, user_fields);

static inline void user_clear_at(struct github_user *user)
{
    record_clear(&user_record, user);
}

static void take_user(struct github_user *user, struct id_token_claims *ret)
{
    char id[24];

    (void)snprintf(id, sizeof id, "%lld", (long long)user->id);
    ret->sub = memory_text(id);
    ret->preferred_username = TAKE(user->login);
    ret->name = TAKE(user->name);
    ret->email = TAKE(user->email);
}

static enum status ask_user(const struct provider_setting *github, struct proof *proof,
                            struct error *err)
{
    CLEANUP(user_clear) struct github_user user = {0};
    CLEANUP(buffer_clear) struct buffer url = {0};
    struct fetch_request request = {.bearer = proof->access_token};
    enum status s;

    buffer_printf(&url, "%s/user", github->api_url);
    request.url = buffer_text(&url);
    s = provider_ask(&request, &user_record, &user, err);
    if (s == STATUS_OK)
        take_user(&user, &proof->claims);
    return s;
}

enum status github_finish(const struct provider_setting *github, const struct attempt *attempt,
                          const char *code, struct proof *ret, struct error *err)
{
    CLEANUP(token_answer_clear) struct token_answer tokens = {0};
    CLEANUP(buffer_clear) struct buffer form = {0};
    struct fetch_request request = {.url = github->token_url};
    enum status s;

    fetch_add_field(&form, "client_id", github->client_id);
    fetch_add_field(&form, "client_secret", github->client_secret);
    fetch_add_field(&form, "code", code);
    fetch_add_field(&form, "redirect_uri", attempt->callback);
    fetch_add_field(&form, "code_verifier", attempt->verifier);
    request.form = buffer_text(&form);
    s = provider_ask(&request, &token_answer_record, &tokens, err);
    if (s == STATUS_OK && (tokens.error || !tokens.access_token))
        s = error_set(err, STATUS_UNAUTHENTICATED, "the provider refused the code: %s",
                      tokens.error ? tokens.error : "no token");
    if (s != STATUS_OK)
        return s;
    ret->access_token = TAKE(tokens.access_token);
    return ask_user(github, ret, err);
}
