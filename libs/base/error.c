#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* A cut in the middle of a character would make an answer that is not UTF-8. */
static void cut_at_character(char *text)
{
    size_t n = strlen(text);
    size_t start = n;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
        text[start - 1] = '\0';
    else if (start < n)
        text[start] = '\0';
}

__attribute__((format(printf, 4, 0))) static void
fill(struct error *err, enum status status, const char *field, const char *fmt, va_list args)
{
    int n;

    err->status = status;
    (void)snprintf(err->field, sizeof err->field, "%s", field); /* cut is fine: ours, ASCII */
    n = vsnprintf(err->text, sizeof err->text, fmt, args);
    if (n >= (int)sizeof err->text)
        cut_at_character(err->text);
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
