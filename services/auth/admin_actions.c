/* What administrators do to accounts.
 *
 * Each asks in its filter for the role by which it was allowed, and is harmless to repeat: whoever
 * got no answer does it again. */

#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "log/log.h"

#define DETAILS_MAX 64

#define STILL "{'_id': %s, 'role': %s, 'deleted_at': {'$not': {'$gt': 0}}}"

/* What all who refuse something by it must hear of. */
#define RESTRICT "'restricted_at': %ld, 'restriction_announced': false"

static enum status check_matched(enum status s, int64_t matched, struct error *err)
{
    if (s == STATUS_OK && matched == 0)
        return error_set(err, STATUS_CONFLICT, "the account changed meanwhile: look again");
    return s;
}

/* Before and after an admin stops being one. */
static enum status keep_an_admin(struct auth_state *auth, const struct account_document *target,
                                 struct error *err)
{
    if (strcmp(target->role, ROLE_ADMIN) != 0)
        return STATUS_OK;
    return admins_check_others(auth, target->id, err);
}

/* Nobody else may have made him something else meanwhile: hence the role that it asks for. */
static void undo(struct auth_state *auth, const struct account_document *target, const char *role)
{
    struct error err;
    enum status s;

    s = store_update(auth->store, ACCOUNTS, 0, NULL, &err,
                     "[{'_id': %s, 'role': %s}, {'$set': {'role': %s, 'banned': %d, "
                     "'banned_until': %ld, 'ban_reason': %s, 'ending_at': 0, " RESTRICT
                     "}, '$inc': {'generation': 1}}]",
                     target->id, role, target->role, target->banned, target->banned_until,
                     target->ban_reason, clock_now());
    if (s != STATUS_OK)
        log_error("there may be no administrator left: start auth with ADMIN_USERNAME",
                  LOG_TEXT("user_id", target->id), LOG_TEXT("reason", err.text));
    restriction_announce(auth, target->id);
}

/* ---- Ban */

static enum status store_ban(struct auth_state *auth, const struct account_document *target,
                             const struct admin_ban *ban, struct error *err)
{
    int64_t now = clock_now();
    int64_t matched = 0;
    enum status s;

    s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                     "[" STILL
                     ", {'$set': {'banned': true, 'banned_until': %ld, 'ban_reason': %s, " RESTRICT
                     ", " ENDING "}, '$inc': {'generation': 1}}]",
                     target->id, target->role, ban->until, ban->reason, now, now, END_BANNED, "");
    return check_matched(s, matched, err);
}

static enum status run_ban(struct auth_state *auth, const struct account_document *target,
                           const void *request, void *reply, struct error *err)
{
    enum status s = keep_an_admin(auth, target, err);

    if (s == STATUS_OK)
        s = store_ban(auth, target, request, err);
    if (s != STATUS_OK)
        return s;
    s = keep_an_admin(auth, target, err);
    if (s != STATUS_OK) {
        undo(auth, target, target->role);
        return s;
    }
    s = sessions_end_all(auth, target->id, NULL, END_BANNED, err);
    restriction_announce(auth, target->id);
    return s == STATUS_OK ? admin_user_find(auth, target->id, reply, err) : s;
}

enum status handle_ban(void *state, struct call *call, const void *request, void *reply,
                       struct error *err)
{
    const struct admin_ban *ban = request;
    char details[DETAILS_MAX] = "for ever";
    const struct admin_action action = {.name = "users.ban",
                                        .right = RIGHT_USERS_BAN,
                                        .user_id = ban->user_id,
                                        .reason = ban->reason,
                                        .details = details,
                                        .run = run_ban};

    if (ban->until > 0 && ban->until <= clock_now())
        return error_field(err, STATUS_INVALID, "until", "field 'until' must be in the future");
    if (ban->until > 0)
        (void)snprintf(details, sizeof details, "until=%lld", (long long)ban->until); /* fits */
    return admin_act(state, call, &action, request, reply, err);
}

static enum status run_unban(struct auth_state *auth, const struct account_document *target,
                             const void *request, void *reply, struct error *err)
{
    int64_t matched = 0;
    enum status s;

    (void)request;
    s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                     "[" STILL
                     ", {'$set': {'banned': false, 'banned_until': 0, 'ban_reason': null}}]",
                     target->id, target->role);
    s = check_matched(s, matched, err);
    return s == STATUS_OK ? admin_user_find(auth, target->id, reply, err) : s;
}

enum status handle_unban(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    const struct admin_reason *why = request;
    const struct admin_action action = {.name = "users.unban",
                                        .right = RIGHT_USERS_BAN,
                                        .user_id = why->user_id,
                                        .reason = why->reason,
                                        .run = run_unban};

    return admin_act(state, call, &action, request, reply, err);
}

/* ---- Mute */

static enum status set_mute(struct auth_state *auth, const struct account_document *target,
                            int64_t until, const char *reason, struct admin_user *ret,
                            struct error *err)
{
    int64_t matched = 0;
    enum status s;

    s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                     "[" STILL ", {'$set': {'muted_until': %ld, 'mute_reason': %s, " RESTRICT "}}]",
                     target->id, target->role, until, reason, clock_now());
    s = check_matched(s, matched, err);
    if (s != STATUS_OK)
        return s;
    restriction_announce(auth, target->id);
    return admin_user_find(auth, target->id, ret, err);
}

static enum status run_mute(struct auth_state *auth, const struct account_document *target,
                            const void *request, void *reply, struct error *err)
{
    const struct admin_mute *mute = request;

    return set_mute(auth, target, mute->until, mute->reason, reply, err);
}

