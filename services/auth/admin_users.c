/* Accounts and their sessions, as administrators see them. */

#include "admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* Counting goes no further: nobody pages through more by hand. */
#define TOTAL_MAX 10000

/* "~" comes after every character of a username, so the names that begin with a prefix are those
 * from it up to it and "~". */
#define AFTER_NAMES "~"

/* Without the password's hash, which is not even read. */
static const struct field user_fields[] = {
    FIELD_NAMED(struct admin_user, user_id, "_id"),
    FIELD(struct admin_user, username),
    FIELD(struct admin_user, nickname),
    FIELD(struct admin_user, role),
    FIELD(struct admin_user, bot),
    FIELD(struct admin_user, created_at),
    FIELD(struct admin_user, banned),
    FIELD(struct admin_user, banned_until),
    FIELD(struct admin_user, ban_reason),
    FIELD(struct admin_user, muted_until),
    FIELD(struct admin_user, mute_reason),
    FIELD(struct admin_user, deleted_at),
};
static const struct record user_record = RECORD("auth.admin_user", struct admin_user, user_fields);

static const struct field session_fields[] = {
    FIELD_NAMED(struct admin_session, session_id, "_id"),
    FIELD(struct admin_session, device),
    FIELD(struct admin_session, address),
    FIELD(struct admin_session, user_agent),
    FIELD(struct admin_session, created_at),
    FIELD(struct admin_session, seen_at),
    FIELD(struct admin_session, ended_at),
    FIELD(struct admin_session, end_reason),
};
static const struct record session_record =
    RECORD("auth.admin_session", struct admin_session, session_fields);

/* Those that filters need and others do not; muted_until has one in restrictions.c. */
enum status admin_users_prepare(struct auth_state *auth, struct error *err)
{
    static const char *const indexes[] = {
        "{'role': 1, 'username': 1}",
        "{'banned': 1, 'username': 1}",
        "{'deleted_at': 1, 'username': 1}",
    };
    enum status s = STATUS_OK;

    for (size_t i = 0; i < N_ELEMENTS(indexes) && s == STATUS_OK; i++)
        s = store_index(auth->store, ACCOUNTS, indexes[i], false, 0, err);
    return s;
}

/* What is over has left nothing. */
static void drop_what_is_over(struct admin_user *user, int64_t now)
{
    if (!user->banned || (user->banned_until > 0 && user->banned_until <= now)) {
        user->banned = false;
        user->banned_until = 0;
        free_at(&user->ban_reason);
        user->ban_reason = NULL;
    }
    if (user->muted_until <= now) {
        user->muted_until = 0;
        free_at(&user->mute_reason);
        user->mute_reason = NULL;
    }
}

/* ---- The list */

#define NAMED "'username': {'$gte': %s, '$lt': %s, '$gt': %s}, 'role': {'$in': %p}"
#define LIVES ", 'deleted_at': {'$not': {'$gt': 0}}"
#define BANNED "'banned': true, 'banned_until': {'$not': {'$gt': 0, '$lte': %ld}}"

