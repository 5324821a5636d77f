/* Structs into JSON, straight into a buffer: every frame is written here, so no tree is built. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/member.h"

void json_add_string(struct buffer *ret, const char *text)
{
    const char *start = text;
    const char *p;

    buffer_add(ret, "\"", 1);
    for (p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        char escaped[8];
        int n;

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_add(ret, start, (size_t)(p - start));
        start = p + 1;
        if (c == '"' || c == '\\')
            n = snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c == '\n')
            n = snprintf(escaped, sizeof escaped, "\\n");
        else
            n = snprintf(escaped, sizeof escaped, "\\u%04x", c);
        buffer_add(ret, escaped, (size_t)n);
    }
    buffer_add(ret, start, (size_t)(p - start));
    buffer_add(ret, "\"", 1);
}

static void add_number(struct buffer *ret, int64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)number);

    buffer_add(ret, digits, (size_t)n);
}

static void add_real(struct buffer *ret, double number)
{
    char digits[40];
    int n = 0;

    /* The shortest form that reads back as the same number. */
    for (int precision = 15; precision <= 17; precision++) {
        double back;

        n = snprintf(digits, sizeof digits, "%.*g", precision, isfinite(number) ? number : 0.0);
        if (sscanf(digits, "%lf", &back) == 1 && back == number)
            break;
    }
    buffer_add(ret, digits, (size_t)n);
}

static bool is_absent(const struct field *field, void *value)
{
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_JSON:
        return !*member_text(field, value);
    case FIELD_OBJECT:
        return !*member_object(field, value);
    case FIELD_NUMBER:
        return field->omit_zero && *member_number(field, value) == 0;
    case FIELD_FLAG:
        return field->omit_zero && !*member_flag(field, value);
    case FIELD_MAYBE:
        return !member_maybe(field, value)->is_set;
    case FIELD_STRINGS:
        return field->omit_zero && member_strings(field, value)->n == 0;
    case FIELD_LIST:
        return field->omit_zero && member_list(field, value)->n == 0;
    case FIELD_REAL:
        break;
    }
    return false;
}

static void add_value(const struct field *field, void *value, struct buffer *ret)
{
    struct strings *strings;
    struct list *list;

    switch (field->type) {
    case FIELD_TEXT:
        json_add_string(ret, *member_text(field, value));
        break;
    case FIELD_NUMBER:
        add_number(ret, *member_number(field, value));
        break;
    case FIELD_REAL:
        add_real(ret, *member_real(field, value));
        break;
    case FIELD_FLAG:
        buffer_add_text(ret, *member_flag(field, value) ? "true" : "false");
        break;
    case FIELD_MAYBE:
        buffer_add_text(ret, member_maybe(field, value)->value ? "true" : "false");
        break;
    case FIELD_STRINGS:
        strings = member_strings(field, value);
        buffer_add(ret, "[", 1);
        for (size_t i = 0; i < strings->n; i++) {
            if (i)
                buffer_add(ret, ",", 1);
            json_add_string(ret, strings->items[i]);
        }
        buffer_add(ret, "]", 1);
        break;
    case FIELD_LIST:
        list = member_list(field, value);
        buffer_add(ret, "[", 1);
        for (size_t i = 0; i < list->n; i++) {
            if (i)
                buffer_add(ret, ",", 1);
            record_to_json(field->of, (char *)list->items + i * field->of->size, ret);
        }
        buffer_add(ret, "]", 1);
        break;
    case FIELD_JSON:
        buffer_add_text(ret, *member_text(field, value));
        break;
    case FIELD_OBJECT:
        record_to_json(field->of, *member_object(field, value), ret);
        break;
    }
}

void record_to_json(const struct record *rec, const void *value, struct buffer *ret)
{
    const char *comma = "";

    buffer_add(ret, "{", 1);
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];
        bool absent = is_absent(field, (void *)value);

        if (absent && !field->nullable)
            continue;
        buffer_add_text(ret, comma);
        comma = ",";
        buffer_add(ret, "\"", 1); /* names of ours need no escapes */
        buffer_add_text(ret, field->name);
        buffer_add(ret, "\":", 2);
        if (absent)
            buffer_add(ret, "null", 4);
        else
            add_value(field, (void *)value, ret);
    }
    buffer_add(ret, "}", 1);
}
