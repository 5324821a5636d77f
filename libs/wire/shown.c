#include "wire/shown.h"

#include <string.h>

/* C0, DEL and C1 control characters, and the bidirectional ones (U+202A to U+202E, U+2066 to
 * U+2069), with which a name could rewrite the line that it stands in. */
static bool is_unshown(const unsigned char *at, bool lines)
{
    if (at[0] == '\n' || at[0] == '\r' || at[0] == '\t')
        return !lines;
    if (at[0] < 0x20 || at[0] == 0x7f)
        return true;
    if (at[0] == 0xc2)
        return at[1] >= 0x80 && at[1] < 0xa0;
    if (at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

static enum status check(const char *text, bool lines, const char *field, struct error *err)
{
    for (const char *at = text; *at; at++)
        if (is_unshown((const unsigned char *)at, lines))
            return error_field(err, STATUS_INVALID, field,
                               "field '%s' holds a character that cannot be shown", field);
    return STATUS_OK;
}

enum status shown_check_line(const char *text, const char *field, struct error *err)
{
    if (text[strspn(text, " ")] == '\0')
        return error_field(err, STATUS_INVALID, field, "field '%s' is blank", field);
    return check(text, false, field, err);
}

enum status shown_check_text(const char *text, const char *field, struct error *err)
{
    return check(text, true, field, err);
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