/* Count when ret is NULL, else find. Keys are never holes: hence a call for each status. */
#define LOOK(filter, ...) \
    (ret ? store_find(auth->store, ACCOUNTS, &how, &user_record, ret, err, "{" NAMED filter "}", \
                      prefix, end, after, (const void *)&roles, ##__VA_ARGS__) \
         : store_count(auth->store, ACCOUNTS, TOTAL_MAX, ret_total, err, "{" NAMED filter "}", \
                       prefix, end, "", (const void *)&roles, ##__VA_ARGS__))

static enum status look(struct auth_state *auth, const struct admin_users_query *query, int64_t now,
                        struct list *ret, int64_t *ret_total, struct error *err)
{
    static char *const all_roles[] = {(char *)ROLE_USER, (char *)ROLE_MODERATOR,
                                      (char *)ROLE_ADMIN}; /* only read */
    const char *wanted = query->role && *query->role ? query->role : NULL;
    const char *status = query->status ? query->status : "";
    const struct strings roles = {wanted ? (char **)&wanted : (char **)all_roles,
                                  wanted ? 1 : N_ELEMENTS(all_roles)};
    const struct store_find how = {.sort = "{'username': 1}", .limit = query->limit + 1};
    CLEANUP(free) char *prefix = username_lower(query->query ? query->query : "");
    CLEANUP(buffer_clear) struct buffer text = {0};
    const char *after = query->cursor ? query->cursor : "";
    const char *end;

    buffer_printf(&text, "%s" AFTER_NAMES, prefix);
    end = buffer_text(&text);
    if (strcmp(status, "active") == 0)
        return LOOK(LIVES ", 'muted_until': {'$not': {'$gt': %ld}}, '$nor': [{" BANNED "}]", now,
                    now);
    if (strcmp(status, "banned") == 0)
        return LOOK(LIVES ", " BANNED, now);
    if (strcmp(status, "muted") == 0)
        return LOOK(LIVES ", 'muted_until': {'$gt': %ld}", now);
    if (strcmp(status, "deleted") == 0)
        return LOOK(", 'deleted_at': {'$gt': 0}");
    return LOOK("");
}

enum status handle_admin_users(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct admin_users_query *query = request;
    struct admin_users *page = reply;
    struct admin_user *users;
    int64_t now = clock_now(); /* the same for both: a ban that ends is counted as it is listed */
    enum status s;

    (void)call;
    s = admin_users_query_check(query, err);
    if (s == STATUS_OK)
        s = look(state, query, now, NULL, &page->total, err);
    if (s == STATUS_OK)
        s = look(state, query, now, &page->users, NULL, err);
    if (s != STATUS_OK)
        return s;
    users = page->users.items;
    for (size_t i = 0; i < page->users.n; i++)
        drop_what_is_over(&users[i], now);
    if (page->users.n > (size_t)query->limit) { /* the last one only told that it is there */
        record_clear(&admin_user_record, &users[--page->users.n]);
        page->next_cursor = memory_text(users[page->users.n - 1].username);
    }
    return STATUS_OK;
}

/* ---- One */

enum status admin_user_find(struct auth_state *auth, const char *user_id, struct admin_user *ret,
                            struct error *err)
{
    enum status s =
        store_find_one(auth->store, ACCOUNTS, &user_record, ret, err, "{'_id': %s}", user_id);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no such user");
    if (s == STATUS_OK)
        drop_what_is_over(ret, clock_now());
    return s;
}

enum status handle_admin_user(void *state, struct call *call, const void *request, void *reply,
                              struct error *err)
{
    const struct admin_user_path *path = request;
    struct auth_state *auth = state;
    struct admin_account *account = reply;
    enum status s;

    (void)call;
    account->user = memory_new(sizeof(struct admin_user));
    s = admin_user_find(auth, path->user_id, account->user, err);
    if (s != STATUS_OK)
        return s;
    return store_count(auth->store, SESSIONS, TOTAL_MAX, &account->session_count, err,
                       "{'user_id': %s, 'ended_at': 0, 'seen_at': {'$gt': %ld}}", path->user_id,
                       clock_now() - SESSION_MS);
}

/* ---- Sessions: at most SESSIONS_MAX that live, and what ended within a day */

enum status handle_admin_sessions(void *state, struct call *call, const void *request, void *reply,
                                  struct error *err)
{
    const struct admin_sessions_query *query = request;
    struct auth_state *auth = state;
    struct admin_sessions *page = reply;
    const struct store_find how = {.sort = "{'_id': -1}", .limit = query->limit + 1};
    CLEANUP(admin_user_clear) struct admin_user user = {0};
    struct admin_session *sessions;
    const char *before;
    enum status s = session_cursor_read(query->cursor, &before, err);

    (void)call;
    if (s == STATUS_OK)
        s = admin_user_find(auth, query->user_id, &user, err);
    if (s == STATUS_OK)
        s = store_count(auth->store, SESSIONS, TOTAL_MAX, &page->total, err, "{'user_id': %s}",
                        query->user_id);
    if (s == STATUS_OK)
        s = store_find(auth->store, SESSIONS, &how, &session_record, &page->sessions, err,
                       "{'user_id': %s, '_id': {'$lt': %s}}", query->user_id, before);
    if (s != STATUS_OK || page->sessions.n <= (size_t)query->limit)
        return s;
    sessions = page->sessions.items;
    record_clear(&admin_session_record, &sessions[--page->sessions.n]);
    page->next_cursor = memory_text(sessions[page->sessions.n - 1].session_id);
    return STATUS_OK;
}
