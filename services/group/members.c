#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "base/clock.h"
#include "base/memory.h"

/* ---- Join */

static enum status commit_join(struct attempt *attempt, const struct group *head, struct error *err)
{
    char *user_id = (char *)attempt->user_id;
    struct strings in = {.items = &user_id, .n = 1};
    struct strings none = {0};
    int64_t now = clock_now();
    int64_t matched = 0;
    enum status s;

    s = store_update(
        attempt->state->store, GROUPS, 0, &matched, err,
        "[{'_id': %s, 'rev': %ld, 'members.user_id': {'$ne': %s}, 'pending.63': {'$exists': false}},"
        " {'$set': {'rev': %ld}, '$inc': {'member_count': 1}, '$push': {"
        "'members': {'user_id': %s, 'role': 'member', 'joined_at': %ld, 'bot': %d},"
        "'pending': {'group_id': %s, 'rev': %ld, 'event': 'group.joined', 'user_id': %s,"
        " 'name': %s, 'users_in': %p, 'users_out': [], 'bots_in': %p, 'timestamp': %ld}}}]",
        head->group_id, head->rev, user_id, head->rev + 1, user_id, now, attempt->is_bot,
        head->group_id, head->rev + 1, user_id, head->name, (void *)&in,
        (void *)(attempt->is_bot ? &in : &none), now);
    attempt->is_late = matched == 0;
    attempt->rev = head->rev + (matched ? 1 : 0);
    return s;
}

static enum status try_join(struct attempt *attempt, struct error *err)
{
    CLEANUP(group_clear) struct group head = {0};
    struct store *store = attempt->state->store;
    int64_t is_member = 0;
    enum status s;

    s = store_find_one(store, GROUPS, &group_head_record, &head, err,
                       "{'_id': %s, 'member_count': {'$gt': 0}}", attempt->group_id);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "no such group");
    if (s == STATUS_OK)
        s = store_count(store, GROUPS, 1, &is_member, err, "{'_id': %s, 'members.user_id': %s}",
                        attempt->group_id, attempt->user_id);
    if (s != STATUS_OK)
        return s;
    if (is_member) {
        attempt->rev = head.rev; /* perhaps his joining still waits for the log */
        return STATUS_OK;
    }
    if (head.member_count >= GROUP_MEMBERS_MAX)
        return error_set(err, STATUS_FORBIDDEN, "the group is full");
    return commit_join(attempt, &head, err);
}

enum status handle_join(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    const struct group_path *path = request;
    struct attempt attempt = {.state = state, .group_id = path->group_id, .user_id = call->user_id};
    CLEANUP(accounts_clear) struct accounts accounts = {0};
    char *user_id = call->user_id;
    const struct strings one = {.items = &user_id, .n = 1};
    enum status s;

    s = group_find_accounts(state, &one, &accounts, err);
    if (s != STATUS_OK)
        return s;
    attempt.is_bot = accounts.accounts.n > 0 && ((struct account *)accounts.accounts.items)->bot;
    s = attempt_run(&attempt, try_join, err);
    if (s != STATUS_OK)
        return s;
    return handle_get(state, call, request, reply, err);
}

/* ---- Leave */

/* People come before bots, admins before others, who joined first before who came later. */
static bool is_before(const struct member *a, const struct member *b)
{
    bool a_is_admin = strcmp(a->role, "admin") == 0;
    bool b_is_admin = strcmp(b->role, "admin") == 0;

    if (a->bot != b->bot)
        return b->bot;
    if (a_is_admin != b_is_admin)
        return a_is_admin;
    return a->joined_at < b->joined_at;
}

const struct member *members_successor(const struct group *group)
{
    const struct member *members = group->members.items;
    const struct member *best = NULL;

    for (size_t i = 0; i < group->members.n; i++)
        if (strcmp(members[i].user_id, group->owner_id) != 0 &&
            (!best || is_before(&members[i], best)))
            best = &members[i];
    return best;
}

