#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* malloc and friends that end the process instead of returning NULL (buffer.h says why). */
void *memory_new(size_t size);                         /* zeroed; the caller frees it */
void *memory_grow(void *p, size_t count, size_t size); /* as reallocarray(3) */
char *memory_text(const char *text);                   /* strdup; NULL stays NULL */
char *memory_text_n(const char *text, size_t length);  /* strndup of exactly length bytes */

#endif
