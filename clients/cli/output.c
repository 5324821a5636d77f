#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/invisible.h"
#include "base/utf8.h"
#include "screen.h"

/* ---- Harmless text */

void screen_add_harmless(struct buffer *ret, const char *text, const char *newline)
{
    while (*text) {
        const char *start = text;
        uint32_t c = utf8_next(&text);

        if (c == '\n')
            buffer_add_text(ret, newline);
        else if (c == '\t')
            buffer_add_text(ret, " ");
        else if (c < 0x20 || c == 0x7f)
            buffer_printf(ret, "^%c", (char)(c ^ 0x40));
        else if (invisible_find(c) >= INVISIBLE_MARK) /* shown would not be what was said */
            buffer_printf(ret, "<U+%04X>", c);
        else
            buffer_add(ret, start, (size_t)(text - start));
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
