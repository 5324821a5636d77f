#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/message/balance.h"

#define PROCESSES 24

/* Several processes that hear each other, and a broker that gives each partition to one of them. */
struct process {
    char name[NODE_ID_MAX + 1];
    bool lives;
    struct balance balance;
    unsigned held;
};

struct world {
    struct process all[PROCESSES];
    int64_t now;
    int moved; /* partitions that were claimed */
};

static void enter(struct world *world, int i)
{
    struct process *process = &world->all[i];

    memset(process, 0, sizeof *process);
    (void)snprintf(process->name, sizeof process->name, "message-%d", i);
    process->lives = true;
}

static void beat(struct world *world, int from, bool leaving)
{
    const struct process *process = &world->all[from];

    for (int i = 0; i < PROCESSES; i++)
        if (world->all[i].lives && i != from)
            (void)balance_hear(&world->all[i].balance, process->name, process->held, leaving,
                               world->now);
}

static unsigned free_partitions(const struct world *world)
{
    unsigned taken = 0;

    for (int i = 0; i < PROCESSES; i++)
        if (world->all[i].lives)
            taken |= world->all[i].held;
    return ALL_PARTITIONS & ~taken;
}

/* As owner.c does: release the surplus, claim what is free, tell. */
static void turn(struct world *world, int i)
{
    struct process *process = &world->all[i];
    unsigned taken;
    int quota = balance_quota(&process->balance, process->name, world->now, &taken);

    for (int k = PARTITIONS - 1; k >= 0; k--)
        if (__builtin_popcount(process->held) > quota)
            process->held &= ~(1u << k);
    for (int k = 0; k < PARTITIONS; k++)
        if (free_partitions(world) >> k & 1 && !(taken >> k & 1) &&
            __builtin_popcount(process->held) < quota) {
            process->held |= 1u << k;
            world->moved++;
        }
    beat(world, i, false);
}

static void run(struct world *world, int64_t ms)
{
    for (int64_t end = world->now + ms; world->now < end; world->now += BALANCE_BEAT_MS)
        for (int i = 0; i < PROCESSES; i++)
            if (world->all[i].lives)
                turn(world, i);
}

/* n have come at once, and have had time to share. */
static struct world world_of(int n)
{
    struct world world = {.now = 1000000};

    for (int i = 0; i < n; i++)
        enter(&world, i);
    run(&world, 3 * (int64_t)BALANCE_BEAT_MS);
    return world;
}

static void check_even(const struct world *world)
{
    int least = PARTITIONS, most = 0;

    for (int i = 0; i < PROCESSES; i++)
        if (world->all[i].lives) {
            int n = __builtin_popcount(world->all[i].held);

            least = n < least ? n : least;
            most = n > most ? n : most;
        }
    assert_int_equal(free_partitions(world), 0);
    assert_true(most - least <= 1);
}

static void test_shares_evenly_among_any_number_that_come_one_by_one(void **state)
{
    struct world world = {.now = 1000000};

    (void)state;
    for (int n = 0; n < 20; n++) {
        enter(&world, n);
        run(&world, 3 * (int64_t)BALANCE_BEAT_MS);
        check_even(&world);
    }
}

static void test_shares_evenly_among_any_number_that_come_at_once(void **state)
{
    (void)state;
    for (int n = 1; n <= 20; n++) {
        struct world world = world_of(n);

        check_even(&world);
    }
}

static void test_what_the_dead_held_is_taken_within_two_seconds(void **state)
{
    (void)state;
    for (int n = 2; n <= 20; n++) {
        struct world world = world_of(n);

        world.all[n / 2].lives = false; /* kill -9 */
        run(&world, 1999);
        check_even(&world);
    }
}

