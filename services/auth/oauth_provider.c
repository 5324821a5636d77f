/* Talking to a provider: OpenID Connect's discovery, keys and code exchange. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "oauth.h"

#define FRESH_MS (INT64_C(3600) * 1000) /* after this, endpoints and keys are fetched again */
#define AGAIN_MS 60000                  /* between two fetches for a token that no key has signed */
#define AWAY_MS 5000                    /* how long a provider that did not answer is left alone */
#define ADDRESS_MAX 2048

static const struct field discovery_fields[] = {
    FIELD(struct discovery, issuer, .required = true, .max = ADDRESS_MAX),
    FIELD(struct discovery, authorization_endpoint, .required = true, .max = ADDRESS_MAX),
    FIELD(struct discovery, token_endpoint, .required = true, .max = ADDRESS_MAX),
    FIELD(struct discovery, userinfo_endpoint, .nullable = true, .max = ADDRESS_MAX),
    FIELD(struct discovery, jwks_uri, .required = true, .max = ADDRESS_MAX),
    FIELD(struct discovery, token_endpoint_auth_methods_supported),
    FIELD(struct discovery, authorization_response_iss_parameter_supported),
};
static const struct record discovery_record =
    RECORD("oauth.discovery", struct discovery, discovery_fields);

static inline void discovery_clear_at(struct discovery *discovery)
{
    record_clear(&discovery_record, discovery);
}

static const struct field token_answer_fields[] = {
    FIELD(struct token_answer, access_token, .nullable = true, .max = ID_TOKEN_MAX),
    FIELD(struct token_answer, id_token, .nullable = true, .max = ID_TOKEN_MAX),
    FIELD(struct token_answer, error, .nullable = true),
};
const struct record token_answer_record =
    RECORD("oauth.token_answer", struct token_answer, token_answer_fields);

void proof_clear(struct proof *proof)
{
    record_clear(&id_token_claims_record, &proof->claims);
    free(proof->access_token);
    proof->access_token = NULL;
}

void provider_close(struct provider *provider)
{
    record_clear(&discovery_record, &provider->found);
    provider_keys_close(provider->keys);
    pthread_mutex_destroy(&provider->lock);
}

/* ---- Asking */

/* 4xx: the code is the client's affair, all else that is refused is our own (RFC 6749, §5.2). */
static enum status judge_refusal(const struct fetch_request *request,
                                 const struct fetch_answer *answer, struct error *err)
{
    CLEANUP(token_answer_clear) struct token_answer said = {0};
    const char *why = "no reason";

    if (answer->status < 400 || answer->status >= 500 || answer->status == 429)
        return error_set(err, STATUS_UNAVAILABLE, "%.100s answers %lld", request->url,
                         (long long)answer->status);
    if (record_from_json(&token_answer_record, answer->body.data, answer->body.length, &said,
                         NULL) == STATUS_OK &&
        said.error)
        why = said.error;
    if (strcmp(why, "invalid_grant") == 0)
        return error_set(err, STATUS_UNAUTHENTICATED, "the provider refused the code");
    return error_set(err, STATUS_INTERNAL, "%.100s answers %lld: %.40s", request->url,
                     (long long)answer->status, why);
}

enum status provider_ask(const struct fetch_request *request, const struct record *rec, void *ret,
                         struct error *err)
{
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    struct error why;
    enum status s = fetch(request, &answer, err);

    if (s != STATUS_OK)
        return s == STATUS_INVALID
                   ? error_set(err, STATUS_INTERNAL, "%.100s may not be asked", request->url)
                   : s;
    if (answer.status != 200)
        return judge_refusal(request, &answer, err);
    if (record_from_json(rec, answer.body.data, answer.body.length, ret, &why) != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "%.100s: %.90s", request->url, why.text);
    return STATUS_OK;
}

/* ---- Discovery and keys. With the lock. */

static enum status check_discovery(const struct provider *provider, const struct discovery *found,
                                   struct error *err)
{
    const char *issuer = provider->setting->issuer;

    if (strcmp(found->issuer, issuer) != 0)
        return error_set(err, STATUS_INTERNAL, "%.80s says that it is '%.80s'", issuer,
                         found->issuer);
    if (!fetch_url_is_good(found->authorization_endpoint) ||
        !fetch_url_is_good(found->token_endpoint) || !fetch_url_is_good(found->jwks_uri) ||
        (found->userinfo_endpoint && !fetch_url_is_good(found->userinfo_endpoint)))
        return error_set(err, STATUS_INTERNAL, "%.100s names an endpoint that is not https",
                         issuer);
    return STATUS_OK;
}

static enum status fetch_keys(const char *jwks_uri, struct provider_keys **ret, struct error *err)
{
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    const struct fetch_request request = {.url = jwks_uri};
    enum status s = fetch(&request, &answer, err);

