#include "store/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "store/store.h"

/* A template is read once, from left to right, and written to BSON as it is read. What is wrong
 * with one is a mistake of ours, found by the first test that runs it: INTERNAL, with the place. */
struct template
{
    const char *start;
    const char *at;
    va_list *args;
    struct error *err;
};

struct key {
    const char *text;
    int length;
};

static enum status build_value(struct template *t, bson_t *doc, struct key key, int depth);

static enum status fault(struct template *t, const char *what)
{
    return error_set(t->err, STATUS_INTERNAL, "template: %s at byte %td", what, t->at - t->start);
}

static void skip_space(struct template *t)
{
    t->at += strspn(t->at, " \n\t");
}

static bool take(struct template *t, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(t->at, word, n) != 0)
        return false;
    t->at += n;
    return true;
}

/* The text between single quotes. There are no escapes: nothing of ours needs one. A % in it would
 * be a hole to the compiler's check and to va_arg, but not to us. */
static enum status take_quoted(struct template *t, struct key *ret)
{
    size_t n = strcspn(t->at + 1, "'%");

    if (t->at[1 + n] == '%')
        return fault(t, "a hole within quotes");
    if (t->at[1 + n] != '\'')
        return fault(t, "a quote that is not closed");
    *ret = (struct key){t->at + 1, (int)n};
    t->at += n + 2;
    return STATUS_OK;
}

static bool add_strings(bson_t *doc, struct key key, const struct strings *strings)
{
    bson_t array;
    char number[16];
    const char *name;
    bool added;

    added = bson_append_array_begin(doc, key.text, key.length, &array);
    for (size_t i = 0; added && strings && i < strings->n; i++) {
        (void)bson_uint32_to_string((uint32_t)i, &name, number, sizeof number);
        added = bson_append_utf8(&array, name, -1, strings->items[i], -1);
    }
    return bson_append_array_end(doc, &array) && added;
}

static enum status build_hole(struct template *t, bson_t *doc, struct key key)
{
    const char *text;
    bool added;

    if (!t->args)
        return fault(t, "a hole where none can be filled");
    if (take(t, "%s")) {
        text = va_arg(*t->args, const char *);
        added = text ? bson_append_utf8(doc, key.text, key.length, text, -1)
                     : bson_append_null(doc, key.text, key.length);
    } else if (take(t, "%ld")) {
        added = bson_append_int64(doc, key.text, key.length, va_arg(*t->args, int64_t));
    } else if (take(t, "%d")) {
        added = bson_append_bool(doc, key.text, key.length, va_arg(*t->args, int) != 0);
    } else if (take(t, "%p")) {
        added = add_strings(doc, key, va_arg(*t->args, const struct strings *));
    } else {
        return fault(t, "an unknown hole");
    }
    return added ? STATUS_OK : fault(t, "a value that is too large");
}

static enum status build_word(struct template *t, bson_t *doc, struct key key)
{
    bool added;

    if (take(t, "true"))
        added = bson_append_bool(doc, key.text, key.length, true);
    else if (take(t, "false"))
        added = bson_append_bool(doc, key.text, key.length, false);
    else if (take(t, "null"))
        added = bson_append_null(doc, key.text, key.length);
    else
        return fault(t, "an unknown word");
    return added ? STATUS_OK : fault(t, "a value that is too large");
}

static enum status build_number(struct template *t, bson_t *doc, struct key key)
{
    size_t n = strspn(t->at, "+-.0123456789eE");
    bool is_real = memchr(t->at, '.', n) || memchr(t->at, 'e', n) || memchr(t->at, 'E', n);
    char *end;
    bool added;

    errno = 0;
    if (is_real)
        added = bson_append_double(doc, key.text, key.length, strtod(t->at, &end));
    else
        added = bson_append_int64(doc, key.text, key.length, strtoll(t->at, &end, 10));
    if (errno || end != t->at + n || !added)
        return fault(t, "a bad number");
    t->at = end;
    return STATUS_OK;
}

/* The members of a document or array up to its closing bracket, the opening one being taken. */
static enum status build_members(struct template *t, bson_t *doc, char closing, int depth)
{
    char number[16];
    struct key key;
    enum status s;

    if (depth > TEMPLATE_DEPTH_MAX)
        return fault(t, "too deep a nesting");
    skip_space(t);
    if (*t->at == closing) {
        t->at++;
        return STATUS_OK;
    }
    for (uint32_t i = 0;; i++) {
        skip_space(t);
        if (closing == '}') {
            if (*t->at != '\'')
                return fault(t, "no quoted key");
            s = take_quoted(t, &key);
            if (s != STATUS_OK)
                return s;
            skip_space(t);
            if (!take(t, ":"))
                return fault(t, "no colon");
        } else {
            key.length = (int)bson_uint32_to_string(i, &key.text, number, sizeof number);
        }
        s = build_value(t, doc, key, depth);
        if (s != STATUS_OK)
            return s;
        skip_space(t);
        if (*t->at == closing) {
            t->at++;
            return STATUS_OK;
        }
        if (!take(t, ","))
            return fault(t, "no comma or closing bracket");
    }
}

/* The child is ended on failure too: until then its parent may not even be destroyed. */
static enum status build_child(struct template *t, bson_t *doc, struct key key, int depth)
{
    bool is_array = *t->at++ == '[';
    bson_t child;
    enum status s;

    if (is_array) {
        if (!bson_append_array_begin(doc, key.text, key.length, &child))
            return fault(t, "a document that is too large");
        s = build_members(t, &child, ']', depth + 1);
        (void)bson_append_array_end(doc, &child); /* cannot fail after a begin that did not */
    } else {
        if (!bson_append_document_begin(doc, key.text, key.length, &child))
            return fault(t, "a document that is too large");
        s = build_members(t, &child, '}', depth + 1);
        (void)bson_append_document_end(doc, &child);
    }
    return s;
}

static enum status build_value(struct template *t, bson_t *doc, struct key key, int depth)
{
    struct key text;
    enum status s;

    skip_space(t);
    switch (*t->at) {
    case '{':
    case '[':
        return build_child(t, doc, key, depth);
    case '%':
        return build_hole(t, doc, key);
    case '\'':
        s = take_quoted(t, &text);
        if (s != STATUS_OK)
            return s;
        return bson_append_utf8(doc, key.text, key.length, text.text, text.length)
                   ? STATUS_OK
                   : fault(t, "a value that is too large");
    case '-':
    case '0' ... '9':
        return build_number(t, doc, key);
    default:
        return build_word(t, doc, key);
    }
}

enum status template_build(bson_t *ret, struct error *err, const char *fmt, va_list *args)
{
    struct template t = {.start = fmt, .at = fmt, .args = args, .err = err};
    enum status s;

    bson_init(ret);
    skip_space(&t);
    if (take(&t, "{"))
        s = build_members(&t, ret, '}', 1);
    else if (take(&t, "["))
        s = build_members(&t, ret, ']', 1);
    else
        s = fault(&t, "neither a document nor an array");
    if (s != STATUS_OK)
        return s;
    skip_space(&t);
    return *t.at ? fault(&t, "something after the end") : STATUS_OK;
}

enum status store_document(bson_t *ret, struct error *err, const char *fmt, ...)
{
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = template_build(ret, err, fmt, &args);
    va_end(args);
    return s;
}
