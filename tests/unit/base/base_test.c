#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/utf8.h"

static void utf8_is_what_rfc_3629_says(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain ASCII, longer than eight bytes", true},
        {"gr\xc3\xbc\xc3\x9f dich", true},
        {"\xe4\xb8\xad\xe6\x96\x87", true},
        {"\xf0\x9f\x98\x80", true},
        {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF */
        {"\xf4\x90\x80\x80", false}, /* past it */
        {"\xc0\xaf", false},         /* overlong "/" */
        {"\xe0\x80\xaf", false},     /* overlong, three bytes */
        {"\xf0\x80\x80\xaf", false}, /* overlong, four bytes */
        {"\xed\xa0\x80", false},     /* a surrogate */
        {"\xed\xbf\xbf", false},
        {"\x80", false}, /* a continuation alone */
        {"12345678\xff", false},
        {"\xe4\xb8", false}, /* cut */
        {"\xe4\xb8"
         "A",
         false},
        {"\xff\xfe", false},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(utf8_is_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid);
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("gr\xc3\xbc\xc3\x9f", 6), 4);
    assert_int_equal(utf8_length("\xf0\x9f\x98\x80", 4), 1);
}

static void an_error_carries_status_field_and_text(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(
        error_field(&err, STATUS_INVALID, "content.text", "field '%s' is missing", "content.text"),
        STATUS_INVALID);
    assert_string_equal(err.field, "content.text");
    assert_string_equal(err.text, "field 'content.text' is missing");
    assert_int_equal(error_set(&err, STATUS_NOT_FOUND, "gone"), STATUS_NOT_FOUND);
    assert_string_equal(err.field, "");
    assert_int_equal(error_set(NULL, STATUS_TOO_FAST, "nobody listens"), STATUS_TOO_FAST);
}

static void a_long_error_is_cut_between_characters(void **state)
{
    struct error err;
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof text - 2; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    text[sizeof text - 2] = '\0';
    for (int shift = 0; shift < 2; shift++) {
        (void)error_set(&err, STATUS_INVALID, "%s%s", shift ? "x" : "", text);
        assert_true(strlen(err.text) > sizeof err.text - 4);
        assert_true(utf8_is_valid(err.text, strlen(err.text)));
    }
}

static void an_error_has_no_broken_character_whatever_cut_it(void **state)
{
    struct error err;

    (void)state;
    (void)error_field(&err, STATUS_INVALID, "a\xc3", "the key '%.3s' is '%s'", "u\xc3\xbc\xc3\xbc",
                      "\xf0\x9f\x98\x80\xf0\x9f");
    assert_string_equal(err.field, "a");
    assert_string_equal(err.text, "the key 'u\xc3\xbc' is '\xf0\x9f\x98\x80'");
    (void)error_set(&err, STATUS_INVALID, "the key '%.4s' comes twice", "u\xc3\xbc\xc3\xbc");
    assert_string_equal(err.text, "the key 'u\xc3\xbc' comes twice");
}

static void each_status_has_its_code_and_back(void **state)
{
    (void)state;
    for (int s = 0; s < STATUS_COUNT; s++)
        assert_int_equal(status_from_code(status_code((enum status)s)), s);
    assert_int_equal(status_code(STATUS_NOT_FOUND), 40401);
    assert_int_equal(status_from_code(12345), STATUS_INTERNAL);
    assert_int_equal(status_fate(STATUS_UNAVAILABLE), FATE_RETRY);
    assert_int_equal(status_fate(STATUS_INTERNAL), FATE_PARK);
}

static void ids_are_unique_and_sort_by_time(void **state)
{
    char a[ID_MAX];
    char b[ID_MAX];

    (void)state;
    id_new("user_", a);
    id_new("user_", b);
    assert_int_equal(strlen(a), 5 + ID_ULID_LENGTH);
    assert_memory_equal(a, "user_01", 6); /* 2021 to 2086 begin with 01 */
    assert_string_not_equal(a, b);
    assert_true(strncmp(a, b, 5 + 10) <= 0);
}

static void a_buffer_grows_and_hands_its_text_over(void **state)
{
    CLEANUP(buffer_clear) struct buffer buffer = {0};
    char *text;

    (void)state;
    assert_string_equal(buffer_text(&buffer), "");
    for (int i = 0; i < 300; i++)
        buffer_printf(&buffer, "%d,", i);
    assert_int_equal(buffer.length, 10 * 2 + 90 * 3 + 200 * 4);
    text = buffer_take(&buffer);
    assert_memory_equal(text, "0,1,2,", 6);
    assert_null(buffer.data);
    free(text);
}

static void the_first_id_of_a_time_comes_before_all_that_are_made_then_and_later(void **state)
{
    char before[ID_MAX], id[ID_MAX], after[ID_MAX];

    (void)state;
    id_first("user_", clock_now(), before);
    id_new("user_", id);
    id_first("user_", clock_now() + 1, after);
    assert_int_equal(strlen(before), strlen(id));
    assert_true(strcmp(before, id) < 0);
    assert_true(strcmp(id, after) < 0);
}

static void ids_of_one_thread_sort_in_the_order_of_their_making(void **state)
{
    char last[ID_MAX];
    char next[ID_MAX];

    (void)state;
    id_new("user_", last);
    for (int i = 0; i < 100000; i++) {
        id_new("user_", next);
        assert_true(strcmp(last, next) < 0);
        memcpy(last, next, sizeof last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_one_thread_sort_in_the_order_of_their_making),
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(an_error_carries_status_field_and_text),
        cmocka_unit_test(a_long_error_is_cut_between_characters),
        cmocka_unit_test(an_error_has_no_broken_character_whatever_cut_it),
        cmocka_unit_test(each_status_has_its_code_and_back),
        cmocka_unit_test(ids_are_unique_and_sort_by_time),
        cmocka_unit_test(the_first_id_of_a_time_comes_before_all_that_are_made_then_and_later),
        cmocka_unit_test(a_buffer_grows_and_hands_its_text_over),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
