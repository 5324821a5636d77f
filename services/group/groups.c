#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "group.h"
#include "wire/frames.h"

/* 2,000 people whose profiles may all have to be made now. */
#define USER_TIMEOUT_MS 5000
#define LOG_TIMEOUT_MS 5000

/* Counting goes no further: nobody pages through more by hand. */
#define TOTAL_MAX 10000

/* Comes after every id, so that "before it" is everything. */
#define AFTER_IDS "~"

static const struct field member_fields[] = {
    FIELD(struct member, user_id),
    FIELD(struct member, role),
    FIELD(struct member, joined_at),
    FIELD(struct member, bot),
};
const struct record member_record = RECORD("groups.members", struct member, member_fields);

#define HEAD_FIELDS \
    FIELD_NAMED(struct group, group_id, "_id"), FIELD(struct group, name), \
        FIELD(struct group, description), FIELD(struct group, avatar), \
        FIELD(struct group, join_policy), FIELD(struct group, owner_id), FIELD(struct group, rev), \
        FIELD(struct group, member_count), FIELD(struct group, created_at)
#define MEMBERS_FIELD FIELD(struct group, members, .of = &member_record)
#define PENDING_FIELD FIELD(struct group, pending, .of = &group_change_record)

static const struct field group_fields[] = {HEAD_FIELDS, MEMBERS_FIELD, PENDING_FIELD};
const struct record group_record = RECORD("groups", struct group, group_fields);

static const struct field head_fields[] = {HEAD_FIELDS};
const struct record group_head_record = RECORD("groups.head", struct group, head_fields);

static const struct field id_fields[] = {FIELD_NAMED(struct group, group_id, "_id")};
static const struct record id_record = RECORD("groups.id", struct group, id_fields);

static const struct field members_fields[] = {
    FIELD(struct group, owner_id),
    FIELD(struct group, rev),
    FIELD(struct group, member_count),
    MEMBERS_FIELD,
};
const struct record group_members_record =
    RECORD("groups.membership", struct group, members_fields);

static const struct field outbox_fields[] = {
    FIELD_NAMED(struct group, group_id, "_id"),
    FIELD(struct group, rev),
    PENDING_FIELD,
};
const struct record group_outbox_record = RECORD("groups.outbox", struct group, outbox_fields);

enum status groups_prepare(struct group_state *group, struct error *err)
{
    enum status s;

    s = store_index(group->store, GROUPS, "{'members.user_id': 1, '_id': -1}", false, 0, err);
    if (s != STATUS_OK)
        return s;
    return store_index(group->store, GROUPS, "{'pending.rev': 1, '_id': 1}", false, 0, err);
}

enum status group_find_mine(struct group_state *group, const char *group_id, const char *user_id,
                            const struct record *rec, struct group *ret, struct error *err)
{
    enum status s;

    s = store_find_one(group->store, GROUPS, rec, ret, err, "{'_id': %s, 'members.user_id': %s}",
                       group_id, user_id);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "no such group");
    return s;
}

enum status group_find_accounts(struct group_state *group, const struct strings *user_ids,
                                struct accounts *ret, struct error *err)
{
    const struct user_ids query = {.user_ids = *user_ids};

    return rpc_call(group->user, RPC_USER_FIND, &user_ids_record, &query, &accounts_record, ret,
                    USER_TIMEOUT_MS, err);
}

/* Moves the texts out of head. */
static void show(struct group *head, const char *user_id, struct group_view *ret)
{
    bool is_owner = strcmp(head->owner_id, user_id) == 0;
    const char *role = is_owner ? "owner" : head->is_admin ? "admin" : "member";

    *ret = (struct group_view){
        .group_id = TAKE(head->group_id),
        .name = TAKE(head->name),
        .description = TAKE(head->description),
        .avatar = TAKE(head->avatar),
        .join_policy = TAKE(head->join_policy),
        .owner_id = TAKE(head->owner_id),
        .role = memory_text(role),
        .member_count = head->member_count,
        .created_at = head->created_at,
    };
}

/* ---- Create */

static void add_member(struct group *group, const char *user_id, int64_t now)
{
    struct member *member = list_add(&group->members, &member_record);

    member->user_id = memory_text(user_id);
    member->role = memory_text("member");
    member->joined_at = now;
}

