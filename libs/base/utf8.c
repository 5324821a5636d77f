#include "base/utf8.h"

#include <string.h>

/* The length of the character that starts at p, or 0 when it is malformed or cut. */
static size_t character(const unsigned char *p, size_t left)
{
    uint32_t code;
    uint32_t least;
    size_t n;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    code = p[0] & (0xffU >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    least = n == 2 ? 0x80 : n == 3 ? 0x800 : 0x10000;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return n;
}

bool utf8_is_valid(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    const unsigned char *end = p + length;

    while (p < end) {
        uint64_t eight;
        size_t n;

        /* Nearly all text is ASCII: skip it eight bytes at a time. */
        while (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080U)))
            p += 8;
        if (p == end)
            break;
        n = character(p, (size_t)(end - p));
        if (n == 0)
            return false;
        p += n;
    }
    return true;
}

size_t utf8_length(const char *text, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < length; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

uint32_t utf8_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    uint32_t code = *p++;
    int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;

    if (more)
        code &= 0x3fU >> more;
    for (; more > 0 && (*p & 0xc0) == 0x80; more--)
        code = code << 6 | (*p++ & 0x3f);
    *text = (const char *)p;
    return code;
}
