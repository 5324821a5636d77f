#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
    if (!p)
        abort();
    return p;
}

void *memory_new(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *memory_grow(void *p, size_t count, size_t size)
{
    return checked(reallocarray(p, count ? count : 1, size));
}

char *memory_text(const char *text)
{
    return text ? checked(strdup(text)) : NULL;
}

char *memory_text_n(const char *text, size_t length)
{
    char *copy = checked(malloc(length + 1));

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
