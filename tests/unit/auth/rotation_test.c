/* What a refresh token is to its session. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/auth/auth.h"

#define NOW INT64_C(1700000000000)

static struct session_document session(void)
{
    return (struct session_document){.refresh_hash = (char *)"current",
                                     .previous_hash = (char *)"before",
                                     .rotated_at = NOW - 1000,
                                     .seen_at = NOW - 1000};
}

static void rotates_the_current_token(void **state)
{
    struct session_document s = session();

    (void)state;
    assert_int_equal(rotation_judge(&s, "current", NOW), ROTATION_NEXT);
    s.previous_hash = NULL;
    assert_int_equal(rotation_judge(&s, "current", NOW), ROTATION_NEXT);
}

static void repeats_the_answer_to_the_one_before_for_a_minute(void **state)
{
    struct session_document s = session();

    (void)state;
    assert_int_equal(rotation_judge(&s, "before", NOW), ROTATION_REPEAT);
    s.rotated_at = NOW - 60000;
    assert_int_equal(rotation_judge(&s, "before", NOW), ROTATION_REPEAT);
    s.rotated_at = NOW - 60001;
    assert_int_equal(rotation_judge(&s, "before", NOW), ROTATION_REPLAY);
}

static void calls_every_older_token_a_replay(void **state)
{
    struct session_document s = session();

    (void)state;
    assert_int_equal(rotation_judge(&s, "older", NOW), ROTATION_REPLAY);
    s.previous_hash = NULL;
    assert_int_equal(rotation_judge(&s, "before", NOW), ROTATION_REPLAY);
}

static void lets_nothing_revive_a_session_that_has_ended(void **state)
{
    struct session_document s = session();

    (void)state;
    s.ended_at = 1;
    assert_int_equal(rotation_judge(&s, "current", NOW), ROTATION_OVER);
    assert_int_equal(rotation_judge(&s, "older", NOW), ROTATION_OVER);
    s = session();
    s.seen_at = NOW - INT64_C(30) * 24 * 3600 * 1000 - 1;
    assert_int_equal(rotation_judge(&s, "current", NOW), ROTATION_OVER);
    s.seen_at++;
    assert_int_equal(rotation_judge(&s, "current", NOW), ROTATION_NEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotates_the_current_token),
        cmocka_unit_test(repeats_the_answer_to_the_one_before_for_a_minute),
        cmocka_unit_test(calls_every_older_token_a_replay),
        cmocka_unit_test(lets_nothing_revive_a_session_that_has_ended),
    };

    return cmocka_run_group_tests_name("auth rotation", tests, NULL, NULL);
}
