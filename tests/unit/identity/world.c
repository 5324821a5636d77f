#include "world.h"

#include <poll.h>
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
#include "service/service.h"
#include "wire/envelope.h"
#include "wire/internal.h"

struct world world = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .up = true};

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

void set_broker(bool up)
{
    pthread_mutex_lock(&world.lock);
    world.up = up;
    if (!up)
        world.connected = false;
    pthread_mutex_unlock(&world.lock);
}

void publish(const char *key, const char *json)
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
void expect_number(const int *number, int wanted)
{
    pthread_mutex_lock(&world.lock);
    while (*number < wanted)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
}

void expect_heard(const char *text)
{
    pthread_mutex_lock(&world.lock);
    while (strcmp(world.heard, text) != 0)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
}

/* ---- */

struct test test;

void open_auth(void)
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

void open_identity(void)
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

bool is_ready(void)
{
    CLEANUP(buffer_clear) struct buffer reasons = {0};

    identity_print_reasons(test.identity, &reasons);
    return reasons.length == 0;
}

void wait_until_ready(bool ready)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;

    while (is_ready() != ready) {
        assert_true(clock_monotonic() < until);
        (void)poll(NULL, 0, 2);
    }
}

int set_up(void **state)
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
    own_address(test.address);
    make_signer("a");
    open_auth();
    return 0;
}

int tear_down(void **state)
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

char *sign(const char *user_id, const char *session_id)
{
    struct token_claims claims = {.role = "user"};
    char *token;

    strcpy(claims.user_id, user_id);
    strcpy(claims.session_id, session_id);
    assert_int_equal(token_sign(test.signer, &claims, &token, NULL), STATUS_OK);
    return token;
}

enum status verify(const char *token, struct error *err)
{
    struct call call = {0};
    enum status s = identity_verify(test.identity, token, &call, err);

    if (s == STATUS_OK)
        assert_string_equal(call.role, "user");
    else
        assert_string_equal(call.user_id, "");
    return s;
}
