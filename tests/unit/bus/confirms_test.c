#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bus/confirms.h"

static struct confirms published(int n)
{
    struct confirms confirms = {0};

    while (n-- > 0)
        confirms_add(&confirms);
    return confirms;
}

static void each_message_is_outstanding_until_it_is_confirmed(void **state)
{
    struct confirms confirms = published(2);

    (void)state;
    confirms_take(&confirms, 1, false);
    assert_int_equal(confirms.n, 1);
    confirms_take(&confirms, 2, false);
    assert_int_equal(confirms.n, 0);
    confirms_clear(&confirms);
}

static void confirms_may_come_in_any_order(void **state)
{
    struct confirms confirms = published(6);

    (void)state;
    confirms_take(&confirms, 5, false);
    confirms_take(&confirms, 4, false);
    confirms_take(&confirms, 6, false);
    assert_int_equal(confirms.n, 3);
    confirms_take(&confirms, 2, true);
    assert_int_equal(confirms.n, 1);
    confirms_take(&confirms, 3, true);
    assert_int_equal(confirms.n, 0);
    confirms_clear(&confirms);
}

static void what_is_confirmed_twice_counts_once(void **state)
{
    struct confirms confirms = published(3);

    (void)state;
    confirms_take(&confirms, 1, false);
    confirms_take(&confirms, 1, false);
    confirms_take(&confirms, 1, true);
    assert_int_equal(confirms.n, 2);
    confirms_take(&confirms, 9, false);
    assert_int_equal(confirms.n, 2);
    confirms_take(&confirms, 9, true);
    assert_int_equal(confirms.n, 0);
    confirms_clear(&confirms);
}

static void a_thousand_outstanding_are_kept_apart(void **state)
{
    struct confirms confirms = published(1000);

    (void)state;
    for (uint64_t tag = 1000; tag > 1; tag -= 2)
        confirms_take(&confirms, tag, false);
    assert_int_equal(confirms.n, 500);
    confirms_take(&confirms, 500, true);
    assert_int_equal(confirms.n, 250);
    assert_int_equal(confirms.tags[0], 501);
    confirms_clear(&confirms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_outstanding_until_it_is_confirmed),
        cmocka_unit_test(confirms_may_come_in_any_order),
        cmocka_unit_test(what_is_confirmed_twice_counts_once),
        cmocka_unit_test(a_thousand_outstanding_are_kept_apart),
    };

    return cmocka_run_group_tests_name("confirms", tests, NULL, NULL);
}
