#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "fold/fold.h"
#include "search.h"
#include "user.h"

#define VISIBILITY_CHANGES_MAX 10 /* in the window, of one user */
#define VISIBILITY_WINDOW_S 60

/* What somebody removed is as if it had never been there. */
static char *shown(char **text)
{
    if (*text && !**text) {
        free(*text);
        *text = NULL;
    }
    return TAKE(*text);
}

/* Moves the texts out of profile. */
static void show_own(struct user_own *profile, struct user_own *ret)
{
    *ret = (struct user_own){
        .user_id = TAKE(profile->user_id),
        .username = TAKE(profile->username),
        .nickname = TAKE(profile->nickname),
        .avatar = shown(&profile->avatar),
        .bio = shown(&profile->bio),
        .gender = shown(&profile->gender),
        .birthday = shown(&profile->birthday),
        .region = shown(&profile->region),
        .email = shown(&profile->email),
        .invisible = profile->invisible,
        .bot = profile->bot,
        .created_at = profile->created_at,
    };
}

void profile_show(struct user_own *profile, bool is_friend, struct user_profile *ret)
{
    *ret = (struct user_profile){
        .user_id = TAKE(profile->user_id),
        .username = TAKE(profile->username),
        .nickname = TAKE(profile->nickname),
        .avatar = shown(&profile->avatar),
        .bio = shown(&profile->bio),
        .gender = shown(&profile->gender),
        .birthday = shown(&profile->birthday),
        .region = shown(&profile->region),
        .bot = profile->bot,
        .deleted = profile->deleted,
        .created_at = profile->created_at,
        .is_your_friend = is_friend,
    };
}

enum status handle_me(void *state, struct call *call, const void *request, void *reply,
                      struct error *err)
{
    CLEANUP(user_own_clear) struct user_own profile = {0};
    enum status s;

    (void)request;
    s = profile_find(state, call->user_id, &profile, err);
    if (s == STATUS_OK)
        show_own(&profile, reply);
    return s;
}

/* One update, so that two devices that change different fields at once both succeed: an absent
 * field takes the value that is there. $literal, because a text may begin with "$". */
static enum status apply(struct user_state *user, const struct user_own *profile,
                         const struct user_change *change, struct error *err)
{
    CLEANUP(free) char *key = fold_name(change->nickname);
    int64_t n = 0;
    enum status s;

    s = store_update(user->store, USERS, 0, &n, err,
                     "[{'_id': %s, 'deleted': {'$ne': true}}, [{'$set': {"
                     "'nickname': {'$ifNull': [{'$literal': %s}, '$nickname']},"
                     "'nickname_key': {'$ifNull': [{'$literal': %s}, '$nickname_key']},"
                     "'nickname_common': {'$cond': [%d, %ld, '$nickname_common']},"
                     "'avatar': {'$ifNull': [{'$literal': %s}, '$avatar']},"
                     "'bio': {'$ifNull': [{'$literal': %s}, '$bio']},"
                     "'gender': {'$ifNull': [{'$literal': %s}, '$gender']},"
                     "'birthday': {'$ifNull': [{'$literal': %s}, '$birthday']},"
                     "'region': {'$ifNull': [{'$literal': %s}, '$region']},"
                     "'email': {'$ifNull': [{'$literal': %s}, '$email']}}}]]",
                     profile->user_id, change->nickname, key, key != NULL,
                     key ? search_common(profile->username, key) : 0, change->avatar, change->bio,
                     change->gender, change->birthday, change->region, change->email);
    if (s == STATUS_OK && n == 0)
        return error_set(err, STATUS_NOT_FOUND, "no such user");
    return s;
}

/* auth first, which answers it at the log-in: if we die in between, others see the old nickname
 * until he repeats what was never confirmed to him. */