/* The maker, and those whom he names; himself among them is no mistake. */
static void add_members(struct group *group, const struct strings *member_ids)
{
    add_member(group, group->owner_id, group->created_at);
    for (size_t i = 0; i < member_ids->n; i++)
        if (strcmp(member_ids->items[i], group->owner_id) != 0)
            add_member(group, member_ids->items[i], group->created_at);
    group->member_count = (int64_t)group->members.n;
}

static char *text_or_null(const char *text)
{
    return text && *text ? memory_text(text) : NULL;
}

static void describe(struct group *group, const struct group_create *create, const char *owner_id)
{
    char group_id[ID_MAX];

    id_new("group_", group_id);
    group->group_id = memory_text(group_id);
    group->name = memory_text(create->name);
    group->description = text_or_null(create->description);
    group->avatar = text_or_null(create->avatar);
    group->join_policy = memory_text("open");
    group->owner_id = memory_text(owner_id);
    group->rev = 1;
    group->created_at = clock_now();
    add_members(group, &create->member_ids);
}

/* In the group's first change, and in the list of members: bots are few. */
static void note_bot(struct group *group, struct group_change *change, const char *user_id)
{
    struct member *members = group->members.items;

    strings_add(&change->bots_in, user_id);
    for (size_t i = 0; i < group->members.n; i++)
        members[i].bot |= strcmp(members[i].user_id, user_id) == 0;
}

DEFINE_RECORD_CLEANUP(struct pairs, pairs)
DEFINE_RECORD_CLEANUP(struct pair_answers, pair_answers)

/* May the owner put each of them into a group? He himself is among them, so that it is known
 * whether he is a bot. */
static enum status ask_user(struct group_state *state, const struct group *group,
                            struct pair_answers *ret, struct error *err)
{
    const struct member *members = group->members.items;
    CLEANUP(pairs_clear) struct pairs pairs = {.purpose = memory_text("invite")};

    for (size_t i = 0; i < group->members.n; i++) {
        struct pair *pair = list_add(&pairs.pairs, &pair_record);

        pair->from = memory_text(group->owner_id);
        pair->to = memory_text(members[i].user_id);
    }
    return rpc_call(state->user, RPC_USER_MAY_WRITE, &pairs_record, &pairs, &pair_answers_record,
                    ret, USER_TIMEOUT_MS, err);
}

static enum status refuse(int64_t code, struct error *err)
{
    switch (status_from_code(code)) {
    case STATUS_NOT_FOUND:
        return error_field(err, STATUS_INVALID, "member_ids",
                           "field 'member_ids' names somebody who does not exist");
    case STATUS_FORBIDDEN:
        return error_field(err, STATUS_FORBIDDEN, "member_ids",
                           "field 'member_ids' names somebody who is no friend of yours");
    case STATUS_BLOCKED:
        return error_field(err, STATUS_BLOCKED, "member_ids",
                           "field 'member_ids' names somebody who takes no invitations of yours");
    default:
        return error_set(err, STATUS_INTERNAL, "user.may_write answers %lld", (long long)code);
    }
}

static enum status check_members(struct group_state *state, struct group *group,
                                 struct group_change *change, struct error *err)
{
    const struct member *members = group->members.items;
    CLEANUP(pair_answers_clear) struct pair_answers answers = {0};
    const struct pair_answer *answer;
    enum status s = ask_user(state, group, &answers, err);

    if (s != STATUS_OK)
        return s;
    if (answers.answers.n != group->members.n)
        return error_set(err, STATUS_INTERNAL, "user.may_write does not answer for all");
    answer = answers.answers.items;
    for (size_t i = 0; i < answers.answers.n; i++) {
        if (answer[i].code != 0)
            return refuse(answer[i].code, err);
        if (answer[i].bot)
            note_bot(group, change, members[i].user_id);
    }
    return STATUS_OK;
}

/* The first change, which makes the conversation. */
static enum status add_creation(struct group_state *state, struct group *group, struct error *err)
{
    const struct member *members = group->members.items;
    struct group_change *change = list_add(&group->pending, &group_change_record);
    struct group_role *owner;

