#include "transitions.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool is(const char *user_id, const char *other)
{
    return user_id && strcmp(user_id, other) == 0;
}

static void set_text(char **member, const char *text)
{
    free(*member);
    *member = memory_text(text);
}

static int64_t *rejected_of(struct relation *relation, const char *user_id)
{
    return is(relation->user_a, user_id) ? &relation->rejected_a : &relation->rejected_b;
}

static char **remark_of(struct relation *relation, const char *user_id)
{
    return is(relation->user_a, user_id) ? &relation->remark_a : &relation->remark_b;
}

/* request_id stays: those who accept twice are to read that they are friends. */
static void clear_request(struct relation *relation)
{
    set_text(&relation->requester, NULL);
    set_text(&relation->recipient, NULL);
    set_text(&relation->greeting, NULL);
    relation->requested_at = 0;
}

static void drop_request(struct relation *relation)
{
    clear_request(relation);
    set_text(&relation->request_id, NULL);
}

static void make_friends(struct relation *relation, struct relation_step *step)
{
    clear_request(relation);
    strings_add(&relation->friends, relation->user_a);
    strings_add(&relation->friends, relation->user_b);
    relation->friends_since = step->now_ms;
    relation->rejected_a = 0;
    relation->rejected_b = 0;
    step->change = CHANGE_FRIENDS;
}

static enum status check_wait(struct relation *relation, struct relation_step *step,
                              struct error *err)
{
    int64_t until = *rejected_of(relation, step->by) + REJECTED_WAIT_MS;

    if (step->now_ms >= until)
        return STATUS_OK;
    step->wait_s = (until - step->now_ms + 999) / 1000;
    return error_set(err, STATUS_TOO_FAST,
                     "this user has rejected your request: ask again a day after that");
}

static void request(struct relation *relation, struct relation_step *step)
{
    drop_request(relation);
    *rejected_of(relation, step->by) = 0;
    set_text(&relation->request_id, step->request_id);
    set_text(&relation->requester, step->by);
    set_text(&relation->recipient, step->other);
    set_text(&relation->greeting, step->text);
    relation->requested_at = step->now_ms;
    step->change = CHANGE_REQUESTED;
}

/* Friends first: a friend who is blocked is not told by asking. */
enum status relation_ask(struct relation *relation, struct relation_step *step, struct error *err)
{
    enum status s;

    if (relation_is_friends(relation))
        return STATUS_OK;
    if (relation_is_blocked_by(relation, step->by))
        return error_field(err, STATUS_CONFLICT, "user_id",
                           "field 'user_id' names somebody whom you block: unblock him first");
    if (relation_is_blocked_by(relation, step->other))
        return error_field(err, STATUS_BLOCKED, "user_id",
                           "field 'user_id' names somebody who takes no requests of yours");
    if (step->at_once || is(relation->requester, step->other)) {
        make_friends(relation, step);
        return STATUS_OK;
    }
    if (is(relation->requester, step->by))
        return STATUS_OK;
    s = check_wait(relation, step, err);
    if (s == STATUS_OK)
        request(relation, step);
    return s;
}

static enum status no_such_request(struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "no such friend request");
}

static bool is_to_answer(const struct relation *relation, const struct relation_step *step)
{
    return is(relation->request_id, step->request_id) && is(relation->recipient, step->by) &&
           !relation_is_blocked_by(relation, step->by);
}

enum status relation_accept(struct relation *relation, struct relation_step *step,
                            struct error *err)
{
    if (relation_is_friends(relation) && is(relation->request_id, step->request_id))
        return STATUS_OK;
    if (!is_to_answer(relation, step))
        return no_such_request(err);
    make_friends(relation, step);
    return STATUS_OK;
}

enum status relation_reject(struct relation *relation, struct relation_step *step,
                            struct error *err)
{
    if (!is_to_answer(relation, step))
        return no_such_request(err);
    drop_request(relation);
    *rejected_of(relation, step->other) = step->now_ms;
    step->change = CHANGE_OTHER;
    return STATUS_OK;
}

enum status relation_withdraw(struct relation *relation, struct relation_step *step,
                              struct error *err)
{
    if (!is(relation->request_id, step->request_id) || !is(relation->requester, step->by))
        return no_such_request(err);
    drop_request(relation);
    step->change = CHANGE_OTHER;
    return STATUS_OK;
}

enum status relation_befriend(struct relation *relation, struct relation_step *step,
                              struct error *err)
{
    (void)err;
    if (!relation_is_friends(relation) && relation->blockers.n == 0)
        make_friends(relation, step);
    return STATUS_OK;
}

static enum status no_friend(struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "no such friend");
}

enum status relation_remove(struct relation *relation, struct relation_step *step,
                            struct error *err)
{
    if (!relation_is_friends(relation))
        return no_friend(err);
    strings_clear(&relation->friends);
    relation->friends_since = 0;
    set_text(&relation->remark_a, NULL);
    set_text(&relation->remark_b, NULL);
    set_text(&relation->request_id, NULL);
    step->change = CHANGE_REMOVED;
    return STATUS_OK;
}

enum status relation_remark(struct relation *relation, struct relation_step *step,
                            struct error *err)
{
    char **remark = remark_of(relation, step->by);
    const char *text = *step->text ? step->text : NULL;

    if (!relation_is_friends(relation))
        return no_friend(err);
    if (text ? is(*remark, text) : !*remark)
        return STATUS_OK;
    set_text(remark, text);
    step->change = CHANGE_OTHER;
    return STATUS_OK;
}

enum status relation_block(struct relation *relation, struct relation_step *step, struct error *err)
{
    (void)err;
    if (relation_is_blocked_by(relation, step->by))
        return STATUS_OK;
    strings_add(&relation->blockers, step->by);
    if (is(relation->requester, step->by))
        drop_request(relation);
    step->change = CHANGE_BLOCKED;
    return STATUS_OK;
}

enum status relation_unblock(struct relation *relation, struct relation_step *step,
                             struct error *err)
{
    struct strings rest = {0};

    if (!relation_is_blocked_by(relation, step->by))
        return error_set(err, STATUS_NOT_FOUND, "this user is not blocked");
    for (size_t i = 0; i < relation->blockers.n; i++)
        if (!is(relation->blockers.items[i], step->by))
            strings_add(&rest, relation->blockers.items[i]);
    strings_clear(&relation->blockers);
    relation->blockers = rest;
    step->change = CHANGE_UNBLOCKED;
    return STATUS_OK;
}

bool relation_is_empty(const struct relation *relation, int64_t now_ms)
{
    return relation->friends.n == 0 && relation->blockers.n == 0 && !relation->requester &&
           now_ms >= relation->rejected_a + REJECTED_WAIT_MS &&
           now_ms >= relation->rejected_b + REJECTED_WAIT_MS;
}
