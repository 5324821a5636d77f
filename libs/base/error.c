#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
    const char *name;
    int code;
    enum fate fate;
} statuses[] = {
#define X(name, code, fate) {#name, code, FATE_##fate},
    STATUS_LIST(X)
#undef X
};

int status_code(enum status status)
{
    return statuses[status].code;
}

enum status status_from_code(int64_t code)
{
    for (size_t i = 0; i < N_ELEMENTS(statuses); i++)
        if (statuses[i].code == code)
            return (enum status)i;
    return STATUS_INTERNAL;
}

const char *status_name(enum status status)
{
    return statuses[status].name;
}

enum fate status_fate(enum status status)
{
    return statuses[status].fate;
}

/* How many bytes the character at text has; 0 when none is whole there. */
static size_t character_length(const char *text)
{
    for (size_t n = 1; n <= 4 && text[n - 1]; n++)
        if (utf8_is_valid(text, n))
            return n;
    return 0;
}

/* A text of somebody else's may have been cut in the middle of a character, by our length or by a
 * precision of fmt: the answer would not be UTF-8. */
static void drop_broken_characters(char *text)
{
    char *end = text;

    while (*text) {
        size_t n = character_length(text);

        memmove(end, text, n);
        end += n;
        text += n ? n : 1;
    }
    *end = '\0';
}

__attribute__((format(printf, 4, 0))) static void
fill(struct error *err, enum status status, const char *field, const char *fmt, va_list args)
{
    err->status = status;
    (void)snprintf(err->field, sizeof err->field, "%s", field); /* cut is fine */
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    drop_broken_characters(err->field);
    drop_broken_characters(err->text);
}

enum status error_set(struct error *err, enum status status, const char *fmt, ...)
{
    va_list args;

    if (!err)
        return status;
    va_start(args, fmt);
    fill(err, status, "", fmt, args);
    va_end(args);
    return status;
}

enum status error_field(struct error *err, enum status status, const char *field, const char *fmt,
                        ...)
{
    va_list args;

    if (!err)
        return status;
    va_start(args, fmt);
    fill(err, status, field, fmt, args);
    va_end(args);
    return status;
}