    if (s != STATUS_OK)
        return s;
    if (answer.status != 200)
        return error_set(err, STATUS_UNAVAILABLE, "%.100s answers %lld", jwks_uri,
                         (long long)answer.status);
    s = provider_keys_open(answer.body.data, answer.body.length, ret, err);
    return s == STATUS_INVALID ? error_set(err, STATUS_UNAVAILABLE, "%.100s: no key set", jwks_uri)
                               : s;
}

static enum status fetch_discovery(struct provider *provider, struct error *err)
{
    CLEANUP(discovery_clear) struct discovery found = {0};
    CLEANUP(buffer_clear) struct buffer url = {0};
    const char *issuer = provider->setting->issuer;
    struct provider_keys *keys = NULL;
    struct fetch_request request;
    size_t length = strlen(issuer);
    enum status s;

    buffer_add(&url, issuer, issuer[length - 1] == '/' ? length - 1 : length);
    buffer_add_text(&url, "/.well-known/openid-configuration");
    request = (struct fetch_request){.url = buffer_text(&url)};
    s = provider_ask(&request, &discovery_record, &found, err);
    if (s == STATUS_OK)
        s = check_discovery(provider, &found, err);
    if (s == STATUS_OK)
        s = fetch_keys(found.jwks_uri, &keys, err);
    if (s != STATUS_OK)
        return s;
    record_clear(&discovery_record, &provider->found);
    provider_keys_close(provider->keys);
    provider->found = found;
    provider->keys = keys;
    found = (struct discovery){0};
    return STATUS_OK;
}

/* What is old is better than nothing; while a provider is away, only one call in AWAY_MS waits. */
static enum status make_fresh(struct provider *provider, struct error *err)
{
    int64_t now = clock_monotonic();
    enum status s;

    if (provider->found_at && now - provider->found_at < FRESH_MS)
        return STATUS_OK;
    if (provider->failed_at && now - provider->failed_at < AWAY_MS)
        return provider->found_at
                   ? STATUS_OK
                   : error_set(err, STATUS_UNAVAILABLE, "%.100s did not answer a moment ago",
                               provider->setting->issuer);
    s = fetch_discovery(provider, err);
    now = clock_monotonic();
    if (s == STATUS_OK)
        provider->found_at = now;
    else
        provider->failed_at = now;
    return provider->found_at ? STATUS_OK : s;
}

/* A copy, so that nobody is waited for while it is used. The caller clears *ret. */
static enum status discover(struct provider *provider, struct discovery *ret, struct error *err)
{
    enum status s;

    pthread_mutex_lock(&provider->lock);
    s = make_fresh(provider, err);
    if (s == STATUS_OK)
        record_copy(&discovery_record, &provider->found, ret);
    pthread_mutex_unlock(&provider->lock);
    return s;
}

/* ---- The ID token */

static enum status verify_again(struct provider *provider, const char *id_token,
                                const struct id_token_expected *expected,
                                struct id_token_claims *ret, struct error *err)
{
    int64_t now = clock_monotonic();
    struct provider_keys *keys = NULL;
    enum status s;

    if (provider->again_at && now - provider->again_at < AGAIN_MS)
        return STATUS_NOT_FOUND;
    provider->again_at = now;
    s = fetch_keys(provider->found.jwks_uri, &keys, err);
    if (s != STATUS_OK)
        return s;
    provider_keys_close(provider->keys);
    provider->keys = keys;
    return id_token_verify(keys, id_token, expected, ret, err);
}

static enum status verify(struct provider *provider, const char *nonce, const char *id_token,
                          struct id_token_claims *ret, struct error *err)
{
    const struct id_token_expected expected = {.issuer = provider->setting->issuer,
                                               .client_id = provider->setting->client_id,
                                               .nonce = nonce,
                                               .now_ms = clock_now()};
    enum status s;

    pthread_mutex_lock(&provider->lock);
    s = id_token_verify(provider->keys, id_token, &expected, ret, err);
    if (s == STATUS_NOT_FOUND)
        s = verify_again(provider, id_token, &expected, ret, err);
    pthread_mutex_unlock(&provider->lock);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNAUTHENTICATED,
                         "the provider's ID token was signed by none of its keys");
    if (s == STATUS_EXPIRED) /* 40102 would say it of the client's own token */
        return error_set(err, STATUS_UNAUTHENTICATED, "the provider's ID token has expired");
    return s;
}

/* ---- The steps */

