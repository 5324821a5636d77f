#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/record.h"

struct guest {
    char *name;
    int64_t age;
};

static const struct field guest_fields[] = {
    FIELD(struct guest, name, .required = true, .min = 1, .max = 4),
    FIELD(struct guest, age, .min = 0, .max = 150),
};
static const struct record guest_record = RECORD("test.guest", struct guest, guest_fields);

struct invite {
    char *group_id;
    int64_t seats;
    double price;
    bool silent;
    struct strings tags;
    struct list guests;
    struct json extra;
    void *host;
    char *cursor;
};

static const struct field fields[] = {
    FIELD(struct invite, group_id, .required = true, .max = 8, .alphabet = ALPHABET_ID),
    FIELD(struct invite, seats, .min = 1, .max = 500, .def = "3", .omit_zero = true),
    FIELD(struct invite, price, .min = -10, .max = 10),
    FIELD(struct invite, silent, .omit_zero = true),
    FIELD(struct invite, tags, .max = 2, .item_max = 3, .omit_zero = true),
    FIELD(struct invite, guests, .max = 3, .of = &guest_record),
    FIELD(struct invite, extra, .max = 32),
    FIELD(struct invite, host, .of = &guest_record),
    FIELD(struct invite, cursor, .nullable = true),
};
static const struct record invite_record = RECORD("test.invite", struct invite, fields);

static enum status decode(const char *json, struct invite *ret, struct error *err)
{
    return record_from_json(&invite_record, json, strlen(json), ret, err);
}

static const char full[] =
    "{\"group_id\":\"g1\",\"seats\":7,\"price\":1.5,\"silent\":true,\"tags\":[\"a\",\"b\"],"
    "\"guests\":[{\"name\":\"Zo\\u00eb\",\"age\":3}],\"extra\":{\"k\":[1,{\"x\":\" y \"}]},"
    "\"host\":{\"name\":\"Ann\",\"age\":0},\"cursor\":\"c\"}";

struct choice {
    struct maybe muted;
};
static const struct field choice_fields[] = {FIELD(struct choice, muted)};
static const struct record choice_record = RECORD("test.choice", struct choice, choice_fields);

static void tells_false_from_absent(void **state)
{
    static const char *const texts[] = {"{}", "{\"muted\":false}", "{\"muted\":true}"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        CLEANUP(buffer_clear) struct buffer text = {0};
        struct choice choice, back;
        bson_t doc = BSON_INITIALIZER;

        assert_int_equal(
            record_from_json(&choice_record, texts[i], strlen(texts[i]), &choice, NULL), STATUS_OK);
        assert_int_equal(choice.muted.is_set, i > 0);
        assert_int_equal(choice.muted.value, i == 2);
        record_to_json(&choice_record, &choice, &text);
        assert_string_equal(buffer_text(&text), texts[i]);
        record_to_bson(&choice_record, &choice, &doc);
        assert_int_equal(record_from_bson(&choice_record, &doc, &back, NULL), STATUS_OK);
        assert_int_equal(back.muted.is_set, i > 0);
        assert_int_equal(back.muted.value, i == 2);
        bson_destroy(&doc);
    }
}

static void what_is_read_is_written_again(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct invite invite;
    struct error err;

    (void)state;
    assert_int_equal(decode(full, &invite, &err), STATUS_OK);
    assert_int_equal(invite.seats, 7);
    assert_string_equal(invite.tags.items[1], "b");
    assert_string_equal(((struct guest *)invite.guests.items)->name, "Zo\xc3\xab");
    assert_string_equal(invite.extra.text, "{\"k\":[1,{\"x\":\" y \"}]}");
    record_to_json(&invite_record, &invite, &text);
    assert_string_equal(buffer_text(&text),
                        "{\"group_id\":\"g1\",\"seats\":7,\"price\":1.5,\"silent\":true,"
                        "\"tags\":[\"a\",\"b\"],\"guests\":[{\"name\":\"Zo\xc3\xab\",\"age\":3}],"
                        "\"extra\":{\"k\":[1,{\"x\":\" y \"}]},"
                        "\"host\":{\"name\":\"Ann\",\"age\":0},\"cursor\":\"c\"}");
    record_clear(&invite_record, &invite);
}