/* A group whose last member left keeps its owner's name and has no members: it is dissolved. */
static enum status commit_leave(struct attempt *attempt, const struct group *head,
                                struct error *err)
{
    char *user_id = (char *)attempt->user_id;
    struct strings out = {.items = &user_id, .n = 1};
    int64_t matched = 0;
    enum status s;

    s = store_update(
        attempt->state->store, GROUPS, 0, &matched, err,
        "[{'_id': %s, 'rev': %ld, 'members.user_id': %s, 'pending.63': {'$exists': false}},"
        " {'$set': {'rev': %ld}, '$inc': {'member_count': -1},"
        " '$pull': {'members': {'user_id': %s}}, '$push': {"
        "'pending': {'group_id': %s, 'rev': %ld, 'event': 'group.left', 'user_id': %s,"
        " 'name': %s, 'users_in': [], 'users_out': %p, 'bots_in': [],"
        " 'timestamp': %ld}}}]",
        head->group_id, head->rev, user_id, head->rev + 1, user_id, head->group_id, head->rev + 1,
        user_id, head->name, (void *)&out, clock_now());
    attempt->is_late = matched == 0;
    attempt->rev = head->rev + (matched ? 1 : 0);
    return s;
}

/* The same, and the group passes to owner_id. */
static enum status commit_owner_leave(struct attempt *attempt, const struct group *head,
                                      const char *owner_id, struct error *err)
{
    char *user_id = (char *)attempt->user_id;
    struct strings out = {.items = &user_id, .n = 1};
    int64_t matched = 0;
    enum status s;

    s = store_update(
        attempt->state->store, GROUPS, 0, &matched, err,
        "[{'_id': %s, 'rev': %ld, 'members.user_id': %s, 'pending.63': {'$exists': false}},"
        " {'$set': {'rev': %ld, 'owner_id': %s}, '$inc': {'member_count': -1},"
        " '$pull': {'members': {'user_id': %s}}, '$push': {"
        "'pending': {'group_id': %s, 'rev': %ld, 'event': 'group.left', 'user_id': %s,"
        " 'name': %s, 'users_in': [], 'users_out': %p, 'bots_in': [],"
        " 'roles': [{'user_id': %s, 'role': 'owner'}], 'timestamp': %ld}}}]",
        head->group_id, head->rev, user_id, head->rev + 1, owner_id, user_id, head->group_id,
        head->rev + 1, user_id, head->name, (void *)&out, owner_id, clock_now());
    attempt->is_late = matched == 0;
    attempt->rev = head->rev + (matched ? 1 : 0);
    return s;
}

static enum status try_leave(struct attempt *attempt, struct error *err)
{
    CLEANUP(group_clear) struct group head = {0};
    CLEANUP(group_clear) struct group members = {0};
    const struct member *successor;
    enum status s;

    s = group_find_mine(attempt->state, attempt->group_id, attempt->user_id, &group_head_record,
                        &head, err);
    if (s != STATUS_OK)
        return s;
    if (strcmp(head.owner_id, attempt->user_id) != 0)
        return commit_leave(attempt, &head, err);
    s = group_find_mine(attempt->state, attempt->group_id, attempt->user_id, &group_members_record,
                        &members, err);
    if (s != STATUS_OK)
        return s;
    successor = members_successor(&members); /* of another rev? Then the commit finds nothing */
    if (!successor)
        return commit_leave(attempt, &head, err);
    return commit_owner_leave(attempt, &head, successor->user_id, err);
}

enum status member_leave(struct group_state *group, const char *group_id, const char *user_id,
                         struct error *err)
{
    struct attempt attempt = {.state = group, .group_id = group_id, .user_id = user_id};

    return attempt_run(&attempt, try_leave, err);
}

enum status handle_leave(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    const struct group_path *path = request;

    (void)reply;
    return member_leave(state, path->group_id, call->user_id, err);
}

/* ---- List */

static int compare_joined(int64_t joined_at, const char *user_id, const struct member *b)
{
    if (joined_at != b->joined_at)
        return joined_at < b->joined_at ? -1 : 1;
    return strcmp(user_id, b->user_id);
}

static int compare_members(const void *a, const void *b)
{
    const struct member *member = a;

    return compare_joined(member->joined_at, member->user_id, b);
}

