/* id_token_verify() and provider_keys_open(). The first byte picks the way in:
 *
 * 0  the rest is a token from a stranger;
 * 1  the rest is a payload, signed with the true key, so that what lies behind the signature is
 *    reached: what passes has a subject;
 * 2  the rest is a header, over a good payload, signed likewise: only ES256 under our kid, or under
 *    none, passes;
 * 3  the rest is a key set, which is then used. */

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "tests/fuzz/fuzz.h"
#include "token/id_token.h"

#define HEADER "{\"alg\":\"ES256\",\"kid\":\"k\"}"
#define PAYLOAD \
    "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"nonce\":\"n\",\"iat\":1,\"exp\":9000000000}"

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
                           "\"kid\":\"k\"}]}";

static const struct id_token_expected expected = {
    .issuer = "i", .client_id = "a", .nonce = "n", .now_ms = 2000000};
static EVP_PKEY *private_key;
static struct provider_keys *keys;

static void start(void)
{
    BIO *bio = BIO_new_mem_buf(private_pem, -1);

    private_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    fuzz_require(private_key && provider_keys_open(jwks, strlen(jwks), &keys, NULL) == STATUS_OK);
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

static enum status verify(const struct provider_keys *set, const char *token)
{
    CLEANUP(id_token_claims_clear) struct id_token_claims claims = {0};
    struct error err = {0};
    enum status s = id_token_verify(set, token, &expected, &claims, &err);

    fuzz_require(s == STATUS_OK || s == STATUS_UNAUTHENTICATED || s == STATUS_EXPIRED ||
                 s == STATUS_NOT_FOUND);
    if (s == STATUS_OK)
        fuzz_require(claims.sub && *claims.sub);
    else
        fuzz_require(!claims.sub && !claims.name && err.status == s && err.text[0]);
    return s;
}

static char *sign(const void *header, size_t header_length, const void *payload,
                  size_t payload_length)
{
    struct buffer token = {0};

    encode(header, header_length, &token);
    buffer_add_text(&token, ".");
    encode(payload, payload_length, &token);
    add_signature(&token);
    return buffer_take(&token);
}

static void open_keys(const uint8_t *data, size_t size)
{
    CLEANUP(free) char *token = sign("{\"alg\":\"ES256\"}", 15, PAYLOAD, strlen(PAYLOAD));
    struct provider_keys *read = NULL;
    enum status s = provider_keys_open((const char *)data, size, &read, NULL);

    fuzz_require(s == (read ? STATUS_OK : STATUS_INVALID));
    if (read)
        (void)verify(read, token);
    provider_keys_close(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(free) char *token = NULL;

    if (!keys)
        start();
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
        token = memory_text_n((const char *)data + 1, size - 1);
        break;
    case 1:
        token = sign(HEADER, strlen(HEADER), data + 1, size - 1);
        break;
    case 2:
        token = sign(data + 1, size - 1, PAYLOAD, strlen(PAYLOAD));
        break;
    default:
        open_keys(data + 1, size - 1);
    }
    if (token)
        (void)verify(keys, token);
    return 0;
}