static void test_who_leaves_with_a_word_is_followed_at_once(void **state)
{
    (void)state;
    for (int n = 2; n <= 20; n++) {
        struct world world = world_of(n);

        world.all[0].held = 0;
        world.all[0].lives = false;
        beat(&world, 0, true);
        run(&world, 2 * (int64_t)BALANCE_BEAT_MS);
        check_even(&world);
    }
}

static void test_who_comes_moves_no_more_than_his_share_and_one_of_each(void **state)
{
    struct world world = {.now = 1000000};

    (void)state;
    for (int n = 1; n <= PARTITIONS; n++) {
        enter(&world, n);
        world.moved = 0;
        run(&world, 4 * (int64_t)BALANCE_BEAT_MS);
        assert_true(n == 1 || world.moved <= (PARTITIONS + n - 1) / n + n - 1);
        world.moved = 0;
        run(&world, 20 * (int64_t)BALANCE_BEAT_MS);
        assert_int_equal(world.moved, 0); /* and then there is peace */
    }
}

static void test_past_the_partitions_there_are_some_without(void **state)
{
    struct balance balance = {0};
    unsigned taken;

    (void)state;
    for (int i = 0; i < PARTITIONS; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "message-%02d", i);
        (void)balance_hear(&balance, name, 1u << i, false, 0);
    }
    assert_int_equal(balance_quota(&balance, "message-99", 0, &taken), 0);
    assert_int_equal(taken, ALL_PARTITIONS);
    assert_int_equal(balance_quota(&balance, "a", 0, &taken), 1);
}

static void test_says_when_there_is_something_to_take(void **state)
{
    struct balance balance = {0};

    (void)state;
    assert_false(balance_hear(&balance, "b", 0x000f, false, 0));
    assert_false(balance_hear(&balance, "b", 0x00ff, false, 300));
    assert_true(balance_hear(&balance, "b", 0x000f, false, 600));
    assert_true(balance_hear(&balance, "b", 0x00f0, false, 700)); /* as many, but others */
    assert_true(balance_hear(&balance, "b", 0, true, 900));
    assert_true(balance_hear(&balance, "c", 0, true, 900)); /* never heard of, but he held some */
}

static void test_a_stalled_bus_kills_nobody(void **state)
{
    struct balance balance = {0};
    unsigned taken;

    (void)state;
    (void)balance_hear(&balance, "b", 0xff00, false, 0);
    balance_renew(&balance, 10000);
    assert_int_equal(balance_quota(&balance, "a", 10000 + BALANCE_DEAD_MS - 1, &taken), 8);
    assert_int_equal(taken, 0xff00);
    assert_int_equal(balance_quota(&balance, "a", 10000 + BALANCE_DEAD_MS, &taken), 16);
    assert_int_equal(taken, 0);
}

static void test_takes_no_more_peers_than_it_can_hold(void **state)
{
    struct balance balance = {0};
    unsigned taken;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char name[NODE_ID_MAX + 40];

        (void)snprintf(name, sizeof name, i % 2 ? "n%d" : "%080d", i);
        (void)balance_hear(&balance, name, 0, false, 0);
    }
    assert_int_equal(balance.n, BALANCE_PEERS_MAX);
    assert_int_equal(balance_quota(&balance, "a", BALANCE_DEAD_MS, &taken), 16);
    assert_int_equal(balance.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_evenly_among_any_number_that_come_one_by_one),
        cmocka_unit_test(test_shares_evenly_among_any_number_that_come_at_once),
        cmocka_unit_test(test_what_the_dead_held_is_taken_within_two_seconds),
        cmocka_unit_test(test_who_leaves_with_a_word_is_followed_at_once),
        cmocka_unit_test(test_who_comes_moves_no_more_than_his_share_and_one_of_each),
        cmocka_unit_test(test_past_the_partitions_there_are_some_without),
        cmocka_unit_test(test_says_when_there_is_something_to_take),
        cmocka_unit_test(test_a_stalled_bus_kills_nobody),
        cmocka_unit_test(test_takes_no_more_peers_than_it_can_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
