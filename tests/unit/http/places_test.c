#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/places.h"

static void gives_each_his_share_and_takes_it_back(void **state)
{
    struct places places;
    struct error err;
    size_t a[2];
    size_t b;
    size_t none;

    (void)state;
    places_init(&places, 3, 2);
    assert_int_equal(places_take(&places, "user_a", &a[0], &err), STATUS_OK);
    assert_int_equal(places_take(&places, "user_a", &a[1], &err), STATUS_OK);
    assert_int_equal(places_take(&places, "user_a", &none, &err), STATUS_TOO_FAST);
    assert_string_equal(err.text, "you have 2 files on their way already");
    assert_int_equal(places_take(&places, "user_b", &b, &err), STATUS_OK);
    assert_int_equal(places_take(&places, "user_c", &none, &err), STATUS_TOO_FAST);
    assert_string_equal(err.text, "too many files are on their way, try again soon");
    places_give_back(&places, a[0]);
    assert_int_equal(places_take(&places, "user_c", &none, &err), STATUS_OK);
    assert_int_equal(places_take(&places, "user_a", &none, &err), STATUS_TOO_FAST);
    places_clear(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_his_share_and_takes_it_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
