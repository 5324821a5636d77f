#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/known_services.h"
#include "service/refusals.h"

static const struct token_claims shop = {.user_id = "user_shop", .session_id = "session_1"};

static void keeps_a_token_for_its_time(void **state)
{
    struct known_services known = {0};
    struct token_claims claims;

    (void)state;
    assert_false(known_services_find(&known, "a", 5, &claims));
    known_services_keep(&known, "a", &shop, 5);
    assert_true(known_services_find(&known, "a", 5 + KNOWN_SERVICES_MS - 1, &claims));
    assert_string_equal(claims.user_id, "user_shop");
    assert_false(known_services_find(&known, "a", 5 + KNOWN_SERVICES_MS, &claims));
    assert_false(known_services_find(&known, "b", 5, &claims));
    known_services_keep(&known, "a", &shop, KNOWN_SERVICES_MS);
    assert_true(known_services_find(&known, "a", 5 + KNOWN_SERVICES_MS, &claims));
    known_services_clear(&known);
}

static void forgets_all_when_there_are_too_many(void **state)
{
    struct known_services known = {0};
    struct token_claims claims;
    char hash[16];

    (void)state;
    for (int i = 0; i <= KNOWN_SERVICES_MAX; i++) {
        (void)snprintf(hash, sizeof hash, "%d", i);
        known_services_keep(&known, hash, &shop, 5);
    }
    assert_false(known_services_find(&known, "0", 5, &claims));
    assert_true(known_services_find(&known, hash, 5, &claims));
    known_services_clear(&known);
}

/* Else an ended token could be forgotten as such while it is still known as good. */
static void an_end_is_remembered_for_longer_than_a_token(void **state)
{
    (void)state;
    assert_true(REFUSALS_MS > KNOWN_SERVICES_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_a_token_for_its_time),
        cmocka_unit_test(forgets_all_when_there_are_too_many),
        cmocka_unit_test(an_end_is_remembered_for_longer_than_a_token),
    };

    return cmocka_run_group_tests_name("known services", tests, NULL, NULL);
}
