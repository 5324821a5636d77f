/* What is left of somebody's names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/account_api.h"

static void a_deleted_username_follows_from_the_id(void **state)
{
    char name[DELETED_USERNAME_MAX];

    (void)state;
    deleted_username("user_01K9Q4M7ZT3N6P8R2V5X7YABCD", name);
    assert_string_equal(name, "deleted-3n6p8r2v5x7yabcd");
    deleted_username("user_1", name);
    assert_string_equal(name, "deleted-user_1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deleted_username_follows_from_the_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
