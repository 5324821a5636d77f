/* token_verify() and token_keys_open(). The first byte picks the way in:
 *
 * 0  the rest is a token from a stranger;
 * 1  the rest is a payload, signed with the true key, so that what lies behind the signature is
 *    reached: what passes has claims that fit, and has not expired;
 * 2  the rest is a header, over a good payload, signed likewise: only ES256 under our kid passes;
 * 3  the rest is a key set. */

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "tests/fuzz/fuzz.h"
#include "token/token.h"

#define NOW_MS INT64_C(2000000)

/* The test key of RFC 6979, A.2.5: no secret, so its signatures may be kept in the corpus. */
static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX\n"
    "Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth\n"
    "+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ\n"
    "-----END PRIVATE KEY-----\n";
static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                           "\"x\":\"YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y\","
                           "\"y\":\"eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk\","
                           "\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"k\"}]}";

static EVP_PKEY *private_key;
static struct token_keys *keys;

static void start(void)
{
    BIO *bio = BIO_new_mem_buf(private_pem, -1);

    private_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    fuzz_require(private_key && token_keys_open(jwks, &keys, NULL) == STATUS_OK);
}

static void encode(const void *data, size_t length, struct buffer *ret)
{
    size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    sodium_bin2base64(buffer_reserve(ret, room), room, data, length,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    ret->length += room - 1;
}

static void add_signature(struct buffer *token)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[160];
    unsigned char raw[64];
    const unsigned char *at = der;
    size_t n = sizeof der;
    ECDSA_SIG *signature;

    fuzz_require(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, private_key) == 1 &&
                 EVP_DigestSign(context, der, &n, (unsigned char *)token->data, token->length) ==
                     1);
    EVP_MD_CTX_free(context);
    signature = d2i_ECDSA_SIG(NULL, &at, (long)n);
    fuzz_require(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32) == 32 &&
                 BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32) == 32);
    ECDSA_SIG_free(signature);
    buffer_add_text(token, ".");
    encode(raw, sizeof raw, token);
}

static void verify(const char *token)
{
    struct token_claims claims;
    struct token_claims before;
    struct error err = {0};
    enum status s;

    memset(&claims, 'x', sizeof claims);
    before = claims;
    s = token_verify(keys, token, NOW_MS, &claims, &err);
    fuzz_require(s == STATUS_OK || s == STATUS_UNAUTHENTICATED || s == STATUS_EXPIRED);
    if (s != STATUS_OK) {
        fuzz_require(memcmp(&claims, &before, sizeof claims) == 0 && err.status == s);
        return;
    }
    fuzz_require(claims.expires_at > NOW_MS && claims.user_id[0] && claims.session_id[0]);
    fuzz_require(memchr(claims.user_id, '\0', sizeof claims.user_id) &&
                 memchr(claims.session_id, '\0', sizeof claims.session_id) &&
                 memchr(claims.role, '\0', sizeof claims.role));
}

static void verify_signed(const void *header, size_t header_length, const void *payload,
                          size_t payload_length)
{
    CLEANUP(buffer_clear) struct buffer token = {0};

    encode(header, header_length, &token);
    buffer_add_text(&token, ".");
    encode(payload, payload_length, &token);
    add_signature(&token);
    verify(buffer_text(&token));
}

static void open_keys(const char *text)
{
    struct token_keys *read = NULL;
    enum status s = token_keys_open(text, &read, NULL);

    fuzz_require(s == (read ? STATUS_OK : STATUS_INVALID));
    token_keys_close(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"k\"}";
    static const char payload[] = "{\"iss\":\"parley\",\"aud\":\"parley\",\"sub\":\"u\","
                                  "\"sid\":\"s\",\"role\":\"user\",\"iat\":1,\"exp\":9000000000}";
    CLEANUP(free) char *text = NULL;

    if (!keys)
        start();
    if (size == 0)
        return 0;
    text = memory_text_n((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        verify(text);
        break;
    case 1:
        verify_signed(header, strlen(header), data + 1, size - 1);
        break;
    case 2:
        verify_signed(data + 1, size - 1, payload, strlen(payload));
        break;
    default:
        open_keys(text);
    }
    return 0;
}
