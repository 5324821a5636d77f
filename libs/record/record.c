/* The life of records: what a struct owns, by its table. */

#include "record/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/member.h"

void strings_clear(struct strings *strings)
{
    for (size_t i = 0; i < strings->n; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct strings){0};
}

/* Both grow at powers of two, so that no room need be stored. */
static bool is_full(size_t n)
{
    return (n & (n - 1)) == 0;
}

void strings_add(struct strings *strings, const char *text)
{
    if (is_full(strings->n))
        strings->items =
            memory_grow(strings->items, strings->n ? strings->n * 2 : 1, sizeof(char *));
    strings->items[strings->n++] = memory_text(text);
}

static size_t strings_find(const struct strings *strings, const char *text)
{
    size_t i = 0;

    while (i < strings->n && strcmp(strings->items[i], text) != 0)
        i++;
    return i;
}

bool strings_has(const struct strings *strings, const char *text)
{
    return strings_find(strings, text) < strings->n;
}

void strings_remove(struct strings *strings, const char *text)
{
    size_t i = strings_find(strings, text);

    if (i == strings->n)
        return;
    free(strings->items[i]);
    memmove(&strings->items[i], &strings->items[i + 1],
            (strings->n - i - 1) * sizeof *strings->items);
    strings->n--;
}

void *list_add(struct list *list, const struct record *of)
{
    char *item;

    if (is_full(list->n))
        list->items = memory_grow(list->items, list->n ? list->n * 2 : 1, of->size);
    item = (char *)list->items + list->n++ * of->size;
    return memset(item, 0, of->size);
}

void list_clear(struct list *list, const struct record *of)
{
    for (size_t i = 0; i < list->n; i++)
        record_clear(of, (char *)list->items + i * of->size);
    free(list->items);
    *list = (struct list){0};
}

void record_clear(const struct record *rec, void *value)
{
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];
        void **object;

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
            free(*member_text(field, value));
            break;
        case FIELD_STRINGS:
            strings_clear(member_strings(field, value));
            break;
        case FIELD_LIST:
            list_clear(member_list(field, value), field->of);
            break;
        case FIELD_OBJECT:
            object = member_object(field, value);
            if (*object)
                record_clear(field->of, *object);
            free(*object);
            break;
        case FIELD_NUMBER:
        case FIELD_REAL:
        case FIELD_FLAG:
        case FIELD_MAYBE:
            break;
        }
    }
    memset(value, 0, rec->size);
}

static void list_copy(const struct list *from, struct list *to, const struct record *of)
{
    for (size_t i = 0; i < from->n; i++)
        record_copy(of, (char *)from->items + i * of->size, list_add(to, of));
}

void record_copy(const struct record *rec, const void *value, void *ret)
{
    memcpy(ret, value, rec->size);
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];
        const struct strings *strings;
        void *object;

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
            *member_text(field, ret) = memory_text(*member_text(field, (void *)value));
            break;
        case FIELD_STRINGS:
            strings = member_strings(field, (void *)value);
            *member_strings(field, ret) = (struct strings){0};
            for (size_t k = 0; k < strings->n; k++)
                strings_add(member_strings(field, ret), strings->items[k]);
            break;
        case FIELD_LIST:
            *member_list(field, ret) = (struct list){0};
            list_copy(member_list(field, (void *)value), member_list(field, ret), field->of);
            break;
        case FIELD_OBJECT:
            object = *member_object(field, (void *)value);
            if (object) {
                *member_object(field, ret) = memory_new(field->of->size);
                record_copy(field->of, object, *member_object(field, ret));
            }
            break;
        case FIELD_NUMBER:
        case FIELD_REAL:
        case FIELD_FLAG:
        case FIELD_MAYBE:
            break;
        }
    }
}
