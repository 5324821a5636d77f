/* The router: one thread that knows who is here. It takes what RabbitMQ delivers and what the
 * loops tell, turn by turn, and hands each loop what is for its sockets once a turn. */

#include "router.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "log/log.h"

#define DELIVERIES_PER_TURN 512
#define DRAIN_STEP_MS 20
#define STALLED_MS 20000 /* queues keep a user's messages for 30 s: some may be gone */

static void handle_letter(struct router *router, struct letter *letter)
{
    switch (letter->kind) {
    case LETTER_OPENED:
        sessions_open(router, letter);
        break;
    case LETTER_CLOSED:
        sessions_close(router, letter);
        break;
    case LETTER_SESSION_ENDED:
        sessions_end(router, letter);
        break;
    case LETTER_SESSIONS_UNKNOWN:
        sessions_check_all(router);
        break;
    case LETTER_SESSIONS_ENDED:
        sessions_end_all(router, letter);
        break;
    case LETTER_DRAIN:
        drain_start(router, letter);
        break;
    case LETTER_GROUPS:
        subscriptions_groups(router, letter);
        break;
    default:
        break; /* for others than us */
    }
}

static void read_letters(struct router *router, int wait_ms)
{
    struct letters letters = {0};
    struct letter *letter;

    mailbox_take(&router->push->to_router, wait_ms, &letters);
    while ((letter = letters_take(&letters))) {
        handle_letter(router, letter);
        letter_free(letter);
    }
}

/* Wait for a delivery or a letter; take what there is of deliveries. */
static void take_deliveries(struct router *router, int wait_ms)
{
    for (int i = 0; i < DELIVERIES_PER_TURN; i++) {
        struct delivery delivery;
        struct error err;
        enum status s = bus_take(router->bus, i == 0 ? wait_ms : 0, router->push->to_router.wake,
                                 &delivery, &err);

        if (s == STATUS_NOT_FOUND)
            return;
        if (s != STATUS_OK) {
            subscriptions_lose(router, &err);
            return;
        }
        fanout_delivery(router, &delivery);
        bus_delivery_clear(&delivery);
    }
}

/* We stood still: what the broker held for us may have expired. */
static void check_stall(struct router *router)
{
    struct user *user, *next;

    if (router->turned_at && router->now - router->turned_at > STALLED_MS) {
        log_warn("stood still", LOG_NUMBER("ms", router->now - router->turned_at));
        HASH_ITER(hh, router->registry.users, user, next) {
            if (user->state == USER_LIVE)
                fanout_resync(router, user, NULL);
        }
    }
    router->turned_at = router->now;
}

static void start_drain(struct router *router)
{
    struct push_state *push = router->push;
    int64_t ms = push->context->config->drain_seconds * 1000;

    router->is_draining = true;
    router->drain_until = router->now + ms + WS_LEAVE_MS + WS_GRACE_MS + 1000;
    log_info("draining", LOG_NUMBER("sockets", (int64_t)ws_server_sockets(push->server)));
    ws_server_stop_accepting(push->server);
    ws_server_drain(push->server, ms);
}

static bool is_drained(const struct router *router)
{
    return router->is_draining &&
           (ws_server_sockets(router->push->server) == 0 || router->now > router->drain_until);
}

static void flush(struct router *router)
{
    struct push_state *push = router->push;

    ws_outbox_flush(router->outbox);
    mailbox_put(&push->to_lookups, &router->lookups);
    mailbox_put(&push->to_presence, &router->presence);
    metrics_set(&push_metrics, PUSH_USERS, METRIC_AT(0), HASH_COUNT(router->registry.users));
    metrics_set(&push_metrics, PUSH_GROUPS, METRIC_AT(0), HASH_COUNT(router->registry.groups));
}

static void turn(struct router *router)
{
    int wait_ms = subscriptions_wait_ms(router);

    if (router->is_draining && wait_ms > 100)
        wait_ms = 100;
    if (router->departures && wait_ms > DRAIN_STEP_MS)
        wait_ms = DRAIN_STEP_MS;
    if (router->is_connected)
        take_deliveries(router, wait_ms);
    router->now = clock_monotonic();
    read_letters(router, router->is_connected ? 0 : wait_ms);
    router->now = clock_monotonic();
    if (!router->is_draining && atomic_load(&router->push->context->stopping))
        start_drain(router);
    if (!router->is_connected)
        subscriptions_connect(router);
    subscriptions_turn(router);
    drain_turn(router);
    flush(router);
    router->now = clock_monotonic();
    check_stall(router);
}

void router_run(void *state, struct service_context *context)
{
    struct push_state *push = state;
    struct router router = {
        .push = push,
        .node = context->config->node_id,
        .now = clock_monotonic(),
        .outbox = ws_outbox_new(push->server),
    };

    while (!is_drained(&router))
        turn(&router);
    read_letters(&router, 0); /* the last sockets' ends, for presence */
    flush(&router);
    atomic_store(&push->is_consuming, false);
    atomic_store(&push->is_drained, true);
    bus_close(router.bus);
    ws_outbox_free(router.outbox);
    sessions_clear(&router);
    drain_clear(&router);
    registry_clear(&router.registry);
    letters_clear(&router.lookups);
    letters_clear(&router.presence);
    free(router.ids);
}

void router_session_ended(void *state, const char *user_id, const char *session_id,
                          const char *reason)
{
    struct push_state *push = state;
    struct letter *letter = letter_new(user_id ? LETTER_SESSION_ENDED : LETTER_SESSIONS_UNKNOWN);

    if (user_id)
        strncat(letter->user_id, user_id, sizeof letter->user_id - 1);
    if (session_id)
        strncat(letter->session_id, session_id, sizeof letter->session_id - 1);
    if (reason)
        strncat(letter->reason, reason, sizeof letter->reason - 1);
    mailbox_put_one(&push->to_router, letter);
}
