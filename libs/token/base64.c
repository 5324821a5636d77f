#include "token/base64.h"

#include <sodium.h>

void base64_encode(const void *data, size_t length, char *ret)
{
    sodium_bin2base64(ret,
                      sodium_base64_encoded_len(length, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                      data, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool base64_decode(const char *text, size_t length, void *ret, size_t room, size_t *ret_length)
{
    const char *end;

    return sodium_base642bin(ret, room, text, length, NULL, ret_length, &end,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           end == text + length;
}
