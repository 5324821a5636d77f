/* What a value must be, whichever way it came in. */

#include <string.h>

#include "base/utf8.h"
#include "record/member.h"

enum status check_text(const struct field *field, const char *text, int64_t max, const char *name,
                       struct error *err)
{
    size_t bytes = strlen(text);
    int64_t n;

    if (!utf8_is_valid(text, bytes))
        return error_field(err, STATUS_INVALID, name, "field '%s' is not UTF-8", name);
    n = (int64_t)utf8_length(text, bytes);
    if (max == 0)
        max = TEXT_MAX_DEFAULT;
    if (n < field->min || n > max)
        return error_field(err, STATUS_INVALID, name,
                           "field '%s' must have %lld to %lld characters", name,
                           (long long)field->min, (long long)max);
    if (field->alphabet && text[strspn(text, field->alphabet)] != '\0')
        return error_field(err, STATUS_INVALID, name, "field '%s' has a character not allowed here",
                           name);
    return STATUS_OK;
}

enum status check_number(const struct field *field, int64_t number, const char *name,
                         struct error *err)
{
    if ((field->min != 0 || field->max != 0) && (number < field->min || number > field->max))
        return error_field(err, STATUS_INVALID, name, "field '%s' must be %lld to %lld", name,
                           (long long)field->min, (long long)field->max);
    return STATUS_OK;
}

enum status check_count(const struct field *field, size_t n, const char *name, struct error *err)
{
    if ((field->min != 0 || field->max != 0) &&
        ((int64_t)n < field->min || (int64_t)n > field->max))
        return error_field(err, STATUS_INVALID, name, "field '%s' must have %lld to %lld elements",
                           name, (long long)field->min, (long long)field->max);
    return STATUS_OK;
}
