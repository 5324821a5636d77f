#include "token/secret.h"

#include <sodium.h>
#include <string.h>

#include "token/base64.h"

void secret_new(char ret[SECRET_MAX])
{
    unsigned char bytes[32];

    randombytes_buf(bytes, sizeof bytes);
    base64_encode(bytes, sizeof bytes, ret);
}

void secret_new_hex(char ret[SECRET_HEX_MAX])
{
    unsigned char bytes[32];

    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(ret, SECRET_HEX_MAX, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

void secret_hash(const char *text, char ret[SECRET_MAX])
{
    unsigned char bytes[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(bytes, (const unsigned char *)text, strlen(text));
    base64_encode(bytes, sizeof bytes, ret);
}

#define SALT_BYTES 4 /* RabbitMQ's */

/* SHA-256 of two texts, one after the other. */
static void hash_two(const void *first, size_t length, const char *second,
                     unsigned char ret[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, first, length);
    crypto_hash_sha256_update(&state, (const unsigned char *)second, strlen(second));
    crypto_hash_sha256_final(&state, ret);
}

void secret_broker_hash(const char *user, const char *password, char ret[SECRET_BROKER_HASH_MAX])
{
    unsigned char hash[SALT_BYTES + crypto_hash_sha256_BYTES];
    unsigned char salt[crypto_hash_sha256_BYTES];

    hash_two(user, strlen(user) + 1, password, salt); /* 1: "ab" + "c" is not "a" + "bc" */
    memcpy(hash, salt, SALT_BYTES);
    hash_two(salt, SALT_BYTES, password, hash + SALT_BYTES);
    sodium_bin2base64(ret, SECRET_BROKER_HASH_MAX, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL);
}
