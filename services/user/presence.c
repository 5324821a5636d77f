#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cache/presence.h"
#include "log/log.h"
#include "presence_tell.h"
#include "user.h"

#define USERS "users"

/* What is read of a profile. */
static const struct field fields[] = {
    FIELD_NAMED(struct presence_profile, user_id, "_id"),
    FIELD(struct presence_profile, invisible),
    FIELD(struct presence_profile, last_seen),
};
static const struct record presence_profile_record =
    RECORD("user.presence_profile", struct presence_profile, fields);

static int by_user(const void *a, const void *b)
{
    return strcmp(((const struct presence_profile *)a)->user_id,
                  ((const struct presence_profile *)b)->user_id);
}

enum status presence_profiles(struct user_state *user, const struct strings *user_ids,
                              struct list *ret, struct error *err)
{
    enum status s =
        store_find(user->store, USERS, &(struct store_find){0}, &presence_profile_record, ret, err,
                   "{'_id': {'$in': %p}}", (const void *)user_ids);

    if (ret->n > 1)
        qsort(ret->items, ret->n, sizeof(struct presence_profile), by_user);
    return s;
}

const struct presence_profile *presence_profile_get(const struct list *profiles,
                                                    const char *user_id)
{
    const struct presence_profile key = {.user_id = (char *)user_id};

    if (profiles->n == 0)
        return NULL;
    return bsearch(&key, profiles->items, profiles->n, sizeof key, by_user);
}

void presence_profiles_clear(struct list *profiles)
{
    list_clear(profiles, &presence_profile_record);
}

/* ---- What somebody may know of others */

/* online may be NULL: nobody knows. */
static void look(const struct strings *user_ids, const char *viewer_id, const struct list *profiles,
                 const struct cache_online *online, const bool *hidden, struct presence_view *ret)
{
    for (size_t i = 0; i < user_ids->n; i++) {
        const char *user_id = user_ids->items[i];
        const struct presence_profile *profile = presence_profile_get(profiles, user_id);
        bool is_shown = !profile || !profile->invisible || strcmp(user_id, viewer_id) == 0;

        ret[i] = (struct presence_view){0};
        if (hidden[i])
            continue;
        ret[i].last_seen = profile ? profile->last_seen : 0;
        if (online && online[i].seen_at && is_shown)
            ret[i] = (struct presence_view){true, online[i].seen_at};
    }
}

enum status presence_find(struct user_state *user, const char *viewer_id,
                          const struct strings *user_ids, struct presence_view *ret,
                          struct error *err)
{
    CLEANUP(presence_profiles_clear) struct list profiles = {0};
    CLEANUP(free) bool *hidden = memory_grow(NULL, user_ids->n + 1, sizeof *hidden);
    CLEANUP(free) struct cache_online *online = memory_grow(NULL, user_ids->n + 1, sizeof *online);
    struct error away;
    bool is_known;
    enum status s = presence_profiles(user, user_ids, &profiles, err);

    if (s == STATUS_OK)
        s = relations_blocked_by(user, viewer_id, user_ids, hidden, err);
    if (s != STATUS_OK)
        return s;
    is_known = cache_find_online(user->cache, user_ids, online, &away) == STATUS_OK;
    look(user_ids, viewer_id, &profiles, is_known ? online : NULL, hidden, ret);
    if (is_known)
        cache_online_clear(online, user_ids->n);
    return STATUS_OK;
}

/* ---- REST */

static bool has(const struct strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->n; i++)
        if (strcmp(strings->items[i], text) == 0)
            return true;
    return false;
}

/* Those of user_ids who are in a group with the viewer. */
static enum status find_fellows(struct user_state *user, const char *viewer_id,
                                const struct strings *user_ids, struct user_ids *ret,
                                struct error *err)
{
    const struct fellows_query query = {.user_id = (char *)viewer_id, .user_ids = *user_ids};

    if (user_ids->n == 0)
        return STATUS_OK;
    return rpc_call(user->message, RPC_MESSAGE_FELLOWS, &fellows_query_record, &query,
                    &user_ids_record, ret, ANSWER_MS, err);
}

/* Append those of asked of whom the viewer may know. */
static enum status find_known(struct user_state *user, const char *viewer_id,
                              const struct strings *asked, const bool *blocked, struct strings *ret,
                              struct error *err)
{
    CLEANUP(user_ids_clear) struct user_ids strangers = {0};
    CLEANUP(user_ids_clear) struct user_ids fellows = {0};
    bool friends[PRESENCE_IDS_MAX];
    enum status s = relations_friends_among(user, viewer_id, asked, friends, err);

