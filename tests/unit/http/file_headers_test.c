#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/file_headers.h"

static void reads_one_range_and_leaves_the_rest_to_all(void **state)
{
    static const struct {
        const char *header;
        int64_t size;
        enum range_wish wish;
        int64_t offset;
        int64_t length;
    } cases[] = {
        {NULL, 10, RANGE_ALL, 0, 0},
        {"bytes=0-4", 10, RANGE_PART, 0, 5},
        {"Bytes= 0-4 ", 10, RANGE_PART, 0, 5},
        {"bytes=9-9", 10, RANGE_PART, 9, 1},
        {"bytes=4-", 10, RANGE_PART, 4, 6},
        {"bytes=4-99", 10, RANGE_PART, 4, 6},
        {"bytes=-3", 10, RANGE_PART, 7, 3},
        {"bytes=-99", 10, RANGE_PART, 0, 10},
        {"bytes=0-99999999999999999999999999", 10, RANGE_PART, 0, 10},
        {"bytes=10-", 10, RANGE_NONE, 0, 0},
        {"bytes=99999999999999999999999999-", 10, RANGE_NONE, 0, 0},
        {"bytes=-0", 10, RANGE_NONE, 0, 0},
        {"bytes=0-", 0, RANGE_NONE, 0, 0},
        {"bytes=-5", 0, RANGE_NONE, 0, 0},
        {"bytes=5-4", 10, RANGE_ALL, 0, 0},
        {"bytes=-", 10, RANGE_ALL, 0, 0},
        {"bytes=", 10, RANGE_ALL, 0, 0},
        {"bytes=a-b", 10, RANGE_ALL, 0, 0},
        {"bytes=0-1,4-5", 10, RANGE_ALL, 0, 0},
        {"bytes=--1", 10, RANGE_ALL, 0, 0},
        {"lines=0-1", 10, RANGE_ALL, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t offset = 0;
        int64_t length = 0;
        enum range_wish wish = range_read(cases[i].header, cases[i].size, &offset, &length);

        if (wish != cases[i].wish || offset != cases[i].offset || length != cases[i].length)
            fail_msg("%s of %d: %d, %d+%d", cases[i].header, (int)cases[i].size, (int)wish,
                     (int)offset, (int)length);
    }
}

static void finds_a_tag_in_a_list(void **state)
{
    (void)state;
    assert_true(etag_is_listed("\"abc\"", "abc"));
    assert_true(etag_is_listed("W/\"abc\"", "abc"));
    assert_true(etag_is_listed("\"x\", \"abc\"", "abc"));
    assert_true(etag_is_listed("*", "abc"));
    assert_false(etag_is_listed(NULL, "abc"));
    assert_false(etag_is_listed("", "abc"));
    assert_false(etag_is_listed("\"abcd\"", "abc"));
    assert_false(etag_is_listed("\"ab\"", "abc"));
    assert_false(etag_is_listed("abc", "abc"));
    assert_false(etag_is_listed("\"abc", "abc"));
    assert_false(etag_is_listed("\"x", "abc"));
}

static void writes_names_that_no_header_is_broken_by(void **state)
{
    static const struct {
        const char *name;
        bool is_inline;
        const char *expected;
    } cases[] = {
        {"a.png", true, "inline; filename=\"a.png\"; filename*=UTF-8''a.png"},
        {"a b.txt", false, "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"},
        {"\"\\%.txt", false, "attachment; filename=\"___.txt\"; filename*=UTF-8''%22%5C%25.txt"},
        {"\xe5\x9b\xbe.png", false,
         "attachment; filename=\"_.png\"; filename*=UTF-8''%E5%9B%BE.png"},
        {"a\r\nX: y", false, "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"},
        {"", false, "attachment; filename=\"\"; filename*=UTF-8''"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(buffer_clear) struct buffer text = {0};

        disposition_print(&text, cases[i].is_inline, cases[i].name);
        assert_string_equal(buffer_text(&text), cases[i].expected);
    }
}

static void takes_only_forms_with_a_boundary(void **state)
{
    static const struct {
        const char *type;
        bool good;
    } cases[] = {
        {"multipart/form-data; boundary=abc", true},
        {"Multipart/Form-Data; Boundary=\"abc\"", true},
        {"multipart/form-data; boundary=abc; charset=utf-8", true},
        {"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", true},
        {"multipart/form-data", false},
        {"multipart/form-data; boundary=", false},
        {"multipart/form-data; boundary=\"", false},
        {"multipart/form-data; boundary=\"\"", false},
        {"multipart/form-data; boundary=\"abc", false},
        {"multipart/form-data; boundary=a b", false},
        {"multipart/mixed; boundary=abc", false},
        {"application/json", false},
        {NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        if (form_has_boundary(cases[i].type) != cases[i].good)
            fail_msg("%s", cases[i].type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_range_and_leaves_the_rest_to_all),
        cmocka_unit_test(finds_a_tag_in_a_list),
        cmocka_unit_test(writes_names_that_no_header_is_broken_by),
        cmocka_unit_test(takes_only_forms_with_a_boundary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
