/* ID tokens of other providers: what is for us passes, and everything else does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "token/id_token.h"
#include "token/secret.h"
#include "token/token.h"

#define NOW_MS INT64_C(2000000)
#define CLAIMS \
    "\"iss\":\"https://id.example.com\",\"sub\":\"anna\",\"aud\":\"parley\",\"nonce\":\"n\"," \
    "\"iat\":1990,\"exp\":2300"

static const struct id_token_expected expected = {
    .issuer = "https://id.example.com", .client_id = "parley", .nonce = "n", .now_ms = NOW_MS};
static EVP_PKEY *rsa, *small_rsa, *ec, *other_ec;
static struct provider_keys *keys; /* rsa as "r", ec as "e" */
static struct error err;

/* ---- A provider's tools */

static void encode(const void *data, size_t length, struct buffer *ret)
{
    size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    sodium_bin2base64(buffer_reserve(ret, room), room, data, length,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    ret->length += room - 1;
}

static void add_number(EVP_PKEY *key, const char *name, const char *member, struct buffer *jwk)
{
    unsigned char bytes[1024];
    BIGNUM *number = NULL;
    int length;

    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    length = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? BN_bn2binpad(number, bytes, 32)
                                                      : BN_bn2bin(number, bytes);
    BN_free(number);
    buffer_printf(jwk, ",\"%s\":\"", member);
    encode(bytes, (size_t)length, jwk);
    buffer_add_text(jwk, "\"");
}

/* more: members besides, such as ",\"kid\":\"r\"". */
static void add_jwk(EVP_PKEY *key, const char *more, struct buffer *ret)
{
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;

    buffer_printf(ret, "%s{\"kty\":\"%s\"", ret->length ? "," : "", is_rsa ? "RSA" : "EC");
    if (is_rsa) {
        add_number(key, OSSL_PKEY_PARAM_RSA_N, "n", ret);
        add_number(key, OSSL_PKEY_PARAM_RSA_E, "e", ret);
    } else {
        buffer_add_text(ret, ",\"crv\":\"P-256\"");
        add_number(key, OSSL_PKEY_PARAM_EC_PUB_X, "x", ret);
        add_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", ret);
    }
    buffer_printf(ret, "%s}", more);
}

static enum status open_set(const char *members, struct provider_keys **ret)
{
    CLEANUP(buffer_clear) struct buffer set = {0};

    buffer_printf(&set, "{\"keys\":[%s]}", members);
    return provider_keys_open(set.data, set.length, ret, &err);
}

/* The set of one key. */
static struct provider_keys *set_of(EVP_PKEY *key, const char *more)
{
    CLEANUP(buffer_clear) struct buffer members = {0};
    struct provider_keys *ret = NULL;

    add_jwk(key, more, &members);
    assert_int_equal(open_set(buffer_text(&members), &ret), STATUS_OK);
    return ret;
}

static size_t sign_raw(EVP_PKEY *key, bool pss, const struct buffer *text, unsigned char *ret)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how;
    size_t length = 1024;
    ECDSA_SIG *pair;

    assert_int_equal(EVP_DigestSignInit(context, &how, EVP_sha256(), NULL, key), 1);
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(
        EVP_DigestSign(context, ret, &length, (unsigned char *)text->data, text->length), 1);
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return length;
    pair = d2i_ECDSA_SIG(NULL, &(const unsigned char *){ret}, (long)length);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), ret, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), ret + 32, 32);
    ECDSA_SIG_free(pair);
    return 64;
}

static char *sign(EVP_PKEY *key, bool pss, const char *header, const char *payload)
{
    struct buffer token = {0};
    unsigned char signature[1024];
    size_t length;

    encode(header, strlen(header), &token);
    buffer_add_text(&token, ".");
    encode(payload, strlen(payload), &token);
    length = sign_raw(key, pss, &token, signature);
    buffer_add_text(&token, ".");
    encode(signature, length, &token);
    return buffer_take(&token);
}

/* Frees token. */
static enum status verify_with(const struct provider_keys *set, char *token)
{
    CLEANUP(id_token_claims_clear) struct id_token_claims claims = {0};
    enum status s = id_token_verify(set, token, &expected, &claims, &err);

    free(token);
    if (s != STATUS_OK)
        assert_null(claims.sub);
    return s;
}

