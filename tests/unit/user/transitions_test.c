#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "services/user/transitions.h"

#define NOW 1700000000000

/* What is between Ann, who acts, and Bob, in words: "friends", "a?" (Ann's request waits), "a!" (Ann
 * blocks Bob), "a-" (Ann's request was rejected a minute ago), "a_" (… a day ago), "a~" (Ann has a
 * remark on Bob); with b the other way round. In this order. */
static const char *const words[] = {"friends", "a?", "b?", "a!", "b!", "a-", "b-", "a_", "a~"};

/* Both ways round: the one who acts may have the smaller id or the larger one. */
static const char *ann;
static const char *bob;

static bool holds(const char *state, const char *word)
{
    return strstr(state, word) != NULL;
}

static int64_t *rejected_of(struct relation *relation, const char *user_id)
{
    return strcmp(relation->user_a, user_id) == 0 ? &relation->rejected_a : &relation->rejected_b;
}

static char **remark_of(struct relation *relation, const char *user_id)
{
    return strcmp(relation->user_a, user_id) == 0 ? &relation->remark_a : &relation->remark_b;
}

static void fill(const char *state, struct relation *ret)
{
    bool sorted = strcmp(ann, bob) < 0;

    *ret = (struct relation){.user_a = memory_text(sorted ? ann : bob),
                             .user_b = memory_text(sorted ? bob : ann)};
    if (holds(state, "friends")) {
        strings_add(&ret->friends, ret->user_a);
        strings_add(&ret->friends, ret->user_b);
        ret->request_id = memory_text("request_1");
    }
    if (holds(state, "a?") || holds(state, "b?")) {
        ret->request_id = memory_text("request_1");
        ret->requester = memory_text(holds(state, "a?") ? ann : bob);
        ret->recipient = memory_text(holds(state, "a?") ? bob : ann);
        ret->greeting = memory_text("hello");
        ret->requested_at = NOW - 1000;
    }
    if (holds(state, "a!"))
        strings_add(&ret->blockers, ann);
    if (holds(state, "b!"))
        strings_add(&ret->blockers, bob);
    if (holds(state, "a-"))
        *rejected_of(ret, ann) = NOW - 60000;
    if (holds(state, "a_"))
        *rejected_of(ret, ann) = NOW - REJECTED_WAIT_MS;
    if (holds(state, "b-"))
        *rejected_of(ret, bob) = NOW - 60000;
    if (holds(state, "a~"))
        *remark_of(ret, ann) = memory_text("old");
}

static bool is(const char *text, const char *other)
{
    return text && strcmp(text, other) == 0;
}

static bool is_recent(int64_t rejected_at)
{
    return rejected_at > NOW - REJECTED_WAIT_MS;
}

static char *describe(struct relation *relation)
{
    const bool has[] = {
        relation_is_friends(relation),
        is(relation->requester, ann) && is(relation->recipient, bob),
        is(relation->requester, bob) && is(relation->recipient, ann),
        relation_is_blocked_by(relation, ann),
        relation_is_blocked_by(relation, bob),
        is_recent(*rejected_of(relation, ann)),
        is_recent(*rejected_of(relation, bob)),
        *rejected_of(relation, ann) && !is_recent(*rejected_of(relation, ann)),
        *remark_of(relation, ann),
    };
    struct buffer ret = {0};

    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        if (has[i])
            buffer_printf(&ret, ret.length ? " %s" : "%s", words[i]);
    return buffer_take(&ret);
}

enum { ASK, AT_ONCE, ACCEPT, REJECT, WITHDRAW, BEFRIEND, REMOVE, REMARK, BLOCK, UNBLOCK, MOVES };
static const struct {
    const char *name;
    relation_move *move;
} moves[MOVES] = {
    [ASK] = {"ask", relation_ask},
    [AT_ONCE] = {"ask at once", relation_ask},
    [ACCEPT] = {"accept", relation_accept},
    [REJECT] = {"reject", relation_reject},
    [WITHDRAW] = {"withdraw", relation_withdraw},
    [BEFRIEND] = {"befriend", relation_befriend},
    [REMOVE] = {"remove", relation_remove},
    [REMARK] = {"remark", relation_remark},
    [BLOCK] = {"block", relation_block},
    [UNBLOCK] = {"unblock", relation_unblock},
};

/* Every state, and what becomes of it when Ann acts: "=" nothing, and no error; "!…" refused; else
 * the state after it. */
#define NO "!NOT_FOUND"
static const struct {
    const char *state;
    const char *after[MOVES];
} table[] = {
    /* ask, at once, accept, reject, withdraw, befriend, remove, remark, block, unblock */
    {"", {"a?", "friends", NO, NO, NO, "friends", NO, NO, "a!", NO}},
    {"a?", {"=", "friends", NO, NO, "", "friends", NO, NO, "a!", NO}},
    {"b?", {"friends", "friends", "friends", "b-", NO, "friends", NO, NO, "b? a!", NO}},
    {"friends", {"=", "=", "=", NO, NO, "=", "", "friends a~", "friends a!", NO}},
    {"friends a~", {"=", "=", "=", NO, NO, "=", "", "friends a~", "friends a! a~", NO}},
    {"a!", {"!CONFLICT", "!CONFLICT", NO, NO, NO, "=", NO, NO, "=", ""}},
    {"b!", {"!BLOCKED", "!BLOCKED", NO, NO, NO, "=", NO, NO, "a! b!", NO}},
    {"a! b!", {"!CONFLICT", "!CONFLICT", NO, NO, NO, "=", NO, NO, "=", "b!"}},
    {"friends a!", {"=", "=", "=", NO, NO, "=", "a!", "friends a! a~", "=", "friends"}},
    {"friends b!", {"=", "=", "=", NO, NO, "=", "b!", "friends b! a~", "friends a! b!", NO}},
    {"a? b!", {"!BLOCKED", "!BLOCKED", NO, NO, "b!", "=", NO, NO, "a! b!", NO}},
    {"b? a!", {"!CONFLICT", "!CONFLICT", NO, NO, NO, "=", NO, NO, "=", "b?"}},
    {"a-", {"!TOO_FAST", "friends", NO, NO, NO, "friends", NO, NO, "a! a-", NO}},
    {"a_", {"a?", "friends", NO, NO, NO, "friends", NO, NO, "a! a_", NO}},
    {"b-", {"a? b-", "friends", NO, NO, NO, "friends", NO, NO, "a! b-", NO}},
    {"b? a-", {"friends", "friends", "friends", "a- b-", NO, "friends", NO, NO, "b? a! a-", NO}},
};

