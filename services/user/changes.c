#include "changes.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "log/log.h"
#include "user.h"
#include "wire/frames.h"

/* How often a step is begun anew because another changed the pair in between. Each loser waits for
 * one winner, and few act on one pair at once. */
#define ATTEMPTS 20

/* ---- Storing */

static enum status find(struct user_state *user, const struct relation_step *step,
                        struct relation *ret, struct error *err)
{
    bool sorted = strcmp(step->by, step->other) < 0;
    char pair_id[PAIR_ID_MAX];
    enum status s;

    pair_id_of(step->by, step->other, pair_id);
    s = store_find_one(user->store, RELATIONS, &relation_record, ret, err, "{'_id': %s}", pair_id);
    if (s != STATUS_NOT_FOUND)
        return s;
    *ret = (struct relation){
        .pair_id = memory_text(pair_id),
        .user_a = memory_text(sorted ? step->by : step->other),
        .user_b = memory_text(sorted ? step->other : step->by),
    };
    return STATUS_OK;
}

/* CONFLICT: it is not what was read any more. The rev is a new one each time, never a number that
 * counts: a document that was removed and made again must not look like the one before. */
static enum status save(struct user_state *user, const struct relation *relation, int64_t now_ms,
                        struct error *err)
{
    char rev[ID_MAX];
    int64_t n = 0;
    enum status s;

    id_new("rev_", rev);
    if (relation->rev && relation_is_empty(relation, now_ms))
        s = store_delete(user->store, RELATIONS, &n, err, "{'_id': %s, 'rev': %s}",
                         relation->pair_id, relation->rev);
    else
        s = store_update(
            user->store, RELATIONS, relation->rev ? 0 : STORE_UPSERT, &n, err,
            "[{'_id': %s, 'rev': %s}, {'$set': {'rev': %s, 'user_a': %s, 'user_b': %s, "
            "'friends': %p, 'friends_since': %ld, 'remark_a': %s, 'remark_b': %s, "
            "'request_id': %s, 'requester': %s, 'recipient': %s, 'greeting': %s, "
            "'requested_at': %ld, 'rejected_a': %ld, 'rejected_b': %ld, 'blockers': %p}}]",
            relation->pair_id, relation->rev, rev, relation->user_a, relation->user_b,
            (void *)&relation->friends, relation->friends_since, relation->remark_a,
            relation->remark_b, relation->request_id, relation->requester, relation->recipient,
            relation->greeting, relation->requested_at, relation->rejected_a, relation->rejected_b,
            (void *)&relation->blockers);
    if (s == STATUS_ID_TAKEN || (s == STATUS_OK && n == 0))
        return STATUS_CONFLICT;
    return s;
}

/* ---- Limits */

static enum status check_count(enum status s, int64_t n, int64_t max, const char *what,
                               struct error *err)
{
    if (s != STATUS_OK || n < max)
        return s;
    return error_set(err, STATUS_FORBIDDEN, "%s: at most %lld", what, (long long)max);
}

static enum status check_friends(struct user_state *user, const char *user_id, const char *what,
                                 struct error *err)
{
    int64_t n = 0;
    enum status s =
        store_count(user->store, RELATIONS, FRIENDS_MAX, &n, err, "{'friends': %s}", user_id);

    return check_count(s, n, FRIENDS_MAX, what, err);
}

/* Whoever asks and takes it back, again and again, would write to somebody who has not said yes.
 * While Redis is away nobody counts. */
static enum status check_pace(struct user_state *user, struct relation_step *step,
                              struct error *err)
{
    char key[2 * ID_MAX + 16];
    int64_t n = 0;

    (void)snprintf(key, sizeof key, "friend-ask:%s:%s", step->by, step->other); /* ids: fits */
    if (cache_count(user->cache, key, ASKS_WINDOW_S, &n, &step->wait_s, NULL) != STATUS_OK ||
        n <= ASKS_MAX)
        return STATUS_OK;
    if (step->wait_s <= 0)
        step->wait_s = ASKS_WINDOW_S;
    return error_set(err, STATUS_TOO_FAST, "you have asked this user too often: wait an hour");
}

static enum status check_limits(struct user_state *user, struct relation_step *step,
                                struct error *err)
{
    int64_t n = 0;
    enum status s = STATUS_OK;

    switch (step->change) {
    case CHANGE_FRIENDS:
        if (step->at_once && !step->other_is_bot)
            s = check_pace(user, step, err);
        if (s == STATUS_OK)
            s = check_friends(user, step->by, "you have too many friends", err);
        if (s == STATUS_OK && !step->other_is_bot)
            s = check_friends(user, step->other, "this user has too many friends", err);
        return s;
    case CHANGE_REQUESTED:
        s = store_count(user->store, RELATIONS, REQUESTS_MAX, &n, err, "{'requester': %s}",
                        step->by);
        s = check_count(s, n, REQUESTS_MAX, "too many requests of yours wait for an answer", err);
        return s == STATUS_OK ? check_pace(user, step, err) : s;
    case CHANGE_BLOCKED:
        s = store_count(user->store, RELATIONS, BLOCKS_MAX, &n, err, "{'blockers': %s}", step->by);
        return check_count(s, n, BLOCKS_MAX, "you block too many users", err);
    default:
        return STATUS_OK;
    }
}

