#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include "base/error.h"
#include "base/id.h"

/* Access tokens (JWT, ES256 only) and passwords (argon2id).
 *
 * libjwt 1.10 verifies HS256 with a public key, decodes with a null key, ignores exp and signs
 * "ES256" with P-384. So it only ever signs here, with a key that was checked to be P-256; what
 * comes from others is read by our own strict tables, must say ES256, and is verified by OpenSSL
 * with a key that was checked when it was read. exp, nbf, iss and aud are checked here; kid only
 * picks a key out of our own. docs/decisions/0040 has the measurements.
 */

#define TOKEN_ISSUER "parley"
#define TOKEN_AUDIENCE "parley"
#define TOKEN_SECONDS (15 * 60)
#define TOKEN_MAX 2048 /* bytes of a token; ours have about 400 */

struct token_claims {
    char user_id[ID_MAX];    /* sub */
    char session_id[ID_MAX]; /* sid */
    char role[16];
    int64_t generation; /* gen: of the account; smaller ones are refused once it has grown */
    int64_t expires_at; /* Unix ms */
    int64_t issued_at;  /* Unix ms */
};

/* Private keys: only auth has them. The newest signs, the others are of use to those who hold
 * tokens of theirs. A new one signs only when it has been in the file for lead_ms, so that every
 * service has it before it meets it: auth looks at the file and tells the others within a few
 * seconds. Where all replicas of auth share the file they change keys at the same time, and
 * TOKEN_KEY_LEAD_MS will do; where it is copied to each of them, the copying counts too. */
#define TOKEN_KEYS_MAX 3
#define TOKEN_KEY_LEAD_MS 10000
struct token_signer;

/* Read the P-256 keys in the PEM file, or make one there (mode 0600) if there is none; a file that
 * others may read is refused. Two processes that make one at once end up with the same. */
MUST_CHECK enum status token_signer_open(const char *key_file, int64_t lead_ms,
                                         struct token_signer **ret, struct error *err);
void token_signer_close(struct token_signer *signer); /* NULL is fine; wipes the keys */

/* Read the file again if it is another one by now. On failure the keys stay as they are, and the
 * next call tries again. One thread, beside any that sign. */
MUST_CHECK enum status token_signer_reload(struct token_signer *signer, bool *ret_changed,
                                           struct error *err);

/* Put a new key first in the file and keep at most TOKEN_KEYS_MAX. It is replaced at once, and
 * stays its owner's. TOO_FAST when that would log somebody out: while the newest does not sign
 * yet, or the oldest may have signed tokens that are still good. */
MUST_CHECK enum status token_rotate_keys(const char *key_file, int64_t lead_ms, int64_t now_ms,
                                         struct error *err);

/* *ret is a new token of claims, issued now, for TOKEN_SECONDS; the caller frees it.
 * claims->issued_at and expires_at are filled in. Any thread. */
MUST_CHECK enum status token_sign(struct token_signer *signer, struct token_claims *claims,
                                  char **ret, struct error *err);

/* The public halves as a JWKS (RFC 7517, 7638 thumbprint as kid); the caller frees it. */
char *token_signer_jwks(struct token_signer *signer);

/* Public keys: everyone has these. Immutable; replace the whole to rotate. */
struct token_keys;
MUST_CHECK enum status token_keys_open(const char *jwks, struct token_keys **ret,
                                       struct error *err);
void token_keys_close(struct token_keys *keys); /* NULL is fine */

/* Check a token at the time now_ms. UNAUTHENTICATED for anything not ours (forged, another
 * algorithm, malformed, not yet valid), EXPIRED past its exp. *ret is untouched on failure.
 * Any thread. Pure but for OpenSSL: fuzzed. */
MUST_CHECK enum status token_verify(const struct token_keys *keys, const char *token,
                                    int64_t now_ms, struct token_claims *ret, struct error *err);

/* ---- Passwords: argon2id, 19 MiB and 2 passes (OWASP's minimum, about 20 ms). */

#define PASSWORD_HASH_MAX 128

/* Call once before the rest, in one thread. */
MUST_CHECK enum status token_init(struct error *err);

MUST_CHECK enum status password_hash(const char *password, char ret[PASSWORD_HASH_MAX],
                                     struct error *err);

/* Is it the password of that hash? hash NULL costs the same time and is false, so that an unknown
 * user cannot be told from a wrong password. */
bool password_is(const char *hash, const char *password);

/* ---- Tokens of service accounts: SERVICE_TOKEN_PREFIX and 32 random bytes in base64url. Kept only as
 * refresh_token_hash() of the whole, and found by it: so nothing is compared byte by byte. */
#define SERVICE_TOKEN_PREFIX "service_"
#define SERVICE_TOKEN_MAX 56
void service_token_new(char ret[SERVICE_TOKEN_MAX]);

/* Could it be one, by its form? */
bool service_token_is(const char *token);

/* ---- Refresh tokens: 12 random bytes that name the session's family of tokens and 20 that change
 * at each rotation, in base64url. Both halves are kept only as hashes. Who shows a known family with
 * anything but its last two tokens has an older one: that is how a replay is known, without a
 * list of all tokens that ever were (docs/decisions/0041). */
#define REFRESH_TOKEN_MAX 48
#define REFRESH_TOKEN_LENGTH 43
#define REFRESH_HASH_MAX 48
void refresh_token_new(char ret[REFRESH_TOKEN_MAX]);
void refresh_token_hash(const char *token, char ret[REFRESH_HASH_MAX]);

/* The hash of its family. False for a text that is no refresh token by its length. */
bool refresh_token_family(const char *token, char ret[REFRESH_HASH_MAX]);

/* The successors of a token, of the same family, one for each key, that of the key which signs now
 * first: the same whenever they are asked for, so that a rotated token can get its own again for
 * 60 s, also when the keys have changed meanwhile, and it need not be stored. HMACs under secrets
 * that are derived from the keys; a token that refresh_token_family() refuses gets nonsense.
 * Returns how many there are. Any thread. */
size_t refresh_token_derive(struct token_signer *signer, const char *old_token,
                            char ret[TOKEN_KEYS_MAX][REFRESH_TOKEN_MAX]);

#endif
