#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>

#include "base/base.h"

/* Bytes that grow. {0} is an empty buffer; buffer_clear() frees it. data is not terminated unless
 * buffer_text() was called.
 *
 * Running out of memory ends the process: on Linux malloc does not fail for sizes like ours (all
 * of them are limited before they get here), and a server that half-writes is worse than one that
 * is started again. */
struct buffer {
    char *data;
    size_t length;
    size_t room;
};

void buffer_clear(struct buffer *buffer);

/* CLEANUP(buffer_clear) struct buffer text = {0}; */
static inline void buffer_clear_at(struct buffer *buffer)
{
    buffer_clear(buffer);
}

void buffer_add(struct buffer *buffer, const void *data, size_t length);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Make room for length more bytes and return where they start; the caller fills them in and adds
 * to length himself. */
char *buffer_reserve(struct buffer *buffer, size_t length);

/* The contents as a terminated string, which stays the buffer's. */
char *buffer_text(struct buffer *buffer);

/* Hand the contents, terminated, to the caller, who frees them; the buffer is empty afterwards. */
char *buffer_take(struct buffer *buffer);

#endif
