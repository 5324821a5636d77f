/* The language of store_document(): what it builds, and that a bad template is an error. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store.h"

static void assert_json(const bson_t *doc, const char *json)
{
    char *text = bson_as_relaxed_extended_json(doc, NULL);

    assert_string_equal(text, json);
    bson_free(text);
}

#define ASSERT_BUILDS(json, ...) \
    do { \
        bson_t doc_; \
        struct error err_; \
        assert_int_equal(store_document(&doc_, &err_, __VA_ARGS__), STATUS_OK); \
        assert_json(&doc_, json); \
        bson_destroy(&doc_); \
    } while (0)

static void builds_documents_arrays_and_literals(void **state)
{
    (void)state;
    ASSERT_BUILDS("{ }", "{}");
    ASSERT_BUILDS("{ }", " { } ");
    ASSERT_BUILDS("{ \"a\" : 1 }", "{'a': 1}");
    ASSERT_BUILDS("{ \"a\" : -7, \"b\" : 1.5, \"c\" : 2000.0 }", "{'a':-7,'b':1.5,'c':2e3}");
    ASSERT_BUILDS("{ \"a\" : true, \"b\" : false, \"c\" : null }",
                  "{'a': true, 'b': false, 'c': null}");
    ASSERT_BUILDS("{ \"$set\" : { \"a.b\" : \"x \\\" y\" } }", "{'$set': {'a.b': 'x \" y'}}");
    ASSERT_BUILDS("{ \"0\" : { \"_id\" : 1 }, \"1\" : { \"$inc\" : { \"rev\" : 1 } } }",
                  "[{'_id': 1}, {'$inc': {'rev': 1}}]");
    ASSERT_BUILDS("{ \"a\" : [ 1, [  ], {  }, \"\" ] }", "{'a': [1, [], {}, '']}");
}

static void fills_every_kind_of_hole(void **state)
{
    char *items[] = {(char *)"x", (char *)"y"};
    struct strings strings = {items, 2};
    struct strings none = {0};
    const char *volatile absent = NULL; /* the compiler cannot know, as in real calls */

    (void)state;
    ASSERT_BUILDS("{ \"a\" : \"text\" }", "{'a': %s}", "text");
    ASSERT_BUILDS("{ \"a\" : null }", "{'a': %s}", absent);
    ASSERT_BUILDS("{ \"a\" : \"{'$gt': ''}\" }", "{'a': %s}", "{'$gt': ''}");
    ASSERT_BUILDS("{ \"a\" : 9007199254740993 }", "{'a': %ld}", (int64_t)9007199254740993);
    ASSERT_BUILDS("{ \"a\" : true, \"b\" : false }", "{'a': %d, 'b': %d}", 1 == 1, false);
    ASSERT_BUILDS("{ \"a\" : { \"$in\" : [ \"x\", \"y\" ] } }", "{'a': {'$in': %p}}",
                  (const void *)&strings);
    ASSERT_BUILDS("{ \"a\" : [  ], \"b\" : [  ] }", "{'a': %p, 'b': %p}", (const void *)&none,
                  NULL);
    ASSERT_BUILDS("{ \"0\" : \"a\", \"1\" : [ 2, \"c\" ] }", "[%s, [%ld, %s]]", "a", (int64_t)2,
                  "c");
}

static void writes_whole_numbers_as_64_bits(void **state)
{
    bson_t doc;
    bson_iter_t iter;

    (void)state;
    assert_int_equal(store_document(&doc, NULL, "{'a': 1}"), STATUS_OK);
    assert_true(bson_iter_init_find(&iter, &doc, "a"));
    assert_true(BSON_ITER_HOLDS_INT64(&iter));
    bson_destroy(&doc);
}

static void refuses_a_bad_template_with_its_place(void **state)
{
    /* Not checked by the compiler here, on purpose. */
    enum status (*document)(bson_t *, struct error *, const char *, ...) = store_document;
    static const struct {
        const char *template;
        const char *reason;
    } cases[] = {
        {"", "template: neither a document nor an array at byte 0"},
        {"'a'", "template: neither a document nor an array at byte 0"},
        {"{'a': 1} x", "template: something after the end at byte 9"},
        {"{", "template: no quoted key at byte 1"},
        {"{a: 1}", "template: no quoted key at byte 1"},
        {"{'a' 1}", "template: no colon at byte 5"},
        {"{'a': 1", "template: no comma or closing bracket at byte 7"},
        {"{'a': 1,}", "template: no quoted key at byte 8"},
        {"{'a': 1]", "template: no comma or closing bracket at byte 7"},
        {"[1 2]", "template: no comma or closing bracket at byte 3"},
        {"[1,]", "template: an unknown word at byte 3"},
        {"{'a': 'b", "template: a quote that is not closed at byte 6"},
        {"{'a", "template: a quote that is not closed at byte 1"},
        {"{'a%s': 1}", "template: a hole within quotes at byte 1"},
        {"{'a': '%s'}", "template: a hole within quotes at byte 6"},
        {"{%s: 1}", "template: no quoted key at byte 1"},
        {"{'a': %x}", "template: an unknown hole at byte 6"},
        {"{'a': %", "template: an unknown hole at byte 6"},
        {"{'a': %lld}", "template: an unknown hole at byte 6"},
        {"{'a': yes}", "template: an unknown word at byte 6"},
        {"{'a': 1-2}", "template: a bad number at byte 6"},
        {"{'a': -}", "template: a bad number at byte 6"},
        {"{'a': 99999999999999999999}", "template: a bad number at byte 6"},
        {"{'a':", "template: an unknown word at byte 5"},
        {"{'a': {'b': [{'c': nul}]}}", "template: an unknown word at byte 19"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        bson_t doc;
        struct error err;

        assert_int_equal(document(&doc, &err, cases[i].template, "text"), STATUS_INTERNAL);
        assert_string_equal(err.text, cases[i].reason);
        bson_destroy(&doc);
    }
}

static void refuses_a_nesting_without_end(void **state)
{
    enum status (*document)(bson_t *, struct error *, const char *, ...) = store_document;
    char deep[1000];
    bson_t doc;
    struct error err;

    (void)state;
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(document(&doc, &err, deep), STATUS_INTERNAL);
    assert_string_equal(err.text, "template: too deep a nesting at byte 33");
    bson_destroy(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_documents_arrays_and_literals),
        cmocka_unit_test(fills_every_kind_of_hole),
        cmocka_unit_test(writes_whole_numbers_as_64_bits),
        cmocka_unit_test(refuses_a_bad_template_with_its_place),
        cmocka_unit_test(refuses_a_nesting_without_end),
    };

    return cmocka_run_group_tests_name("store template", tests, NULL, NULL);
}
