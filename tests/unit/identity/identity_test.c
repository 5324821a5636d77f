#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "service/service.h"
#include "wire/internal.h"
#include "world.h"

#define OTHER_SERVICE_TOKEN "service_BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* ---- What it promises */

static void verifies_by_the_keys_of_auth(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");
    struct token_claims claims;

    (void)state;
    open_identity();
    wait_until_ready(true);
    assert_int_equal(identity_claims(test.identity, token, &claims, NULL), STATUS_OK);
    assert_string_equal(claims.user_id, "user_1");
    assert_string_equal(claims.session_id, "sess_1");
    token[strlen(token) - 5] ^= 1;
    assert_int_equal(verify(token, NULL), STATUS_UNAUTHENTICATED);
}

static void is_unavailable_before_it_knows_keys_and_ended_sessions(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");

    (void)state;
    rpc_server_close(test.auth);
    open_identity();
    assert_int_equal(verify(token, NULL), STATUS_UNAVAILABLE);
    assert_false(is_ready());
    open_auth();
    wait_until_ready(true);
    assert_int_equal(verify(token, NULL), STATUS_OK);
}

static void asks_for_the_list_only_once_its_queue_is_bound(void **state)
{
    (void)state;
    world.bound_when_listed = false;
    open_identity();
    wait_until_ready(true);
    assert_true(world.bound_when_listed);
    assert_string_equal(world.node, "user-1.identity");
}

static void refuses_a_session_that_ended_before_it_started(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");
    CLEANUP(free) char *other = sign("user_1", "sess_2");
    struct error err;

    (void)state;
    world.ended = "sess_1";
    open_identity();
    wait_until_ready(true);
    assert_int_equal(verify(token, &err), STATUS_UNAUTHENTICATED);
    assert_string_equal(err.text, "this session has ended");
    assert_int_equal(verify(other, NULL), STATUS_OK);
}

static void refuses_a_session_from_the_event_on_and_tells_the_listener(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");

    (void)state;
    open_identity();
    wait_until_ready(true);
    assert_int_equal(verify(token, NULL), STATUS_OK);
    publish(EVENT_SESSION_ENDED, "nonsense that a newer auth may send");
    publish(EVENT_SESSION_ENDED,
            "{\"user_id\":\"user_1\",\"session_id\":\"sess_1\",\"reason\":\"logout\"}");
    expect_heard("user_1/sess_1/logout");
    assert_int_equal(verify(token, NULL), STATUS_UNAUTHENTICATED);
}

static void refuses_tokens_from_before_a_users_role_changed(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");
    CLEANUP(free) char *other = sign("user_2", "sess_2");
    int64_t until = clock_monotonic() + PATIENCE_MS;

    (void)state;
    open_identity();
    wait_until_ready(true);
    publish(EVENT_USER_RESTRICTED, "{\"user_id\":\"user_1\",\"generation\":1,\"muted_until\":0}");
    while (verify(token, NULL) == STATUS_OK) {
        assert_true(clock_monotonic() < until);
        (void)poll(NULL, 0, 2);
    }
    assert_int_equal(verify(token, NULL), STATUS_EXPIRED); /* a client refreshes it */
    assert_int_equal(verify(other, NULL), STATUS_OK);
    assert_int_equal(world.n_heard, 0); /* the session goes on */
}

static void knows_who_is_muted(void **state)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;

    (void)state;
    open_identity();
    wait_until_ready(true);
    publish(EVENT_USER_RESTRICTED,
            "{\"user_id\":\"user_1\",\"generation\":0,\"muted_until\":9000000000000000}");
    while (identity_muted_until(test.identity, "user_1") == 0) {
        assert_true(clock_monotonic() < until);
        (void)poll(NULL, 0, 2);
    }
    assert_int_equal(identity_muted_until(test.identity, "user_2"), 0);
}

static void forgets_a_mute_whose_end_it_missed(void **state)
{
    (void)state;
    world.muted = "user_1";
    open_identity();
    wait_until_ready(true);
    assert_true(identity_muted_until(test.identity, "user_1") > 0);
    set_broker(false);
    wait_until_ready(false);
    assert_true(identity_muted_until(test.identity, "user_1") > 0);
    pthread_mutex_lock(&world.lock);
    world.muted = "user_2";
    pthread_mutex_unlock(&world.lock);
    set_broker(true);
    wait_until_ready(true);
    assert_int_equal(identity_muted_until(test.identity, "user_1"), 0);
    assert_true(identity_muted_until(test.identity, "user_2") > 0);
}

static void fetches_the_keys_when_auth_says_that_they_changed(void **state)
{
    int asked;

    (void)state;
    open_identity();
    wait_until_ready(true);
    pthread_mutex_lock(&world.lock);
    asked = world.key_asks;
    pthread_mutex_unlock(&world.lock);
    publish(EVENT_KEYS, "{}");
    expect_number(&world.key_asks, asked + 1);
}

static void tells_the_service_its_events_and_when_it_missed_some(void **state)
{
    (void)state;
    open_identity();
    wait_until_ready(true);
    expect_number(&world.n_missed, 1);
    publish(EVENT_USER_RELATION, "{\"user_id\":\"user_1\"}"); /* not whole */
    publish(EVENT_USER_RELATION, "{\"user_id\":\"user_1\",\"other_id\":\"user_2\"}");
    expect_heard("user_1/user_2/relation");
    set_broker(false);
    wait_until_ready(false);
    set_broker(true);
    expect_number(&world.n_missed, 2);
}

