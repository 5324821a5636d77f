#include <stdio.h>
#include <string.h>

#include "token/token.h"

#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

void service_token_new(char ret[SERVICE_TOKEN_MAX])
{
    char random[REFRESH_TOKEN_MAX];

    refresh_token_new(random); /* 32 random bytes in base64url, whatever they are for */
    (void)snprintf(ret, SERVICE_TOKEN_MAX, SERVICE_TOKEN_PREFIX "%s", random); /* fits */
}

bool service_token_is(const char *token)
{
    const size_t prefix = strlen(SERVICE_TOKEN_PREFIX);

    return strncmp(token, SERVICE_TOKEN_PREFIX, prefix) == 0 &&
           strnlen(token + prefix, REFRESH_TOKEN_MAX) == REFRESH_TOKEN_LENGTH &&
           strspn(token + prefix, BASE64URL) == REFRESH_TOKEN_LENGTH;
}
