#include "record/scan.h"

#include <string.h>

#include "base/utf8.h"
#include "record/record.h"

const char *scan_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four hex digits at p, or -1. */
static int hex4(const char *p, const char *end)
{
    int value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* After "\u": a character, two escapes for one past the BMP. NULL for U+0000, which C strings
 * cannot hold, and for half a surrogate pair, which UTF-8 cannot. */
static const char *scan_unicode(const char *p, const char *end)
{
    int code = hex4(p, end);
    int low;

    if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff))
        return NULL;
    p += 4;
    if (code < 0xd800 || code > 0xdbff)
        return p;
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return NULL;
    low = hex4(p + 2, end);
    return low >= 0xdc00 && low <= 0xdfff ? p + 6 : NULL;
}

static const char *scan_string(const char *p, const char *end, const char **ret_at)
{
    for (p++; p < end; p++) {
        const char *after;

        if (*p == '"')
            return p + 1;
        if ((unsigned char)*p < 0x20)
            break;
        if (*p != '\\')
            continue;
        if (++p == end)
            break;
        if (*p != 'u') {
            if (!memchr("\"\\/bfnrt", *p, 8))
                break;
            continue;
        }
        after = scan_unicode(p + 1, end);
        if (!after)
            break;
        p = after - 1;
    }
    *ret_at = p;
    return NULL;
}

static const char *scan_number(const char *p, const char *end, const char **ret_at)
{
    if (*p == '-')
        p++;
    if (!is_digit(p, end))
        goto fail;
    if (*p == '0')
        p++;
    else
        while (is_digit(p, end))
            p++;
    if (p < end && *p == '.') {
        p++;
        if (!is_digit(p, end))
            goto fail;
        while (is_digit(p, end))
            p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!is_digit(p, end))
            goto fail;
        while (is_digit(p, end))
            p++;
    }
    return p;

fail:
    *ret_at = p;
    return NULL;
}

static const char *scan_word(const char *p, const char *end, const char *word, const char **ret_at)
{
    size_t n = strlen(word);

    if ((size_t)(end - p) >= n && memcmp(p, word, n) == 0)
        return p + n;
    *ret_at = p;
    return NULL;
}

/* "name": — up to the value. */
static const char *scan_name(const char *p, const char *end, const char **ret_at)
{
    p = scan_space(p, end);
    if (p < end && *p == '"') {
        p = scan_string(p, end, ret_at);
        if (!p)
            return NULL;
        p = scan_space(p, end);
        if (p < end && *p == ':')
            return p + 1;
    }
    *ret_at = p;
    return NULL;
}

static const char *scan_container(const char *p, const char *end, int depth, const char **ret_at)
{
    bool object = *p == '{';
    char close = object ? '}' : ']';

    if (depth >= JSON_DEPTH_MAX) {
        *ret_at = p;
        return NULL;
    }
    p = scan_space(p + 1, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        if (object) {
            p = scan_name(p, end, ret_at);
            if (!p)
                return NULL;
        }
        p = scan_value(p, end, depth + 1, ret_at);
        if (!p)
            return NULL;
        p = scan_space(p, end);
        if (p < end && *p == close)
            return p + 1;
        if (p == end || *p != ',') {
            *ret_at = p;
            return NULL;
        }
        p++;
    }
}

const char *scan_value(const char *p, const char *end, int depth, const char **ret_at)
{
    p = scan_space(p, end);
    *ret_at = p;
    if (p == end)
        return NULL;
    switch (*p) {
    case '{':
    case '[':
        return scan_container(p, end, depth, ret_at);
    case '"':
        return scan_string(p, end, ret_at);
    case 't':
        return scan_word(p, end, "true", ret_at);
    case 'f':
        return scan_word(p, end, "false", ret_at);
    case 'n':
        return scan_word(p, end, "null", ret_at);
    default:
        return scan_number(p, end, ret_at);
    }
}

enum status json_check(const char *text, size_t length, struct error *err)
{
    const char *end = text + length;
    const char *at = text;
    const char *p;

    if (!utf8_is_valid(text, length))
        return error_set(err, STATUS_NOT_JSON, "not JSON: the text is not UTF-8");
    p = scan_value(text, end, 0, &at);
    if (p) {
        p = scan_space(p, end);
        if (p == end)
            return STATUS_OK;
        at = p;
    }
    return error_set(err, STATUS_NOT_JSON, "not JSON at byte %zu", (size_t)(at - text));
}

struct slice scan_member(struct slice text, const char *name)
{
    const char *end = text.data + text.length;
    const char *p = scan_space(text.data, end);
    const char *at;

    if (p == end || *p != '{')
        return (struct slice){0};
    p = scan_space(p + 1, end);
    while (p && p < end && *p == '"') {
        const char *start = p + 1;
        const char *value;
        size_t n;

        p = scan_string(p, end, &at);
        if (!p)
            break;
        n = (size_t)(p - 1 - start);
        value = scan_space(scan_space(p, end) + 1, end);
        p = scan_value(value, end, 1, &at);
        if (p && slice_is((struct slice){start, n}, name))
            return (struct slice){value, (size_t)(p - value)};
        if (p)
            p = scan_space(p, end);
        if (p && p < end && *p == ',')
            p = scan_space(p + 1, end);
    }
    return (struct slice){0};
}

struct slice scan_element(struct slice *rest)
{
    const char *end;
    const char *p;
    const char *start;
    const char *at;

    if (!rest->data)
        return (struct slice){0};
    end = rest->data + rest->length;
    p = scan_space(rest->data, end);
    if (p == end || (*p != '[' && *p != ','))
        return (struct slice){0};
    start = scan_space(p + 1, end);
    p = scan_value(start, end, 1, &at);
    if (!p)
        return (struct slice){0}; /* the array is empty */
    *rest = (struct slice){p, (size_t)(end - p)};
    return (struct slice){start, (size_t)(p - start)};
}

void scan_compact(struct slice value, struct buffer *ret)
{
    const char *p = value.data;
    const char *end = p + value.length;

    while (p < end) {
        const char *at;
        const char *start = p;

        if (*p == '"') {
            p = scan_string(p, end, &at);
            if (!p)
                return; /* cannot happen: the text was checked */
        } else {
            while (p < end && *p != '"' && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r')
                p++;
        }
        buffer_add(ret, start, (size_t)(p - start));
        p = scan_space(p, end);
    }
}
