/* One way for everything that administrators do: logged, judged, done, and logged when it failed. */

#include "admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "wire/shown.h"

bool admin_outranks(const char *actor_role, const char *target_role)
{
    return strcmp(actor_role, ROLE_ADMIN) == 0 || role_rank(actor_role) > role_rank(target_role);
}

enum status admins_check_others(struct auth_state *auth, const char *user_id, struct error *err)
{
    int64_t now = clock_now();
    int64_t n = 0;
    enum status s;

    s = store_count(auth->store, ACCOUNTS, 1, &n, err,
                    "{'role': %s, '_id': {'$ne': %s}, 'deleted_at': {'$not': {'$gt': 0}}, '$or': "
                    "[{'banned': {'$ne': true}}, {'banned_until': {'$gt': 0, '$lte': %ld}}]}",
                    ROLE_ADMIN, user_id, now);
    if (s == STATUS_OK && n == 0)
        return error_set(err, STATUS_CONFLICT, "this is the last administrator");
    return s;
}

static enum status find_actor(struct auth_state *auth, const struct call *call,
                              struct account_document *ret, struct error *err)
{
    enum status s = account_find(auth, call->user_id, ret, err);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNAUTHENTICATED, "your account is gone");
    return s;
}

static void fill_entry(const struct call *call, const struct account_document *actor,
                       const struct account_document *target, const struct admin_action *action,
                       struct audit_entry *ret)
{
    ret->actor_id = memory_text(actor->id);
    ret->actor_username = memory_text(actor->username);
    ret->actor_role = memory_text(actor->role);
    ret->action = memory_text(action->name);
    ret->target_id = memory_text(target->id);
    ret->target_username = memory_text(target->username);
    ret->reason = memory_text(action->reason);
    ret->details = memory_text(action->details);
    ret->address = memory_text(call->address);
    ret->request_id = memory_text(call->request_id);
}

/* A token may be a second older than the role that is stored. */
static enum status judge(const struct account_document *actor,
                         const struct account_document *target, const struct admin_action *action,
                         struct error *err)
{
    bool is_oneself = strcmp(actor->id, target->id) == 0;

    if (!role_has(actor->role, action->right) || account_is_banned(actor, clock_now()) ||
        actor->deleted_at > 0)
        return error_set(err, STATUS_FORBIDDEN, "your role does not have the right %s",
                         right_name(action->right));
    if (is_oneself && !action->to_oneself)
        return error_set(err, STATUS_FORBIDDEN, "nobody does this to himself");
    if (!is_oneself && !admin_outranks(actor->role, target->role))
        return error_set(err, STATUS_FORBIDDEN, "this user's role is not below yours");
    if (target->deleted_at > 0 && !action->to_the_gone)
        return error_set(err, STATUS_CONFLICT, "the account is deleted");
    return STATUS_OK;
}

enum status admin_act(struct auth_state *auth, struct call *call, const struct admin_action *action,
                      const void *request, void *reply, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document target = {0};
    enum status s = account_find(auth, action->user_id, &target, err);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no such user");
    return s == STATUS_OK ? admin_act_on(auth, call, action, &target, request, reply, err) : s;
}

enum status admin_act_on(struct auth_state *auth, struct call *call,
                         const struct admin_action *action, const struct account_document *target,
                         const void *request, void *reply, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document actor = {0};
    CLEANUP(audit_entry_clear) struct audit_entry entry = {0};
    enum status s;

    s = shown_check_line(action->reason, "reason", err);
    if (s == STATUS_OK)
        s = find_actor(auth, call, &actor, err);
    if (s != STATUS_OK)
        return s;
    fill_entry(call, &actor, target, action, &entry);
    s = audit_announce(auth, &entry, err);
    if (s != STATUS_OK)
        return s;
    s = judge(&actor, target, action, err);
    if (s == STATUS_OK)
        s = action->run(auth, target, request, reply, err);
    if (s != STATUS_OK)
        audit_fail(auth, &entry, err);
    return s;
}