    change->group_id = memory_text(group->group_id);
    change->rev = group->rev;
    change->event = memory_text("group.created");
    change->user_id = memory_text(group->owner_id);
    change->name = memory_text(group->name);
    change->timestamp = group->created_at;
    for (size_t i = 0; i < group->members.n; i++)
        strings_add(&change->users_in, members[i].user_id);
    owner = list_add(&change->roles, &group_role_record);
    owner->user_id = memory_text(group->owner_id);
    owner->role = memory_text("owner");
    return check_members(state, group, change, err);
}

enum status handle_create(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    struct group_state *groups = state;
    const struct group_create *create = request;
    CLEANUP(group_clear) struct group group = {0};
    enum status s;

    s = group_create_check(create, err);
    if (s != STATUS_OK)
        return s;
    describe(&group, create, call->user_id);
    s = add_creation(groups, &group, err);
    if (s != STATUS_OK)
        return s;
    s = store_insert(groups->store, GROUPS, &group_record, &group, err);
    if (s != STATUS_OK)
        return s;
    s = outbox_flush(groups->outbox, group.group_id, group.rev, LOG_TIMEOUT_MS, err);
    if (s == STATUS_OK)
        show(&group, call->user_id, reply);
    return s;
}

/* ---- Read */

static void mark_adminship(struct group *groups, size_t n, const char *group_id)
{
    for (size_t i = 0; i < n; i++)
        groups[i].is_admin |= strcmp(groups[i].group_id, group_id) == 0;
}

/* In which of the n groups the user is an admin. A head has no members: they may be thousands. */
static enum status find_adminships(struct group_state *group, struct group *groups, size_t n,
                                   const char *user_id, struct error *err)
{
    struct strings ids = {0};
    struct list found = {0};
    struct group *admined;
    enum status s;

    for (size_t i = 0; i < n; i++)
        strings_add(&ids, groups[i].group_id);
    s = store_find(group->store, GROUPS, &(struct store_find){0}, &id_record, &found, err,
                   "{'_id': {'$in': %p}, 'members': {'$elemMatch': {'user_id': %s, "
                   "'role': 'admin'}}}",
                   (void *)&ids, user_id);
    admined = found.items;
    for (size_t i = 0; i < found.n; i++) {
        mark_adminship(groups, n, admined[i].group_id);
        record_clear(&id_record, &admined[i]);
    }
    free(found.items);
    strings_clear(&ids);
    return s;
}

enum status handle_get(void *state, struct call *call, const void *request, void *reply,
                       struct error *err)
{
    const struct group_path *path = request;
    CLEANUP(group_clear) struct group group = {0};
    enum status s;

    s = group_find_mine(state, path->group_id, call->user_id, &group_head_record, &group, err);
    if (s == STATUS_OK)
        s = find_adminships(state, &group, 1, call->user_id, err);
    if (s == STATUS_OK)
        show(&group, call->user_id, reply);
    return s;
}

static void heads_clear_at(struct list *heads)
{
    list_clear(heads, &group_head_record);
}

/* Newest first. The cursor is the last id that was shown. */
enum status handle_mine(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct group_state *groups = state;
    const struct group_page *page = request;
    struct group_list *list = reply;
    const struct store_find how = {.sort = "{'_id': -1}", .limit = page->limit + 1};
    CLEANUP(heads_clear) struct list heads = {0};
    enum status s;

    s = store_count(groups->store, GROUPS, TOTAL_MAX, &list->total, err, "{'members.user_id': %s}",
                    call->user_id);
    if (s == STATUS_OK)
        s = store_find(groups->store, GROUPS, &how, &group_head_record, &heads, err,
                       "{'members.user_id': %s, '_id': {'$lt': %s}}", call->user_id,
                       page->cursor && *page->cursor ? page->cursor : AFTER_IDS);
    if (s == STATUS_OK)
        s = find_adminships(groups, heads.items, heads.n, call->user_id, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < heads.n && i < (size_t)page->limit; i++)
        show(&((struct group *)heads.items)[i], call->user_id,
             list_add(&list->groups, &group_view_record));
    if (heads.n > (size_t)page->limit)
        list->next_cursor =
            memory_text(((struct group_view *)list->groups.items)[page->limit - 1].group_id);
    return STATUS_OK;
}
