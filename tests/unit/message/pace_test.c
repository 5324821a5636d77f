#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "services/message/pace.h"

static int take(struct pace *pace, const char *user_id, int64_t now_ms, int most)
{
    int n = 0;

    while (n < most && pace_take(pace, user_id, now_ms, NULL) == STATUS_OK)
        n++;
    return n;
}

static void lets_a_burst_pass_and_then_its_pace(void **state)
{
    struct pace pace = PACE_INITIALIZER;

    (void)state;
    assert_int_equal(take(&pace, "a", 5, 2 * PACE_BURST), PACE_BURST);
    assert_int_equal(take(&pace, "a", 5 + 1000, 2 * PACE_BURST), PACE_PER_SECOND);
    assert_int_equal(take(&pace, "a", 5 + 1010, 2 * PACE_BURST), PACE_PER_SECOND / 100);
    assert_int_equal(take(&pace, "a", 5 + 3600000, 2 * PACE_BURST), PACE_BURST);
    pace_clear(&pace);
}

static void gives_each_sender_his_own(void **state)
{
    struct pace pace = PACE_INITIALIZER;
    struct error err;

    (void)state;
    assert_int_equal(take(&pace, "a", 5, 2 * PACE_BURST), PACE_BURST);
    assert_int_equal(pace_take(&pace, "b", 5, NULL), STATUS_OK);
    assert_int_equal(pace_take(&pace, "a", 5, &err), STATUS_TOO_FAST);
    assert_string_equal(err.text, "a service sends 100 messages a second at most");
    pace_clear(&pace);
}

static void forgets_all_when_there_are_too_many(void **state)
{
    struct pace pace = PACE_INITIALIZER;
    char user_id[16];

    (void)state;
    assert_int_equal(take(&pace, "a", 5, 2 * PACE_BURST), PACE_BURST);
    for (int i = 0; i < PACE_SENDERS_MAX; i++) {
        (void)snprintf(user_id, sizeof user_id, "u%d", i);
        assert_int_equal(pace_take(&pace, user_id, 5, NULL), STATUS_OK);
    }
    assert_int_equal(pace_take(&pace, "a", 5, NULL), STATUS_OK);
    pace_clear(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_burst_pass_and_then_its_pace),
        cmocka_unit_test(gives_each_sender_his_own),
        cmocka_unit_test(forgets_all_when_there_are_too_many),
    };

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
