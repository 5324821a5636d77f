/* The private keys: access tokens are signed, and refresh tokens derived, with them. */

#include "token/token.h"

#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "token/base64.h"
#include "token/key.h"
#include "token/key_file.h"
#include "token/parts.h"
#include "token/refresh.h"

struct signing_key {
    char *pem; /* the private key, as libjwt takes it */
    char *kid;
    unsigned char secret[crypto_auth_hmacsha256_KEYBYTES]; /* for refresh tokens */
};

/* One version of the file: immutable once it is made. */
struct key_set {
    struct signing_key keys[TOKEN_KEYS_MAX];
    size_t n;
    char *jwks;
    int64_t changed_at;
};

struct token_signer {
    char *file;
    int64_t lead_ms;
    pthread_rwlock_t lock; /* of all below */
    struct key_set set;
    struct key_file seen; /* without its keys: the version looked at last, good or not */
};

/* ---- From the file */

static void key_set_clear(struct key_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        key_wipe(set->keys[i].pem);
        free(set->keys[i].kid);
    }
    free(set->jwks);
    sodium_memzero(set, sizeof *set);
}

/* Keyed BLAKE2b as a key derivation: knowing the secret tells nothing about the private key. */
static enum status take_secret(struct signing_key *ret, const EVP_PKEY *key, struct error *err)
{
    static const unsigned char purpose[] = "parley refresh tokens 1";
    unsigned char number[KEY_BYTES];
    BIGNUM *private = NULL;
    bool is_there = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &private) == 1 &&
                    BN_bn2binpad(private, number, sizeof number) == sizeof number;

    BN_clear_free(private);
    if (!is_there)
        return error_set(err, STATUS_INVALID, "AUTH_KEY_FILE: no private half");
    (void)crypto_generichash(ret->secret, sizeof ret->secret, purpose, sizeof purpose - 1, number,
                             sizeof number); /* fails only for bad sizes */
    sodium_memzero(number, sizeof number);
    return STATUS_OK;
}

static enum status take_key(struct signing_key *ret, EVP_PKEY *key, struct auth_jwk *jwk,
                            struct error *err)
{
    enum status s = key_to_jwk(key, jwk, err);

    if (s == STATUS_OK)
        s = take_secret(ret, key, err);
    if (s != STATUS_OK)
        return s;
    ret->kid = memory_text(jwk->kid);
    ret->pem = key_private_pem(key);
    if (!ret->pem)
        return error_set(err, STATUS_INTERNAL, "OpenSSL does not write its key");
    return STATUS_OK;
}

static enum status take_keys(struct key_set *ret, const struct key_file *file, struct error *err)
{
    CLEANUP(auth_jwks_clear) struct auth_jwks jwks = {0};
    CLEANUP(buffer_clear) struct buffer json = {0};
    enum status s = STATUS_OK;

    ret->changed_at = file->changed_at;
    for (ret->n = 0; ret->n < file->n && s == STATUS_OK; ret->n++)
        s = take_key(&ret->keys[ret->n], file->keys[ret->n], list_add(&jwks.keys, &auth_jwk_record),
                     err);
    if (s != STATUS_OK)
        return s;
    record_to_json(&auth_jwks_record, &jwks, &json);
    ret->jwks = buffer_take(&json);
    return STATUS_OK;
}

static enum status load(const char *file, struct key_set *ret, struct key_file *ret_seen,
                        struct error *err)
{
    CLEANUP(key_file_clear) struct key_file keys = {0};
    struct key_set set = {0};
    enum status s = key_file_read(file, &keys, err);

    if (s == STATUS_OK)
        s = take_keys(&set, &keys, err);
    if (s != STATUS_OK) {
        key_set_clear(&set);
        return s;
    }
    *ret = set;
    *ret_seen = (struct key_file){.changed_at = keys.changed_at, .inode = keys.inode};
    return STATUS_OK;
}

enum status token_signer_open(const char *key_file, int64_t lead_ms, struct token_signer **ret,
                              struct error *err)
{
    struct key_set set;
    struct key_file seen;
    struct token_signer *signer;
    enum status s = load(key_file, &set, &seen, err);

    if (s == STATUS_NOT_FOUND) {
        s = key_file_make(key_file, err);
        if (s == STATUS_OK)
            s = load(key_file, &set, &seen, err);
    }
    if (s != STATUS_OK)
        return s;
    signer = memory_new(sizeof *signer);
    signer->file = memory_text(key_file);
    signer->lead_ms = lead_ms;
    signer->set = set;
    signer->seen = seen;
    pthread_rwlock_init(&signer->lock, NULL);
    *ret = signer;
    return STATUS_OK;
}

