/* Agreement: schemas/ is the source, and the tables in libs/wire/ say the same.
 *
 * A record's table is written as the JSON Schema that it enforces, and that must be the schema in
 * schemas/ word for word, but for the words that only explain. So a keyword that no table can
 * enforce fails as well as a limit that differs. */

#include <limits.h>
#include <string.h>

#include "tests/contract/files.h"
#include "tests/contract/records.h"

/* Doubles, which JSON readers use, tell integers apart up to here. */
#define INTEGER_MAX 9007199254740992

/* ---- A table as a schema */

static cJSON *type_of(const struct field *field, const char *type)
{
    cJSON *ret = cJSON_CreateObject();

    if (field->nullable) {
        const char *const types[] = {type, "null"};

        cJSON_AddItemToObject(ret, "type", cJSON_CreateStringArray(types, 2));
    } else {
        cJSON_AddStringToObject(ret, "type", type);
    }
    return ret;
}

static void add_pattern(cJSON *schema, const char *alphabet)
{
    CLEANUP(buffer_clear) struct buffer pattern = {0};
    const char *c = alphabet;

    if (!alphabet)
        return;
    buffer_add_text(&pattern, "^[");
    while (*c) { /* runs as ranges: abc…z is a-z */
        const char *last = c;

        while (last[1] == last[0] + 1)
            last++;
        if (last - c > 1)
            buffer_printf(&pattern, "%c-%c", *c, *last);
        else
            buffer_add(&pattern, c, (size_t)(last - c) + 1);
        c = last + 1;
    }
    buffer_add_text(&pattern, "]*$");
    cJSON_AddStringToObject(schema, "pattern", buffer_text(&pattern));
}

static void add_lengths(cJSON *schema, const char *min_key, int64_t min, const char *max_key,
                        int64_t max)
{
    if (min)
        cJSON_AddNumberToObject(schema, min_key, (double)min);
    if (max)
        cJSON_AddNumberToObject(schema, max_key, (double)max);
}

static void add_range(cJSON *schema, int64_t min, int64_t max)
{
    cJSON_AddNumberToObject(schema, "minimum", (double)min);
    cJSON_AddNumberToObject(schema, "maximum", (double)max);
}

static cJSON *reference_to(const struct record *rec)
{
    CLEANUP(buffer_clear) struct buffer name = {0};
    cJSON *ret = cJSON_CreateObject();

    buffer_printf(&name, "%s.json", rec->name);
    cJSON_AddStringToObject(ret, "$ref", buffer_text(&name));
    return ret;
}

static cJSON *schema_of_text(const struct field *field)
{
    cJSON *ret = type_of(field, "string");

    add_lengths(ret, "minLength", field->min, "maxLength",
                field->max ? field->max : TEXT_MAX_DEFAULT);
    add_pattern(ret, field->alphabet);
    if (field->def)
        cJSON_AddStringToObject(ret, "default", field->def);
    return ret;
}

static cJSON *schema_of_number(const struct field *field)
{
    bool any = field->min == 0 && field->max == 0;
    cJSON *ret = type_of(field, "integer");

    add_range(ret, any || field->min < -INTEGER_MAX ? -INTEGER_MAX : field->min,
              any || field->max > INTEGER_MAX ? INTEGER_MAX : field->max);
    if (field->def)
        cJSON_AddNumberToObject(ret, "default", strtod(field->def, NULL));
    return ret;
}

static cJSON *schema_of_flag(const struct field *field)
{
    cJSON *ret = type_of(field, "boolean");

    if (field->def)
        cJSON_AddBoolToObject(ret, "default", strcmp(field->def, "true") == 0);
    return ret;
}

static cJSON *schema_of_strings(const struct field *field)
{
    cJSON *ret = type_of(field, "array");
    cJSON *items = cJSON_AddObjectToObject(ret, "items");

    cJSON_AddStringToObject(items, "type", "string");
    add_lengths(items, "minLength", 1, "maxLength",
                field->item_max ? field->item_max : TEXT_MAX_DEFAULT);
    add_pattern(items, field->alphabet);
    add_lengths(ret, "minItems", field->min, "maxItems", field->max);
    return ret;
}

static cJSON *schema_of_field(const struct field *field)
{
    cJSON *ret = NULL;
    cJSON *any_of;

    switch (field->type) {
    case FIELD_TEXT:
        return schema_of_text(field);
    case FIELD_NUMBER:
        return schema_of_number(field);
    case FIELD_FLAG:
    case FIELD_MAYBE:
        return schema_of_flag(field);
    case FIELD_STRINGS:
        return schema_of_strings(field);
    case FIELD_REAL:
        ret = type_of(field, "number");
        if (field->min || field->max)
            add_range(ret, field->min, field->max);
        return ret;
    case FIELD_LIST:
        ret = type_of(field, "array");
        cJSON_AddItemToObject(ret, "items", reference_to(field->of));
        add_lengths(ret, "minItems", field->min, "maxItems", field->max);
        return ret;
    case FIELD_JSON:
        ret = type_of(field, "object");
        add_lengths(ret, "", 0, "x-max-bytes", field->max); /* JSON Schema counts no bytes */
        return ret;
    case FIELD_OBJECT:
        if (!field->nullable)
            return reference_to(field->of);
        ret = cJSON_CreateObject();
        any_of = cJSON_AddArrayToObject(ret, "anyOf");
        cJSON_AddItemToArray(any_of, reference_to(field->of));
        cJSON_AddItemToArray(any_of, cJSON_Parse("{\"type\":\"null\"}"));
        return ret;
    }
    return ret;
}

