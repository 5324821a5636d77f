#include "token/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "token/base64.h"

#define GROUP "prime256v1" /* OpenSSL's name of P-256 */
#define POINT_BYTES (1 + 2 * KEY_BYTES)
#define POINT_UNCOMPRESSED 4

enum status key_check_curve(const EVP_PKEY *key, struct error *err)
{
    char group[32] = "";
    size_t length;

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1 ||
        strcmp(group, GROUP) != 0) {
        ERR_clear_error();
        return error_set(err, STATUS_INVALID, "the key is not an elliptic curve key on P-256");
    }
    return STATUS_OK;
}

static bool coordinate(const EVP_PKEY *key, const char *name, char ret[KEY_TEXT])
{
    unsigned char bytes[KEY_BYTES];
    BIGNUM *number = NULL;
    bool is_there = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
                    BN_bn2binpad(number, bytes, sizeof bytes) == sizeof bytes;

    BN_free(number);
    if (is_there)
        base64_encode(bytes, sizeof bytes, ret);
    return is_there;
}

/* RFC 7638: the required members, sorted, without space. */
static void thumbprint(const char *x, const char *y, char ret[KEY_TEXT])
{
    char json[64 + 2 * KEY_TEXT];
    unsigned char hash[crypto_hash_sha256_BYTES];
    int n = snprintf(json, sizeof json,
                     "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);

    crypto_hash_sha256(hash, (const unsigned char *)json, (unsigned long long)n);
    base64_encode(hash, sizeof hash, ret);
}

enum status key_to_jwk(const EVP_PKEY *key, struct auth_jwk *ret, struct error *err)
{
    char x[KEY_TEXT];
    char y[KEY_TEXT];
    char kid[KEY_TEXT];

    if (!coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x) ||
        !coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y)) {
        ERR_clear_error();
        return error_set(err, STATUS_INTERNAL, "the key's public half cannot be read");
    }
    thumbprint(x, y, kid);
    *ret = (struct auth_jwk){.kty = memory_text("EC"),
                             .crv = memory_text("P-256"),
                             .x = memory_text(x),
                             .y = memory_text(y),
                             .alg = memory_text("ES256"),
                             .use = memory_text("sig"),
                             .kid = memory_text(kid)};
    return STATUS_OK;
}

static bool take_coordinate(const char *text, unsigned char *ret)
{
    size_t length;

    return base64_decode(text, strlen(text), ret, KEY_BYTES, &length) && length == KEY_BYTES;
}

/* fromdata refuses a point that is not on the curve. */
static EVP_PKEY *key_of_point(unsigned char *point)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)GROUP, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT_BYTES),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (context && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params); /* key says it */
    EVP_PKEY_CTX_free(context);
    return key;
}

enum status key_from_jwk(const struct auth_jwk *jwk, EVP_PKEY **ret, struct error *err)
{
    unsigned char point[POINT_BYTES] = {POINT_UNCOMPRESSED};
    EVP_PKEY *key = NULL;

    if (strcmp(jwk->kty, "EC") != 0 || strcmp(jwk->crv, "P-256") != 0 ||
        strcmp(jwk->alg, "ES256") != 0 || strcmp(jwk->use, "sig") != 0)
        return error_set(err, STATUS_INVALID, "key '%s' is not for ES256", jwk->kid);
    if (take_coordinate(jwk->x, point + 1) && take_coordinate(jwk->y, point + 1 + KEY_BYTES))
        key = key_of_point(point);
    ERR_clear_error();
    if (!key)
        return error_set(err, STATUS_INVALID, "key '%s' is not a point on P-256", jwk->kid);
    *ret = key;
    return STATUS_OK;
}

/* OpenSSL wants the two numbers as DER. *ret is its own, and the caller's to free. */
static int signature_to_der(const unsigned char *signature, unsigned char **ret)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, KEY_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(signature + KEY_BYTES, KEY_BYTES, NULL);
    int length = -1;

    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* pair's now */
        length = i2d_ECDSA_SIG(pair, ret);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return length;
}

bool key_has_signed(EVP_PKEY *key, const void *text, size_t length, const unsigned char *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    int der_length = signature_to_der(signature, &der);
    bool has = der_length > 0 && context &&
               EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
               EVP_DigestVerify(context, der, (size_t)der_length, text, length) == 1;

    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return has;
}
