/* RPC_USER_ERASE: of a user who goes, nothing stays but an id that leads to "Deleted user". */

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "changes.h"
#include "user.h"
#include "wire/account_api.h"

#define ERASE_MS 300 /* of work for one question */
#define PAGE 100

/* All that was between two people. A move of relations_change(), which tells a friend. */
static enum status relation_erase(struct relation *relation, struct relation_step *step,
                                  struct error *err)
{
    (void)err;
    if (!relation->rev)
        return STATUS_OK; /* it is gone already */
    step->change = relation_is_friends(relation) ? CHANGE_REMOVED : CHANGE_OTHER;
    strings_clear(&relation->friends);
    strings_clear(&relation->blockers);
    free(TAKE(relation->remark_a));
    free(TAKE(relation->remark_b));
    free(TAKE(relation->request_id));
    free(TAKE(relation->requester));
    free(TAKE(relation->recipient));
    free(TAKE(relation->greeting));
    relation->requested_at = 0;
    relation->friends_since = 0;
    relation->rejected_a = 0;
    relation->rejected_b = 0;
    return STATUS_OK;
}

/* His profile first: from then on nobody writes to him or asks him to be friends. It may not be
 * there yet, and must not be made from what auth knows later on. */
static enum status erase_profile(struct user_state *user, const char *user_id, struct error *err)
{
    char username[DELETED_USERNAME_MAX];

    deleted_username(user_id, username);
    return store_update(
        user->store, USERS, STORE_UPSERT, NULL, err,
        "[{'_id': %s}, {'$set': {'username': %s, 'nickname': %s, 'nickname_key': '', "
        "'deleted': true}, '$unset': {'avatar': '', 'bio': '', "
        "'gender': '', 'birthday': '', 'region': '', 'email': '', 'invisible': '', "
        "'last_seen': ''}}]",
        user_id, username, DELETED_NICKNAME);
}

/* *ret_left: how many there were; 0 is the end. */
static enum status erase_some(struct user_state *user, const char *user_id, int64_t deadline,
                              size_t *ret_left, struct error *err)
{
    static const struct store_find how = {.limit = PAGE};
    CLEANUP(relations_clear) struct list found = {0};
    const struct relation *relations;
    enum status s;

    s = store_find(user->store, RELATIONS, &how, &relation_record, &found, err,
                   "{'$or': [{'user_a': %s}, {'user_b': %s}]}", user_id, user_id);
    relations = found.items;
    *ret_left = found.n;
    for (size_t i = 0; s == STATUS_OK && i < found.n && clock_monotonic() < deadline; i++) {
        struct relation_step step = {
            .by = user_id, .other = relation_other(&relations[i], user_id), .now_ms = clock_now()};

        s = relations_change(user, relation_erase, &step, NULL, err);
    }
    return s;
}

enum status erase_prepare(struct user_state *user, struct error *err)
{
    enum status s = store_index(user->store, RELATIONS, "{'user_a': 1}", false, 0, err);

    if (s == STATUS_OK)
        s = store_index(user->store, RELATIONS, "{'user_b': 1}", false, 0, err);
    return s;
}

enum status handle_erase(void *state, const void *request, void *reply, struct error *err)
{
    const struct erase *erase = request;
    struct erased *erased = reply;
    int64_t deadline = clock_monotonic() + ERASE_MS;
    enum status s = erase_profile(state, erase->user_id, err);

    while (s == STATUS_OK && !erased->done && clock_monotonic() < deadline) {
        size_t left = 0;

        s = erase_some(state, erase->user_id, deadline, &left, err);
        erased->done = s == STATUS_OK && left == 0;
    }
    return s;
}