static void check_move(const char *state, size_t m, const char *expected)
{
    CLEANUP(relation_clear) struct relation relation = {0};
    CLEANUP(free) char *after = NULL;
    struct relation_step step = {
        .by = ann,
        .other = bob,
        .text = "old friend",
        .request_id = m == ASK || m == AT_ONCE ? "request_2" : "request_1",
        .at_once = m == AT_ONCE,
        .now_ms = NOW,
    };
    struct error err = {0};
    enum status s;

    fill(state, &relation);
    s = moves[m].move(&relation, &step, &err);
    after = describe(&relation);
    if (*expected == '!') {
        if (strcmp(status_name(s), expected + 1) != 0 || err.status != s)
            fail_msg("'%s', %s: %s instead of %s", state, moves[m].name, status_name(s), expected);
        expected = state;
        assert_int_equal(step.change, CHANGE_NONE);
    } else if (s != STATUS_OK) {
        fail_msg("'%s', %s: %s", state, moves[m].name, err.text);
    }
    if (*expected == '=') {
        assert_int_equal(step.change, CHANGE_NONE);
        expected = state;
    }
    if (strcmp(after, expected) != 0)
        fail_msg("'%s', %s: became '%s' instead of '%s'", state, moves[m].name, after, expected);
}

static void every_step_from_every_state_is_what_the_table_says(void **state)
{
    static const char *const ids[2][2] = {{"user_1", "user_2"}, {"user_2", "user_1"}};

    (void)state;
    for (size_t way = 0; way < 2; way++) {
        ann = ids[way][0];
        bob = ids[way][1];
        for (size_t i = 0; i < N_ELEMENTS(table); i++)
            for (size_t m = 0; m < MOVES; m++)
                check_move(table[i].state, m, table[i].after[m]);
    }
}

static void take_step(struct relation *relation, relation_move *move, struct relation_step step,
                      enum relation_change change)
{
    struct error err = {0};

    step.now_ms = NOW;
    if (move(relation, &step, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(step.change, change);
}

static void accepting_twice_is_accepting_once(void **state)
{
    CLEANUP(relation_clear) struct relation relation = {0};
    const struct relation_step accept = {
        .by = "user_2", .other = "user_1", .request_id = "request_7"};

    (void)state;
    ann = "user_1";
    bob = "user_2";
    fill("", &relation);
    take_step(&relation, relation_ask,
              (struct relation_step){.by = ann, .other = bob, .request_id = "request_7"},
              CHANGE_REQUESTED);
    take_step(&relation, relation_accept, accept, CHANGE_FRIENDS);
    take_step(&relation, relation_accept, accept, CHANGE_NONE);
    assert_int_equal(relation.friends.n, 2);
}

static void an_old_request_is_not_accepted_after_the_friendship_ended(void **state)
{
    CLEANUP(relation_clear) struct relation relation = {0};
    struct relation_step accept = {
        .by = "user_2", .other = "user_1", .request_id = "request_1", .now_ms = NOW};

    (void)state;
    ann = "user_1";
    bob = "user_2";
    fill("friends", &relation);
    take_step(&relation, relation_remove, (struct relation_step){.by = ann, .other = bob},
              CHANGE_REMOVED);
    assert_int_equal(relation_accept(&relation, &accept, NULL), STATUS_NOT_FOUND);
}

static void says_how_long_to_wait_after_a_rejection(void **state)
{
    CLEANUP(relation_clear) struct relation relation = {0};
    struct relation_step ask = {
        .by = "user_1", .other = "user_2", .request_id = "request_2", .now_ms = NOW};

    (void)state;
    ann = "user_1";
    bob = "user_2";
    fill("a-", &relation);
    assert_int_equal(relation_ask(&relation, &ask, NULL), STATUS_TOO_FAST);
    assert_int_equal(ask.wait_s, 24 * 60 * 60 - 60);
}

static void a_document_goes_when_it_says_nothing_any_more(void **state)
{
    static const struct {
        const char *state;
        bool is_empty;
    } cases[] = {{"", true},    {"a_", true},  {"friends", false}, {"a?", false},
                 {"b?", false}, {"a!", false}, {"b-", false}};

    (void)state;
    ann = "user_1";
    bob = "user_2";
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(relation_clear) struct relation relation = {0};

        fill(cases[i].state, &relation);
        if (relation_is_empty(&relation, NOW) != cases[i].is_empty)
            fail_msg("'%s'", cases[i].state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_from_every_state_is_what_the_table_says),
        cmocka_unit_test(accepting_twice_is_accepting_once),
        cmocka_unit_test(an_old_request_is_not_accepted_after_the_friendship_ended),
        cmocka_unit_test(says_how_long_to_wait_after_a_rejection),
        cmocka_unit_test(a_document_goes_when_it_says_nothing_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
