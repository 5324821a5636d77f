/* Access tokens: what is ours passes, and everything else does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "token/token.h"

#define HEADER "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}"
#define CLAIMS \
    "\"iss\":\"parley\",\"aud\":\"parley\",\"sub\":\"user_1\",\"sid\":\"session_1\"," \
    "\"role\":\"user\",\"iat\":1000"

static char folder[] = "/tmp/token_test_XXXXXX";
static char key_file[64];
static struct token_signer *signer;
static struct token_keys *keys;
static EVP_PKEY *private_key;
static char public_pem[1024];
static char kid[64];
static struct error err;

/* ---- A forger's tools */

static void encode(const void *data, size_t length, struct buffer *ret)
{
    size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    sodium_bin2base64(buffer_reserve(ret, room), room, data, length,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    ret->length += room - 1;
}

static void raw_signature(EVP_PKEY *key, const char *text, size_t length, unsigned char ret[64])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[160];
    const unsigned char *at = der;
    size_t n = sizeof der;
    ECDSA_SIG *signature;

    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, der, &n, (const unsigned char *)text, length), 1);
    signature = d2i_ECDSA_SIG(NULL, &at, (long)n);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret + 32, 32);
    ECDSA_SIG_free(signature);
    EVP_MD_CTX_free(context);
}

/* header with its %s filled by the true kid; signed as ES256 by key, whatever the header says. */
static char *forge(EVP_PKEY *key, const char *header, const char *payload)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct buffer token = {0};
    unsigned char signature[64];
    const char *hole = strstr(header, "%s");

    if (hole) {
        buffer_add(&text, header, (size_t)(hole - header));
        buffer_add_text(&text, kid);
        buffer_add_text(&text, hole + 2);
    } else {
        buffer_add_text(&text, header);
    }
    encode(text.data, text.length, &token);
    buffer_add_text(&token, ".");
    encode(payload, strlen(payload), &token);
    raw_signature(key, token.data, token.length, signature);
    buffer_add_text(&token, ".");
    encode(signature, sizeof signature, &token);
    return buffer_take(&token);
}

static char *with_libjwt(jwt_alg_t alg, const char *key)
{
    jwt_t *jwt;
    char *token;

    assert_int_equal(jwt_new(&jwt), 0);
    jwt_add_header(jwt, "kid", kid);
    jwt_add_grants_json(jwt, "{" CLAIMS ",\"exp\":9000000000}");
    assert_int_equal(jwt_set_alg(jwt, alg, (const unsigned char *)key, key ? (int)strlen(key) : 0),
                     0);
    token = jwt_encode_str(jwt);
    jwt_free(jwt);
    assert_non_null(token);
    return token;
}

static enum status verify(const char *token, int64_t now_ms)
{
    struct token_claims claims;
    struct token_claims untouched;
    enum status s;

    memset(&claims, 'x', sizeof claims);
    memset(&untouched, 'x', sizeof untouched);
    s = token_verify(keys, token, now_ms, &claims, &err);
    if (s != STATUS_OK)
        assert_memory_equal(&claims, &untouched, sizeof claims);
    return s;
}

static void assert_refused(char *token)
{
    assert_int_equal(verify(token, 2000000), STATUS_UNAUTHENTICATED);
    assert_string_equal(err.text, "the token is not valid");
    free(token);
}

static char *pem_of(EVP_PKEY *key, bool private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    long length;
    char *pem;

    if (private)
        assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    length = BIO_get_mem_data(bio, &data);
    pem = memory_text_n(data, (size_t)length);
    BIO_free(bio);
    return pem;
}

/* ---- */

static void accepts_its_own_token_and_returns_the_claims(void **state)
{
    struct token_claims claims = {.user_id = "user_1", .session_id = "session_1", .role = "user"};
    struct token_claims read;
    int64_t now = clock_now();
    char *token;

    (void)state;
    assert_int_equal(token_sign(signer, &claims, &token, &err), STATUS_OK);
    assert_in_range(claims.expires_at, now + 899000, clock_now() + 900000);
    assert_int_equal(token_verify(keys, token, now, &read, &err), STATUS_OK);
    assert_string_equal(read.user_id, "user_1");
    assert_string_equal(read.session_id, "session_1");
    assert_string_equal(read.role, "user");
    assert_int_equal(read.expires_at, claims.expires_at);
    assert_int_equal(read.issued_at, claims.issued_at);
    assert_int_equal(token_verify(keys, token, claims.expires_at - 1, &read, &err), STATUS_OK);
    assert_int_equal(token_verify(keys, token, claims.expires_at, &read, &err), STATUS_EXPIRED);
    free(token);
}