/* "<joined_at>-<user_id>" of the last one shown: it stays good when he leaves. NULL: the start.
 * *ret is the first index after it. */
static enum status find_start(const struct group *group, const char *cursor, size_t *ret,
                              struct error *err)
{
    const struct member *members = group->members.items;
    int64_t joined_at;
    char *end;
    size_t i = 0;

    *ret = 0;
    if (!cursor || !*cursor)
        return STATUS_OK;
    joined_at = strtoll(cursor, &end, 10);
    if (end == cursor || *end != '-')
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    while (i < group->members.n && compare_joined(joined_at, end + 1, &members[i]) >= 0)
        i++;
    *ret = i;
    return STATUS_OK;
}

static const struct account *find_account(const struct accounts *accounts, const char *user_id)
{
    const struct account *items = accounts->accounts.items;

    for (size_t i = 0; i < accounts->accounts.n; i++)
        if (strcmp(items[i].user_id, user_id) == 0)
            return &items[i];
    return NULL;
}

static void show(const struct group *group, const struct member *member,
                 const struct account *account, struct group_member_view *ret)
{
    bool is_owner = strcmp(member->user_id, group->owner_id) == 0;

    ret->user_id = memory_text(member->user_id);
    ret->username = memory_text(account ? account->username : "");
    ret->nickname = memory_text(account ? account->nickname : "");
    ret->role = memory_text(is_owner ? "owner" : member->role);
    ret->joined_at = member->joined_at;
}

DEFINE_RECORD_CLEANUP(struct user_ids, user_ids)

static enum status show_page(struct group_state *state, const struct group *group, size_t start,
                             size_t end, struct group_member_list *ret, struct error *err)
{
    const struct member *members = group->members.items;
    CLEANUP(accounts_clear) struct accounts accounts = {0};
    CLEANUP(user_ids_clear) struct user_ids ids = {0};
    enum status s;

    for (size_t i = start; i < end; i++)
        strings_add(&ids.user_ids, members[i].user_id);
    s = group_find_accounts(state, &ids.user_ids, &accounts, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = start; i < end; i++)
        show(group, &members[i], find_account(&accounts, members[i].user_id),
             list_add(&ret->members, &group_member_view_record));
    return STATUS_OK;
}

enum status member_show(struct group_state *group, const struct group *members, const char *user_id,
                        struct group_member_view *ret, struct error *err)
{
    const struct member *items = members->members.items;
    struct group_member_list list = {0};
    enum status s = STATUS_OK;
    size_t i = 0;

    while (i < members->members.n && strcmp(items[i].user_id, user_id) != 0)
        i++;
    if (i == members->members.n)
        return error_field(err, STATUS_NOT_FOUND, "user_id",
                           "field 'user_id' names no member of the group");
    s = show_page(group, members, i, i + 1, &list, err);
    if (s == STATUS_OK)
        record_copy(&group_member_view_record, list.members.items, ret);
    record_clear(&group_member_list_record, &list);
    return s;
}

static char *cursor_after(const struct member *member)
{
    struct buffer cursor = {0};

    buffer_printf(&cursor, "%lld-%s", (long long)member->joined_at, member->user_id);
    return buffer_take(&cursor);
}

enum status handle_members(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    const struct group_members_page *page = request;
    struct group_member_list *list = reply;
    CLEANUP(group_clear) struct group group = {0};
    const struct member *members;
    size_t start, end;
    enum status s;

    s = group_find_mine(state, page->group_id, call->user_id, &group_members_record, &group, err);
    if (s != STATUS_OK)
        return s;
    members = group.members.items;
    qsort(group.members.items, group.members.n, sizeof *members, compare_members);
    s = find_start(&group, page->cursor, &start, err);
    if (s != STATUS_OK)
        return s;
    end = start + (size_t)page->limit;
    if (end < group.members.n)
        list->next_cursor = cursor_after(&members[end - 1]);
    else
        end = group.members.n;
    list->total = group.member_count;
    return start < end ? show_page(state, &group, start, end, list, err) : STATUS_OK;
}
