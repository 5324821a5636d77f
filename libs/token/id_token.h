#ifndef TOKEN_ID_TOKEN_H
#define TOKEN_ID_TOKEN_H

#include "base/error.h"
#include "record/record.h"

/* ID tokens of OpenID Connect: what another provider says of a person, and its public keys.
 *
 * Foreign text in every respect, so the same rules as for our own tokens (token.h): strict tables,
 * OpenSSL, and no word of the token decides how it is checked. The algorithm is one of a list of
 * ours (RS256, PS256, ES256; never "none", never an HMAC, whose key would be public), must be of the
 * key's own kind, and the one that the key names if it names any. */

#define ID_TOKEN_MAX (16 * 1024)   /* providers put groups and pictures in */
#define ID_TOKEN_SKEW_MS 60000     /* how far their clock and ours may lie apart */
#define PROVIDER_KEYS_MAX 64       /* of a set; more is nobody's rotation */
#define PROVIDER_RSA_BITS_MIN 2048 /* RFC 7518 §3.3 */
#define PROVIDER_RSA_BITS_MAX 8192 /* verifying is dear beyond */

struct provider_keys;

/* Read a provider's JWKS. Keys that are of other kinds, or for other uses, are left out; INVALID
 * for what is no key set, or has none left. The caller closes *ret. */
MUST_CHECK enum status provider_keys_open(const char *jwks, size_t length,
                                          struct provider_keys **ret, struct error *err);
void provider_keys_close(struct provider_keys *keys); /* NULL is fine */

/* What the token must say. */
struct id_token_expected {
    const char *issuer;
    const char *client_id;
    const char *nonce;
    int64_t now_ms;
};

/* What it says besides. Only sub is always there; the rest is for display and may be anything. */
struct id_token_claims {
    char *sub;
    char *preferred_username;
    char *name;
    char *email;
};
extern const struct record id_token_claims_record; /* reads a userinfo answer too */
DEFINE_RECORD_CLEANUP(struct id_token_claims, id_token_claims)

/* NOT_FOUND: no key of the set has signed it (they may have been changed, under the same names even:
 * fetch them again). EXPIRED past its exp; UNAUTHENTICATED for all else that is wrong, with the
 * reason in err: it is for the operator, and secret to nobody. *ret is the caller's to clear, and untouched on failure.
 * Any thread. Pure but for OpenSSL: fuzzed. */
MUST_CHECK enum status id_token_verify(const struct provider_keys *keys, const char *token,
                                       const struct id_token_expected *expected,
                                       struct id_token_claims *ret, struct error *err);

#endif
