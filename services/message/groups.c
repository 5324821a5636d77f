/* Which groups people are in, for push: their rows are the only source. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message.h"
#include "wire/internal.h"

static struct user_groups *find_user(struct users_groups *users, const char *user_id)
{
    struct user_groups *all = users->users.items;

    for (size_t i = 0; i < users->users.n; i++)
        if (strcmp(all[i].user_id, user_id) == 0)
            return &all[i];
    return NULL;
}

enum status handle_groups(void *state, const void *request, void *reply, struct error *err)
{
    struct message_state *message = state;
    const struct user_ids *ids = request;
    struct users_groups *ret = reply;
    struct list found = {0};
    struct row_document *rows;
    enum status s;

    for (size_t i = 0; i < ids->user_ids.n; i++) {
        struct user_groups *user = list_add(&ret->users, &user_groups_record);

        user->user_id = memory_text(ids->user_ids.items[i]);
    }
    s = store_find(message->store, CONVERSATION_USERS, &(struct store_find){0},
                   &row_document_record, &found, err, "{'user_id': {'$in': %p}, 'spans.to_seq': 0}",
                   (void *)&ids->user_ids);
    rows = found.items;
    for (size_t i = 0; i < found.n; i++) {
        struct user_groups *user = find_user(ret, rows[i].user_id);
        const struct span *span = row_find_open_span(&rows[i]);

        if (user && span) {
            struct group_membership *group = list_add(&user->groups, &group_membership_record);

            group->group_id = memory_text(rows[i].conversation_id + strlen("group:"));
            group->rev = rows[i].rev;
            group->from_seq = span->from_seq;
        }
        record_clear(&row_document_record, &rows[i]);
    }
    free(found.items);
    return s;
}
