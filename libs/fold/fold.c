#include "fold/fold.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/memory.h"
#include "base/utf8.h"

/* What we ask utf8proc for: NFKC_Casefold. */
#define OPTIONS \
    (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

/* By our own buffer and not by utf8proc_map(), so that memory comes from where all of it does. */
char *fold_name(const char *text)
{
    utf8proc_ssize_t length, n;
    utf8proc_int32_t *characters;

    if (!text || !utf8_is_valid(text, strlen(text)))
        return NULL;
    length = (utf8proc_ssize_t)strlen(text);
    n = utf8proc_decompose((const utf8proc_uint8_t *)text, length, NULL, 0, OPTIONS);
    if (n < 0)
        return NULL;
    /* One more for the NUL: the result is written over the characters, each shorter in UTF-8. */
    characters = memory_grow(NULL, (size_t)n + 1, sizeof *characters);
    n = utf8proc_decompose((const utf8proc_uint8_t *)text, length, characters, n, OPTIONS);
    if (n >= 0)
        n = utf8proc_reencode(characters, n, OPTIONS);
    if (n >= 0)
        return (char *)characters;
    free(characters);
    return NULL;
}

/* 18 is the longest decomposition in Unicode. */
uint32_t fold_base(uint32_t character)
{
    utf8proc_int32_t parts[18];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)character, parts, 18,
                                                 UTF8PROC_DECOMPOSE, &boundary);

    return n > 0 && n <= 18 ? (uint32_t)parts[0] : character;
}

enum fold_class fold_class(uint32_t character)
{
    switch (utf8proc_category((utf8proc_int32_t)character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return FOLD_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return FOLD_NUMBER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
        return FOLD_MARK;
    default:
        return FOLD_OTHER;
    }
}
