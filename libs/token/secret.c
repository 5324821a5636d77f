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

void secret_hash(const char *text, char ret[SECRET_MAX])
{
    unsigned char bytes[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(bytes, (const unsigned char *)text, strlen(text));
    base64_encode(bytes, sizeof bytes, ret);
}
