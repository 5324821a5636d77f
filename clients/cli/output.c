#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "screen.h"

/* ---- Harmless text */

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

void screen_add_harmless(struct buffer *ret, const char *text, const char *newline)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        const unsigned char *start = p;
        unsigned c = next_character(&p);

        if (c == '\n')
            buffer_add_text(ret, newline);
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

/* ---- Lines */

static void write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);

        if (n < 0 && errno == EAGAIN) { /* somebody else made our terminal non-blocking */
            struct pollfd wait = {.fd = fd, .events = POLLOUT};

            (void)poll(&wait, 1, 1000);
        } else if (n < 0 && errno != EINTR) {
            if (fd == STDOUT_FILENO)
                _exit(1); /* nobody listens any more */
            return;
        } else if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
}

__attribute__((format(printf, 3, 0))) static void put(int fd, const char *prefix, const char *fmt,
                                                      va_list args)
{
    CLEANUP(buffer_clear) struct buffer out = {0};
    char *text = NULL;

    if (vasprintf(&text, fmt, args) < 0)
        abort();
    screen_hide_line(&out);
    buffer_add_text(&out, prefix);
    /* A line that continues is indented, so that it cannot pass for another person's. */
    screen_add_harmless(&out, text, screen_is_terminal() ? "\n    " : "\\n");
    buffer_add(&out, "\n", 1);
    free(text);
    write_all(screen_is_terminal() ? STDOUT_FILENO : fd, out.data, out.length);
    screen_show_line();
}

void screen_say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(STDOUT_FILENO, "", fmt, args);
    va_end(args);
}

void screen_note(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(STDERR_FILENO, "* ", fmt, args);
    va_end(args);
}

void screen_complain(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put(STDERR_FILENO, "! ", fmt, args);
    va_end(args);
}