void token_signer_close(struct token_signer *signer)
{
    if (!signer)
        return;
    key_set_clear(&signer->set);
    pthread_rwlock_destroy(&signer->lock);
    free(signer->file);
    free(signer);
}

enum status token_signer_reload(struct token_signer *signer, bool *ret_changed, struct error *err)
{
    struct key_set set;
    struct key_set old = {0};
    enum status s;

    *ret_changed = false;
    if (key_file_is_same(signer->file, &signer->seen)) /* only this call writes it */
        return STATUS_OK;
    s = load(signer->file, &set, &signer->seen, err);
    if (s != STATUS_OK)
        return s;
    pthread_rwlock_wrlock(&signer->lock);
    old = signer->set;
    signer->set = set;
    pthread_rwlock_unlock(&signer->lock);
    key_set_clear(&old);
    *ret_changed = true;
    return STATUS_OK;
}

char *token_signer_jwks(struct token_signer *signer)
{
    char *jwks;

    pthread_rwlock_rdlock(&signer->lock);
    jwks = memory_text(signer->set.jwks);
    pthread_rwlock_unlock(&signer->lock);
    return jwks;
}

/* ---- Sign */

/* The place of the key that signs: a new one only once everybody has had the time to fetch it. */
static size_t signing(const struct token_signer *signer)
{
    const struct key_set *set = &signer->set;

    return set->n > 1 && clock_now() < set->changed_at + signer->lead_ms ? 1 : 0;
}

static bool add_payload(jwt_t *jwt, const struct token_claims *claims)
{
    return jwt_add_grant(jwt, "iss", TOKEN_ISSUER) == 0 &&
           jwt_add_grant(jwt, "aud", TOKEN_AUDIENCE) == 0 &&
           jwt_add_grant(jwt, "sub", claims->user_id) == 0 &&
           jwt_add_grant(jwt, "sid", claims->session_id) == 0 &&
           jwt_add_grant(jwt, "role", claims->role) == 0 &&
           jwt_add_grant_int(jwt, "gen", claims->generation) == 0 &&
           jwt_add_grant_int(jwt, "iat", claims->issued_at / 1000) == 0 &&
           jwt_add_grant_int(jwt, "exp", claims->expires_at / 1000) == 0;
}

static char *sign(const struct signing_key *key, const struct token_claims *claims)
{
    jwt_t *jwt = NULL;
    char *token = NULL;

    if (jwt_new(&jwt) == 0 && jwt_add_header(jwt, "kid", key->kid) == 0 &&
        add_payload(jwt, claims) &&
        jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)key->pem, (int)strlen(key->pem)) ==
            0)
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    ERR_clear_error();
    return token;
}

enum status token_sign(struct token_signer *signer, struct token_claims *claims, char **ret,
                       struct error *err)
{
    char *token;

    claims->issued_at = clock_now() / 1000 * 1000; /* tokens count in seconds */
    claims->expires_at = claims->issued_at + TOKEN_SECONDS * 1000;
    pthread_rwlock_rdlock(&signer->lock);
    token = sign(&signer->set.keys[signing(signer)], claims);
    pthread_rwlock_unlock(&signer->lock);
    if (!token)
        return error_set(err, STATUS_INTERNAL, "libjwt made no token");
    *ret = token; /* made by malloc() */
    return STATUS_OK;
}

/* The family keeps the old token's first characters; the rest is new. */
static void derive(const struct signing_key *key, const char *old_token,
                   char ret[REFRESH_TOKEN_MAX])
{
    unsigned char bytes[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256(bytes, (const unsigned char *)old_token, strlen(old_token), key->secret);
    base64_encode(bytes, sizeof bytes, ret);
    memcpy(ret, old_token, strnlen(old_token, REFRESH_FAMILY_LENGTH));
}

size_t refresh_token_derive(struct token_signer *signer, const char *old_token,
                            char ret[TOKEN_KEYS_MAX][REFRESH_TOKEN_MAX])
{
    const struct key_set *set = &signer->set;
    size_t first;
    size_t n;

    pthread_rwlock_rdlock(&signer->lock);
    n = set->n;
    first = signing(signer);
    for (size_t i = 0; i < n; i++)
        derive(&set->keys[(first + i) % n], old_token, ret[i]);
    pthread_rwlock_unlock(&signer->lock);
    return n;
}
