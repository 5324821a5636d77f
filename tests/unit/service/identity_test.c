#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "bus/bus.h"
#include "rpc/rpc.h"
#include "service/identity.h"
#include "service/service.h"
#include "wire/envelope.h"
#include "wire/internal.h"

#define PATIENCE_MS 20000
#define SERVICE_TOKEN "service_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define OTHER_SERVICE_TOKEN "service_BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* ---- A broker behind bus.h that we can take away, and an auth behind a real rpc server. All of it
 * is under one lock. */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool up;
    bool connected;
    char node[64];
    bool bound;
    int connects;
    struct buffer events; /* envelopes that wait */
    const char *key;      /* of the last of them */
    char *jwks;
    const char *ended; /* what auth's list holds; NULL: none */
    const char *muted; /* who is muted in that list */
    bool bound_when_listed;
    int lists;
    int key_asks;
    int service_asks;
    int n_missed;
    char heard[256]; /* by the listener: the last */
    int n_heard;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .up = true};

struct bus {
    int unused;
};

enum status bus_open(const char *amqp_url, const char *name, struct bus **ret, struct error *err)
{
    (void)amqp_url;
    (void)name;
    (void)err;
    *ret = memory_new(sizeof **ret);
    return STATUS_OK;
}

void bus_close(struct bus *bus)
{
    free(bus);
}

enum status bus_connect(struct bus *bus, struct error *err)
{
    (void)bus;
    pthread_mutex_lock(&world.lock);
    world.connected = world.up;
    world.bound = false;
    world.connects++;
    pthread_mutex_unlock(&world.lock);
    return world.connected ? STATUS_OK : error_set(err, STATUS_UNAVAILABLE, "away");
}

enum status bus_consume_node(struct bus *bus, int channel, const char *node, struct error *err)
{
    (void)bus;
    (void)channel;
    (void)err;
    pthread_mutex_lock(&world.lock);
    (void)snprintf(world.node, sizeof world.node, "%s", node);
    pthread_mutex_unlock(&world.lock);
    return STATUS_OK;
}

enum status bus_bind_node(struct bus *bus, int channel, const char *node, enum exchange exchange,
                          const char *key, struct error *err)
{
    (void)bus;
    (void)channel;
    (void)node;
    (void)err;
    assert_int_equal(exchange, EXCHANGE_EVENT);
    pthread_mutex_lock(&world.lock);
    world.bound |= strcmp(key, EVENT_SESSION_ENDED) == 0;
    pthread_mutex_unlock(&world.lock);
    return STATUS_OK;
}

enum status bus_take(struct bus *bus, int timeout_ms, int wake_fd, struct delivery *ret,
                     struct error *err)
{
    enum status s = STATUS_NOT_FOUND;
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};

    (void)bus;
    (void)poll(&wake, 1, timeout_ms < 5 ? timeout_ms : 5);
    pthread_mutex_lock(&world.lock);
    if (!world.connected) {
        s = error_set(err, STATUS_UNAVAILABLE, "lost");
    } else if (world.events.length) {
        size_t length = world.events.length;

        *ret = (struct delivery){.body = {buffer_take(&world.events), length}};
        strcpy(ret->key, world.key);
        s = STATUS_OK;
    }
    pthread_mutex_unlock(&world.lock);
    return s;
}

void bus_delivery_clear(struct delivery *delivery)
{
    free((char *)delivery->body.data);
}

static void set_broker(bool up)
{
    pthread_mutex_lock(&world.lock);
    world.up = up;
    if (!up)
        world.connected = false;
    pthread_mutex_unlock(&world.lock);
}

static void publish(const char *key, const char *json)
{
    const struct envelope envelope = {.kind = ENVELOPE_EVENT, .payload = slice_of(json)};

    pthread_mutex_lock(&world.lock);
    envelope_add(&world.events, &envelope);
    world.key = key;
    pthread_mutex_unlock(&world.lock);
}

static enum status handle_keys(void *state, const void *request, void *reply, struct error *err)
{
    struct keys *keys = reply;

    (void)state;
    (void)request;
    (void)err;
    pthread_mutex_lock(&world.lock);
    keys->jwks = memory_text(world.jwks);
    world.key_asks++;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    return STATUS_OK;
}

static enum status handle_ended(void *state, const void *request, void *reply, struct error *err)
{
    struct restrictions *restrictions = reply;

    (void)state;
    (void)request;
    (void)err;
    pthread_mutex_lock(&world.lock);
    world.bound_when_listed = world.bound;
    world.lists++;
    if (world.ended)
        strings_add(&restrictions->session_ids, world.ended);
    if (world.muted) {
        struct user_restricted *users = memory_new(sizeof *users);

        users->user_id = memory_text(world.muted);
        users->muted_until = INT64_C(9000000000000000);
        restrictions->users = (struct list){users, 1};
    }
    pthread_mutex_unlock(&world.lock);
    return STATUS_OK;
}

/* A token of A's is the shop's, any other is nobody's. */
static enum status handle_find_service(void *state, const void *request, void *reply,
                                       struct error *err)
{
    const struct service_query *query = request;
    struct service_identity *identity = reply;
    char hash[REFRESH_HASH_MAX];