static enum status verify_payload(const char *payload)
{
    return verify_with(keys, sign(ec, false, "{\"alg\":\"ES256\",\"kid\":\"e\"}", payload));
}

static int set_up(void **state)
{
    CLEANUP(buffer_clear) struct buffer members = {0};

    (void)state;
    assert_int_equal(token_init(NULL), STATUS_OK);
    rsa = EVP_RSA_gen(2048);
    small_rsa = EVP_RSA_gen(1024);
    ec = EVP_EC_gen("P-256");
    other_ec = EVP_EC_gen("P-256");
    add_jwk(rsa, ",\"kid\":\"r\",\"use\":\"sig\",\"x5c\":[\"AAAA\"]", &members);
    add_jwk(ec, ",\"kid\":\"e\",\"alg\":\"ES256\"", &members);
    assert_int_equal(open_set(buffer_text(&members), &keys), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    provider_keys_close(keys);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small_rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(other_ec);
    return 0;
}

/* ---- What it promises */

static void accepts_the_three_ways_of_signing_and_tells_who_it_is(void **state)
{
    static const char payload[] =
        "{" CLAIMS ",\"name\":\"Anna\",\"email\":null,\"preferred_username\":\"anna_m\","
        "\"groups\":[\"a\"],\"picture\":{}}";
    CLEANUP(id_token_claims_clear) struct id_token_claims claims = {0};
    CLEANUP(free)
    char *token = sign(rsa, false, "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", payload);

    (void)state;
    assert_int_equal(id_token_verify(keys, token, &expected, &claims, &err), STATUS_OK);
    assert_string_equal(claims.sub, "anna");
    assert_string_equal(claims.name, "Anna");
    assert_string_equal(claims.preferred_username, "anna_m");
    assert_null(claims.email);
    assert_int_equal(
        verify_with(keys, sign(rsa, true, "{\"alg\":\"PS256\",\"kid\":\"r\"}", payload)),
        STATUS_OK);
    assert_int_equal(
        verify_with(keys, sign(ec, false, "{\"alg\":\"ES256\",\"kid\":\"e\"}", payload)),
        STATUS_OK);
}

static void refuses_every_other_algorithm(void **state)
{
    static const char *const algorithms[] = {
        "none", "None", "HS256", "HS512", "RS384", "RS1", "ES384", "ES256K", "EdDSA", "", "es256",
    };
    CLEANUP(buffer_clear) struct buffer header = {0};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(algorithms); i++) {
        header.length = 0;
        buffer_printf(&header, "{\"alg\":\"%s\",\"kid\":\"e\"}", algorithms[i]);
        assert_int_equal(verify_with(keys, sign(ec, false, buffer_text(&header), "{" CLAIMS "}")),
                         STATUS_UNAUTHENTICATED);
    }
    assert_int_equal(verify_with(keys, sign(ec, false, "{\"kid\":\"e\"}", "{" CLAIMS "}")),
                     STATUS_UNAUTHENTICATED);
}

static void the_key_decides_what_may_be_done_with_it(void **state)
{
    struct provider_keys *rs_only = set_of(rsa, ",\"kid\":\"r\",\"alg\":\"RS256\"");

    (void)state;
    /* A key of the other kind under that name is not there at all. */
    assert_int_equal(
        verify_with(keys, sign(rsa, false, "{\"alg\":\"RS256\",\"kid\":\"e\"}", "{" CLAIMS "}")),
        STATUS_NOT_FOUND);
    assert_int_equal(
        verify_with(keys, sign(ec, false, "{\"alg\":\"ES256\",\"kid\":\"r\"}", "{" CLAIMS "}")),
        STATUS_NOT_FOUND);
    assert_int_equal(
        verify_with(rs_only, sign(rsa, true, "{\"alg\":\"PS256\",\"kid\":\"r\"}", "{" CLAIMS "}")),
        STATUS_NOT_FOUND);
    /* The one padding is not the other. */
    assert_int_equal(
        verify_with(keys, sign(rsa, true, "{\"alg\":\"RS256\",\"kid\":\"r\"}", "{" CLAIMS "}")),
        STATUS_NOT_FOUND);
    assert_int_equal(
        verify_with(keys, sign(rsa, false, "{\"alg\":\"PS256\",\"kid\":\"r\"}", "{" CLAIMS "}")),
        STATUS_NOT_FOUND);
    provider_keys_close(rs_only);
}