static cJSON *schema_of(const struct record *rec)
{
    cJSON *ret = cJSON_CreateObject();
    cJSON *properties, *required;

    cJSON_AddStringToObject(ret, "type", "object");
    properties = cJSON_AddObjectToObject(ret, "properties");
    required = cJSON_CreateArray();
    for (size_t i = 0; i < rec->n_fields; i++) {
        const struct field *field = &rec->fields[i];

        cJSON_AddItemToObject(properties, field->name, schema_of_field(field));
        if (field->required)
            cJSON_AddItemToArray(required, cJSON_CreateString(field->name));
    }
    if (cJSON_GetArraySize(required))
        cJSON_AddItemToObject(ret, "required", required);
    else
        cJSON_Delete(required);
    return ret;
}

/* ---- The comparison */

/* Words that explain and demand nothing. Below "properties" they are names like any other. */
static void remove_explanations(cJSON *schema)
{
    static const char *const words[] = {"$schema", "$id", "title", "description", "examples"};
    cJSON *child;

    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(schema, words[i]);
    cJSON_ArrayForEach(child, cJSON_GetObjectItemCaseSensitive(schema, "properties"))
        remove_explanations(child);
    if (cJSON_GetObjectItemCaseSensitive(schema, "items"))
        remove_explanations(cJSON_GetObjectItemCaseSensitive(schema, "items"));
}

static void print_difference(const char *name, const cJSON *schema, const cJSON *table)
{
    char *a = cJSON_Print(schema);
    char *b = cJSON_Print(table);

    print_error("schemas/%s.json says\n%s\nand its table says\n%s\n", name, a, b);
    free(a);
    free(b);
}

static bool agrees(const struct record *rec)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    CLEANUP(buffer_clear) struct buffer id = {0};
    cJSON *schema, *table;
    bool ret;

    buffer_printf(&path, "schemas/%s.json", rec->name);
    buffer_printf(&id, "%s.json", rec->name);
    schema = read_json(buffer_text(&path));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(schema, "$id")), buffer_text(&id));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(schema, "$schema")),
                        "https://json-schema.org/draft/2020-12/schema");
    table = schema_of(rec);
    remove_explanations(schema);
    ret = cJSON_Compare(schema, table, true);
    if (!ret)
        print_difference(rec->name, schema, table);
    cJSON_Delete(schema);
    cJSON_Delete(table);
    return ret;
}

static void each_table_enforces_its_schema_and_no_more(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < contract_n_records(); i++)
        wrong += !agrees(contract_record(i));
    assert_int_equal(wrong, 0);
}

static void no_two_records_share_a_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < contract_n_records(); i++)
        assert_ptr_equal(contract_find_record(contract_record(i)->name), contract_record(i));
}

static void check_has_record(const char *path, const char *name)
{
    static const char *const others[] = {"errors.json", "openapi.json", "asyncapi.json"};
    CLEANUP(buffer_clear) struct buffer record = {0};
    size_t n = strlen(name);

    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        if (strcmp(name, others[i]) == 0)
            return;
    if (n < 5 || strcmp(name + n - 5, ".json") != 0)
        return;
    buffer_add(&record, name, n - 5);
    if (!contract_find_record(buffer_text(&record)))
        fail_msg("%s is no record's", path);
}

static void each_schema_has_a_record(void **state)
{
    (void)state;
    for_each_file("schemas", check_has_record);
}

static void references_name_records_on_the_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < contract_n_records(); i++) {
        const struct record *rec = contract_record(i);

        for (size_t j = 0; j < rec->n_fields; j++)
            if (rec->fields[j].of)
                assert_ptr_equal(contract_find_record(rec->fields[j].of->name), rec->fields[j].of);
    }
}

/* ---- The table of errors */

static int64_t number_of(const cJSON *object, const char *name)
{
    return (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void errors_json_is_the_list_of_statuses(void **state)
{
    cJSON *errors = read_json("schemas/errors.json");

    (void)state;
    assert_int_equal(cJSON_GetArraySize(errors), STATUS_COUNT);
    for (int i = 0; i < STATUS_COUNT; i++) {
        const cJSON *error = cJSON_GetArrayItem(errors, i);
        int code = status_code((enum status)i);
        const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(error, "message"));

        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(error, "name")),
                            status_name((enum status)i));
        assert_int_equal(number_of(error, "code"), code);
        assert_int_equal(number_of(error, "http"), i == STATUS_OK ? 200 : code / 100);
        assert_non_null(message);
    }
    cJSON_Delete(errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_enforces_its_schema_and_no_more),
        cmocka_unit_test(no_two_records_share_a_name),
        cmocka_unit_test(each_schema_has_a_record),
        cmocka_unit_test(references_name_records_on_the_wire),
        cmocka_unit_test(errors_json_is_the_list_of_statuses),
    };

    return cmocka_run_group_tests_name("schemas", tests, NULL, NULL);
}