static void accepts_what_the_forger_signs_with_the_true_key(void **state)
{
    char *token = forge(private_key, HEADER, "{" CLAIMS ",\"exp\":9000000000,\"new\":[1]}");

    (void)state;
    assert_int_equal(verify(token, 2000000), STATUS_OK);
    free(token);
}

static void refuses_foreign_algorithms(void **state)
{
    EVP_PKEY *p384 = EVP_EC_gen("P-384");
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    char *p384_pem = pem_of(p384, true);
    char *rsa_pem = pem_of(rsa, true);

    (void)state;
    assert_refused(with_libjwt(JWT_ALG_NONE, NULL));
    assert_refused(with_libjwt(JWT_ALG_HS256, public_pem)); /* the public key as the secret */
    assert_refused(with_libjwt(JWT_ALG_ES384, p384_pem));
    assert_refused(with_libjwt(JWT_ALG_ES256, p384_pem)); /* libjwt signs it */
    assert_refused(with_libjwt(JWT_ALG_RS256, rsa_pem));
    free(p384_pem);
    free(rsa_pem);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(rsa);
}

static void refuses_a_header_that_is_not_exactly_ours(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"%s\"}",
        "{\"alg\":\"HS256\",\"kid\":\"%s\"}",
        "{\"alg\":\"es256\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\"}",
        "{\"kid\":\"%s\"}",
        "{\"alg\":null,\"kid\":\"%s\"}",
        "{\"alg\":\"HS256\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
        "{\"ALG\":\"ES256\",\"kid\":\"%s\"}",
        "{\"alg\":\"ES256\",\"kid\":\"unknown\"}",
        "{\"alg\":\"ES256\",\"kid\":\"../../etc/passwd\"}",
        "{\"alg\":\"ES256\",\"kid\":7}",
        "{\"alg\":\"ES256\",\"kid\":\"%s\"} ,",
        "[]",
        "",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(headers); i++)
        assert_refused(forge(private_key, headers[i], "{" CLAIMS ",\"exp\":9000000000}"));
}

static void refuses_claims_that_are_not_exactly_ours(void **state)
{
    static const char *const payloads[] = {
        "{\"iss\":\"other\",\"aud\":\"parley\",\"sub\":\"u\",\"sid\":\"s\",\"role\":\"user\","
        "\"iat\":1,\"exp\":9000000000}",
        "{\"iss\":\"parley\",\"aud\":\"other\",\"sub\":\"u\",\"sid\":\"s\",\"role\":\"user\","
        "\"iat\":1,\"exp\":9000000000}",
        "{\"iss\":\"parley\",\"aud\":[\"parley\"],\"sub\":\"u\",\"sid\":\"s\",\"role\":\"user\","
        "\"iat\":1,\"exp\":9000000000}",
        "{\"aud\":\"parley\",\"sub\":\"u\",\"sid\":\"s\",\"role\":\"user\",\"iat\":1,"
        "\"exp\":9000000000}",
        "{" CLAIMS "}",
        "{" CLAIMS ",\"exp\":\"9000000000\"}",
        "{" CLAIMS ",\"exp\":9000000000.5}",
        "{" CLAIMS ",\"exp\":-1}",
        "{" CLAIMS ",\"exp\":1e300}",
        "{" CLAIMS ",\"exp\":9223372036854775807}",
        "{" CLAIMS ",\"exp\":null}",
        "{" CLAIMS ",\"exp\":9000000000,\"exp\":9000000000}",
        "{" CLAIMS ",\"exp\":9000000000,\"sub\":\"user_2\"}",
        "{" CLAIMS ",\"exp\":9000000000,\"nbf\":2006}",
        "{\"iss\":\"parley\",\"aud\":\"parley\",\"sub\":\"\",\"sid\":\"s\",\"role\":\"user\","
        "\"iat\":1,\"exp\":9000000000}",
        "{\"iss\":\"parley\",\"aud\":\"parley\",\"sub\":\"a/b\",\"sid\":\"s\",\"role\":\"user\","
        "\"iat\":1,\"exp\":9000000000}",
        "{\"iss\":\"parley\",\"aud\":\"parley\","
        "\"sub\":\"user_0123456789012345678901234567890123456789\",\"sid\":\"s\","
        "\"role\":\"user\",\"iat\":1,\"exp\":9000000000}",
        "[]",
        "null",
        "",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(payloads); i++)
        assert_refused(forge(private_key, HEADER, payloads[i]));
}