/* ---- Telling */

static void send_frame(struct user_state *user, const char *user_id,
                       const struct system_content *content)
{
    const struct frame_system frame = {
        .type = FRAME_SYSTEM, .content = (void *)content, .timestamp = clock_now()};
    CLEANUP(buffer_clear) struct buffer text = {0};
    CLEANUP(buffer_clear) struct buffer body = {0};
    struct envelope envelope = {.kind = ENVELOPE_DELIVER};
    struct error err;
    char key[TOPOLOGY_NAME_MAX];

    record_to_json(&frame_system_record, &frame, &text);
    envelope.payload = (struct slice){text.data, text.length};
    envelope_add(&body, &envelope);
    topology_user_key(user_id, key);
    /* Whoever is not reached sees it in the next list. */
    if (ask_deliver(user->ask, key, (struct slice){body.data, body.length}, &err) != STATUS_OK)
        log_warn("frame not sent", LOG_TEXT("reason", err.text));
}

static void tell_request(struct user_state *user, const struct relation *relation)
{
    struct system_content content = {
        .event = (char *)"friend.requested",
        .request_id = relation->request_id,
        .greeting = relation->greeting,
    };

    content.user_id = relation->requester;
    content.direction = (char *)"incoming";
    send_frame(user, relation->recipient, &content);
    content.user_id = relation->recipient;
    content.direction = (char *)"outgoing";
    send_frame(user, relation->requester, &content);
}

static void tell_both(struct user_state *user, const struct relation *relation, const char *event)
{
    send_frame(user, relation->user_a,
               &(struct system_content){.event = (char *)event, .user_id = relation->user_b});
    send_frame(user, relation->user_b,
               &(struct system_content){.event = (char *)event, .user_id = relation->user_a});
}

static void publish(struct user_state *user, const struct relation_step *step)
{
    const struct user_relation event = {.user_id = (char *)step->by,
                                        .other_id = (char *)step->other};
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct error err;

    record_to_json(&user_relation_record, &event, &json);
    buffer_add(&json, "", 1);
    if (ask_publish_event(user->ask, EVENT_USER_RELATION, json.data, &err) != STATUS_OK)
        log_warn("relation not announced", LOG_TEXT("reason", err.text));
}

static void tell(struct user_state *user, const struct relation *relation,
                 const struct relation_step *step)
{
    publish(user, step);
    switch (step->change) {
    case CHANGE_REQUESTED:
        tell_request(user, relation);
        break;
    case CHANGE_FRIENDS:
        tell_both(user, relation, "friend.accepted");
        presence_introduce(user, step->by, step->other);
        break;
    case CHANGE_REMOVED:
        tell_both(user, relation, "friend.removed");
        presence_introduce(user, step->by, step->other);
        break;
    case CHANGE_BLOCKED:
    case CHANGE_UNBLOCKED:
        /* A stranger saw no presence, and must not read of a block by a frame about it. */
        if (relation_is_friends(relation))
            presence_introduce(user, step->by, step->other);
        break;
    default:
        break;
    }
}

/* ---- */

/* One attempt. CONFLICT: somebody else was faster; err holds nothing then. */
static enum status attempt(struct user_state *user, relation_move *move, struct relation_step *step,
                           struct relation *ret, bool *ret_raced, struct error *err)
{
    enum status s = find(user, step, ret, err);

    step->change = CHANGE_NONE;
    if (s == STATUS_OK)
        s = move(ret, step, err);
    if (s == STATUS_OK)
        s = check_limits(user, step, err);
    if (s != STATUS_OK || step->change == CHANGE_NONE)
        return s;
    s = save(user, ret, step->now_ms, err);
    *ret_raced = s == STATUS_CONFLICT;
    return s;
}

enum status relations_change(struct user_state *user, relation_move *move,
                             struct relation_step *step, struct relation *ret, struct error *err)
{
    CLEANUP(relation_clear) struct relation relation = {0};
    enum status s = STATUS_OK;

    for (int i = 0; i < ATTEMPTS; i++) {
        bool raced = false;

        s = attempt(user, move, step, &relation, &raced, err);
        if (!raced)
            break;
        record_clear(&relation_record, &relation);
        s = error_set(err, STATUS_UNAVAILABLE, "this changes too fast right now, try again");
    }
    if (s != STATUS_OK)
        return s;
    /* A block that is there already may be the repetition of one whose teller died. */
    if (step->change != CHANGE_NONE || move == relation_block)
        tell(user, &relation, step);
    if (ret) {
        *ret = relation;
        relation = (struct relation){0};
    }
    return STATUS_OK;
}
