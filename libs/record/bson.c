/* Structs into BSON and back, for libs/store. */

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "record/member.h"

static void add_strings(const struct field *field, const struct strings *strings, bson_t *doc)
{
    bson_t array;
    char key[16];

    bson_append_array_begin(doc, field->name, -1, &array);
    for (size_t i = 0; i < strings->n; i++) {
        int n = snprintf(key, sizeof key, "%zu", i);

        bson_append_utf8(&array, key, n, strings->items[i], -1);
    }
    bson_append_array_end(doc, &array);
}

static void add_list(const struct field *field, const struct list *list, bson_t *doc)
{
    bson_t array;
    char key[16];

    bson_append_array_begin(doc, field->name, -1, &array);
    for (size_t i = 0; i < list->n; i++) {
        int n = snprintf(key, sizeof key, "%zu", i);
        bson_t item;

        bson_append_document_begin(&array, key, n, &item);
        record_to_bson(field->of, (char *)list->items + i * field->of->size, &item);
        bson_append_document_end(&array, &item);
    }
    bson_append_array_end(doc, &array);
}

static void add_object(const struct field *field, void *object, bson_t *doc)
{
    bson_t inner;

    bson_append_document_begin(doc, field->name, -1, &inner);
    record_to_bson(field->of, object, &inner);
    bson_append_document_end(doc, &inner);
}

void record_to_bson(const struct record *rec, const void *const_value, bson_t *doc)
{
    void *value = (void *)const_value; /* members are only read */

    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
            if (*member_text(field, value))
                bson_append_utf8(doc, field->name, -1, *member_text(field, value), -1);
            break;
        case FIELD_NUMBER:
            if (!field->omit_zero || *member_number(field, value))
                bson_append_int64(doc, field->name, -1, *member_number(field, value));
            break;
        case FIELD_REAL:
            bson_append_double(doc, field->name, -1, *member_real(field, value));
            break;
        case FIELD_FLAG:
            if (!field->omit_zero || *member_flag(field, value))
                bson_append_bool(doc, field->name, -1, *member_flag(field, value));
            break;
        case FIELD_MAYBE:
            if (member_maybe(field, value)->is_set)
                bson_append_bool(doc, field->name, -1, member_maybe(field, value)->value);
            break;
        case FIELD_STRINGS:
            if (!field->omit_zero || member_strings(field, value)->n > 0)
                add_strings(field, member_strings(field, value), doc);
            break;
        case FIELD_LIST:
            if (!field->omit_zero || member_list(field, value)->n > 0)
                add_list(field, member_list(field, value), doc);
            break;
        case FIELD_OBJECT:
            if (*member_object(field, value))
                add_object(field, *member_object(field, value), doc);
            break;
        }
    }
}

static enum status read_document(const struct record *rec, bson_iter_t *iter, void *ret,
                                 struct error *err);

static enum status read_strings(bson_iter_t *array, struct strings *ret)
{
    while (bson_iter_next(array)) {
        if (!BSON_ITER_HOLDS_UTF8(array))
            return STATUS_INTERNAL;
        strings_add(ret, bson_iter_utf8(array, NULL));
    }
    return STATUS_OK;
}

static enum status read_list(const struct field *field, bson_iter_t *array, struct list *ret,
                             struct error *err)
{
    while (bson_iter_next(array)) {
        bson_iter_t item;

        if (!BSON_ITER_HOLDS_DOCUMENT(array) || !bson_iter_recurse(array, &item))
            return STATUS_INTERNAL;
        if (read_document(field->of, &item, list_add(ret, field->of), err) != STATUS_OK)
            return STATUS_INTERNAL;
    }
    return STATUS_OK;
}

static enum status read_value(const struct field *field, bson_iter_t *iter, void *ret,
                              struct error *err)
{
    bson_iter_t inner;

    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_JSON:
        if (!BSON_ITER_HOLDS_UTF8(iter))
            return STATUS_INTERNAL;
        *member_text(field, ret) = memory_text(bson_iter_utf8(iter, NULL));
        return STATUS_OK;
    case FIELD_NUMBER:
        if (!BSON_ITER_HOLDS_NUMBER(iter))
            return STATUS_INTERNAL;
        *member_number(field, ret) = bson_iter_as_int64(iter);
        return STATUS_OK;
    case FIELD_REAL:
        if (!BSON_ITER_HOLDS_NUMBER(iter))
            return STATUS_INTERNAL;
        *member_real(field, ret) = bson_iter_as_double(iter);
        return STATUS_OK;
    case FIELD_FLAG:
        if (!BSON_ITER_HOLDS_BOOL(iter))
            return STATUS_INTERNAL;
        *member_flag(field, ret) = bson_iter_bool(iter);
        return STATUS_OK;
    case FIELD_MAYBE:
        if (!BSON_ITER_HOLDS_BOOL(iter))
            return STATUS_INTERNAL;
        *member_maybe(field, ret) = (struct maybe){true, bson_iter_bool(iter)};
        return STATUS_OK;
    case FIELD_STRINGS:
        if (!BSON_ITER_HOLDS_ARRAY(iter) || !bson_iter_recurse(iter, &inner))
            return STATUS_INTERNAL;
        return read_strings(&inner, member_strings(field, ret));
    case FIELD_LIST:
        if (!BSON_ITER_HOLDS_ARRAY(iter) || !bson_iter_recurse(iter, &inner))
            return STATUS_INTERNAL;
        return read_list(field, &inner, member_list(field, ret), err);
    case FIELD_OBJECT:
        if (!BSON_ITER_HOLDS_DOCUMENT(iter) || !bson_iter_recurse(iter, &inner))
            return STATUS_INTERNAL;
        *member_object(field, ret) = memory_new(field->of->size);
        return read_document(field->of, &inner, *member_object(field, ret), err);
    }
    return STATUS_INTERNAL;
}

static const struct field *find_field(const struct record *rec, const char *name)
{
    for (size_t i = 0; i < rec->n_fields; i++)
        if (strcmp(rec->fields[i].name, name) == 0)
            return &rec->fields[i];
    return NULL;
}

static enum status read_document(const struct record *rec, bson_iter_t *iter, void *ret,
                                 struct error *err)
{
    while (bson_iter_next(iter)) {
        const struct field *field = find_field(rec, bson_iter_key(iter));

        if (field && !BSON_ITER_HOLDS_NULL(iter) && read_value(field, iter, ret, err) != STATUS_OK)
            return error_set(err, STATUS_INTERNAL, "stored %s: '%s' has the wrong type", rec->name,
                             field->name);
    }
    return STATUS_OK;
}

enum status record_from_bson(const struct record *rec, const bson_t *doc, void *ret,
                             struct error *err)
{
    bson_iter_t iter;
    enum status s = STATUS_INTERNAL;

    memset(ret, 0, rec->size);
    if (bson_iter_init(&iter, doc))
        s = read_document(rec, &iter, ret, err);
    else
        s = error_set(err, STATUS_INTERNAL, "stored %s is not BSON", rec->name);
    if (s != STATUS_OK)
        record_clear(rec, ret);
    return s;
}
