/* Public keys of another provider: JWKS in (RFC 7517, 7518), OpenSSL's keys out. */

#include "token/provider_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "token/base64.h"
#include "token/key.h"

#define NUMBER_BYTES (PROVIDER_RSA_BITS_MAX / 8)
#define NUMBER_TEXT (NUMBER_BYTES * 4 / 3 + 4)
#define KID_MAX 256

struct jwk {
    char *kty;
    char *use;
    char *alg;
    char *kid;
    char *crv;
    char *x;
    char *y;
    char *n;
    char *e;
};

static const struct field jwk_fields[] = {
    FIELD(struct jwk, kty, .required = true),
    FIELD(struct jwk, use, .nullable = true),
    FIELD(struct jwk, alg, .nullable = true),
    FIELD(struct jwk, kid, .nullable = true, .max = KID_MAX),
    FIELD(struct jwk, crv, .nullable = true),
    FIELD(struct jwk, x, .nullable = true, .max = NUMBER_TEXT),
    FIELD(struct jwk, y, .nullable = true, .max = NUMBER_TEXT),
    FIELD(struct jwk, n, .nullable = true, .max = NUMBER_TEXT),
    FIELD(struct jwk, e, .nullable = true, .max = NUMBER_TEXT),
};
static const struct record jwk_record = RECORD("provider.jwk", struct jwk, jwk_fields);

struct jwks {
    struct list keys;
};
static const struct field jwks_fields[] = {
    FIELD(struct jwks, keys, .required = true, .max = PROVIDER_KEYS_MAX, .of = &jwk_record),
};
static const struct record jwks_record = RECORD("provider.jwks", struct jwks, jwks_fields);
DEFINE_RECORD_CLEANUP(struct jwks, jwks)

struct provider_key {
    char *kid;         /* NULL: it has no name */
    enum signing only; /* what the set says that it is for; SIGNING_NONE: nothing */
    EVP_PKEY *key;
};

struct provider_keys {
    struct provider_key *items;
    size_t n;
};

enum signing signing_find(const char *alg)
{
    if (strcmp(alg, "RS256") == 0)
        return SIGNING_RS256;
    if (strcmp(alg, "PS256") == 0)
        return SIGNING_PS256;
    return strcmp(alg, "ES256") == 0 ? SIGNING_ES256 : SIGNING_NONE;
}

/* ---- Reading */

static BIGNUM *number_of(const char *text)
{
    unsigned char bytes[NUMBER_BYTES + 1]; /* some write a zero before it */
    size_t length;

    if (!text || !base64_decode(text, strlen(text), bytes, sizeof bytes, &length))
        return NULL;
    return BN_bin2bn(bytes, (int)length, NULL);
}

