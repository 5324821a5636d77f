#include "output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/invisible.h"
#include "base/utf8.h"

void output_json(const struct record *rec, const void *value)
{
    CLEANUP(buffer_clear) struct buffer json = {0};

    record_to_json(rec, value, &json);
    puts(buffer_text(&json));
}

void output_harmless(struct buffer *ret, const char *text)
{
    while (*text) {
        const char *start = text;
        uint32_t c = utf8_next(&text);

        if (c < 0x20 || c == 0x7f)
            buffer_add_text(ret, c == '\n' || c == '\t' ? " " : "?");
        else if (invisible_find(c) >= INVISIBLE_MARK) /* shown would not be what was said */
            buffer_printf(ret, "<U+%04X>", c);
        else
            buffer_add(ret, start, (size_t)(text - start));
    }
}

/* ---- Values */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);

    return n >= strlen(end) && strcmp(text + n - strlen(end), end) == 0;
}

static void add_time(struct buffer *ret, int64_t ms)
{
    time_t seconds = ms / 1000;
    struct tm tm;
    char text[32];

    if (ms == 0 || !gmtime_r(&seconds, &tm)) {
        buffer_add_text(ret, "-");
        return;
    }
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm); /* fits */
    buffer_add_text(ret, text);
}

static void add_duration(struct buffer *ret, int64_t ms)
{
    int64_t s = ms / 1000;

    if (ms < 10000)
        buffer_printf(ret, "%" PRId64 " ms", ms);
    else if (s < 600)
        buffer_printf(ret, "%" PRId64 " s", s);
    else if (s < 48 * 3600)
        buffer_printf(ret, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
    else
        buffer_printf(ret, "%" PRId64 " days", s / 86400);
}

static void add_number(struct buffer *ret, const char *name, int64_t value)
{
    if (ends_with(name, "_at") || strcmp(name, "at") == 0 || ends_with(name, "_until"))
        add_time(ret, value);
    else if (ends_with(name, "_ms"))
        add_duration(ret, value);
    else if (ends_with(name, "_s"))
        add_duration(ret, value * 1000);
    else
        buffer_printf(ret, "%" PRId64, value);
}

static bool is_shown(const struct field *field)
{
    return field->type == FIELD_TEXT || field->type == FIELD_NUMBER || field->type == FIELD_FLAG;
}

static void add_value(struct buffer *ret, const struct field *field, const void *value)
{
    const char *member = (const char *)value + field->offset;
    const char *text;

    switch (field->type) {
    case FIELD_NUMBER:
        add_number(ret, field->name, *(const int64_t *)member);
        break;
    case FIELD_FLAG:
        buffer_add_text(ret, *(const bool *)member ? "yes" : "no");
        break;
    default:
        text = *(char *const *)member;
        output_harmless(ret, text && *text ? text : "-");
    }
}

/* ---- Columns */

/* A name's parts with spaces between them. */
static void add_name(struct buffer *ret, const char *name)
{
    size_t length = strlen(name);

    if (ends_with(name, "_ms") || ends_with(name, "_at"))
        length -= 3;
    else if (ends_with(name, "_s"))
        length -= 2;
    for (size_t i = 0; i < length; i++)
        buffer_add(ret, name[i] == '_' ? " " : &name[i], 1);
}

static size_t width_of(struct buffer *text)
{
    const char *p = buffer_text(text);
    size_t n = 0;

    for (; *p; n++)
        (void)utf8_next(&p);
    return n;
}

static size_t column_width(const struct field *field, const struct record *rec,
                           const struct list *list)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    size_t widest;

    add_name(&text, field->name);
    widest = width_of(&text);
    for (size_t i = 0; i < list->n; i++) {
        size_t width;

        text.length = 0;
        add_value(&text, field, (const char *)list->items + i * rec->size);
        width = width_of(&text);
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* value NULL: the heading. */
static void print_row(const struct record *rec, const size_t *widths, const void *value)
{
    CLEANUP(buffer_clear) struct buffer line = {0};

    for (size_t i = 0; i < rec->n_fields; i++) {
        CLEANUP(buffer_clear) struct buffer text = {0};
        const struct field *field = &rec->fields[i];
        size_t pad;

        if (!is_shown(field))
            continue;
        if (value)
            add_value(&text, field, value);
        else
            add_name(&text, field->name);
        pad = widths[i] - width_of(&text);
        if (field->type == FIELD_NUMBER)
            buffer_printf(&line, "%*s", (int)pad, "");
        buffer_add(&line, text.data, text.length);
        buffer_printf(&line, "%*s", (int)(field->type == FIELD_NUMBER ? 2 : pad + 2), "");
    }
    while (line.length > 0 && line.data[line.length - 1] == ' ')
        line.length--;
    puts(buffer_text(&line));
}

#define COLUMNS_MAX 16 /* ours have fewer */

void output_table(const struct record *rec, const struct list *list)
{
    size_t widths[COLUMNS_MAX] = {0};

    for (size_t i = 0; i < rec->n_fields && i < COLUMNS_MAX; i++)
        widths[i] = column_width(&rec->fields[i], rec, list);
    print_row(rec, widths, NULL);
    for (size_t i = 0; i < list->n; i++)
        print_row(rec, widths, (const char *)list->items + i * rec->size);
}

void output_members(const struct record *rec, const void *value)
{
    for (size_t i = 0; i < rec->n_fields; i++) {
        CLEANUP(buffer_clear) struct buffer name = {0};
        CLEANUP(buffer_clear) struct buffer text = {0};
        const struct field *field = &rec->fields[i];

        if (!is_shown(field) ||
            (field->type == FIELD_TEXT && !*(char *const *)((const char *)value + field->offset)))
            continue;
        add_name(&name, field->name);
        add_value(&text, field, value);
        printf("%-16s %s\n", buffer_text(&name), buffer_text(&text));
    }
}

/* ---- Arguments */

static void take_out(int *argc, char **argv, int i, int n)
{
    for (; i + n <= *argc; i++)
        argv[i] = argv[i + n];
    *argc -= n;
}

bool take_flag(int *argc, char **argv, const char *word)
{
    for (int i = 1; i < *argc; i++)
        if (strcmp(argv[i], word) == 0) {
            take_out(argc, argv, i, 1);
            return true;
        }
    return false;
}

const char *take_option(int *argc, char **argv, const char *word)
{
    for (int i = 1; i + 1 < *argc; i++)
        if (strcmp(argv[i], word) == 0) {
            const char *value = argv[i + 1];

            take_out(argc, argv, i, 2);
            return value;
        }
    return NULL;
}
