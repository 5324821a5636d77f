/* Which groups people are in, for push: their rows are the only source. */

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "message.h"
#include "wire/internal.h"

struct user {
    struct user_groups *groups;
    UT_hash_handle hh; /* by user_id: 2,000 people have some 100,000 rows */
};

static struct user *index_users(struct users_groups *users)
{
    struct user_groups *all = users->users.items;
    struct user *index = NULL;

    for (size_t i = 0; i < users->users.n; i++) {
        struct user *user;

        HASH_FIND_STR(index, all[i].user_id, user);
        if (user)
            continue;
        user = memory_new(sizeof *user);
        user->groups = &all[i];
        HASH_ADD_KEYPTR(hh, index, all[i].user_id, strlen(all[i].user_id), user);
    }
    return index;
}

static void free_index(struct user *index)
{
    struct user *user;
    struct user *next;

    HASH_ITER(hh, index, user, next) {
        HASH_DEL(index, user);
        free(user);
    }
}

static void add_row(struct user *index, const struct row_document *row)
{
    const struct span *span = row_find_open_span(row);
    struct group_membership *group;
    struct user *user;

    HASH_FIND_STR(index, row->user_id, user);
    if (!user || !span)
        return;
    group = list_add(&user->groups->groups, &group_membership_record);
    group->group_id = memory_text(row->conversation_id + strlen("group:"));
    group->rev = row->rev;
    group->from_seq = span->from_seq;
}

enum status handle_groups(void *state, const void *request, void *reply, struct error *err)
{
    struct message_state *message = state;
    const struct user_ids *ids = request;
    struct users_groups *ret = reply;
    struct list found = {0};
    struct row_document *rows;
    struct user *index;
    enum status s;

    for (size_t i = 0; i < ids->user_ids.n; i++) {
        struct user_groups *user = list_add(&ret->users, &user_groups_record);

        user->user_id = memory_text(ids->user_ids.items[i]);
    }
    s = store_find(message->store, CONVERSATION_USERS, &(struct store_find){0},
                   &row_standing_record, &found, err, "{'user_id': {'$in': %p}, 'spans.to_seq': 0}",
                   (void *)&ids->user_ids);
    rows = found.items;
    index = index_users(ret);
    for (size_t i = 0; i < found.n; i++) {
        add_row(index, &rows[i]);
        record_clear(&row_standing_record, &rows[i]);
    }
    free_index(index);
    free(found.items);
    return s;
}
