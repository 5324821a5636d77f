/* Friend requests. */

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "user.h"

#define REQUEST "request_" /* how a request's id begins */

static void fill_request(const struct relation *relation, const char *direction,
                         const struct user_own *profile, struct friend_request *ret)
{
    bool is_friend = relation_is_friends(relation);

    ret->request_id = memory_text(relation->request_id);
    ret->status = memory_text(is_friend ? "accepted" : "pending");
    ret->direction = memory_text(direction);
    ret->user_id = memory_text(profile->user_id);
    ret->username = memory_text(profile->username);
    ret->nickname = memory_text(profile->nickname);
    if (profile->avatar && *profile->avatar)
        ret->avatar = memory_text(profile->avatar);
    ret->greeting = memory_text(relation->greeting);
    ret->created_at = is_friend ? relation->friends_since : relation->requested_at;
}

/* Who is muted sends no texts, and a greeting is one. */
static enum status check_greeting(struct user_state *user, const char *user_id,
                                  const struct friend_ask *ask, struct error *err)
{
    enum status s = friend_ask_check(ask, err);

    if (s == STATUS_OK && ask->greeting && *ask->greeting &&
        identity_muted_until(user->identity, user_id) > clock_now())
        return error_field(err, STATUS_MUTED, "greeting",
                           "field 'greeting' must be left out: you are muted");
    return s;
}

enum status handle_ask(void *state, struct call *call, const void *request, void *reply,
                       struct error *err)
{
    struct user_state *user = state;
    const struct friend_ask *ask = request;
    CLEANUP(user_own_clear) struct user_own profile = {0};
    CLEANUP(relation_clear) struct relation relation = {0};
    char request_id[ID_MAX];
    struct relation_step step = {
        .by = call->user_id,
        .other = ask->user_id,
        .text = ask->greeting && *ask->greeting ? ask->greeting : NULL,
        .request_id = request_id,
        .now_ms = clock_now(),
    };
    enum status s = check_greeting(user, call->user_id, ask, err);

    if (s != STATUS_OK)
        return s;
    if (strcmp(ask->user_id, call->user_id) == 0)
        return error_field(err, STATUS_INVALID, "user_id", "field 'user_id' is your own");
    s = profile_find_living(user, ask->user_id, &profile, err);
    if (s != STATUS_OK)
        return s;
    id_new(REQUEST, request_id);
    step.other_is_bot = profile.bot;
    step.at_once = profile.bot || strcmp(user->config->friend_policy, "open") == 0;
    s = relations_change(user, relation_ask, &step, &relation, err);
    if (s == STATUS_TOO_FAST)
        http_set_retry_after(call, step.wait_s);
    if (s == STATUS_OK)
        fill_request(&relation, "outgoing", &profile, reply);
    return s;
}

/* ---- The lists */

/* Comes after every id, so that "before it" is everything. */
#define AFTER_IDS "~"

/* A request is not shown to who blocks its requester, and comes back when he does so no more. */
static enum status find_page(struct user_state *user, const char *user_id,
                             const struct friend_request_query *query, int64_t *ret_total,
                             struct list *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'request_id': -1}", .limit = query->limit + 1};
    const char *before = query->cursor && *query->cursor ? query->cursor : AFTER_IDS;
    enum status s;

    if (strcmp(query->direction, "outgoing") == 0) {
        s = store_count(user->store, RELATIONS, RELATIONS_TOTAL_MAX, ret_total, err,
                        "{'requester': %s}", user_id);
        if (s != STATUS_OK)
            return s;
        return store_find(user->store, RELATIONS, &how, &relation_record, ret, err,
                          "{'requester': %s, 'request_id': {'$lt': %s}}", user_id, before);
    }
    s = store_count(user->store, RELATIONS, RELATIONS_TOTAL_MAX, ret_total, err,
                    "{'recipient': %s, 'blockers': {'$ne': %s}}", user_id, user_id);
    if (s != STATUS_OK)
        return s;
    return store_find(user->store, RELATIONS, &how, &relation_record, ret, err,
                      "{'recipient': %s, 'blockers': {'$ne': %s}, 'request_id': {'$lt': %s}}",
                      user_id, user_id, before);
}

enum status handle_requests(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    const struct friend_request_query *query = request;
    struct friend_request_list *list = reply;
    const struct relation *relation;
    CLEANUP(relations_clear) struct list found = {0};
    CLEANUP(profiles_clear) struct list profiles = {0};
    CLEANUP(free) char *last_pair = NULL;
    enum status s = friend_request_query_check(query, err);

    if (s == STATUS_OK && query->cursor && *query->cursor &&
        strncmp(query->cursor, REQUEST, strlen(REQUEST)) != 0)
        s = error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    if (s == STATUS_OK)
        s = find_page(state, call->user_id, query, &list->total, &found, err);
    if (s != STATUS_OK)
        return s;
    relation = found.items;
    last_pair = relations_cut(&found, (size_t)query->limit);
    if (last_pair)
        list->next_cursor = memory_text(relation[found.n - 1].request_id);
    s = relations_find_others(state, &found, call->user_id, &profiles, err);
    for (size_t i = 0; s == STATUS_OK && i < found.n; i++) {
        const struct user_own *profile =
            profiles_get(&profiles, relation_other(&relation[i], call->user_id));

        if (profile)
            fill_request(&relation[i], query->direction, profile,
                         list_add(&list->requests, &friend_request_record));
    }
    return s;
}

/* ---- Answering */

/* A request's two are its pair's; whoever is not one of them learns nothing. */
static enum status find_pair(struct user_state *user, const char *request_id, const char *user_id,
                             struct relation *ret, struct error *err)
{
    enum status s = store_find_one(user->store, RELATIONS, &relation_record, ret, err,
                                   "{'request_id': %s}", request_id);

    if (s == STATUS_OK && strcmp(ret->user_a, user_id) != 0 && strcmp(ret->user_b, user_id) != 0)
        s = STATUS_NOT_FOUND;
    return s == STATUS_NOT_FOUND ? error_set(err, s, "no such friend request") : s;
}

static enum status answer(struct user_state *user, struct call *call, const char *request_id,
                          relation_move *move, struct friend_request *reply, struct error *err)
{
    CLEANUP(relation_clear) struct relation pair = {0};
    CLEANUP(relation_clear) struct relation after = {0};
    CLEANUP(user_own_clear) struct user_own profile = {0};
    struct relation_step step = {
        .by = call->user_id, .request_id = request_id, .now_ms = clock_now()};
    enum status s = find_pair(user, request_id, call->user_id, &pair, err);

    if (s != STATUS_OK)
        return s;
    step.other = relation_other(&pair, call->user_id);
    s = profile_find(user, step.other, &profile, err);
    if (s != STATUS_OK)
        return s;
    step.other_is_bot = profile.bot;
    s = relations_change(user, move, &step, &after, err);
    if (s == STATUS_OK && reply)
        fill_request(&after, "incoming", &profile, reply);
    return s;
}

enum status handle_accept(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct friend_request_path *path = request;

    return answer(state, call, path->request_id, relation_accept, reply, err);
}

enum status handle_reject(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct friend_request_path *path = request;

    (void)reply;
    return answer(state, call, path->request_id, relation_reject, NULL, err);
}

enum status handle_withdraw(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    const struct friend_request_path *path = request;

    (void)reply;
    return answer(state, call, path->request_id, relation_withdraw, NULL, err);
}