static void a_key_that_is_not_there_or_was_changed_is_told_from_the_rest(void **state)
{
    (void)state;
    assert_int_equal(
        verify_with(keys, sign(ec, false, "{\"alg\":\"ES256\",\"kid\":\"new\"}", "{" CLAIMS "}")),
        STATUS_NOT_FOUND);
    assert_int_equal(verify_with(keys, sign(other_ec, false, "{\"alg\":\"ES256\",\"kid\":\"e\"}",
                                            "{" CLAIMS "}")),
                     STATUS_NOT_FOUND);
    assert_string_equal(err.text, "the provider's ID token has a wrong signature");
}

static void without_a_kid_there_must_be_one_key_that_fits(void **state)
{
    CLEANUP(buffer_clear) struct buffer two = {0};
    struct provider_keys *pair = NULL;

    (void)state;
    assert_int_equal(verify_with(keys, sign(ec, false, "{\"alg\":\"ES256\"}", "{" CLAIMS "}")),
                     STATUS_OK);
    add_jwk(ec, "", &two);
    add_jwk(other_ec, "", &two);
    assert_int_equal(open_set(buffer_text(&two), &pair), STATUS_OK);
    assert_int_equal(verify_with(pair, sign(ec, false, "{\"alg\":\"ES256\"}", "{" CLAIMS "}")),
                     STATUS_NOT_FOUND);
    provider_keys_close(pair);
}

static void refuses_what_must_be_understood_and_is_not(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"ES256\",\"kid\":\"e\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"ES256\",\"kid\":\"e\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"kid\":\"e\",\"crit\":\"b64\"}",
        "{\"alg\":\"ES256\",\"kid\":\"e\",\"alg\":\"none\"}",
        "{\"alg\":[\"ES256\"]}",
        "[]",
        "",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(headers); i++)
        assert_int_equal(verify_with(keys, sign(ec, false, headers[i], "{" CLAIMS "}")),
                         STATUS_UNAUTHENTICATED);
}

static void refuses_claims_that_are_not_for_this_login(void **state)
{
    static const struct {
        const char *payload;
        enum status status;
        const char *why;
    } cases[] = {
        {"{" CLAIMS ",\"azp\":\"parley\"}", STATUS_OK, NULL},
        {"{" CLAIMS ",\"azp\":\"other\"}", STATUS_UNAUTHENTICATED, "another party"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":[\"x\",\"parley\"],"
         "\"nonce\":\"n\",\"iat\":1,\"exp\":2300,\"azp\":\"parley\"}",
         STATUS_OK, NULL},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":[\"parley\"],"
         "\"nonce\":\"n\",\"iat\":1,\"exp\":2300}",
         STATUS_OK, NULL},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":[\"x\",\"parley\"],"
         "\"nonce\":\"n\",\"iat\":1,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "another party"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":[\"x\"],"
         "\"nonce\":\"n\",\"iat\":1,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "another audience"},
        {"{\"iss\":\"https://id.example.com/\",\"sub\":\"a\",\"aud\":\"parley\","
         "\"nonce\":\"n\",\"iat\":1,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "another issuer"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":\"Parley\","
         "\"nonce\":\"n\",\"iat\":1,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "another audience"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":\"parley\","
         "\"iat\":1,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "another nonce"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":\"parley\","
         "\"nonce\":\"N\",\"iat\":1,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "another nonce"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":\"parley\","
         "\"nonce\":\"n\",\"iat\":1,\"exp\":1940}",
         STATUS_EXPIRED, "expired"},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":\"parley\","
         "\"nonce\":\"n\",\"iat\":1,\"exp\":1941}",
         STATUS_OK, NULL},
        {"{\"iss\":\"https://id.example.com\",\"sub\":\"a\",\"aud\":\"parley\","
         "\"nonce\":\"n\",\"iat\":2061,\"exp\":2300}",
         STATUS_UNAUTHENTICATED, "not valid yet"},
        {"{" CLAIMS ",\"nbf\":2061}", STATUS_UNAUTHENTICATED, "not valid yet"},
        {"{" CLAIMS ",\"exp\":99999999999}", STATUS_UNAUTHENTICATED, "cannot be read"},
        {"{" CLAIMS ",\"sub\":\"other\"}", STATUS_UNAUTHENTICATED, "cannot be read"},
        {"{" CLAIMS ",\"name\":7}", STATUS_UNAUTHENTICATED, "cannot be read"},
        {"{}", STATUS_UNAUTHENTICATED, "cannot be read"},
        {"", STATUS_UNAUTHENTICATED, "cannot be read"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        enum status s = verify_payload(cases[i].payload);

        if (s != cases[i].status || (cases[i].why && !strstr(err.text, cases[i].why)))
            fail_msg("%s: %s: %s", cases[i].payload, status_name(s), err.text);
    }
}

