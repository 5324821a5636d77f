#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void buffer_clear(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

char *buffer_reserve(struct buffer *buffer, size_t length)
{
    size_t wanted = buffer->length + length;

    if (wanted > buffer->room) {
        size_t room = buffer->room ? buffer->room : 256;

        while (room < wanted)
            room *= 2;
        buffer->data = memory_grow(buffer->data, room, 1);
        buffer->room = room;
    }
    return buffer->data + buffer->length;
}

void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
    if (length == 0)
        return;
    memcpy(buffer_reserve(buffer, length), data, length);
    buffer->length += length;
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *fmt, ...)
{
    va_list args;
    va_list again;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n >= 0) { /* negative only for a bad format, which the compiler refuses */
        (void)vsnprintf(buffer_reserve(buffer, (size_t)n + 1), (size_t)n + 1, fmt, again);
        buffer->length += (size_t)n;
    }
    va_end(again);
}

char *buffer_text(struct buffer *buffer)
{
    *buffer_reserve(buffer, 1) = '\0';
    return buffer->data;
}

char *buffer_take(struct buffer *buffer)
{
    char *text = buffer_text(buffer);

    *buffer = (struct buffer){0};
    return text;
}
