#include "token/refresh.h"

#include <sodium.h>
#include <string.h>

#include "token/base64.h"
#include "token/token.h"

static void hash(const char *text, size_t length, char ret[REFRESH_HASH_MAX])
{
    unsigned char bytes[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(bytes, (const unsigned char *)text, length);
    base64_encode(bytes, sizeof bytes, ret);
}

void refresh_token_new(char ret[REFRESH_TOKEN_MAX])
{
    unsigned char bytes[32];

    randombytes_buf(bytes, sizeof bytes);
    base64_encode(bytes, sizeof bytes, ret);
}

void refresh_token_hash(const char *token, char ret[REFRESH_HASH_MAX])
{
    hash(token, strlen(token), ret);
}

bool refresh_token_family(const char *token, char ret[REFRESH_HASH_MAX])
{
    if (strnlen(token, REFRESH_TOKEN_LENGTH + 1) != REFRESH_TOKEN_LENGTH)
        return false;
    hash(token, REFRESH_FAMILY_LENGTH, ret);
    return true;
}
