/* JSON into structs. The only reader of cJSON's trees. */

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/member.h"
#include "record/scan.h"

#define PATH_MAX_BYTES 64 /* of struct error's field: longer paths are cut */

/* Where we are: the path of the object being read, for error messages. */
struct place {
    const struct place *outer;
    const char *name;
    int index; /* in a list, else -1 */
};

static void path_of(const struct place *place, char *ret, size_t size)
{
    char outer[PATH_MAX_BYTES] = "";

    if (place->outer)
        path_of(place->outer, outer, sizeof outer);
    if (place->index >= 0)
        (void)snprintf(ret, size, "%.40s[%d]", outer, place->index); /* cut is fine */
    else
        (void)snprintf(ret, size, "%.40s%s%.20s", outer, *outer ? "." : "", place->name);
}

/* cJSON's own look-up of names is linear or ignores case. */
static const cJSON *find(const cJSON *object, const char *name)
{
    for (const cJSON *item = object->child; item; item = item->next)
        if (strcmp(item->string, name) == 0)
            return item;
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name that comes twice means something else to every reader. Sorted: an object in a frame may
 * have thousands of names. */
static const char *find_duplicate(const cJSON *object)
{
    const char *few[16];
    const char **names = few;
    const char *found = NULL;
    size_t n = 0;

    for (const cJSON *item = object->child; item; item = item->next)
        n++;
    if (n < 2)
        return NULL;
    if (n > N_ELEMENTS(few))
        names = memory_grow(NULL, n, sizeof *names);
    n = 0;
    for (const cJSON *item = object->child; item; item = item->next)
        names[n++] = item->string;
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 1; i < n && !found; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            found = names[i];
    if (names != few)
        free(names);
    return found;
}

static enum status refuse_duplicates(const cJSON *item, struct error *err)
{
    if (cJSON_IsObject(item)) {
        const char *name = find_duplicate(item);

        if (name)
            return error_field(err, STATUS_NOT_JSON, name, "the key '%.60s' comes twice", name);
    }
    for (const cJSON *child = item->child; child; child = child->next) {
        enum status s = refuse_duplicates(child, err); /* depth is limited by json_check() */

        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* text is the object's own bytes: struct json wants them as they came. */
static enum status read_object(const struct record *rec, const cJSON *object, struct slice text,
                               const struct place *place, void *ret, struct error *err);

static enum status wrong(const char *name, const char *what, struct error *err)
{
    return error_field(err, STATUS_INVALID, name, "field '%s' must be %s", name, what);
}

static enum status read_number(const struct field *field, const cJSON *item, const char *name,
                               int64_t *ret, struct error *err)
{
    double number = item->valuedouble;

    /* Past 2^53 a double no longer tells neighbours apart. */
    if (!cJSON_IsNumber(item) || number != floor(number) || fabs(number) > 9007199254740992.0)
        return wrong(name, "an integer", err);
    *ret = (int64_t)number;
    return check_number(field, *ret, name, err);
}

static enum status read_strings(const struct field *field, const cJSON *item, const char *name,
                                struct strings *ret, struct error *err)
{
    enum status s;

    if (!cJSON_IsArray(item))
        return wrong(name, "an array", err);
    s = check_count(field, (size_t)cJSON_GetArraySize(item), name, err);
    for (const cJSON *child = item->child; child && s == STATUS_OK; child = child->next) {
        struct field each = *field;

        if (!cJSON_IsString(child))
            return wrong(name, "an array of strings", err);
        each.min = 1;
        s = check_text(&each, child->valuestring, field->item_max, name, err);
        if (s == STATUS_OK)
            strings_add(ret, child->valuestring);
    }
    return s;
}

static enum status read_list(const struct field *field, const cJSON *item, struct slice text,
                             const struct place *place, const char *name, struct list *ret,
                             struct error *err)
{
    struct place each = {place, field->name, 0};
    enum status s;

    if (!cJSON_IsArray(item))
        return wrong(name, "an array", err);
    s = check_count(field, (size_t)cJSON_GetArraySize(item), name, err);
    for (const cJSON *child = item->child; child && s == STATUS_OK; child = child->next) {
        s = read_object(field->of, child, scan_element(&text), &each, list_add(ret, field->of),
                        err);
        each.index++;
    }
    return s;
}

static enum status read_json(const struct field *field, const cJSON *item, struct slice text,
                             const char *name, char **ret, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer compact = {0};
    const char *at;

    if (!cJSON_IsObject(item))
        return wrong(name, "an object", err);
    if (!text.data)
        return wrong(name, "named without escapes", err);
    if (!scan_value(text.data, text.data + text.length, JSON_DEPTH_MAX - JSON_INNER_DEPTH_MAX, &at))
        return error_field(err, STATUS_INVALID, name, "field '%s' must have at most %d levels",
                           name, JSON_INNER_DEPTH_MAX);
    scan_compact(text, &compact);
    if (field->max && (int64_t)compact.length > field->max)
        return error_field(err, STATUS_INVALID, name, "field '%s' must have at most %lld bytes",
                           name, (long long)field->max);
    *ret = buffer_take(&compact);
    return STATUS_OK;
}

/* The bytes of a member, for the types that read on in them. */
static struct slice member_text_of(const struct field *field, struct slice object)
{
    if (!object.data || (field->type != FIELD_JSON && !field->of))
        return (struct slice){0};
    return scan_member(object, field->name);
}

static enum status read_field(const struct field *field, const cJSON *item, struct slice object,
                              const struct place *outer, void *ret, struct error *err)
{
    const struct place place = {outer, field->name, -1};
    struct slice text = member_text_of(field, object);
    char name[PATH_MAX_BYTES];
    void **inner;
    enum status s;

    path_of(&place, name, sizeof name);
    switch (field->type) {
    case FIELD_TEXT:
        if (!cJSON_IsString(item))
            return wrong(name, "a string", err);
        s = check_text(field, item->valuestring, field->max, name, err);
        if (s == STATUS_OK)
            *member_text(field, ret) = memory_text(item->valuestring);
        return s;
    case FIELD_NUMBER:
        return read_number(field, item, name, member_number(field, ret), err);
    case FIELD_REAL:
        if (!cJSON_IsNumber(item))
            return wrong(name, "a number", err);
        *member_real(field, ret) = item->valuedouble;
        if ((field->min || field->max) &&
            !(item->valuedouble >= (double)field->min && item->valuedouble <= (double)field->max))
            return check_number(field, INT64_MAX, name, err);
        return STATUS_OK;
    case FIELD_FLAG:
        if (!cJSON_IsBool(item))
            return wrong(name, "true or false", err);
        *member_flag(field, ret) = cJSON_IsTrue(item);
        return STATUS_OK;
    case FIELD_MAYBE:
        if (!cJSON_IsBool(item))
            return wrong(name, "true or false", err);
        *member_maybe(field, ret) = (struct maybe){true, cJSON_IsTrue(item)};
        return STATUS_OK;
    case FIELD_STRINGS:
        return read_strings(field, item, name, member_strings(field, ret), err);
    case FIELD_LIST:
        return read_list(field, item, text, &place, name, member_list(field, ret), err);
    case FIELD_JSON:
        return read_json(field, item, text, name, member_text(field, ret), err);
    case FIELD_OBJECT:
        inner = member_object(field, ret);
        *inner = memory_new(field->of->size);
        return read_object(field->of, item, text, &place, *inner, err);
    }
    return error_set(err, STATUS_INTERNAL, "unknown field type");
}

static enum status read_object(const struct record *rec, const cJSON *object, struct slice text,
                               const struct place *place, void *ret, struct error *err)
{
    if (!cJSON_IsObject(object)) {
        char name[PATH_MAX_BYTES] = "";

        if (!place)
            return error_set(err, STATUS_INVALID, "the text must be a JSON object");
        path_of(place, name, sizeof name);
        return wrong(name, "an object", err);
    }
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];
        const cJSON *item = find(object, field->name);
        enum status s;

        if (item && cJSON_IsNull(item) && field->nullable)
            item = NULL;
        if (item) {
            s = read_field(field, item, text, place, ret, err);
        } else if (field->required) {
            const struct place missing = {place, field->name, -1};
            char name[PATH_MAX_BYTES];

            path_of(&missing, name, sizeof name);
            s = error_field(err, STATUS_INVALID, name, "field '%s' is missing", name);
        } else {
            s = STATUS_OK;
        }
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static void tree_free(cJSON *tree)
{
    cJSON_Delete(tree);
}
DEFINE_CLEANUP(cJSON *, tree_free)

static enum status parse(const char *text, size_t length, cJSON **ret, struct error *err)
{
    enum status s = json_check(text, length, err);

    if (s != STATUS_OK)
        return s;
    *ret = cJSON_ParseWithLength(text, length);
    if (!*ret)
        return error_set(err, STATUS_NOT_JSON, "not JSON");
    return refuse_duplicates(*ret, err);
}

enum status record_from_json(const struct record *rec, const char *text, size_t length, void *ret,
                             struct error *err)
{
    CLEANUP(tree_free) cJSON *tree = NULL;
    enum status s;

    memset(ret, 0, rec->size);
    s = parse(text, length, &tree, err);
    if (s == STATUS_OK)
        s = read_object(rec, tree, (struct slice){text, length}, NULL, ret, err);
    if (s != STATUS_OK)
        record_clear(rec, ret);
    return s;
}

/* The choice for the object's number `by`; NULL with err filled in. */
static const struct record *choose(const struct record_choice *choices, size_t n, const char *by,
                                   const cJSON *tree, struct error *err)
{
    static const struct field any = {0};
    const cJSON *item;
    int64_t value;

    if (!cJSON_IsObject(tree)) {
        (void)error_set(err, STATUS_INVALID, "the text must be a JSON object");
        return NULL;
    }
    item = find(tree, by);
    if (!item) {
        (void)error_field(err, STATUS_INVALID, by, "field '%s' is missing", by);
        return NULL;
    }
    if (read_number(&any, item, by, &value, err) != STATUS_OK)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (choices[i].value == value)
            return choices[i].rec;
    (void)error_field(err, STATUS_INVALID, by, "field '%s' has no meaning here: %lld", by,
                      (long long)value);
    return NULL;
}

/* After a refusal: read the one member again, for the answer to name. */
static void keep_member(const struct record *rec, const char *keep, const cJSON *tree, void *ret)
{
    for (size_t i = 0; keep && i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];
        const cJSON *item = find(tree, field->name);

        if (strcmp(field->name, keep) == 0 && field->type == FIELD_TEXT && item &&
            read_field(field, item, (struct slice){0}, NULL, ret, NULL) != STATUS_OK)
            *member_text(field, ret) = NULL;
    }
}

enum status record_from_json_by(const struct record_choice *choices, size_t n, const char *by,
                                const char *keep, const char *text, size_t length,
                                const struct record **ret_rec, void *ret, struct error *err)
{
    CLEANUP(tree_free) cJSON *tree = NULL;
    enum status s;

    *ret_rec = NULL;
    s = parse(text, length, &tree, err);
    if (s != STATUS_OK)
        return s;
    *ret_rec = choose(choices, n, by, tree, err);
    if (!*ret_rec)
        return STATUS_INVALID;
    memset(ret, 0, (*ret_rec)->size);
    s = read_object(*ret_rec, tree, (struct slice){text, length}, NULL, ret, err);
    if (s != STATUS_OK) {
        record_clear(*ret_rec, ret);
        keep_member(*ret_rec, keep, tree, ret);
    }
    return s;
}