static enum status rename_account(struct user_state *user, const char *user_id,
                                  const char *nickname, struct error *err)
{
    const struct account_rename rename = {.user_id = (char *)user_id, .nickname = (char *)nickname};
    struct nothing nothing = {0};
    enum status s;

    s = rpc_call(user->auth, RPC_AUTH_RENAME, &account_rename_record, &rename, &nothing_record,
                 &nothing, ANSWER_MS, err);
    record_clear(&nothing_record, &nothing);
    return s;
}

/* Each change is told to every friend who is here. While Redis is away nobody counts. */
static enum status check_pace(struct user_state *user, struct call *call, struct error *err)
{
    char key[ID_MAX + 16];
    int64_t n = 0;
    int64_t ttl_s = 0;

    (void)snprintf(key, sizeof key, "invisible:%s", call->user_id); /* an id: fits */
    if (cache_count(user->cache, key, VISIBILITY_WINDOW_S, &n, &ttl_s, NULL) != STATUS_OK ||
        n <= VISIBILITY_CHANGES_MAX)
        return STATUS_OK;
    http_set_retry_after(call, ttl_s > 0 ? ttl_s : VISIBILITY_WINDOW_S);
    return error_field(err, STATUS_TOO_FAST, "invisible",
                       "field 'invisible' changes too often: wait a minute");
}

/* An update of its own: of two devices that change it at once, only it knows who did. */
static enum status set_invisible(struct user_state *user, const char *user_id, bool invisible,
                                 bool *ret_changed, struct error *err)
{
    int64_t n = 0;
    enum status s = store_update(user->store, USERS, 0, &n, err,
                                 "[{'_id': %s, 'deleted': {'$ne': true}, 'invisible': {'$in': [%d, "
                                 "null]}}, {'$set': {'invisible': %d}}]",
                                 user_id, !invisible, invisible);

    *ret_changed = n > 0;
    return s;
}

/* What is stored in the end is what friends are told last, whoever changes it beside us. */
static void tell_visibility(struct user_state *user, const char *user_id, bool invisible)
{
    for (int i = 0; i < VISIBILITY_CHANGES_MAX; i++) {
        CLEANUP(user_own_clear) struct user_own profile = {0};

        presence_visibility_changed(user, user_id, invisible);
        if (profile_find(user, user_id, &profile, NULL) != STATUS_OK ||
            profile.invisible == invisible)
            return;
        invisible = profile.invisible;
    }
}

enum status handle_change(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    CLEANUP(user_own_clear) struct user_own profile = {0};
    const struct user_change *change = request;
    struct user_state *user = state;
    bool is_seen_to_change = false;
    enum status s;

    s = user_change_check(change, clock_now(), err);
    if (s == STATUS_OK)
        s = profile_find(user, call->user_id, &profile, err); /* makes it if need be */
    if (s == STATUS_OK && change->invisible.is_set && change->invisible.value != profile.invisible)
        s = check_pace(user, call, err);
    if (s == STATUS_OK && change->avatar)
        s = avatar_keep(user, &profile, change->avatar, err);
    if (s == STATUS_OK && change->nickname)
        s = rename_account(user, call->user_id, change->nickname, err);
    if (s == STATUS_OK)
        s = apply(user, &profile, change, err);
    if (s == STATUS_OK && change->invisible.is_set)
        s = set_invisible(user, call->user_id, change->invisible.value, &is_seen_to_change, err);
    if (s != STATUS_OK)
        return s;
    /* Not when it was so before: it would tell that somebody invisible is here. */
    if (is_seen_to_change)
        tell_visibility(user, call->user_id, change->invisible.value);
    return handle_me(state, call, NULL, reply, err);
}

enum status handle_person(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct user_path *path = request;
    CLEANUP(user_own_clear) struct user_own profile = {0};
    const struct strings one = {.items = (char **)&path->user_id, .n = 1};
    bool is_friend = false;
    enum status s;

    s = profile_find(state, path->user_id, &profile, err);
    if (s == STATUS_OK)
        s = relations_friends_among(state, call->user_id, &one, &is_friend, err);
    if (s == STATUS_OK)
        profile_show(&profile, is_friend, reply);
    return s;
}