enum status provider_begin(struct provider *provider, const struct attempt *attempt,
                           const char *state, struct buffer *ret, struct error *err)
{
    const struct provider_setting *setting = provider->setting;
    CLEANUP(discovery_clear) struct discovery found = {0};
    const char *address = setting->authorize_url;
    char challenge[SECRET_MAX];
    enum status s;

    if (setting->issuer) {
        s = discover(provider, &found, err);
        if (s != STATUS_OK)
            return s;
        address = found.authorization_endpoint;
    }
    secret_hash(attempt->verifier, challenge);
    buffer_add_text(ret, address);
    if (!strchr(address, '?'))
        buffer_add_text(ret, "?");
    fetch_add_field(ret, "response_type", "code");
    fetch_add_field(ret, "client_id", setting->client_id);
    fetch_add_field(ret, "redirect_uri", attempt->callback);
    if (*setting->scopes)
        fetch_add_field(ret, "scope", setting->scopes);
    fetch_add_field(ret, "state", state);
    if (setting->issuer)
        fetch_add_field(ret, "nonce", attempt->nonce);
    fetch_add_field(ret, "code_challenge", challenge);
    fetch_add_field(ret, "code_challenge_method", "S256");
    return STATUS_OK;
}

/* RFC 9207: the answer of one provider is not taken for another's. */
static bool is_of_issuer(const struct discovery *found, const char *iss)
{
    return iss ? strcmp(iss, found->issuer) == 0
               : !found->authorization_response_iss_parameter_supported;
}

/* Basic is what all must support; some say that they do not. */
static bool takes_basic(const struct discovery *found)
{
    const struct strings *methods = &found->token_endpoint_auth_methods_supported;

    for (size_t i = 0; i < methods->n; i++)
        if (strcmp(methods->items[i], "client_secret_basic") == 0)
            return true;
    return methods->n == 0;
}

static enum status exchange(const struct provider *provider, const struct discovery *found,
                            const struct attempt *attempt, const char *code,
                            struct token_answer *ret, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer form = {0};
    CLEANUP(buffer_clear) struct buffer id = {0};
    CLEANUP(buffer_clear) struct buffer secret = {0};
    struct fetch_request request = {.url = found->token_endpoint};

    fetch_add_field(&form, "grant_type", "authorization_code");
    fetch_add_field(&form, "code", code);
    fetch_add_field(&form, "redirect_uri", attempt->callback);
    fetch_add_field(&form, "code_verifier", attempt->verifier);
    if (takes_basic(found)) { /* encoded, RFC 6749 §2.3.1 */
        fetch_add_encoded(&id, provider->setting->client_id);
        fetch_add_encoded(&secret, provider->setting->client_secret);
        request.username = buffer_text(&id);
        request.password = buffer_text(&secret);
    } else {
        fetch_add_field(&form, "client_id", provider->setting->client_id);
        fetch_add_field(&form, "client_secret", provider->setting->client_secret);
    }
    request.form = buffer_text(&form);
    return provider_ask(&request, &token_answer_record, ret, err);
}

enum status provider_finish(struct provider *provider, const struct attempt *attempt,
                            const struct oauth_callback *answer, struct proof *ret,
                            struct error *err)
{
    CLEANUP(discovery_clear) struct discovery found = {0};
    CLEANUP(token_answer_clear) struct token_answer tokens = {0};
    enum status s;

    if (!provider->setting->issuer)
        return github_finish(provider->setting, attempt, answer->code, ret, err);
    s = discover(provider, &found, err);
    if (s != STATUS_OK)
        return s;
    if (!is_of_issuer(&found, answer->iss))
        return error_set(err, STATUS_UNAUTHENTICATED, "the answer is of another issuer");
    s = exchange(provider, &found, attempt, answer->code, &tokens, err);
    if (s == STATUS_OK && !tokens.id_token)
        s = error_set(err, STATUS_UNAUTHENTICATED, "the provider sent no ID token");
    if (s == STATUS_OK)
        s = verify(provider, attempt->nonce, tokens.id_token, &ret->claims, err);
    if (s == STATUS_OK)
        ret->access_token = TAKE(tokens.access_token);
    return s;
}

static void take(char **to, char **from)
{
    if (!*to)
        *to = TAKE(*from);
}

enum status provider_describe(struct provider *provider, struct proof *proof, struct error *err)
{
    CLEANUP(discovery_clear) struct discovery found = {0};
    CLEANUP(id_token_claims_clear) struct id_token_claims more = {0};
    struct id_token_claims *claims = &proof->claims;
    struct fetch_request request = {.bearer = proof->access_token};
    enum status s;

    if (!provider->setting->issuer || !proof->access_token || claims->preferred_username)
        return STATUS_OK;
    s = discover(provider, &found, err);
    if (s != STATUS_OK || !found.userinfo_endpoint)
        return s;
    request.url = found.userinfo_endpoint;
    s = provider_ask(&request, &id_token_claims_record, &more, err);
    if (s != STATUS_OK)
        return s;
    if (strcmp(more.sub, claims->sub) != 0) /* OpenID Connect Core 1.0, §5.3.2 */
        return error_set(err, STATUS_UNAUTHENTICATED, "the provider told of somebody else");
    take(&claims->preferred_username, &more.preferred_username);
    take(&claims->name, &more.name);
    take(&claims->email, &more.email);
    return STATUS_OK;
}