static void hears_nothing_once_it_is_stopped_and_knows_what_it_knew(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");

    (void)state;
    open_identity();
    wait_until_ready(true);
    identity_stop(test.identity);
    publish(EVENT_USER_RELATION, "{\"user_id\":\"user_1\",\"other_id\":\"user_2\"}");
    assert_string_equal(world.heard, "");
    assert_true(world.events.length > 0);
    assert_int_equal(verify(token, NULL), STATUS_OK);
}

static void asks_again_for_what_it_missed_while_the_bus_was_away(void **state)
{
    CLEANUP(free) char *token = sign("user_1", "sess_1");

    (void)state;
    open_identity();
    wait_until_ready(true);
    set_broker(false);
    wait_until_ready(false);
    assert_int_equal(verify(token, NULL), STATUS_OK); /* what it knows still holds */
    pthread_mutex_lock(&world.lock);
    world.ended = "sess_1";
    pthread_mutex_unlock(&world.lock);
    set_broker(true);
    expect_heard("all//");
    wait_until_ready(true);
    assert_int_equal(verify(token, NULL), STATUS_UNAUTHENTICATED);
}

static enum status verify_service(const char *token, struct error *err)
{
    struct call call = {0};
    enum status s = identity_verify(test.identity, token, &call, err);

    assert_string_equal(call.user_id, s == STATUS_OK ? "user_shop" : "");
    assert_string_equal(call.session_id, s == STATUS_OK ? "sess_shop" : "");
    assert_string_equal(call.role, s == STATUS_OK ? "service" : "");
    return s;
}

static void asks_auth_once_whose_a_services_token_is(void **state)
{
    (void)state;
    open_identity();
    wait_until_ready(true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(verify_service(SERVICE_TOKEN, NULL), STATUS_OK);
    assert_int_equal(world.service_asks, 1);
    for (int i = 0; i < 3; i++) /* what is refused is not kept: it may be made any moment */
        assert_int_equal(verify_service(OTHER_SERVICE_TOKEN, NULL), STATUS_UNAUTHENTICATED);
    assert_int_equal(world.service_asks, 4);
}

static void asks_nobody_about_what_is_no_token_by_its_form(void **state)
{
    static const char *const tokens[] = {
        "service_",
        "service_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "service_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "service_AAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAA",
        "Service_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };

    (void)state;
    open_identity();
    wait_until_ready(true);
    for (size_t i = 0; i < N_ELEMENTS(tokens); i++)
        assert_int_equal(verify_service(tokens[i], NULL), STATUS_UNAUTHENTICATED);
    assert_int_equal(world.service_asks, 0);
}

static void refuses_a_services_token_from_its_end_on_though_it_is_known(void **state)
{
    (void)state;
    open_identity();
    wait_until_ready(true);
    assert_int_equal(verify_service(SERVICE_TOKEN, NULL), STATUS_OK);
    publish(EVENT_SESSION_ENDED,
            "{\"user_id\":\"user_shop\",\"session_id\":\"sess_shop\",\"reason\":\"admin\"}");
    expect_heard("user_shop/sess_shop/admin");
    assert_int_equal(verify_service(SERVICE_TOKEN, NULL), STATUS_UNAUTHENTICATED);
}

static void knows_a_service_while_auth_is_away_and_says_when_it_cannot_know(void **state)
{
    (void)state;
    open_identity();
    wait_until_ready(true);
    assert_int_equal(verify_service(SERVICE_TOKEN, NULL), STATUS_OK);
    rpc_server_close(test.auth);
    test.auth = NULL;
    assert_int_equal(verify_service(SERVICE_TOKEN, NULL), STATUS_OK);
    assert_int_equal(verify_service(OTHER_SERVICE_TOKEN, NULL), STATUS_UNAVAILABLE);
}

/* push asks in its loops, which never wait. */
static void claims_are_of_people_only(void **state)
{
    struct token_claims claims;

    (void)state;
    open_identity();
    wait_until_ready(true);
    assert_int_equal(identity_claims(test.identity, SERVICE_TOKEN, &claims, NULL),
                     STATUS_UNAUTHENTICATED);
    assert_int_equal(world.service_asks, 0);
}

static void finishes_while_everything_is_away(void **state)
{
    (void)state;
    set_broker(false);
    rpc_server_close(test.auth);
    test.auth = NULL;
    open_identity();
    identity_close(test.identity);
    test.identity = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verifies_by_the_keys_of_auth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_unavailable_before_it_knows_keys_and_ended_sessions,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_for_the_list_only_once_its_queue_is_bound, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_session_that_ended_before_it_started, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_session_from_the_event_on_and_tells_the_listener,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_who_is_muted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_tokens_from_before_a_users_role_changed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(asks_again_for_what_it_missed_while_the_bus_was_away,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgets_a_mute_whose_end_it_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fetches_the_keys_when_auth_says_that_they_changed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tells_the_service_its_events_and_when_it_missed_some,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(hears_nothing_once_it_is_stopped_and_knows_what_it_knew,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_auth_once_whose_a_services_token_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(asks_nobody_about_what_is_no_token_by_its_form, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_services_token_from_its_end_on_though_it_is_known,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            knows_a_service_while_auth_is_away_and_says_when_it_cannot_know, set_up, tear_down),
        cmocka_unit_test_setup_teardown(claims_are_of_people_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finishes_while_everything_is_away, set_up, tear_down),
    };

    assert_int_equal(token_init(NULL), STATUS_OK);
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
