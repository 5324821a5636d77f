/* Whom one does not want to hear of. Nobody is told that he is blocked before he tries. */

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "user.h"

static void fill_block(const struct user_own *profile, struct block_item *ret)
{
    ret->user_id = memory_text(profile->user_id);
    ret->username = memory_text(profile->username);
    ret->nickname = memory_text(profile->nickname);
    if (profile->avatar && *profile->avatar)
        ret->avatar = memory_text(profile->avatar);
}

enum status handle_blocks(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    struct user_state *user = state;
    const struct friend_page *page = request;
    const struct store_find how = {.sort = "{'_id': 1}", .limit = page->limit + 1};
    struct block_list *list = reply;
    const struct relation *relation;
    CLEANUP(relations_clear) struct list found = {0};
    CLEANUP(profiles_clear) struct list profiles = {0};
    enum status s = relations_check_cursor(page->cursor, call->user_id, err);

    if (s == STATUS_OK)
        s = store_count(user->store, RELATIONS, RELATIONS_TOTAL_MAX, &list->total, err,
                        "{'blockers': %s}", call->user_id);
    if (s == STATUS_OK)
        s = store_find(user->store, RELATIONS, &how, &relation_record, &found, err,
                       "{'blockers': %s, '_id': {'$gt': %s}}", call->user_id,
                       page->cursor ? page->cursor : "");
    if (s != STATUS_OK)
        return s;
    list->next_cursor = relations_cut(&found, (size_t)page->limit);
    relation = found.items;
    s = relations_find_others(user, &found, call->user_id, &profiles, err);
    for (size_t i = 0; s == STATUS_OK && i < found.n; i++) {
        const struct user_own *profile =
            profiles_get(&profiles, relation_other(&relation[i], call->user_id));

        if (profile)
            fill_block(profile, list_add(&list->blocks, &block_item_record));
    }
    return s;
}

enum status handle_block(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    const struct block_create *block = request;
    CLEANUP(user_own_clear) struct user_own profile = {0};
    struct relation_step step = {
        .by = call->user_id, .other = block->user_id, .now_ms = clock_now()};
    enum status s;

    if (strcmp(block->user_id, call->user_id) == 0)
        return error_field(err, STATUS_INVALID, "user_id", "field 'user_id' is your own");
    s = profile_find_living(state, block->user_id, &profile, err);
    if (s == STATUS_OK)
        s = relations_change(state, relation_block, &step, NULL, err);
    if (s == STATUS_OK)
        fill_block(&profile, reply);
    return s;
}

enum status handle_unblock(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    const struct user_path *path = request;
    struct relation_step step = {
        .by = call->user_id, .other = path->user_id, .now_ms = clock_now()};

    (void)reply;
    return relations_change(state, relation_unblock, &step, NULL, err);
}