static void refuses_what_is_no_token(void **state)
{
    static const char *const texts[] = {"", ".", "..", "...", "a.b", "a.b.c", "e30.e30.e30"};
    char *long_one = memory_new(ID_TOKEN_MAX + 2);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_int_equal(verify_with(keys, memory_text(texts[i])), STATUS_UNAUTHENTICATED);
    memset(long_one, 'a', ID_TOKEN_MAX + 1);
    assert_int_equal(verify_with(keys, long_one), STATUS_UNAUTHENTICATED);
}

static void takes_the_good_keys_of_a_set_and_leaves_the_rest(void **state)
{
    static const char *const bad[] = {
        ",\"use\":\"enc\"",
        ",\"alg\":\"ES384\"",
        ",\"alg\":\"RSA-OAEP\"",
    };
    CLEANUP(buffer_clear) struct buffer members = {0};
    struct provider_keys *set = NULL;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        add_jwk(ec, bad[i], &members);
    add_jwk(small_rsa, "", &members);
    buffer_add_text(&members,
                    ",{\"kty\":\"oct\",\"k\":\"AAAA\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\""
                    ",\"x\":\"AAAA\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\","
                    "\"y\":\"AAAA\"},{\"kty\":\"RSA\"},{\"kty\":\"RSA\",\"n\":\"AQAB\","
                    "\"e\":\"AQAB\"},{\"kty\":\"EC\"}");
    assert_int_equal(open_set(buffer_text(&members), &set), STATUS_INVALID);
    assert_string_equal(err.text, "the provider's key set has no key that we can use");
    add_jwk(ec, ",\"kid\":null,\"use\":\"sig\"", &members);
    assert_int_equal(open_set(buffer_text(&members), &set), STATUS_OK);
    assert_int_equal(verify_with(set, sign(ec, false, "{\"alg\":\"ES256\"}", "{" CLAIMS "}")),
                     STATUS_OK);
    provider_keys_close(set);
}

static void refuses_what_is_no_key_set(void **state)
{
    static const char *const texts[] = {
        "", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[7]}", "{\"keys\":[{}]}",
    };
    CLEANUP(buffer_clear) struct buffer many = {0};
    struct provider_keys *set = NULL;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_int_equal(provider_keys_open(texts[i], strlen(texts[i]), &set, &err),
                         STATUS_INVALID);
    for (int i = 0; i <= PROVIDER_KEYS_MAX; i++)
        add_jwk(ec, "", &many);
    assert_int_equal(open_set(buffer_text(&many), &set), STATUS_INVALID);
}

/* RFC 7636, appendix B. */
static void a_secret_hash_is_pkces_challenge(void **state)
{
    char hash[SECRET_MAX];
    char first[SECRET_MAX];
    char second[SECRET_MAX];

    (void)state;
    secret_hash("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", hash);
    assert_string_equal(hash, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    secret_new(first);
    secret_new(second);
    assert_int_equal(strlen(first), SECRET_LENGTH);
    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_three_ways_of_signing_and_tells_who_it_is),
        cmocka_unit_test(refuses_every_other_algorithm),
        cmocka_unit_test(the_key_decides_what_may_be_done_with_it),
        cmocka_unit_test(a_key_that_is_not_there_or_was_changed_is_told_from_the_rest),
        cmocka_unit_test(without_a_kid_there_must_be_one_key_that_fits),
        cmocka_unit_test(refuses_what_must_be_understood_and_is_not),
        cmocka_unit_test(refuses_claims_that_are_not_for_this_login),
        cmocka_unit_test(refuses_what_is_no_token),
        cmocka_unit_test(takes_the_good_keys_of_a_set_and_leaves_the_rest),
        cmocka_unit_test(refuses_what_is_no_key_set),
        cmocka_unit_test(a_secret_hash_is_pkces_challenge),
    };

    return cmocka_run_group_tests_name("ID tokens", tests, set_up, tear_down);
}