    (void)state;
    pthread_mutex_lock(&world.lock);
    world.service_asks++;
    pthread_mutex_unlock(&world.lock);
    refresh_token_hash(SERVICE_TOKEN, hash);
    if (!query->token_hash || strcmp(query->token_hash, hash) != 0)
        return error_set(err, STATUS_UNAUTHENTICATED, "this is no service that may act");
    identity->user_id = memory_text("user_shop");
    identity->username = memory_text("shop");
    identity->session_id = memory_text("sess_shop");
    return STATUS_OK;
}

static const struct rpc_method methods[] = {
    {RPC_AUTH_FIND_SERVICE, &service_query_record, &service_identity_record, handle_find_service},
    {RPC_AUTH_KEYS, &nothing_record, &keys_record, handle_keys},
    {RPC_AUTH_RESTRICTIONS, &nothing_record, &restrictions_record, handle_ended},
};

static void note_ended(void *context, const char *user_id, const char *session_id,
                       const char *reason)
{
    (void)context;
    pthread_mutex_lock(&world.lock);
    (void)snprintf(world.heard, sizeof world.heard, "%s/%s/%s", user_id ? user_id : "all",
                   session_id, reason);
    world.n_heard++;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
}

/* A service's own event, and what it hears of a reconnect. */

static void hear_relation(void *state, const void *event)
{
    const struct user_relation *relation = event;

    note_ended(state, relation->user_id, relation->other_id, "relation");
}

static void note_missed(void *state)
{
    assert_ptr_equal(state, &world);
    pthread_mutex_lock(&world.lock);
    world.n_missed++;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
}

static const struct service_event service_events[] = {
    {EVENT_USER_RELATION, &user_relation_record, hear_relation},
};

/* Wait until *number, under the lock, is that much. */
static void expect_number(const int *number, int wanted)
{
    pthread_mutex_lock(&world.lock);
    while (*number < wanted)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
}

static void expect_heard(const char *text)
{
    pthread_mutex_lock(&world.lock);
    while (strcmp(world.heard, text) != 0)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
}

/* ---- */

static struct {
    struct rpc_server *auth;
    struct token_signer *signer;
    struct identity *identity;
    char key_file[64];
    char address[32];
} test;

static void hold_address(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&any, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &length), 0);
    close(fd);
    (void)snprintf(test.address, sizeof test.address, "127.0.0.1:%d", ntohs(any.sin_port));
}

static void open_auth(void)
{
    const struct rpc_server_config config = {
        .listen = test.address, .methods = methods, .n_methods = N_ELEMENTS(methods)};

    assert_int_equal(rpc_server_open(&config, &test.auth, NULL), STATUS_OK);
}

static void make_signer(const char *suffix)
{
    struct error err;

    (void)snprintf(test.key_file, sizeof test.key_file, "/tmp/parley-identity-test-%d-%s", getpid(),
                   suffix);
    if (token_signer_open(test.key_file, TOKEN_KEY_LEAD_MS, &test.signer, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    unlink(test.key_file);
    pthread_mutex_lock(&world.lock);
    free(world.jwks);
    world.jwks = token_signer_jwks(test.signer);
    pthread_mutex_unlock(&world.lock);
}

static void open_identity(void)
{
    const struct identity_config config = {
        .auth_rpc = test.address,
        .amqp_url = "amqp://unused",
        .node_id = "user-1",
        .ended = note_ended,
        .events = service_events,
        .n_events = N_ELEMENTS(service_events),
        .missed = note_missed,
        .state = &world,
    };

    assert_int_equal(identity_open(&config, &test.identity, NULL), STATUS_OK);
}

static bool is_ready(void)
{
    CLEANUP(buffer_clear) struct buffer reasons = {0};

    identity_print_reasons(test.identity, &reasons);
    return reasons.length == 0;
}

static void wait_until_ready(bool ready)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;

    while (is_ready() != ready) {
        assert_true(clock_monotonic() < until);
        (void)poll(NULL, 0, 2);
    }
}

static int set_up(void **state)
{
    (void)state;
    world.ended = NULL;
    world.muted = NULL;
    world.key_asks = 0;
    world.service_asks = 0;
    world.n_missed = 0;
    world.up = true;
    world.n_heard = 0;
    world.heard[0] = '\0';
    hold_address();
    make_signer("a");
    open_auth();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    identity_close(test.identity);
    test.identity = NULL;
    rpc_server_close(test.auth);
    token_signer_close(test.signer);
    free(world.jwks);
    world.jwks = NULL;
    buffer_clear(&world.events);
    return 0;
}

static char *sign(const char *user_id, const char *session_id)
{
    struct token_claims claims = {.role = "user"};
    char *token;

    strcpy(claims.user_id, user_id);
    strcpy(claims.session_id, session_id);
    assert_int_equal(token_sign(test.signer, &claims, &token, NULL), STATUS_OK);
    return token;
}

static enum status verify(const char *token, struct error *err)
{
    struct call call = {0};
    enum status s = identity_verify(test.identity, token, &call, err);

    if (s == STATUS_OK)
        assert_string_equal(call.role, "user");
    else
        assert_string_equal(call.user_id, "");
    return s;
}

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
