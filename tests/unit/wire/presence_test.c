#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "wire/presence_api.h"

static enum status read_ids(const char *user_ids, struct strings *ret, struct error *err)
{
    const struct presence_query query = {.user_ids = (char *)user_ids};

    return presence_query_read(&query, ret, err);
}

static void reads_ids_in_order_and_none_twice(void **state)
{
    struct strings ids = {0};

    (void)state;
    assert_int_equal(read_ids("b,a,b,c", &ids, NULL), STATUS_OK);
    assert_int_equal(ids.n, 3);
    assert_string_equal(ids.items[0], "b");
    assert_string_equal(ids.items[1], "a");
    assert_string_equal(ids.items[2], "c");
    strings_clear(&ids);
}

static void refuses_what_is_no_list_and_names_the_field(void **state)
{
    static const char *const wrong[] = {"",   ",",    "a,",
                                        ",a", "a,,b", "0123456789012345678901234567890123456789"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        struct strings ids = {0};
        struct error err;

        assert_int_equal(read_ids(wrong[i], &ids, &err), STATUS_INVALID);
        assert_string_equal(err.field, "user_ids");
        assert_string_equal(err.text, "field 'user_ids' must be ids with a comma between them");
        strings_clear(&ids);
    }
}

static void takes_a_hundred_and_no_more(void **state)
{
    CLEANUP(buffer_clear) struct buffer list = {0};
    struct strings ids = {0};
    struct error err;

    (void)state;
    for (int i = 0; i < PRESENCE_IDS_MAX; i++)
        buffer_printf(&list, "%suser_%d", i ? "," : "", i);
    assert_int_equal(read_ids(buffer_text(&list), &ids, NULL), STATUS_OK);
    assert_int_equal(ids.n, PRESENCE_IDS_MAX);
    strings_clear(&ids);
    buffer_add_text(&list, ",one_more");
    assert_int_equal(read_ids(buffer_text(&list), &ids, &err), STATUS_INVALID);
    assert_string_equal(err.text, "field 'user_ids' holds more than 100 ids");
    strings_clear(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ids_in_order_and_none_twice),
        cmocka_unit_test(refuses_what_is_no_list_and_names_the_field),
        cmocka_unit_test(takes_a_hundred_and_no_more),
    };

    return cmocka_run_group_tests_name("wire presence", tests, NULL, NULL);
}
