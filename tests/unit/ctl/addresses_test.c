#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/ctl/addresses.h"

static void an_address_is_read_and_written_as_a_url_has_it(void **state)
{
    static const char *const same[] = {"127.0.0.1:8001", "[::1]:8001"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(same); i++) {
        struct strings found = {0};

        assert_int_equal(addresses_find(same[i], &found, NULL), STATUS_OK);
        assert_int_equal(found.n, 1);
        assert_string_equal(found.items[0], same[i]);
        strings_clear(&found);
    }
}

static void what_is_none_has_a_reason(void **state)
{
    static const char *const none[] = {"", ":", ":8001", "localhost", "127.0.0.1:http-or-so"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(none); i++) {
        struct strings found = {0};
        struct error err = {0};

        assert_int_equal(addresses_find(none[i], &found, &err), STATUS_INVALID);
        assert_int_equal(found.n, 0);
        assert_string_not_equal(err.text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_and_written_as_a_url_has_it),
        cmocka_unit_test(what_is_none_has_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
