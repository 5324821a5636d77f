#include "wire/shown.h"

#include <string.h>

#include "base/invisible.h"
#include "base/utf8.h"

/* refused: the least invisible that may not be in it; breaks: the control characters that may. */
static enum status check(const char *text, enum invisible refused, const char *breaks,
                         const char *field, struct error *err)
{
    while (*text) {
        uint32_t c = utf8_next(&text);
        bool control = (c < 0x20 && !strchr(breaks, (int)c)) || c == 0x7f;

        if (control || invisible_find(c) >= refused)
            return error_field(err, STATUS_INVALID, field,
                               "field '%s' holds a character that cannot be shown", field);
    }
    return STATUS_OK;
}

static bool is_blank(const char *text)
{
    while (*text)
        if (invisible_find(utf8_next(&text)) != INVISIBLE_BLANK)
            return false;
    return true;
}

enum status shown_check_line(const char *text, const char *field, struct error *err)
{
    if (is_blank(text))
        return error_field(err, STATUS_INVALID, field, "field '%s' is blank", field);
    return check(text, INVISIBLE_HIDDEN, "", field, err);
}

enum status shown_check_text(const char *text, const char *field, struct error *err)
{
    return check(text, INVISIBLE_TURNS, "\n\r\t", field, err);
}

enum status shown_check_address(const char *text, const char *field, struct error *err)
{
    bool known = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0 ||
                 (text[0] == '/' && text[1] != '/' && text[1] != '\\');

    for (const char *at = text; known && *at; at++)
        known = *at > ' ' && *at < 0x7f && !strchr("\"'<>\\`", *at);
    if (!known)
        return error_field(err, STATUS_INVALID, field,
                           "field '%s' must be an http or https address", field);
    return STATUS_OK;
}
