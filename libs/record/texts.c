/* Query strings, path parameters and the environment into structs: values that are texts. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/member.h"

static enum status read_text(const struct field *field, const char *text, void *ret,
                             struct error *err)
{
    const char *name = field->name;
    char *end;
    enum status s;

    switch (field->type) {
    case FIELD_TEXT:
        s = check_text(field, text, field->max, name, err);
        if (s == STATUS_OK)
            *member_text(field, ret) = memory_text(text);
        return s;
    case FIELD_NUMBER:
        errno = 0;
        *member_number(field, ret) = strtoll(text, &end, 10);
        if (errno || end == text || *end || isspace((unsigned char)*text))
            return error_field(err, STATUS_INVALID, name, "field '%s' must be an integer", name);
        return check_number(field, *member_number(field, ret), name, err);
    case FIELD_FLAG:
    case FIELD_MAYBE:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return error_field(err, STATUS_INVALID, name, "field '%s' must be true or false", name);
        if (field->type == FIELD_FLAG)
            *member_flag(field, ret) = *text == 't';
        else
            *member_maybe(field, ret) = (struct maybe){true, *text == 't'};
        return STATUS_OK;
    default:
        return error_field(err, STATUS_INTERNAL, name, "field '%s' cannot be a text", name);
    }
}

static enum status read_or_default(const struct field *field, const char *text, void *ret,
                                   struct error *err)
{
    if (!text)
        text = field->def;
    if (text)
        return read_text(field, text, ret, err);
    if (field->required)
        return error_field(err, STATUS_INVALID, field->name, "field '%s' is missing", field->name);
    return STATUS_OK;
}

enum status record_from_texts(const struct record *rec,
                              const char *(*find)(void *context, const char *name), void *context,
                              void *ret, struct error *err)
{
    memset(ret, 0, rec->size);
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];
        enum status s = read_or_default(field, find(context, field->name), ret, err);

        if (s != STATUS_OK) {
            record_clear(rec, ret);
            return s;
        }
    }
    return STATUS_OK;
}

#define VARIABLE_MAX 64      /* ours are shorter */
#define SECRET_FILE_MAX 4096 /* a password or a URL with one */

static void variable_name(const char *name, const char *suffix, char ret[VARIABLE_MAX])
{
    (void)snprintf(ret, VARIABLE_MAX, "%s%s", name, suffix); /* ours: it fits */
    for (char *p = ret; *p; p++)
        *p = (char)toupper((unsigned char)*p);
}

/* The first line of the file that <NAME>_FILE names. */
static enum status read_secret(const char *variable, const char *path, char **ret,
                               struct error *err)
{
    char line[SECRET_FILE_MAX];
    FILE *file = fopen(path, "re");
    char *got;

    if (!file)
        return error_set(err, STATUS_INVALID, "%s: cannot open %s: %s", variable, path,
                         strerror(errno));
    got = fgets(line, sizeof line, file);
    (void)fclose(file); /* only read from */
    if (!got)
        return error_set(err, STATUS_INVALID, "%s: %s is empty", variable, path);
    line[strcspn(line, "\r\n")] = '\0';
    *ret = memory_text(line);
    memset(line, 0, sizeof line);
    return STATUS_OK;
}

static const char *find_variable(const char *variable)
{
    const char *text = getenv(variable);

    return text && *text ? text : NULL;
}

static enum status read_variable(const struct field *field, void *ret, struct error *err)
{
    CLEANUP(free) char *secret = NULL;
    char variable[VARIABLE_MAX];
    char file_variable[VARIABLE_MAX];
    const char *text;
    enum status s;

    variable_name(field->name, "", variable);
    text = find_variable(variable);
    if (!text && field->secret) {
        variable_name(field->name, "_file", file_variable);
        if (find_variable(file_variable)) {
            s = read_secret(file_variable, find_variable(file_variable), &secret, err);
            if (s != STATUS_OK)
                return s;
            text = secret;
        }
    }
    s = read_or_default(field, text, ret, err);
    if (s != STATUS_OK && err) {
        struct error inner = *err;

        return error_set(err, s, "%s: %s", variable, inner.text);
    }
    return s;
}

enum status record_from_env(const struct record *rec, void *ret, struct buffer *faults)
{
    enum status result = STATUS_OK;

    memset(ret, 0, rec->size);
    for (size_t i = 0; i < rec->n_fields; i++) {
        struct error err;

        if (read_variable(&rec->fields[i], ret, &err) == STATUS_OK)
            continue;
        result = STATUS_INVALID;
        buffer_printf(faults, "%s\n", err.text);
    }
    if (result != STATUS_OK)
        record_clear(rec, ret);
    return result;
}

void record_print_settings(const struct record *rec, struct buffer *ret)
{
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];

        buffer_add_text(ret, "| `");
        for (const char *p = field->name; *p; p++) {
            char upper = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;

            buffer_add(ret, &upper, 1);
        }
        buffer_add_text(ret, "` | ");
        if (field->def && *field->def)
            buffer_printf(ret, "`%s`", field->def);
        else if (field->required)
            buffer_add_text(ret, "must be set");
        buffer_printf(ret, " | %s%s |\n", field->about ? field->about : "",
                      field->secret ? "; or a file that `…_FILE` names" : "");
    }
}
