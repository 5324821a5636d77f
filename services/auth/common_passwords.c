#include "common_passwords.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fold/fold.h"

/* Lines in the order of their bytes. docs/decisions/0081 says where they are from. */
__asm__(".pushsection .rodata\n"
        "common_passwords: .incbin \"services/auth/common_passwords.txt\"\n"
        "common_passwords_end: .byte 0\n"
        ".popsection");
extern const char common_passwords[] __asm__("common_passwords");
extern const char common_passwords_end[] __asm__("common_passwords_end");

#define CORE_MIN 3 /* letters: what is left of a shorter name stands in too many good passwords */

static int compare(const char *text, const char *line, size_t length)
{
    int order = strncmp(text, line, length);

    return order ? order : text[length] != '\0';
}

static bool is_listed(const char *text)
{
    const char *low = common_passwords;
    const char *high = common_passwords_end;

    while (low < high) {
        const char *line = low + (high - low) / 2;
        const char *end = memchr(line, '\n', (size_t)(high - line));
        int order;

        while (line > low && line[-1] != '\n')
            line--;
        order = compare(text, line, (size_t)(end - line));
        if (order == 0)
            return true;
        if (order < 0)
            high = line;
        else
            low = end + 1;
    }
    return false;
}

/* Beyond ASCII all are taken for letters. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c & 0x80);
}

/* text without what stands around its letters; the caller frees it. */
static char *core(const char *text)
{
    size_t length;

    while (*text && !is_letter(*text))
        text++;
    for (length = strlen(text); length > 0 && !is_letter(text[length - 1]);)
        length--;
    return memory_text_n(text, length);
}

static bool is_reversed(const char *a, const char *b)
{
    size_t length = strlen(a);

    if (strlen(b) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (a[i] != b[length - 1 - i])
            return false;
    return true;
}

static bool is_the_name(const char *password, const char *username)
{
    CLEANUP(free) char *letters = core(password);
    CLEANUP(free) char *name = core(username);

    if (strcmp(password, username) == 0 || is_reversed(password, username))
        return true;
    return strlen(name) >= CORE_MIN && (strcmp(letters, name) == 0 || is_reversed(letters, name));
}

enum status password_is_uncommon(const char *password, const char *username, const char *field,
                                 struct error *err)
{
    CLEANUP(free) char *folded = fold_name(password);
    CLEANUP(free) char *name = fold_name(username);
    CLEANUP(free) char *letters = NULL;

    if (!folded || !name)
        return error_field(err, STATUS_INVALID, field, "field '%s' is not UTF-8", field);
    letters = core(folded);
    if (is_listed(folded) || is_listed(letters))
        return error_field(err, STATUS_INVALID, field,
                           "field '%s' is one of the most common passwords: choose another", field);
    if (is_the_name(folded, name))
        return error_field(err, STATUS_INVALID, field,
                           "field '%s' is hardly more than the username: choose another", field);
    return STATUS_OK;
}
