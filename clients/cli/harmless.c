#include <string.h>

#include "screen.h"

/* The character at *p as a number; moves on. text must be valid UTF-8, which whatever came as JSON
 * is, and whatever was typed is made. */
static unsigned next_character(const unsigned char **p)
{
    unsigned c = *(*p)++;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

    if (more)
        c &= 0x3fu >> more;
    while (more-- > 0 && (**p & 0xc0) == 0x80)
        c = c << 6 | (*(*p)++ & 0x3f);
    return c;
}

/* Characters that are not seen but turn the text around them or break its line: what a terminal
 * shows would not be what was said. */
static bool is_invisible(unsigned c)
{
    return (c >= 0x80 && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x061c ||
           c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

void screen_add_harmless(struct buffer *ret, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        const unsigned char *start = p;
        unsigned c = next_character(&p);

        if (c == '\n')
            buffer_add_text(ret, "\\n");
        else if (c == '\t')
            buffer_add_text(ret, " ");
        else if (c < 0x20 || c == 0x7f)
            buffer_printf(ret, "^%c", (char)(c ^ 0x40));
        else if (is_invisible(c))
            buffer_printf(ret, "<U+%04X>", c);
        else
            buffer_add(ret, start, (size_t)(p - start));
    }
}
