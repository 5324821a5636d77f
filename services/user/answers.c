#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "user.h"

/* What is known of all the pairs of one question. */
struct judgement {
    struct user_state *user;
    const struct pairs *pairs;
    struct list profiles;
    struct list relations;
    bool is_message;
};

static enum status look_up(struct judgement *judgement, struct error *err)
{
    const struct pair *pair = judgement->pairs->pairs.items;
    struct strings user_ids = {0};
    struct strings pair_ids = {0};
    enum status s;

    for (size_t i = 0; i < judgement->pairs->pairs.n; i++) {
        char pair_id[PAIR_ID_MAX];

        strings_add(&user_ids, pair[i].from);
        strings_add(&user_ids, pair[i].to);
        pair_id_of(pair[i].from, pair[i].to, pair_id);
        strings_add(&pair_ids, pair_id);
    }
    s = profiles_find(judgement->user, &user_ids, &judgement->profiles, err);
    if (s == STATUS_OK)
        s = relations_find(judgement->user, &pair_ids, &judgement->relations, err);
    strings_clear(&user_ids);
    strings_clear(&pair_ids);
    return s;
}

static bool is_bot(const struct judgement *judgement, const char *user_id)
{
    const struct user_own *profile = profiles_get(&judgement->profiles, user_id);

    return profile && profile->bot;
}

/* FRIEND_POLICY=open: a first message makes friends. Too many friends already is no reason not to
 * write. */
static enum status befriend(struct judgement *judgement, const struct pair *pair, bool *ret_friends,
                            struct error *err)
{
    struct relation_step step = {.by = pair->from, .other = pair->to, .now_ms = clock_now()};
    CLEANUP(relation_clear) struct relation after = {0};
    enum status s;

    if (!judgement->is_message || strcmp(judgement->user->config->friend_policy, "open") != 0)
        return STATUS_OK;
    s = relations_change(judgement->user, relation_befriend, &step, &after, err);
    *ret_friends = s == STATUS_OK && relation_is_friends(&after);
    return s == STATUS_FORBIDDEN ? STATUS_OK : s;
}

/* *ret: OK, or why not. */
static enum status judge(struct judgement *judgement, const struct pair *pair, enum status *ret,
                         struct error *err)
{
    const struct relation *relation = relations_get(&judgement->relations, pair->from, pair->to);
    const struct user_own *to = profiles_get(&judgement->profiles, pair->to);
    bool are_friends = relation && relation_is_friends(relation);
    enum status s;

    *ret = STATUS_OK;
    if (!to || to->deleted) {
        *ret = STATUS_NOT_FOUND;
        return STATUS_OK;
    }
    if (strcmp(pair->from, pair->to) == 0)
        return STATUS_OK;
    if (relation && relation_is_blocked_by(relation, pair->to)) {
        *ret = STATUS_BLOCKED;
        return STATUS_OK;
    }
    if (are_friends || is_bot(judgement, pair->to) || is_bot(judgement, pair->from))
        return STATUS_OK;
    s = befriend(judgement, pair, &are_friends, err);
    if (!are_friends && strcmp(judgement->user->config->stranger_messages, "deny") == 0)
        *ret = STATUS_FORBIDDEN;
    return s;
}

static bool is_purpose(const char *purpose)
{
    static const char *const purposes[] = {"message", "typing", "invite"};

    for (size_t i = 0; i < N_ELEMENTS(purposes); i++)
        if (strcmp(purpose, purposes[i]) == 0)
            return true;
    return false;
}

enum status handle_may_write(void *state, const void *request, void *reply, struct error *err)
{
    const struct pairs *pairs = request;
    const struct pair *pair = pairs->pairs.items;
    struct pair_answers *answers = reply;
    struct judgement judgement = {
        .user = state,
        .pairs = pairs,
        .is_message = strcmp(pairs->purpose, "message") == 0,
    };
    enum status s;

    if (!is_purpose(pairs->purpose))
        return error_field(err, STATUS_INVALID, "purpose",
                           "field 'purpose' must be message, typing or invite");
    s = look_up(&judgement, err);
    for (size_t i = 0; s == STATUS_OK && i < pairs->pairs.n; i++) {
        struct pair_answer *answer = list_add(&answers->answers, &pair_answer_record);
        enum status verdict;

        s = judge(&judgement, &pair[i], &verdict, err);
        answer->code = status_code(verdict);
        answer->bot = is_bot(&judgement, pair[i].to);
    }
    profiles_clear(&judgement.profiles);
    relations_clear(&judgement.relations);
    return s;
}

enum status handle_find(void *state, const void *request, void *reply, struct error *err)
{
    const struct user_ids *ids = request;
    struct accounts *accounts = reply;
    CLEANUP(profiles_clear) struct list found = {0};
    enum status s;

    s = profiles_find(state, &ids->user_ids, &found, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < found.n; i++) {
        struct user_own *profile = &((struct user_own *)found.items)[i];
        struct account *account = list_add(&accounts->accounts, &account_record);

        account->user_id = TAKE(profile->user_id);
        account->username = TAKE(profile->username);
        account->nickname = TAKE(profile->nickname);
        account->bot = profile->bot;
        account->deleted = profile->deleted;
        account->created_at = profile->created_at;
    }
    return STATUS_OK;
}