    for (size_t i = 0; s == STATUS_OK && i < asked->n; i++) {
        friends[i] = friends[i] || strcmp(asked->items[i], viewer_id) == 0;
        if (!friends[i] && !blocked[i])
            strings_add(&strangers.user_ids, asked->items[i]);
    }
    if (s == STATUS_OK)
        s = find_fellows(user, viewer_id, &strangers.user_ids, &fellows, err);
    for (size_t i = 0; s == STATUS_OK && i < asked->n; i++)
        if (!blocked[i] && (friends[i] || has(&fellows.user_ids, asked->items[i])))
            strings_add(ret, asked->items[i]);
    return s;
}

static enum status answer(struct user_state *user, const char *viewer_id,
                          const struct strings *asked, struct list *ret, struct error *err)
{
    CLEANUP(user_ids_clear) struct user_ids known = {0};
    struct presence_view views[PRESENCE_IDS_MAX];
    bool blocked[PRESENCE_IDS_MAX];
    size_t n_blocked = 0;
    enum status s = relations_blocked_by(user, viewer_id, asked, blocked, err);

    for (size_t i = 0; s == STATUS_OK && i < asked->n; i++)
        n_blocked += blocked[i];
    if (s == STATUS_OK && n_blocked == asked->n)
        return error_set(err, STATUS_BLOCKED, "they have blocked you");
    if (s == STATUS_OK)
        s = find_known(user, viewer_id, asked, blocked, &known.user_ids, err);
    if (s == STATUS_OK)
        s = presence_find(user, viewer_id, &known.user_ids, views, err);
    for (size_t i = 0; s == STATUS_OK && i < known.user_ids.n; i++) {
        struct presence *presence = list_add(ret, &presence_record);

        presence->user_id = memory_text(known.user_ids.items[i]);
        presence->online = views[i].online;
        presence->last_seen = views[i].last_seen;
    }
    return s;
}

enum status handle_presence(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    struct presence_list *list = reply;
    struct strings asked = {0};
    enum status s = presence_query_read(request, &asked, err);

    if (s == STATUS_OK)
        s = answer(state, call->user_id, &asked, &list->presences, err);
    strings_clear(&asked);
    return s;
}

/* ---- What others change */

static void say(enum status s, const struct error *err)
{
    if (s != STATUS_OK)
        log_warn("presence not told", LOG_TEXT("reason", err->text));
}

enum status presence_save_last_seen(struct user_state *user, const struct presence_news *gone,
                                    size_t n, struct error *err)
{
    struct store_bulk *bulk = store_bulk_new(user->store, USERS);

    for (size_t i = 0; i < n; i++)
        store_bulk_add(bulk, 0,
                       "[{'_id': %s, 'deleted': {'$ne': true}}, {'$max': {'last_seen': %ld}}]",
                       gone[i].user_id, gone[i].last_seen);
    return store_bulk_run(bulk, err);
}

void presence_visibility_changed(struct user_state *user, const char *user_id, bool invisible)
{
    char *item = (char *)user_id;
    const struct strings ids = {.items = &item, .n = 1};
    struct presence_news news = {.user_id = user_id, .online = !invisible};
    struct cache_online online;
    struct error err;
    enum status s = cache_find_online(user->cache, &ids, &online, &err);

    if (s == STATUS_OK && online.seen_at) {
        news.last_seen = invisible ? clock_now() : online.seen_at;
        if (invisible) /* as if he went */
            s = presence_save_last_seen(user, &news, 1, &err);
        if (s == STATUS_OK)
            s = presence_tell(user, &news, 1, &err);
        cache_online_clear(&online, 1);
    }
    say(s, &err);
}

static enum status show_other(struct user_state *user, const char *user_id, const char *other_id,
                              bool is_friend, struct error *err)
{
    char *item = (char *)other_id;
    const struct strings ids = {.items = &item, .n = 1};
    struct presence_news news = {.user_id = other_id};
    struct presence_view view = {0};
    enum status s = STATUS_OK;

    if (is_friend)
        s = presence_find(user, user_id, &ids, &view, err);
    news.online = view.online;
    news.last_seen = view.last_seen;
    return s == STATUS_OK ? presence_tell_one(user, user_id, &news, err) : s;
}

void presence_introduce(struct user_state *user, const char *user_id, const char *other_id)
{
    char *item = (char *)other_id;
    const struct strings ids = {.items = &item, .n = 1};
    bool is_friend = false;
    struct error err;
    enum status s = relations_friends_among(user, user_id, &ids, &is_friend, &err);

    if (s == STATUS_OK)
        s = show_other(user, user_id, other_id, is_friend, &err);
    if (s == STATUS_OK)
        s = show_other(user, other_id, user_id, is_friend, &err);
    say(s, &err);
}