static void allows_a_clock_that_is_a_little_behind(void **state)
{
    char *token = forge(private_key, HEADER, "{" CLAIMS ",\"exp\":9000000000,\"nbf\":2005}");

    (void)state;
    assert_int_equal(verify(token, 2000000), STATUS_OK);
    free(token);
}

static void says_expired_only_of_what_was_ours(void **state)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    char *ours = forge(private_key, HEADER, "{" CLAIMS ",\"exp\":1999}");

    (void)state;
    assert_int_equal(verify(ours, 2000000), STATUS_EXPIRED);
    assert_string_equal(err.text, "the token has expired");
    assert_refused(forge(other, HEADER, "{" CLAIMS ",\"exp\":1999}"));
    free(ours);
    EVP_PKEY_free(other);
}

static void refuses_another_key_under_our_kid(void **state)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");

    (void)state;
    assert_refused(forge(other, HEADER, "{" CLAIMS ",\"exp\":9000000000}"));
    EVP_PKEY_free(other);
}

static void refuses_every_changed_byte(void **state)
{
    char *token = forge(private_key, HEADER, "{" CLAIMS ",\"exp\":9000000000}");
    size_t length = strlen(token);

    (void)state;
    for (size_t i = 0; i < length; i++) {
        char before = token[i];

        token[i] = before == 'A' ? 'B' : 'A';
        assert_int_equal(verify(token, 2000000), STATUS_UNAUTHENTICATED);
        token[i] = '=';
        assert_int_equal(verify(token, 2000000), STATUS_UNAUTHENTICATED);
        token[i] = before;
    }
    for (size_t i = 0; i < length; i++) {
        char before = token[i];

        token[i] = '\0';
        assert_int_equal(verify(token, 2000000), STATUS_UNAUTHENTICATED);
        token[i] = before;
    }
    assert_int_equal(verify(token, 2000000), STATUS_OK);
    free(token);
}

static void refuses_what_is_no_token_at_all(void **state)
{
    static const char *const texts[] = {
        "",         ".",           "..",
        "...",      "a.b.c",       "a.b.c.d",
        " ",        "Bearer x",    "\xff\xfe.\x80.\x80",
        "eyJ.eyJ.", "%%%.%%%.%%%", "e30.e30.e30",
    };
    char huge[100000];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_refused(memory_text(texts[i]));
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_refused(memory_text(huge));
    huge[10] = huge[50000] = '.';
    assert_refused(memory_text(huge));
}

static void refuses_padding_and_longer_signatures(void **state)
{
    char *token = forge(private_key, HEADER, "{" CLAIMS ",\"exp\":9000000000}");
    static const char *const tails[] = {"=", "==", "A", "AA", "AAAA", ".", " ", "\n"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(tails); i++) {
        CLEANUP(buffer_clear) struct buffer longer = {0};

        buffer_printf(&longer, "%s%s", token, tails[i]);
        assert_int_equal(verify(buffer_text(&longer), 2000000), STATUS_UNAUTHENTICATED);
    }
    free(token);
}

/* ---- Keys */

static void refuses_key_sets_that_are_not_for_es256(void **state)
{
    static const char *const sets[] = {
        "",
        "{}",
        "null",
        "{\"keys\":[]}",
        "{\"keys\":[{}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"alg\":"
        "\"HS256\",\"use\":\"sig\",\"kid\":\"k\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\",\"alg\":"
        "\"ES256\",\"use\":\"sig\",\"kid\":\"k\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"alg\":"
        "\"ES256\",\"use\":\"sig\",\"kid\":\"k\"}]}",
        /* 32 bytes each, but no point of the curve */
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"alg\":"
        "\"ES256\",\"use\":\"sig\",\"kid\":\"k\"}]}",
    };
    struct token_keys *none = NULL;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sets); i++) {
        assert_int_equal(token_keys_open(sets[i], &none, &err), STATUS_INVALID);
        assert_null(none);
    }
}

