#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "user.h"

#define USERS "users"

/* "~" comes after every character of a username, so the names that begin with a prefix are those
 * from it up to it and "~". */
#define AFTER_USERNAMES "~"

/* Counting goes no further: nobody pages through more by hand. */
#define TOTAL_MAX 10000

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
        .bot = profile->bot,
        .created_at = profile->created_at,
    };
}

static void show(struct user_own *profile, struct user_profile *ret)
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
        .created_at = profile->created_at,
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
static enum status apply(struct user_state *user, const char *user_id,
                         const struct user_change *change, struct error *err)
{
    return store_update(user->store, USERS, 0, NULL, err,
                        "[{'_id': %s}, [{'$set': {"
                        "'nickname': {'$ifNull': [{'$literal': %s}, '$nickname']},"
                        "'avatar': {'$ifNull': [{'$literal': %s}, '$avatar']},"
                        "'bio': {'$ifNull': [{'$literal': %s}, '$bio']},"
                        "'gender': {'$ifNull': [{'$literal': %s}, '$gender']},"
                        "'birthday': {'$ifNull': [{'$literal': %s}, '$birthday']},"
                        "'region': {'$ifNull': [{'$literal': %s}, '$region']},"
                        "'email': {'$ifNull': [{'$literal': %s}, '$email']}}}]]",
                        user_id, change->nickname, change->avatar, change->bio, change->gender,
                        change->birthday, change->region, change->email);
}

enum status handle_change(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    CLEANUP(user_own_clear) struct user_own profile = {0};
    struct user_state *user = state;
    enum status s;

    s = user_change_check(request, clock_now(), err);
    if (s != STATUS_OK)
        return s;
    s = profile_find(user, call->user_id, &profile, err); /* makes it if need be */
    if (s != STATUS_OK)
        return s;
    s = apply(user, call->user_id, request, err);
    if (s != STATUS_OK)
        return s;
    return handle_me(state, call, NULL, reply, err);
}

enum status handle_person(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct user_path *path = request;
    CLEANUP(user_own_clear) struct user_own profile = {0};
    enum status s;

    (void)call;
    s = profile_find(state, path->user_id, &profile, err);
    if (s == STATUS_OK)
        show(&profile, reply);
    return s;
}

/* ---- Search */

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static enum status find_named(struct user_state *user, const char *prefix,
                              const struct user_search *search, struct user_list *ret,
                              struct error *err)
{
    CLEANUP(profiles_clear) struct list found = {0};
    const struct store_find how = {.sort = "{'username': 1}", .limit = search->limit + 1};
    CLEANUP(buffer_clear) struct buffer end = {0};
    enum status s;

    buffer_printf(&end, "%s" AFTER_USERNAMES, prefix);
    s = store_count(user->store, USERS, TOTAL_MAX, &ret->total, err,
                    "{'username': {'$gte': %s, '$lt': %s}}", prefix, buffer_text(&end));
    if (s == STATUS_OK)
        s = store_find(user->store, USERS, &how, &profile_record, &found, err,
                       "{'username': {'$gte': %s, '$lt': %s, '$gt': %s}}", prefix,
                       buffer_text(&end), search->cursor ? search->cursor : "");
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < found.n && i < (size_t)search->limit; i++)
        show(&((struct user_own *)found.items)[i], list_add(&ret->users, &user_profile_record));
    if (found.n > (size_t)search->limit)
        ret->next_cursor =
            memory_text(((struct user_profile *)ret->users.items)[search->limit - 1].username);
    return STATUS_OK;
}

enum status handle_search(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct user_search *search = request;
    CLEANUP(free) char *prefix = memory_text(search->query);
    struct user_state *user = state;
    int64_t known;
    enum status s;

    (void)call;
    if (strlen(prefix) > USERNAME_MAX || strspn(prefix, USERNAME_ALPHABET) != strlen(prefix))
        return STATUS_OK; /* nobody's name begins so */
    lower(prefix);
    s = store_count(user->store, USERS, 1, &known, err, "{'username': %s}", prefix);
    if (s != STATUS_OK)
        return s;
    /* Someone who was never seen here is found by his whole name. */
    if (known == 0 && !search->cursor && strlen(prefix) >= USERNAME_MIN) {
        s = profile_make_named(user, prefix, err);
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return s;
    }
    return find_named(user, prefix, search, reply, err);
}
