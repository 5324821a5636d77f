#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "bus/ask.h"

#define PATIENCE_MS 20000

/* ---- A broker behind bus.h that can stop taking what is published. */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool blocked;
    bool lost;
    int connects;
    int published;
    struct buffer seen; /* keys and bodies, "key=body;" */
} world = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

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

enum status bus_reconnect(struct bus *bus, const atomic_bool *stop, struct error *err)
{
    (void)bus;
    (void)stop;
    (void)err;
    pthread_mutex_lock(&world.lock);
    world.lost = false;
    world.connects++;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    return STATUS_OK;
}

enum status bus_consume_node(struct bus *bus, int channel, const char *node, struct error *err)
{
    (void)bus;
    (void)channel;
    (void)node;
    (void)err;
    return STATUS_OK;
}

enum status bus_publish(struct bus *bus, enum exchange exchange, const char *key,
                        const char *const *bcc, size_t n_bcc, struct slice body, int flags,
                        struct error *err)
{
    enum status s = STATUS_OK;

    (void)bus;
    (void)bcc;
    assert_int_equal(exchange, EXCHANGE_DELIVER);
    assert_int_equal(n_bcc, 0);
    assert_int_equal(flags, 0);
    pthread_mutex_lock(&world.lock);
    while (world.blocked)
        pthread_cond_wait(&world.changed, &world.lock);
    if (world.lost)
        s = error_set(err, STATUS_UNAVAILABLE, "lost");
    else
        buffer_printf(&world.seen, "%s=%.*s;", key, body.length < 16 ? (int)body.length : 1,
                      body.data);
    world.published++;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
    return s;
}

enum status bus_confirm(struct bus *bus, struct error *err)
{
    (void)bus;
    (void)err;
    return STATUS_OK;
}

enum status bus_take(struct bus *bus, int timeout_ms, int wake_fd, struct delivery *ret,
                     struct error *err)
{
    struct pollfd wake = {.fd = wake_fd, .events = POLLIN};

    (void)bus;
    (void)ret;
    (void)err;
    (void)poll(&wake, 1, timeout_ms);
    return STATUS_NOT_FOUND;
}

void bus_delivery_clear(struct delivery *delivery)
{
    (void)delivery;
}

static void block(bool blocked, bool lost)
{
    pthread_mutex_lock(&world.lock);
    world.blocked = blocked;
    world.lost = lost;
    pthread_cond_broadcast(&world.changed);
    pthread_mutex_unlock(&world.lock);
}

static void expect_published(int n)
{
    pthread_mutex_lock(&world.lock);
    while (world.published < n)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
}

/* ---- */

static void wait_until_connected(struct ask *ask)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;

    while (!ask_is_connected(ask)) {
        assert_true(clock_monotonic() < until);
        (void)poll(NULL, 0, 2);
    }
}

static struct ask *open_ask(void)
{
    struct ask *ask;

    buffer_clear(&world.seen);
    world.published = 0;
    assert_int_equal(ask_open("amqp://unused", "user-1", &ask, NULL), STATUS_OK);
    wait_until_connected(ask);
    return ask;
}

static void deliver(struct ask *ask, const char *key, const char *text)
{
    assert_int_equal(ask_deliver(ask, key, slice_of(text), NULL), STATUS_OK);
}

static void delivers_in_the_order_in_which_it_was_told(void **state)
{
    struct ask *ask = open_ask();

    (void)state;
    block(true, false);
    deliver(ask, "u.a", "1");
    deliver(ask, "u.b", "2");
    deliver(ask, "n.push-1", "3");
    block(false, false);
    expect_published(3);
    deliver(ask, "u.a", "4");
    expect_published(4);
    ask_close(ask);
    assert_string_equal(buffer_text(&world.seen), "u.a=1;u.b=2;n.push-1=3;u.a=4;");
}

static void takes_no_more_bytes_than_it_may_keep(void **state)
{
    const size_t length = 4 << 20;
    struct ask *ask = open_ask();
    char *body = memory_new(length);
    struct error err;
    int n = 0;

    (void)state;
    block(true, false);
    /* One list may be in the thread's hands and another be waiting. */
    while (ask_deliver(ask, "u.a", (struct slice){body, length}, &err) == STATUS_OK)
        assert_true(++n <= 2 * ASK_DELIVERY_BYTES_MAX / (int)length);
    assert_true(n >= ASK_DELIVERY_BYTES_MAX / (int)length);
    assert_int_equal(err.status, STATUS_UNAVAILABLE);
    block(false, false);
    expect_published(n);
    deliver(ask, "u.a", "room again");
    ask_close(ask);
    free(body);
}

static void takes_no_more_frames_than_it_may_keep(void **state)
{
    struct ask *ask = open_ask();
    int n = 0;

    (void)state;
    block(true, false);
    while (ask_deliver(ask, "u.a", slice_of("x"), NULL) == STATUS_OK)
        assert_true(++n <= 2 * ASK_DELIVERIES_MAX);
    assert_true(n >= ASK_DELIVERIES_MAX);
    block(false, false);
    ask_close(ask);
}

static void drops_what_waits_when_the_broker_is_lost_and_goes_on(void **state)
{
    struct ask *ask = open_ask();
    int connects = world.connects;

    (void)state;
    block(true, false);
    deliver(ask, "u.a", "1");
    deliver(ask, "u.a", "2");
    block(false, true);
    expect_published(1);
    pthread_mutex_lock(&world.lock);
    while (world.connects == connects)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
    wait_until_connected(ask);
    deliver(ask, "u.a", "3");
    expect_published(2);
    ask_close(ask);
    assert_string_equal(buffer_text(&world.seen), "u.a=3;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_in_the_order_in_which_it_was_told),
        cmocka_unit_test(takes_no_more_bytes_than_it_may_keep),
        cmocka_unit_test(takes_no_more_frames_than_it_may_keep),
        cmocka_unit_test(drops_what_waits_when_the_broker_is_lost_and_goes_on),
    };

    return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