enum status handle_mute(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct admin_mute mute = *(const struct admin_mute *)request; /* points into it */
    int64_t now = clock_now();
    char details[DETAILS_MAX];
    const struct admin_action action = {.name = "users.mute",
                                        .right = RIGHT_USERS_MUTE,
                                        .user_id = mute.user_id,
                                        .reason = mute.reason,
                                        .details = details,
                                        .run = run_mute};

    if ((mute.until > 0) == (mute.seconds > 0))
        return error_field(err, STATUS_INVALID, "until",
                           "one of the fields 'until' and 'seconds' must be given");
    if (mute.seconds > 0) /* once: what the log says is what is stored */
        mute.until = now + mute.seconds * 1000;
    if (mute.until <= now)
        return error_field(err, STATUS_INVALID, "until", "field 'until' must be in the future");
    (void)snprintf(details, sizeof details, "until=%lld", (long long)mute.until); /* fits */
    return admin_act(state, call, &action, &mute, reply, err);
}

static enum status run_unmute(struct auth_state *auth, const struct account_document *target,
                              const void *request, void *reply, struct error *err)
{
    (void)request;
    return set_mute(auth, target, 0, NULL, reply, err);
}

enum status handle_unmute(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct admin_reason *why = request;
    const struct admin_action action = {.name = "users.unmute",
                                        .right = RIGHT_USERS_MUTE,
                                        .user_id = why->user_id,
                                        .reason = why->reason,
                                        .run = run_unmute};

    return admin_act(state, call, &action, request, reply, err);
}

/* ---- Log-out */

static enum status run_logout(struct auth_state *auth, const struct account_document *target,
                              const void *request, void *reply, struct error *err)
{
    int64_t matched = 0;
    enum status s;

    (void)request;
    s = store_update(auth->store, ACCOUNTS, 0, &matched, err, "[" STILL ", {'$set': {" ENDING "}}]",
                     target->id, target->role, clock_now(), END_ADMIN, "");
    s = check_matched(s, matched, err);
    if (s == STATUS_OK)
        s = sessions_end_all(auth, target->id, NULL, END_ADMIN, err);
    return s == STATUS_OK ? admin_user_find(auth, target->id, reply, err) : s;
}

enum status handle_force_logout(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    const struct admin_reason *why = request;
    const struct admin_action action = {.name = "users.logout",
                                        .right = RIGHT_USERS_LOGOUT,
                                        .user_id = why->user_id,
                                        .reason = why->reason,
                                        .to_oneself = true,
                                        .run = run_logout};

    return admin_act(state, call, &action, request, reply, err);
}

/* ---- Password */

static enum status run_password(struct auth_state *auth, const struct account_document *target,
                                const void *request, void *reply, struct error *err)
{
    const struct admin_password *wanted = request;
    CLEANUP(free) char *hash = NULL;
    int64_t matched = 0;
    enum status s;

    if (target->bot)
        return error_set(err, STATUS_FORBIDDEN, "nobody logs in as a bot");
    s = password_new(auth, target->username, wanted->new_password, "new_password", &hash, err);
    if (s == STATUS_OK)
        s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                         "[" STILL ", {'$set': {'password_hash': %s, " ENDING "}}]", target->id,
                         target->role, hash, clock_now(), END_PASSWORD, "");
    s = check_matched(s, matched, err);
    if (s == STATUS_OK)
        s = sessions_end_all(auth, target->id, NULL, END_PASSWORD, err);
    return s == STATUS_OK ? admin_user_find(auth, target->id, reply, err) : s;
}

enum status handle_reset_password(void *state, struct call *call, const void *request, void *reply,
                                  struct error *err)
{
    const struct admin_password *wanted = request;
    const struct admin_action action = {.name = "users.password",
                                        .right = RIGHT_USERS_PASSWORD,
                                        .user_id = wanted->user_id,
                                        .reason = wanted->reason,
                                        .run = run_password};

    return admin_act(state, call, &action, request, reply, err);
}

/* ---- Role */

static enum status store_role(struct auth_state *auth, const struct account_document *target,
                              const char *role, struct error *err)
{
    int64_t matched = 0;
    enum status s;

    s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                     "[" STILL ", {'$set': {'role': %s, " RESTRICT "}, '$inc': {'generation': 1}}]",
                     target->id, target->role, role, clock_now());
    return check_matched(s, matched, err);
}

static enum status run_role(struct auth_state *auth, const struct account_document *target,
                            const void *request, void *reply, struct error *err)
{
    const struct admin_role *wanted = request;
    enum status s;

    if (target->bot)
        return error_set(err, STATUS_FORBIDDEN, "a bot has no other role");
    if (strcmp(wanted->role, target->role) == 0)
        return admin_user_find(auth, target->id, reply, err);
    s = keep_an_admin(auth, target, err);
    if (s == STATUS_OK)
        s = store_role(auth, target, wanted->role, err);
    if (s != STATUS_OK)
        return s;
    s = keep_an_admin(auth, target, err);
    if (s != STATUS_OK) {
        undo(auth, target, wanted->role);
        return s;
    }
    restriction_announce(auth, target->id);
    return admin_user_find(auth, target->id, reply, err);
}

enum status handle_set_role(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    const struct admin_role *wanted = request;
    char details[DETAILS_MAX];
    const struct admin_action action = {.name = "users.role",
                                        .right = RIGHT_USERS_ROLE,
                                        .user_id = wanted->user_id,
                                        .reason = wanted->reason,
                                        .details = details,
                                        .run = run_role};

    if (role_rank(wanted->role) < 0)
        return error_field(err, STATUS_INVALID, "role",
                           "field 'role' must be user, moderator or admin");
    (void)snprintf(details, sizeof details, "role=%s", wanted->role); /* fits: it is one of ours */
    return admin_act(state, call, &action, request, reply, err);
}
