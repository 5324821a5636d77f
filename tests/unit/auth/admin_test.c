/* Who may act upon whom, and what an administrator may ask for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/auth/admin.h"

static void acts_upon_those_below_and_an_admin_upon_everyone(void **state)
{
    static const struct {
        const char *actor;
        const char *target;
        bool may;
    } cases[] = {
        {"admin", "admin", true},          {"admin", "moderator", true},
        {"admin", "user", true},           {"moderator", "user", true},
        {"moderator", "moderator", false}, {"moderator", "admin", false},
        {"user", "user", false},           {"user", "moderator", false},
        {"king", "user", false},           {"moderator", "king", true},
        {"admin", "king", true},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(admin_outranks(cases[i].actor, cases[i].target), cases[i].may);
}

static void a_role_has_the_rights_of_its_row_and_no_others(void **state)
{
    (void)state;
    for (int right = RIGHT_NONE + 1; right < RIGHT_COUNT; right++) {
        bool is_moderators = right == RIGHT_OVERVIEW_READ || right == RIGHT_USERS_READ ||
                             right == RIGHT_USERS_BAN || right == RIGHT_USERS_MUTE ||
                             right == RIGHT_USERS_LOGOUT || right == RIGHT_MESSAGES_RECALL;

        assert_false(role_has(ROLE_USER, right));
        assert_int_equal(role_has(ROLE_MODERATOR, right), is_moderators);
        assert_true(role_has(ROLE_ADMIN, right));
        assert_false(role_has("", right));
    }
}

static void a_ban_holds_until_its_end(void **state)
{
    struct account_document account = {.banned = true, .banned_until = 1000};

    (void)state;
    assert_true(account_is_banned(&account, 999));
    assert_false(account_is_banned(&account, 1000));
    account.banned_until = 0;
    assert_true(account_is_banned(&account, INT64_MAX));
    account.banned = false;
    assert_false(account_is_banned(&account, 0));
}

static void knows_the_words_of_its_filters(void **state)
{
    static const struct {
        const char *role;
        const char *status;
        const char *field; /* "" when it is fine */
    } cases[] = {
        {NULL, NULL, ""},           {"", "", ""},
        {"admin", "banned", ""},    {"user", "deleted", ""},
        {"moderator", "muted", ""}, {"king", NULL, "role"},
        {NULL, "happy", "status"},  {"ADMIN", NULL, "role"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct admin_users_query query = {.role = (char *)cases[i].role,
                                                .status = (char *)cases[i].status};
        struct error err = {0};
        enum status s = admin_users_query_check(&query, &err);

        assert_int_equal(s, *cases[i].field ? STATUS_INVALID : STATUS_OK);
        assert_string_equal(err.field, cases[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_upon_those_below_and_an_admin_upon_everyone),
        cmocka_unit_test(a_role_has_the_rights_of_its_row_and_no_others),
        cmocka_unit_test(a_ban_holds_until_its_end),
        cmocka_unit_test(knows_the_words_of_its_filters),
    };

    return cmocka_run_group_tests_name("administration", tests, NULL, NULL);
}
