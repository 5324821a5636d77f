/* RPC_GROUP_EXPORT: the groups that a user is in, and what he is there. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "group.h"

#define PAGE 20 /* groups, each read with its members */

/* An item of groups.json. */
struct exported_group {
    char *group_id;
    char *name;
    char *description;
    char *avatar;
    char *owner_id;
    char *role;
    int64_t joined_at;
    int64_t created_at;
};

static const struct field exported_fields[] = {
    FIELD(struct exported_group, group_id),    FIELD(struct exported_group, name),
    FIELD(struct exported_group, description), FIELD(struct exported_group, avatar),
    FIELD(struct exported_group, owner_id),    FIELD(struct exported_group, role),
    FIELD(struct exported_group, joined_at),   FIELD(struct exported_group, created_at),
};
static const struct record exported_record =
    RECORD("group.exported_group", struct exported_group, exported_fields);

static const struct member *find_member(const struct group *group, const char *user_id)
{
    const struct member *members = group->members.items;

    for (size_t i = 0; i < group->members.n; i++)
        if (strcmp(members[i].user_id, user_id) == 0)
            return &members[i];
    return NULL;
}

static void add_group(const struct group *group, const char *user_id, struct export_page *page)
{
    const struct member *member = find_member(group, user_id);
    bool is_owner = strcmp(group->owner_id, user_id) == 0;
    const struct exported_group exported = {
        .group_id = group->group_id,
        .name = group->name,
        .description = group->description,
        .avatar = group->avatar,
        .owner_id = group->owner_id,
        .role = is_owner ? (char *)"owner" : member->role, /* only read */
        .joined_at = member->joined_at,
        .created_at = group->created_at,
    };
    struct export_part *part = list_add(&page->parts, &export_part_record);
    struct buffer json = {0};

    record_to_json(&exported_record, &exported, &json);
    part->name = memory_text("groups.json");
    part->json = buffer_take(&json);
}

/* The cursor is the last id of the page before. */
enum status handle_export(void *state, const void *request, void *reply, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}", .limit = PAGE};
    struct group_state *groups = state;
    const struct export_query *query = request;
    struct export_page *page = reply;
    struct list found = {0};
    struct group *items;
    enum status s;

    s = store_find(groups->store, GROUPS, &how, &group_record, &found, err,
                   "{'members.user_id': %s, '_id': {'$gt': %s}}", query->user_id,
                   query->cursor ? query->cursor : "");
    items = found.items;
    if (s == STATUS_OK && found.n == PAGE)
        page->next_cursor = memory_text(items[PAGE - 1].group_id);
    for (size_t i = 0; i < found.n; i++) {
        if (s == STATUS_OK)
            add_group(&items[i], query->user_id, page);
        record_clear(&group_record, &items[i]);
    }
    free(found.items);
    return s;
}