static EVP_PKEY *rsa_of_numbers(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    if (params && context && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params); /* key says it */
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

/* An even modulus or exponent, or one of 1, makes no RSA; OpenSSL takes some of them. A large
 * exponent only costs time. */
static bool is_rsa(const BIGNUM *n, const BIGNUM *e)
{
    return n && e && BN_num_bits(n) >= PROVIDER_RSA_BITS_MIN &&
           BN_num_bits(n) <= PROVIDER_RSA_BITS_MAX && BN_is_odd(n) && BN_is_odd(e) &&
           !BN_is_one(e) && BN_num_bits(e) <= 32;
}

static EVP_PKEY *rsa_key(const struct jwk *jwk)
{
    BIGNUM *n = number_of(jwk->n);
    BIGNUM *e = number_of(jwk->e);
    EVP_PKEY *key = is_rsa(n, e) ? rsa_of_numbers(n, e) : NULL;

    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *ec_key(const struct jwk *jwk)
{
    struct auth_jwk ours = {.kty = jwk->kty,
                            .crv = jwk->crv,
                            .x = jwk->x,
                            .y = jwk->y,
                            .alg = (char *)"ES256", /* only read, as the rest */
                            .use = (char *)"sig",
                            .kid = (char *)""};
    EVP_PKEY *key = NULL;

    if (!jwk->crv || !jwk->x || !jwk->y || key_from_jwk(&ours, &key, NULL) != STATUS_OK)
        return NULL;
    return key;
}

/* Is it for checking signatures, by one of our ways if it names one? */
static bool is_ours(const struct jwk *jwk)
{
    return (!jwk->use || strcmp(jwk->use, "sig") == 0) &&
           (!jwk->alg || signing_find(jwk->alg) != SIGNING_NONE);
}

static EVP_PKEY *key_of(const struct jwk *jwk)
{
    if (!is_ours(jwk))
        return NULL;
    if (strcmp(jwk->kty, "RSA") == 0)
        return rsa_key(jwk);
    return strcmp(jwk->kty, "EC") == 0 ? ec_key(jwk) : NULL;
}

static void add_key(struct provider_keys *keys, const struct jwk *jwk)
{
    EVP_PKEY *key = key_of(jwk);

    ERR_clear_error();
    if (!key)
        return;
    keys->items[keys->n++] = (struct provider_key){
        .kid = memory_text(jwk->kid),
        .only = jwk->alg ? signing_find(jwk->alg) : SIGNING_NONE,
        .key = key,
    };
}

enum status provider_keys_open(const char *jwks, size_t length, struct provider_keys **ret,
                               struct error *err)
{
    CLEANUP(jwks_clear) struct jwks set = {0};
    struct provider_keys *keys;
    const struct jwk *items;

    if (record_from_json(&jwks_record, jwks, length, &set, err) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "the provider's key set cannot be read");
    keys = memory_new(sizeof *keys);
    keys->items = memory_new(set.keys.n * sizeof *keys->items + 1);
    items = set.keys.items;
    for (size_t i = 0; i < set.keys.n; i++)
        add_key(keys, &items[i]);
    if (keys->n == 0) {
        provider_keys_close(keys);
        return error_set(err, STATUS_INVALID, "the provider's key set has no key that we can use");
    }
    *ret = keys;
    return STATUS_OK;
}

void provider_keys_close(struct provider_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++) {
        free(keys->items[i].kid);
        EVP_PKEY_free(keys->items[i].key);
    }
    free(keys->items);
    free(keys);
}

/* ---- Use */

static bool fits(const struct provider_key *key, enum signing signing)
{
    int kind = signing == SIGNING_ES256 ? EVP_PKEY_EC : EVP_PKEY_RSA;

    return EVP_PKEY_get_base_id(key->key) == kind &&
           (key->only == SIGNING_NONE || key->only == signing);
}

EVP_PKEY *provider_keys_find(const struct provider_keys *keys, const char *kid,
                             enum signing signing)
{
    EVP_PKEY *found = NULL;

    for (size_t i = 0; i < keys->n; i++) {
        const struct provider_key *key = &keys->items[i];

        if (!fits(key, signing) || (kid && (!key->kid || strcmp(key->kid, kid) != 0)))
            continue;
        if (found)
            return NULL; /* which of them, nobody says */
        found = key->key;
    }
    return found;
}

/* The salt is as long as the hash, RFC 7518 §3.5. */
static bool set_padding(EVP_PKEY_CTX *context)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool signing_is_good(enum signing signing, EVP_PKEY *key, const void *text, size_t length,
                     const unsigned char *signature, size_t signature_length)
{
    EVP_MD_CTX *context;
    EVP_PKEY_CTX *how = NULL; /* the context's */
    bool good;

    if (signing == SIGNING_ES256)
        return signature_length == 2 * (size_t)KEY_BYTES &&
               key_has_signed(key, text, length, signature);
    context = EVP_MD_CTX_new();
    good = context && EVP_DigestVerifyInit(context, &how, EVP_sha256(), NULL, key) == 1 &&
           (signing == SIGNING_RS256 || set_padding(how)) &&
           EVP_DigestVerify(context, signature, signature_length, text, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}
