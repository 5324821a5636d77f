#ifndef TOKEN_BASE64_H
#define TOKEN_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* base64url without padding (RFC 7515). ret has room for length * 4 / 3 + 4 bytes. */
void base64_encode(const void *data, size_t length, char *ret);

/* Strict: no padding, no foreign characters, no stray bits, so that a text has one form only.
 * ret has room for room bytes; *ret_length is how many there are. */
bool base64_decode(const char *text, size_t length, void *ret, size_t room, size_t *ret_length);

#endif