static void keeps_its_key_between_starts(void **state)
{
    struct token_signer *again;
    char *first;
    char *second;

    (void)state;
    assert_int_equal(token_signer_open(key_file, TOKEN_KEY_LEAD_MS, &again, &err), STATUS_OK);
    first = token_signer_jwks(signer);
    second = token_signer_jwks(again);
    assert_string_equal(first, second);
    free(first);
    free(second);
    token_signer_close(again);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void refuses_a_key_file_that_others_may_read(void **state)
{
    struct token_signer *none = NULL;
    struct stat info;

    (void)state;
    assert_int_equal(stat(key_file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    for (mode_t bit = 1; bit < 0100; bit <<= 1) {
        assert_int_equal(chmod(key_file, 0600 | bit), 0);
        assert_int_equal(token_signer_open(key_file, TOKEN_KEY_LEAD_MS, &none, &err),
                         STATUS_INVALID);
        assert_null(none);
    }
    assert_int_equal(chmod(key_file, 0600), 0);
}

static void refuses_keys_of_another_kind(void **state)
{
    EVP_PKEY *wrong[] = {EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(2048)};
    struct token_signer *none = NULL;
    char path[80];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/wrong.pem", folder);
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        char *pem = pem_of(wrong[i], true);

        write_file(path, pem, 0600);
        assert_int_equal(token_signer_open(path, TOKEN_KEY_LEAD_MS, &none, &err), STATUS_INVALID);
        assert_string_equal(err.text, "the key is not an elliptic curve key on P-256");
        free(pem);
        EVP_PKEY_free(wrong[i]);
    }
    write_file(path, "-----BEGIN PRIVATE KEY-----\nnonsense", 0600);
    assert_int_equal(token_signer_open(path, TOKEN_KEY_LEAD_MS, &none, &err), STATUS_INVALID);
    write_file(path, public_pem, 0600);
    assert_int_equal(token_signer_open(path, TOKEN_KEY_LEAD_MS, &none, &err), STATUS_INVALID);
    write_file(path, "", 0600);
    assert_int_equal(token_signer_open(path, TOKEN_KEY_LEAD_MS, &none, &err), STATUS_INVALID);
    assert_int_equal(token_signer_open(folder, TOKEN_KEY_LEAD_MS, &none, &err), STATUS_INVALID);
    assert_int_equal(token_signer_open("/nowhere/key.pem", TOKEN_KEY_LEAD_MS, &none, &err),
                     STATUS_INVALID);
    assert_null(none);
    assert_int_equal(unlink(path), 0);
}

/* ---- */

static int begin(void **state)
{
    FILE *file;
    char *jwks;
    char *pem;
    const char *at;

    (void)state;
    if (token_init(&err) != STATUS_OK || !mkdtemp(folder))
        return 1;
    (void)snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
    if (token_signer_open(key_file, TOKEN_KEY_LEAD_MS, &signer, &err) != STATUS_OK ||
        !(jwks = token_signer_jwks(signer)) || token_keys_open(jwks, &keys, &err) != STATUS_OK)
        return 1;
    at = strstr(jwks, "\"kid\":\"") + strlen("\"kid\":\"");
    (void)snprintf(kid, sizeof kid, "%.*s", (int)strcspn(at, "\""), at);
    free(jwks);
    file = fopen(key_file, "r");
    private_key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (!private_key)
        return 1;
    (void)fclose(file);
    pem = pem_of(private_key, false);
    (void)snprintf(public_pem, sizeof public_pem, "%s", pem);
    free(pem);
    return 0;
}

static int end(void **state)
{
    (void)state;
    token_keys_close(keys);
    token_signer_close(signer);
    EVP_PKEY_free(private_key);
    return unlink(key_file) != 0 || rmdir(folder) != 0; /* no draft of a key is left behind */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_its_own_token_and_returns_the_claims),
        cmocka_unit_test(accepts_what_the_forger_signs_with_the_true_key),
        cmocka_unit_test(refuses_foreign_algorithms),
        cmocka_unit_test(refuses_a_header_that_is_not_exactly_ours),
        cmocka_unit_test(refuses_claims_that_are_not_exactly_ours),
        cmocka_unit_test(allows_a_clock_that_is_a_little_behind),
        cmocka_unit_test(says_expired_only_of_what_was_ours),
        cmocka_unit_test(refuses_another_key_under_our_kid),
        cmocka_unit_test(refuses_every_changed_byte),
        cmocka_unit_test(refuses_what_is_no_token_at_all),
        cmocka_unit_test(refuses_padding_and_longer_signatures),
        cmocka_unit_test(refuses_key_sets_that_are_not_for_es256),
        cmocka_unit_test(keeps_its_key_between_starts),
        cmocka_unit_test(refuses_a_key_file_that_others_may_read),
        cmocka_unit_test(refuses_keys_of_another_kind),
    };

    return cmocka_run_group_tests_name("token", tests, begin, end);
}
