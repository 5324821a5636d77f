#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "user.h"

#define USERS "users"

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

DEFINE_RECORD_CLEANUP(struct account_page, account_page)

/* Names are auth's, so it says who there is: someone who was never seen here is found too. One
 * more than the page tells whether there is another; the cursor is the last name shown. */
enum status handle_search(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct user_search *search = request;
    struct user_list *list = reply;
    CLEANUP(free) char *prefix = memory_text(search->query);
    CLEANUP(profiles_clear) struct list profiles = {0};
    CLEANUP(account_page_clear) struct account_page page = {0};
    const struct account_search question = {
        .prefix = prefix, .after = search->cursor, .limit = search->limit + 1};
    struct account *accounts;
    enum status s;

    (void)call;
    if (strlen(prefix) > USERNAME_MAX || strspn(prefix, USERNAME_ALPHABET) != strlen(prefix))
        return STATUS_OK; /* nobody's name begins so */
    lower(prefix);
    s = profiles_search(state, &question, &page, &profiles, err);
    if (s != STATUS_OK)
        return s;
    accounts = page.accounts.items;
    list->total = page.total;
    for (size_t i = 0; i < page.accounts.n && i < (size_t)search->limit; i++) {
        CLEANUP(user_own_clear) struct user_own profile = {0};

        record_copy(&profile_record, profiles_get(&profiles, accounts[i].user_id), &profile);
        show(&profile, list_add(&list->users, &user_profile_record));
    }
    if (page.accounts.n > (size_t)search->limit)
        list->next_cursor = memory_text(accounts[search->limit - 1].username);
    return STATUS_OK;
}