static void what_is_absent_is_left_out_or_null(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct invite invite;

    (void)state;
    assert_int_equal(decode("{\"group_id\":\"g\",\"cursor\":null}", &invite, NULL), STATUS_OK);
    record_to_json(&invite_record, &invite, &text);
    assert_string_equal(buffer_text(&text),
                        "{\"group_id\":\"g\",\"price\":0,\"guests\":[],\"cursor\":null}");
    record_clear(&invite_record, &invite);
}

static void a_key_from_a_newer_sender_is_ignored(void **state)
{
    struct invite invite;

    (void)state;
    assert_int_equal(decode("{\"group_id\":\"g\",\"new\":{\"deep\":[1]}}", &invite, NULL),
                     STATUS_OK);
    record_clear(&invite_record, &invite);
}

static void white_space_in_kept_json_goes_but_not_in_its_strings(void **state)
{
    struct invite invite;

    (void)state;
    assert_int_equal(
        decode("{ \"group_id\":\"g\",\n \"extra\" : { \"a b\" : [ 1 ,\t2 ] } }", &invite, NULL),
        STATUS_OK);
    assert_string_equal(invite.extra.text, "{\"a b\":[1,2]}");
    record_clear(&invite_record, &invite);
}

static void refuses_bad_input_and_names_the_field(void **state)
{
    static const struct {
        const char *json;
        const char *field;
        const char *reason;
    } cases[] = {
        {"[]", "", "the text must be a JSON object"},
        {"{\"seats\":3}", "group_id", "field 'group_id' is missing"},
        {"{\"group_id\":null}", "group_id", "field 'group_id' must be a string"},
        {"{\"group_id\":7}", "group_id", "field 'group_id' must be a string"},
        {"{\"GROUP_ID\":\"g\"}", "group_id", "field 'group_id' is missing"},
        {"{\"group_id\":\"123456789\"}", "group_id",
         "field 'group_id' must have 0 to 8 characters"},
        {"{\"group_id\":\"a b\"}", "group_id", "field 'group_id' has a character not allowed here"},
        {"{\"group_id\":\"g\",\"seats\":0}", "seats", "field 'seats' must be 1 to 500"},
        {"{\"group_id\":\"g\",\"seats\":1.5}", "seats", "field 'seats' must be an integer"},
        {"{\"group_id\":\"g\",\"seats\":1e300}", "seats", "field 'seats' must be an integer"},
        {"{\"group_id\":\"g\",\"seats\":\"3\"}", "seats", "field 'seats' must be an integer"},
        {"{\"group_id\":\"g\",\"price\":11}", "price", "field 'price' must be -10 to 10"},
        {"{\"group_id\":\"g\",\"silent\":\"yes\"}", "silent",
         "field 'silent' must be true or false"},
        {"{\"group_id\":\"g\",\"tags\":\"a\"}", "tags", "field 'tags' must be an array"},
        {"{\"group_id\":\"g\",\"tags\":[1]}", "tags", "field 'tags' must be an array of strings"},
        {"{\"group_id\":\"g\",\"tags\":[\"a\",\"b\",\"c\"]}", "tags",
         "field 'tags' must have 0 to 2 elements"},
        {"{\"group_id\":\"g\",\"tags\":[\"long\"]}", "tags",
         "field 'tags' must have 1 to 3 characters"},
        {"{\"group_id\":\"g\",\"guests\":[{\"name\":\"a\"},{\"age\":3}]}", "guests[1].name",
         "field 'guests[1].name' is missing"},
        {"{\"group_id\":\"g\",\"guests\":[3]}", "guests[0]", "field 'guests[0]' must be an object"},
        {"{\"group_id\":\"g\",\"host\":[]}", "host", "field 'host' must be an object"},
        {"{\"group_id\":\"g\",\"host\":{\"name\":\"\"}}", "host.name",
         "field 'host.name' must have 1 to 4 characters"},
        {"{\"group_id\":\"g\",\"extra\":[]}", "extra", "field 'extra' must be an object"},
        {"{\"group_id\":\"g\",\"extra\":{\"k\":\"0123456789012345678901234567890\"}}", "extra",
         "field 'extra' must have at most 32 bytes"},
        {"{\"group_id\":\"g\",\"group_id\":\"h\"}", "group_id", "the key 'group_id' comes twice"},
        {"{\"group_id\":\"g\",\"x\":{\"y\":1,\"y\":2}}", "y", "the key 'y' comes twice"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        static const struct invite nothing;
        struct invite invite;
        struct error err;

        assert_int_not_equal(decode(cases[i].json, &invite, &err), STATUS_OK);
        assert_string_equal(err.text, cases[i].reason);
        assert_string_equal(err.field, cases[i].field);
        assert_memory_equal(&invite, &nothing, sizeof invite); /* nothing left to free */
    }
}

static void json_is_what_rfc_8259_says(void **state)
{
    static const char *const good[] = {
        "{}", " [ 1 , -0.5e+3, true, null ] ", "\"\\u00e9\\n\\ud83d\\ude00\"", "0", "-1E9",
    };
    static const char *const bad[] = {
        "",
        "{",
        "{}}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "[1,]",
        "[,1]",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "nul",
        "\"\x01\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"open",
        "{} x",
        "'a'",
        "\"\xff\"",
        "NaN",
        "Infinity",
        "\xef\xbb\xbf{}",
        "[1 2]",
        "{\"a\":1,}",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(good); i++)
        assert_int_equal(json_check(good[i], strlen(good[i]), NULL), STATUS_OK);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_int_equal(json_check(bad[i], strlen(bad[i]), NULL), STATUS_NOT_JSON);
    assert_int_equal(json_check("{}\0", 3, NULL), STATUS_NOT_JSON);
}

static void nesting_is_limited(void **state)
{
    char text[80];

    (void)state;
    memset(text, '[', 40);
    memset(text + 40, ']', 40);
    assert_int_equal(json_check(text + 8, 64, NULL), STATUS_OK);
    assert_int_equal(json_check(text + 7, 66, NULL), STATUS_NOT_JSON);
}

static void thousands_of_keys_are_searched_for_twins(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct invite invite;
    struct error err;

    (void)state;
    buffer_add_text(&text, "{\"group_id\":\"g\"");
    for (int i = 0; i < 9000; i++)
        buffer_printf(&text, ",\"k%d\":0", i);
    buffer_add_text(&text, ",\"k4711\":1}");
    assert_int_equal(record_from_json(&invite_record, text.data, text.length, &invite, &err),
                     STATUS_NOT_JSON);
    assert_string_equal(err.text, "the key 'k4711' comes twice");
}

static void a_database_gives_back_what_it_got(void **state)
{
    CLEANUP(buffer_clear) struct buffer before = {0};
    CLEANUP(buffer_clear) struct buffer after = {0};
    struct invite invite;
    struct invite again;
    bson_t doc = BSON_INITIALIZER;

    (void)state;
    assert_int_equal(decode(full, &invite, NULL), STATUS_OK);
    record_to_bson(&invite_record, &invite, &doc);
    assert_int_equal(record_from_bson(&invite_record, &doc, &again, NULL), STATUS_OK);
    record_to_json(&invite_record, &invite, &before);
    record_to_json(&invite_record, &again, &after);
    assert_string_equal(buffer_text(&after), buffer_text(&before));
    record_clear(&invite_record, &invite);
    record_clear(&invite_record, &again);
    bson_destroy(&doc);
}

static void a_document_of_another_shape_is_an_error_of_ours(void **state)
{
    struct invite invite;
    struct error err;
    bson_t doc = BSON_INITIALIZER;

    (void)state;
    bson_append_utf8(&doc, "seats", -1, "many", -1);
    assert_int_equal(record_from_bson(&invite_record, &doc, &invite, &err), STATUS_INTERNAL);
    assert_string_equal(err.text, "stored test.invite: 'seats' has the wrong type");
    bson_destroy(&doc);
}

static void a_copy_owns_everything(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct invite invite;
    struct invite copy;

    (void)state;
    assert_int_equal(decode(full, &invite, NULL), STATUS_OK);
    record_copy(&invite_record, &invite, &copy);
    record_clear(&invite_record, &invite);
    record_to_json(&invite_record, &copy, &text);
    assert_non_null(strstr(buffer_text(&text), "Ann"));
    record_clear(&invite_record, &copy);
}

static const char *find_text(void *context, const char *name)
{
    const char *const *pairs = context;

    for (; *pairs; pairs += 2)
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    return NULL;
}

struct query {
    char *q;
    int64_t limit;
    bool all;
};
static const struct field query_fields[] = {
    FIELD(struct query, q, .required = true, .max = 5),
    FIELD(struct query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct query, all),
};
static const struct record query_record = RECORD("test.query", struct query, query_fields);

static void a_query_string_is_read_with_its_defaults(void **state)
{
    const char *pairs[] = {"q", "hi", "all", "true", NULL};
    struct query query;

    (void)state;
    assert_int_equal(record_from_texts(&query_record, find_text, pairs, &query, NULL), STATUS_OK);
    assert_string_equal(query.q, "hi");
    assert_int_equal(query.limit, 50);
    assert_true(query.all);
    record_clear(&query_record, &query);
}

static void a_bad_query_string_names_its_field(void **state)
{
    static const char *const cases[][5] = {
        {NULL, NULL, NULL, NULL, "field 'q' is missing"},
        {"q", "x", "limit", "ten", "field 'limit' must be an integer"},
        {"q", "x", "limit", " 5", "field 'limit' must be an integer"},
        {"q", "x", "limit", "99999999999999999999", "field 'limit' must be an integer"},
        {"q", "x", "limit", "101", "field 'limit' must be 1 to 100"},
        {"q", "x", "all", "1", "field 'all' must be true or false"},
        {"q", "toolong", NULL, NULL, "field 'q' must have 0 to 5 characters"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const char *pairs[] = {cases[i][0], cases[i][1], cases[i][2], cases[i][3], NULL};
        struct query query;
        struct error err;

        assert_int_equal(record_from_texts(&query_record, find_text, pairs, &query, &err),
                         STATUS_INVALID);
        assert_string_equal(err.text, cases[i][4]);
    }
}

struct settings {
    char *test_url;
    int64_t test_seconds;
    char *test_password;
};
static const struct field settings_fields[] = {
    FIELD(struct settings, test_url, .required = true),
    FIELD(struct settings, test_seconds, .min = 1, .max = 60, .def = "5"),
    FIELD(struct settings, test_password, .secret = true),
};
static const struct record settings_record =
    RECORD("test.settings", struct settings, settings_fields);

static void all_faults_of_the_environment_are_told_at_once(void **state)
{
    CLEANUP(buffer_clear) struct buffer faults = {0};
    struct settings settings;

    (void)state;
    setenv("TEST_SECONDS", "soon", 1);
    assert_int_equal(record_from_env(&settings_record, &settings, &faults), STATUS_INVALID);
    assert_string_equal(buffer_text(&faults),
                        "TEST_URL: field 'test_url' is missing\n"
                        "TEST_SECONDS: field 'test_seconds' must be an integer\n");
    unsetenv("TEST_SECONDS");
}

static void a_secret_may_come_from_a_file(void **state)
{
    CLEANUP(buffer_clear) struct buffer faults = {0};
    char path[] = "/tmp/record_test_XXXXXX";
    int fd = mkstemp(path);
    struct settings settings;

    (void)state;
    assert_int_equal(write(fd, "hunter2\n", 8), 8);
    close(fd);
    setenv("TEST_URL", "x", 1);
    setenv("TEST_PASSWORD_FILE", path, 1);
    assert_int_equal(record_from_env(&settings_record, &settings, &faults), STATUS_OK);
    assert_string_equal(settings.test_password, "hunter2");
    assert_int_equal(settings.test_seconds, 5);
    record_clear(&settings_record, &settings);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_false_from_absent),
        cmocka_unit_test(what_is_read_is_written_again),
        cmocka_unit_test(what_is_absent_is_left_out_or_null),
        cmocka_unit_test(a_key_from_a_newer_sender_is_ignored),
        cmocka_unit_test(white_space_in_kept_json_goes_but_not_in_its_strings),
        cmocka_unit_test(refuses_bad_input_and_names_the_field),
        cmocka_unit_test(json_is_what_rfc_8259_says),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(thousands_of_keys_are_searched_for_twins),
        cmocka_unit_test(a_database_gives_back_what_it_got),
        cmocka_unit_test(a_document_of_another_shape_is_an_error_of_ours),
        cmocka_unit_test(a_copy_owns_everything),
        cmocka_unit_test(a_query_string_is_read_with_its_defaults),
        cmocka_unit_test(a_bad_query_string_names_its_field),
        cmocka_unit_test(all_faults_of_the_environment_are_told_at_once),
        cmocka_unit_test(a_secret_may_come_from_a_file),
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
