#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is all of it UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing past U+10FFFF? */
bool utf8_is_valid(const char *text, size_t length);

/* How many characters (code points) valid UTF-8 text of that many bytes holds. */
size_t utf8_length(const char *text, size_t length);

/* The character that *text, valid UTF-8 and not at its NUL, begins with; moves *text past it. */
uint32_t utf8_next(const char **text);

#endif
