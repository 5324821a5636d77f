#include "token/parts.h"

#include <string.h>

bool token_split(const char *token, size_t max, struct slice ret[3])
{
    const char *at = token;

    if (strnlen(token, max + 1) > max)
        return false;
    for (int i = 0; i < 3; i++) {
        size_t n = strcspn(at, ".");

        ret[i] = (struct slice){at, n};
        at += n;
        if (*at != (i < 2 ? '.' : '\0'))
            return false;
        at++;
    }
    return true;
}
