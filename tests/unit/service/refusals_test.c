#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/refusals.h"

#define NOW INT64_C(1800000000000)
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

static struct user_restricted told(const char *user_id, int64_t generation, int64_t muted_until)
{
    return (struct user_restricted){
        .user_id = (char *)user_id, .generation = generation, .muted_until = muted_until};
}

static void restrict_user(struct refusals *refusals, const char *user_id, int64_t generation,
                          int64_t muted_until, int64_t now)
{
    const struct user_restricted news = told(user_id, generation, muted_until);

    refusals_restrict(refusals, &news, now);
}

static bool has(const struct refusals *refusals, const char *user_id, const char *session_id,
                int64_t generation)
{
    struct token_claims claims = {.generation = generation};

    strcpy(claims.user_id, user_id);
    strcpy(claims.session_id, session_id);
    return refusals_check(refusals, &claims, NULL) != STATUS_OK;
}

static void forgets_ends_when_no_token_can_live_any_more(void **state)
{
    struct refusals refusals = {0};

    (void)state;
    refusals_end_session(&refusals, "session_1", NOW);
    refusals_end_session(&refusals, "session_2", NOW + REFUSALS_MS - 1);
    assert_true(has(&refusals, "user_1", "session_1", 0));
    refusals_end_session(&refusals, "session_3", NOW + REFUSALS_MS);
    assert_false(has(&refusals, "user_1", "session_1", 0));
    assert_true(has(&refusals, "user_1", "session_2", 0));
    assert_true(has(&refusals, "user_1", "session_3", 0));
    refusals_clear(&refusals);
}

static void remembers_a_mute_as_long_as_it_lasts_and_a_role_as_long_as_tokens_live(void **state)
{
    struct refusals refusals = {0};
    int64_t later = NOW + REFUSALS_MS;

    (void)state;
    restrict_user(&refusals, "user_muted", 0, NOW + YEAR_MS, NOW);
    restrict_user(&refusals, "user_promoted", 1, 0, NOW);
    restrict_user(&refusals, "user_other", 0, 0, later - 1);
    assert_true(has(&refusals, "user_promoted", "session_1", 0));
    assert_false(has(&refusals, "user_promoted", "session_1", 1));
    restrict_user(&refusals, "user_other", 0, 0, later);
    assert_false(has(&refusals, "user_promoted", "session_1", 0));
    assert_int_equal(refusals_muted_until(&refusals, "user_muted", later), NOW + YEAR_MS);
    assert_int_equal(refusals_muted_until(&refusals, "user_muted", NOW + YEAR_MS), 0);
    refusals_clear(&refusals);
}

static void older_news_that_come_later_change_nothing(void **state)
{
    struct refusals refusals = {0};

    (void)state;
    restrict_user(&refusals, "user_1", 2, NOW + 1000, NOW);
    restrict_user(&refusals, "user_1", 1, 0, NOW);
    assert_true(has(&refusals, "user_1", "session_1", 1));
    assert_int_equal(refusals_muted_until(&refusals, "user_1", NOW), NOW + 1000);
    restrict_user(&refusals, "user_1", 2, 0, NOW);
    assert_int_equal(refusals_muted_until(&refusals, "user_1", NOW), 0);
    refusals_clear(&refusals);
}

static void a_whole_list_ends_the_mutes_that_it_does_not_name_and_no_more(void **state)
{
    struct refusals refusals = {0};
    const struct user_restricted list[] = {told("user_2", 0, NOW + 1000)};

    (void)state;
    restrict_user(&refusals, "user_1", 3, NOW + 1000, NOW);
    refusals_end_session(&refusals, "session_1", NOW);
    refusals_restrict_all(&refusals, list, 1, NOW);
    assert_int_equal(refusals_muted_until(&refusals, "user_1", NOW), 0);
    assert_int_equal(refusals_muted_until(&refusals, "user_2", NOW), NOW + 1000);
    assert_true(has(&refusals, "user_1", "session_2", 2));
    assert_true(has(&refusals, "user_2", "session_1", 0));
    refusals_clear(&refusals);
}

static void of_too_many_it_forgets_the_oldest(void **state)
{
    struct refusals refusals = {0};
    char id[ID_MAX];

    (void)state;
    for (int i = 0; i < REFUSALS_MAX + 1; i++) {
        (void)snprintf(id, sizeof id, "id_%d", i);
        refusals_end_session(&refusals, id, NOW);
        restrict_user(&refusals, id, 0, NOW + YEAR_MS, NOW);
    }
    assert_false(has(&refusals, "user_1", "id_0", 0));
    assert_true(has(&refusals, "user_1", "id_1", 0));
    assert_int_equal(refusals_muted_until(&refusals, "id_0", NOW), 0);
    assert_true(refusals_muted_until(&refusals, "id_1", NOW) > 0);
    assert_true(has(&refusals, "user_1", id, 0));
    refusals_clear(&refusals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgets_ends_when_no_token_can_live_any_more),
        cmocka_unit_test(remembers_a_mute_as_long_as_it_lasts_and_a_role_as_long_as_tokens_live),
        cmocka_unit_test(older_news_that_come_later_change_nothing),
        cmocka_unit_test(a_whole_list_ends_the_mutes_that_it_does_not_name_and_no_more),
        cmocka_unit_test(of_too_many_it_forgets_the_oldest),
    };

    return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
