/* Passwords: argon2id by libsodium. */

#include "token/token.h"

#include <sodium.h>
#include <string.h>

#define MEMORY_BYTES (19 * 1024 * 1024)
#define PASSES 2

static char
    nobody[PASSWORD_HASH_MAX]; /* the hash that an unknown user's password is held against */

enum status token_init(struct error *err)
{
    char random[REFRESH_TOKEN_MAX];

    if (sodium_init() < 0)
        return error_set(err, STATUS_INTERNAL, "libsodium cannot start");
    refresh_token_new(random);
    return password_hash(random, nobody, err);
}

enum status password_hash(const char *password, char ret[PASSWORD_HASH_MAX], struct error *err)
{
    _Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_STRBYTES, "room for libsodium's text");

    if (crypto_pwhash_str_alg(ret, password, strlen(password), PASSES, MEMORY_BYTES,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "no memory to hash a password");
    return STATUS_OK;
}

bool password_is(const char *hash, const char *password)
{
    bool is = crypto_pwhash_str_verify(hash ? hash : nobody, password, strlen(password)) == 0;

    return is && hash;
}
