/* Who may do what in a group: the owner makes admins, and passes the group on. */

#include <string.h>

#include "attempt.h"
#include "base/clock.h"

static const struct member *find_member(const struct group *group, const char *user_id)
{
    const struct member *members = group->members.items;

    for (size_t i = 0; i < group->members.n; i++)
        if (strcmp(members[i].user_id, user_id) == 0)
            return &members[i];
    return NULL;
}

/* The group's name goes into its log with each change. */
static enum status load(const struct attempt *attempt, struct group *ret_head,
                        struct group *ret_members, struct error *err)
{
    enum status s = group_find_mine(attempt->state, attempt->group_id, attempt->user_id,
                                    &group_head_record, ret_head, err);

    if (s == STATUS_OK)
        s = group_find_mine(attempt->state, attempt->group_id, attempt->user_id,
                            &group_members_record, ret_members, err);
    return s;
}

static enum status check(const struct attempt *attempt, const struct group *members,
                         struct error *err)
{
    if (strcmp(members->owner_id, attempt->user_id) != 0)
        return error_set(err, STATUS_FORBIDDEN, "only the group's owner may do that");
    if (!find_member(members, attempt->other_id))
        return error_field(err, STATUS_NOT_FOUND, "user_id",
                           "field 'user_id' names no member of the group");
    return STATUS_OK;
}

/* head of another rev than what was judged by? Then the commit finds nothing. */
static enum status settle(struct attempt *attempt, const struct group *members, int64_t matched,
                          enum status s)
{
    attempt->is_late = matched == 0;
    attempt->rev = members->rev + (matched ? 1 : 0);
    return s;
}

/* ---- Admins */

static enum status try_role(struct attempt *attempt, struct error *err)
{
    CLEANUP(group_clear) struct group head = {0};
    CLEANUP(group_clear) struct group members = {0};
    int64_t matched = 0;
    enum status s = load(attempt, &head, &members, err);

    if (s == STATUS_OK)
        s = check(attempt, &members, err);
    if (s != STATUS_OK)
        return s;
    if (strcmp(attempt->other_id, members.owner_id) == 0)
        return error_field(err, STATUS_FORBIDDEN, "user_id",
                           "field 'user_id' names the owner: pass the group on first");
    attempt->rev = members.rev; /* perhaps it still waits for the log */
    if (strcmp(find_member(&members, attempt->other_id)->role, attempt->role) == 0)
        return STATUS_OK;
    s = store_update(
        attempt->state->store, GROUPS, 0, &matched, err,
        "[{'_id': %s, 'rev': %ld, 'members.user_id': %s, 'pending.63': {'$exists': false}},"
        " {'$set': {'rev': %ld, 'members.$.role': %s}, '$push': {"
        "'pending': {'group_id': %s, 'rev': %ld, 'event': 'group.role', 'user_id': %s,"
        " 'name': %s, 'users_in': [], 'users_out': [], 'bots_in': [],"
        " 'roles': [{'user_id': %s, 'role': %s}], 'timestamp': %ld}}}]",
        attempt->group_id, members.rev, attempt->other_id, members.rev + 1, attempt->role,
        attempt->group_id, members.rev + 1, attempt->user_id, head.name, attempt->other_id,
        attempt->role, clock_now());
    return settle(attempt, &members, matched, s);
}

enum status handle_role(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct group_state *group = state;
    const struct group_role_change *change = request;
    CLEANUP(group_clear) struct group members = {0};
    struct attempt attempt = {.state = group,
                              .group_id = change->group_id,
                              .user_id = call->user_id,
                              .other_id = change->user_id,
                              .role = change->role};
    enum status s;

    if (strcmp(change->role, "admin") != 0 && strcmp(change->role, "member") != 0)
        return error_field(err, STATUS_INVALID, "role", "field 'role' must be admin or member");
    s = attempt_run(&attempt, try_role, err);
    if (s == STATUS_OK)
        s = group_find_mine(group, change->group_id, call->user_id, &group_members_record, &members,
                            err);
    return s == STATUS_OK ? member_show(group, &members, change->user_id, reply, err) : s;
}

/* ---- The owner */

/* Who owned it is an admin from then on: he made the group what it is. His entry is the one that
 * the filter finds; nobody reads the new owner's role there while he is it. */
static enum status try_transfer(struct attempt *attempt, struct error *err)
{
    CLEANUP(group_clear) struct group head = {0};
    CLEANUP(group_clear) struct group members = {0};
    int64_t matched = 0;
    enum status s = load(attempt, &head, &members, err);

    if (s != STATUS_OK)
        return s;
    attempt->rev = members.rev;
    if (strcmp(attempt->other_id, members.owner_id) == 0)
        return STATUS_OK; /* whoever asks: perhaps it was he who passed it on, and heard no answer */
    s = check(attempt, &members, err);
    if (s != STATUS_OK)
        return s;
    if (find_member(&members, attempt->other_id)->bot)
        return error_field(err, STATUS_FORBIDDEN, "user_id",
                           "field 'user_id' names a bot, which cannot own a group");
    s = store_update(
        attempt->state->store, GROUPS, 0, &matched, err,
        "[{'_id': %s, 'rev': %ld, 'members.user_id': %s, 'pending.63': {'$exists': false}},"
        " {'$set': {'rev': %ld, 'owner_id': %s, 'members.$.role': 'admin'}, '$push': {"
        "'pending': {'group_id': %s, 'rev': %ld, 'event': 'group.role', 'user_id': %s,"
        " 'name': %s, 'users_in': [], 'users_out': [], 'bots_in': [],"
        " 'roles': [{'user_id': %s, 'role': 'owner'}, {'user_id': %s, 'role': 'admin'}],"
        " 'timestamp': %ld}}}]",
        attempt->group_id, members.rev, attempt->user_id, members.rev + 1, attempt->other_id,
        attempt->group_id, members.rev + 1, attempt->user_id, head.name, attempt->other_id,
        attempt->user_id, clock_now());
    return settle(attempt, &members, matched, s);
}

enum status handle_transfer(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    const struct group_transfer *transfer = request;
    const struct group_path path = {.group_id = transfer->group_id};
    struct attempt attempt = {.state = state,
                              .group_id = transfer->group_id,
                              .user_id = call->user_id,
                              .other_id = transfer->user_id};
    enum status s = attempt_run(&attempt, try_transfer, err);

    return s == STATUS_OK ? handle_get(state, call, &path, reply, err) : s;
}
