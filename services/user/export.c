/* RPC_USER_EXPORT: a user's profile, and what he is to others, as he sees it: not who blocks him,
 * nor what others call him. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "relations.h"
#include "user.h"

#define PAGE 300

struct exported_friend {
    char *user_id;
    char *remark;
    int64_t friends_since;
};

struct exported_request {
    char *request_id;
    char *direction; /* incoming or outgoing */
    char *user_id;
    char *greeting;
    int64_t requested_at;
};

struct exported_block {
    char *user_id;
};

struct exported_presence {
    int64_t last_seen; /* 0: never */
};

static const struct field friend_fields[] = {FIELD(struct exported_friend, user_id),
                                             FIELD(struct exported_friend, remark),
                                             FIELD(struct exported_friend, friends_since)};
static const struct field request_fields[] = {
    FIELD(struct exported_request, request_id), FIELD(struct exported_request, direction),
    FIELD(struct exported_request, user_id), FIELD(struct exported_request, greeting),
    FIELD(struct exported_request, requested_at)};
static const struct field block_fields[] = {FIELD(struct exported_block, user_id)};
static const struct field presence_fields[] = {FIELD(struct exported_presence, last_seen)};
static const struct record exported_presence_record =
    RECORD("user.exported_presence", struct exported_presence, presence_fields);
static const struct record friend_record =
    RECORD("user.exported_friend", struct exported_friend, friend_fields);
static const struct record request_record =
    RECORD("user.exported_request", struct exported_request, request_fields);
static const struct record block_record =
    RECORD("user.exported_block", struct exported_block, block_fields);

static void add_part(struct export_page *page, const char *name, bool alone,
                     const struct record *rec, const void *value)
{
    struct export_part *part = list_add(&page->parts, &export_part_record);
    struct buffer json = {0};

    record_to_json(rec, value, &json);
    part->name = memory_text(name);
    part->json = buffer_take(&json);
    part->alone = alone;
}

static void add_friend(struct export_page *page, const struct relation *relation,
                       const char *user_id)
{
    bool is_a = strcmp(relation->user_a, user_id) == 0;
    const struct exported_friend exported = {
        .user_id = (char *)relation_other(relation, user_id), /* only read */
        .remark = is_a ? relation->remark_a : relation->remark_b,
        .friends_since = relation->friends_since,
    };

    add_part(page, "friends.json", false, &friend_record, &exported);
}

static void add_block(struct export_page *page, const struct relation *relation,
                      const char *user_id)
{
    const struct exported_block exported = {.user_id = (char *)relation_other(relation, user_id)};

    add_part(page, "blocks.json", false, &block_record, &exported);
}

/* Requests of those whom he blocks he does not see either. */
static void add_request(struct export_page *page, const struct relation *relation,
                        const char *user_id)
{
    bool is_incoming = strcmp(relation->recipient, user_id) == 0;
    const struct exported_request exported = {
        .request_id = relation->request_id,
        .direction = (char *)(is_incoming ? "incoming" : "outgoing"),
        .user_id = (char *)relation_other(relation, user_id),
        .greeting = relation->greeting,
        .requested_at = relation->requested_at,
    };

    if (!is_incoming || !relation_is_blocked_by(relation, user_id))
        add_part(page, "friend_requests.json", false, &request_record, &exported);
}

/* One list after the other, each in the order of its pairs; the cursor is "<list>/<pair_id>". */
static enum status find_friends(struct user_state *user, const char *user_id, const char *after,
                                struct list *ret, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}", .limit = PAGE};

    return store_find(user->store, RELATIONS, &how, &relation_record, ret, err,
                      "{'friends': %s, '_id': {'$gt': %s}}", user_id, after);
}

static enum status find_blocks(struct user_state *user, const char *user_id, const char *after,
                               struct list *ret, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}", .limit = PAGE};

    return store_find(user->store, RELATIONS, &how, &relation_record, ret, err,
                      "{'blockers': %s, '_id': {'$gt': %s}}", user_id, after);
}

static enum status find_requests(struct user_state *user, const char *user_id, const char *after,
                                 struct list *ret, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}", .limit = PAGE};

    return store_find(user->store, RELATIONS, &how, &relation_record, ret, err,
                      "{'$or': [{'requester': %s}, {'recipient': %s}], '_id': {'$gt': %s}}",
                      user_id, user_id, after);
}

static const struct {
    enum status (*find)(struct user_state *user, const char *user_id, const char *after,
                        struct list *ret, struct error *err);
    void (*add)(struct export_page *page, const struct relation *relation, const char *user_id);
} lists[] = {
    {find_friends, add_friend},
    {find_requests, add_request},
    {find_blocks, add_block},
};

static char *cursor_at(size_t list, const char *pair_id)
{
    struct buffer cursor = {0};

    buffer_printf(&cursor, "%zu/%s", list, pair_id);
    return buffer_take(&cursor);
}

static enum status add_page(struct user_state *user, const char *user_id, const char *cursor,
                            struct export_page *page, struct error *err)
{
    CLEANUP(relations_clear) struct list found = {0};
    const struct relation *relations;
    char *after;
    size_t list = strtoul(cursor, &after, 10);
    enum status s;

    if (*after != '/' || list >= N_ELEMENTS(lists))
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    s = lists[list].find(user, user_id, after + 1, &found, err);
    if (s != STATUS_OK)
        return s;
    relations = found.items;
    for (size_t i = 0; i < found.n; i++)
        lists[list].add(page, &relations[i], user_id);
    if (found.n == PAGE)
        page->next_cursor = cursor_at(list, relations[PAGE - 1].pair_id);
    else if (list + 1 < N_ELEMENTS(lists))
        page->next_cursor = cursor_at(list + 1, "");
    return STATUS_OK;
}

enum status handle_export(void *state, const void *request, void *reply, struct error *err)
{
    struct user_state *user = state;
    const struct export_query *query = request;
    struct export_page *page = reply;
    CLEANUP(user_own_clear) struct user_own profile = {0};
    struct exported_presence presence = {0};
    enum status s;

    if (query->cursor)
        return add_page(user, query->user_id, query->cursor, page, err);
    s = profile_find(user, query->user_id, &profile, err);
    if (s == STATUS_OK)
        s = store_find_one(user->store, USERS, &exported_presence_record, &presence, err,
                           "{'_id': %s}", query->user_id);
    if (s != STATUS_OK)
        return s;
    add_part(page, "profile.json", true, &user_own_record, &profile);
    add_part(page, "presence.json", true, &exported_presence_record, &presence);
    page->next_cursor = cursor_at(0, "");
    return STATUS_OK;
}
