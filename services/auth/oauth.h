#ifndef AUTH_OAUTH_H
#define AUTH_OAUTH_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth.h"
#include "fetch/fetch.h"
#include "token/id_token.h"
#include "token/secret.h"
#include "wire/oauth_api.h"

/* Log-in by other providers: OAuth 2.0's code flow with state and PKCE, at GitHub or at any issuer
 * of OpenID Connect. */

/* ---- oauth_config.c: OAUTH_FILE */

struct provider_setting {
    char *name;
    char *issuer; /* NULL: the built-in GitHub */
    char *client_id;
    char *client_secret;
    char *scopes;
    char *authorize_url; /* these of GitHub, or of one's own GitHub Enterprise */
    char *token_url;
    char *api_url;
};

struct oauth_settings {
    struct list providers; /* struct provider_setting */
};
extern const struct record oauth_settings_record;
DEFINE_RECORD_CLEANUP(struct oauth_settings, oauth_settings)

/* INVALID, and a line "OAUTH_FILE: …\n" for each fault. What is absent gets its default. file NULL:
 * no providers. The caller clears *ret. */
MUST_CHECK enum status oauth_settings_read(const char *file, struct oauth_settings *ret,
                                           struct buffer *faults);

/* ---- oauth_attempt.c: what is remembered of a log-in while the browser is with the provider */

#define ATTEMPT_SECONDS 600 /* to find one's password, and the telephone with the second factor */

struct attempt {
    char *provider;
    char *redirect; /* NULL: the callback answers with the session */
    char *device;
    char *verifier; /* of PKCE */
    char *nonce;
    char *callback; /* our address that the provider was told */
    char *user_id;  /* who links an identity, and in which session; NULL: somebody logs in */
    char *session_id;
};
extern const struct record attempt_record;
DEFINE_RECORD_CLEANUP(struct attempt, attempt)

/* Keep it for this browser alone, which gets a cookie, under a new state. TOO_FAST for an address
 * that begins more than ATTEMPTS_PER_MINUTE. */
#define ATTEMPTS_PER_MINUTE 60
MUST_CHECK enum status attempt_begin(struct auth_state *auth, struct call *call,
                                     const struct attempt *attempt, char ret_state[SECRET_MAX],
                                     struct error *err);

/* It is given back once, to the browser that began it: INVALID (field state) to any other. */
MUST_CHECK enum status attempt_take(struct auth_state *auth, struct call *call, const char *state,
                                    struct attempt *ret, struct error *err);

/* ---- oauth_provider.c, oauth_github.c: talking to a provider */

struct discovery { /* OpenID Connect Discovery 1.0, §3 */
    char *issuer;
    char *authorization_endpoint;
    char *token_endpoint;
    char *userinfo_endpoint;
    char *jwks_uri;
    struct strings token_endpoint_auth_methods_supported;
    bool authorization_response_iss_parameter_supported;
};

struct provider {
    const struct provider_setting *setting;
    pthread_mutex_t lock; /* of all below; held while they are fetched */
    struct discovery found;
    struct provider_keys *keys;
    int64_t found_at;  /* monotonic, as the rest; 0: never */
    int64_t failed_at; /* the last time that they could not be fetched */
    int64_t again_at;  /* the last time that keys were fetched for a token of none */
};

/* Who the provider says it is, and a token to ask it for more. */
struct proof {
    struct id_token_claims claims;
    char *access_token;
};
void proof_clear(struct proof *proof);

static inline void proof_clear_at(struct proof *proof)
{
    proof_clear(proof);
}

struct oauth {
    struct oauth_settings settings;
    struct provider *items;
    size_t n;
    atomic_int in_hand; /* calls that may wait for a provider */
};

/* NULL: there is none of that name. */
struct provider *provider_find(struct oauth *oauth, const char *name);
void provider_close(struct provider *provider); /* what was found; the setting is oauth's */

/* The address to send the browser to. UNAVAILABLE, or INTERNAL for a provider that is not what the
 * settings say. */
MUST_CHECK enum status provider_begin(struct provider *provider, const struct attempt *attempt,
                                      const char *state, struct buffer *ret, struct error *err);

/* Exchange the code. UNAUTHENTICATED when the provider refuses it or its answer cannot be trusted,
 * else as above. The caller clears *ret. */
MUST_CHECK enum status provider_finish(struct provider *provider, const struct attempt *attempt,
                                       const struct oauth_callback *answer, struct proof *ret,
                                       struct error *err);

/* Complete the claims with what the provider tells of the person elsewhere. */
MUST_CHECK enum status provider_describe(struct provider *provider, struct proof *proof,
                                         struct error *err);

/* GET, or POST of form, and read the JSON of a 200 into *ret. UNAVAILABLE for all else, but
 * UNAUTHENTICATED for a refused code and INTERNAL when we ourselves are refused. */
MUST_CHECK enum status provider_ask(const struct fetch_request *request, const struct record *rec,
                                    void *ret, struct error *err);

struct token_answer { /* RFC 6749, §5 */
    char *access_token;
    char *id_token;
    char *error; /* GitHub sends it with a 200 */
};
extern const struct record token_answer_record;
DEFINE_RECORD_CLEANUP(struct token_answer, token_answer)

MUST_CHECK enum status github_finish(const struct provider_setting *github,
                                     const struct attempt *attempt, const char *code,
                                     struct proof *ret, struct error *err);

/* ---- oauth_names.c: what who comes by a provider is called. Pure. */

/* Of what the provider calls him, in our alphabet; the caller frees it. */
char *newcomer_name(const struct id_token_claims *claims);

/* The n-th to try, from 1: anna, anna-2 … anna-9, then anna- and something random. */
#define NEWCOMER_NAMES_MAX 16
char *newcomer_name_numbered(const char *name, int n);

/* The nickname: the claims' name if it can be shown, else username. */
char *newcomer_nickname(const struct id_token_claims *claims, const char *username);

/* What he is called there, IDENTITY_NAME_MAX characters of it; NULL: nobody said. */
char *identity_name(const struct id_token_claims *claims);

/* ---- identities.c: the collection identities, whose _id is "<provider>:<subject>" */

MUST_CHECK enum status identities_prepare(struct auth_state *auth, struct error *err);

/* The account that the identity leads to; the first time it is made. The caller clears *ret. */
MUST_CHECK enum status identity_find_account(struct auth_state *auth, struct provider *provider,
                                             struct proof *proof, struct account_document *ret,
                                             struct error *err);

/* Let it lead to that user too. CONFLICT when it leads to somebody else, or when he has another
 * identity at that provider. */
MUST_CHECK enum status identity_link(struct auth_state *auth, struct provider *provider,
                                     struct proof *proof, const char *user_id, struct error *err);

http_handler handle_identities;
http_handler handle_unlink;

/* ---- oauth.c */

MUST_CHECK enum status oauth_open(struct auth_state *auth, struct error *err);
void oauth_close(struct oauth *oauth); /* NULL is fine */

http_handler handle_oauth_providers;
http_handler handle_oauth_start;
http_handler handle_oauth_callback;
http_handler handle_oauth_link;

#endif
