/* Accounts, by REST as an administrator: so that rights hold and everything done is in the log. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "commands.h"
#include "ctl.h"
#include "fetch/fetch.h"
#include "output.h"
#include "rest.h"
#include "wire/admin_api.h"

#define LIST_MAX 1000 /* more is no list that anybody reads */
#define DAY_MS (24LL * 3600 * 1000)

/* ---- What may be asked */

enum verb { LIST, SHOW, SESSIONS, BAN, UNBAN, MUTE, UNMUTE, ROLE, LOGOUT };

static const struct {
    const char *name;
    enum verb verb;
    int words; /* after the name: whom, and for role which */
    bool needs_reason;
    bool takes_days;
} verbs[] = {
    {"list", LIST, 0, false, false},         {"show", SHOW, 1, false, false},
    {"sessions", SESSIONS, 1, false, false}, {"ban", BAN, 1, true, true},
    {"unban", UNBAN, 1, true, false},        {"mute", MUTE, 1, true, true},
    {"unmute", UNMUTE, 1, true, false},      {"role", ROLE, 2, true, false},
    {"logout", LOGOUT, 1, true, false},
};

struct request {
    enum verb verb;
    int argc;
    char **argv;
    const char *reason;
    const char *days;
    bool as_json;
};

/* ---- Whom */

static void add_page_path(struct buffer *path, const char *query, const char *status,
                          const char *role, const char *cursor)
{
    const char *const fields[][2] = {
        {"query", query}, {"status", status}, {"role", role}, {"cursor", cursor}, {"limit", "100"},
    };

    buffer_add_text(path, "/v1/admin/users?");
    for (size_t i = 0; i < N_ELEMENTS(fields); i++)
        if (fields[i][1])
            fetch_add_field(path, fields[i][0], fields[i][1]);
}

/* A username may begin like one. */
static bool is_id(const char *name)
{
    static const char prefix[] = "user_";

    return strncmp(name, prefix, strlen(prefix)) == 0 &&
           strlen(name) == strlen(prefix) + ID_ULID_LENGTH;
}

/* By his id, or by his username as he writes it. */
static enum status find_user(struct session *session, const char *name, char **ret,
                             struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct admin_users page = {0};
    struct call what = {.reply = &admin_users_record};
    const struct admin_user *users;
    enum status s;

    if (is_id(name)) {
        *ret = memory_text(name);
        return STATUS_OK;
    }
    add_page_path(&path, name, NULL, NULL, NULL);
    what.path = buffer_text(&path);
    s = session_call(session, &what, &page, err);
    users = page.users.items;
    for (size_t i = 0; s == STATUS_OK && !*ret && i < page.users.n; i++)
        if (strcasecmp(users[i].username, name) == 0)
            *ret = memory_text(users[i].user_id);
    record_clear(&admin_users_record, &page);
    if (s == STATUS_OK && !*ret)
        s = error_set(err, STATUS_NOT_FOUND, "there is no user %s", name);
    return s;
}

/* ---- What is shown */

static const struct field line_fields[] = {
    FIELD(struct admin_user, username),   FIELD(struct admin_user, nickname),
    FIELD(struct admin_user, role),       FIELD(struct admin_user, bot),
    FIELD(struct admin_user, banned),     FIELD(struct admin_user, muted_until),
    FIELD(struct admin_user, created_at), FIELD(struct admin_user, user_id),
};
static const struct record line_record = RECORD("ctl.user_line", struct admin_user, line_fields);

static enum status list_page(struct session *session, const char *path, struct list *ret,
                             char **cursor, int64_t *ret_total, struct error *err)
{
    const struct call ask = {.path = path, .reply = &admin_users_record};
    struct admin_users page = {0};
    const struct admin_user *users;
    enum status s = session_call(session, &ask, &page, err);

    users = page.users.items;
    for (size_t i = 0; i < page.users.n; i++)
        record_copy(&admin_user_record, &users[i], list_add(ret, &admin_user_record));
    *ret_total = page.total;
    free(*cursor);
    *cursor = TAKE(page.next_cursor);
    record_clear(&admin_users_record, &page);
    return s;
}

static enum status list(struct session *session, int argc, char **argv, bool as_json,
                        struct error *err)
{
    const char *status = take_option(&argc, argv, "--status");
    const char *role = take_option(&argc, argv, "--role");
    struct admin_users found = {0};
    char *cursor = NULL;
    enum status s;

    if (argc > 2)
        return error_set(err, STATUS_METHOD_NOT_ALLOWED, "one beginning of a username at most");
    do {
        CLEANUP(buffer_clear) struct buffer path = {0};

        add_page_path(&path, argv[1], status, role, cursor);
        s = list_page(session, buffer_text(&path), &found.users, &cursor, &found.total, err);
    } while (s == STATUS_OK && cursor && found.users.n < LIST_MAX);
    found.next_cursor = cursor;
    if (s == STATUS_OK && as_json) {
        output_json(&admin_users_record, &found);
    } else if (s == STATUS_OK) {
        output_table(&line_record, &found.users);
        printf("%zu of %" PRId64 "\n", found.users.n, found.total);
    }
    record_clear(&admin_users_record, &found);
    return s;
}

/* below: "" or "/…" */
static void add_user_path(struct buffer *ret, const char *user_id, const char *below)
{
    buffer_add_text(ret, "/v1/admin/users/");
    fetch_add_encoded(ret, user_id);
    buffer_add_text(ret, below);
}

static enum status show(struct session *session, const char *user_id, bool as_json,
                        struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct admin_account account = {0};
    struct call what = {.reply = &admin_account_record};
    enum status s;

    add_user_path(&path, user_id, "");
    what.path = buffer_text(&path);
    s = session_call(session, &what, &account, err);
    if (s == STATUS_OK && as_json) {
        output_json(&admin_account_record, &account);
    } else if (s == STATUS_OK) {
        output_members(&admin_user_record, account.user);
        output_members(&admin_account_record, &account);
    }
    record_clear(&admin_account_record, &account);
    return s;
}

static enum status sessions(struct session *session, const char *user_id, bool as_json,
                            struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct admin_sessions found = {0};
    struct call what = {.reply = &admin_sessions_record};
    enum status s;

    add_user_path(&path, user_id, "/sessions?limit=100");
    what.path = buffer_text(&path);
    s = session_call(session, &what, &found, err);
    if (s == STATUS_OK && as_json)
        output_json(&admin_sessions_record, &found);
    else if (s == STATUS_OK)
        output_table(&admin_session_record, &found.sessions);
    record_clear(&admin_sessions_record, &found);
    return s;
}

/* ---- What is done */

static enum status act(struct session *session, struct call *what, const char *user_id,
                       const char *action, bool as_json, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    CLEANUP(admin_user_clear) struct admin_user user = {0};
    enum status s;

    add_user_path(&path, user_id, action);
    what->path = buffer_text(&path);
    what->reply = &admin_user_record;
    s = session_call(session, what, &user, err);
    if (s == STATUS_OK && as_json)
        output_json(&admin_user_record, &user);
    else if (s == STATUS_OK)
        output_members(&admin_user_record, &user);
    return s;
}

/* *ret: Unix ms, or 0 without days. */
static enum status until_of(const char *days, int64_t *ret, struct error *err)
{
    char *end = NULL;
    double n = days ? strtod(days, &end) : 0;

    if (days && (*end || end == days || !(n > 0 && n < 36500)))
        return error_set(err, STATUS_INVALID, "--days is a number of days, not '%s'", days);
    *ret = days ? clock_now() + (int64_t)(n * DAY_MS) : 0;
    return STATUS_OK;
}

static enum status ban(struct session *session, const char *user_id, const struct request *how,
                       struct error *err)
{
    struct admin_ban request = {.user_id = (char *)user_id, .reason = (char *)how->reason};
    struct call what = {.method = "POST", .ask = &admin_ban_record, .value = &request};
    enum status s = until_of(how->days, &request.until, err);

    return s == STATUS_OK ? act(session, &what, user_id, "/ban", how->as_json, err) : s;
}

static enum status mute(struct session *session, const char *user_id, const struct request *how,
                        struct error *err)
{
    struct admin_mute request = {.user_id = (char *)user_id, .reason = (char *)how->reason};
    struct call what = {.method = "POST", .ask = &admin_mute_record, .value = &request};
    enum status s = until_of(how->days, &request.until, err);

    return s == STATUS_OK ? act(session, &what, user_id, "/mute", how->as_json, err) : s;
}

static enum status set_role(struct session *session, const char *user_id, const char *reason,
                            const char *role, bool as_json, struct error *err)
{
    const struct admin_role request = {(char *)user_id, (char *)role, (char *)reason};
    struct call what = {.method = "PUT", .ask = &admin_role_record, .value = &request};

    return act(session, &what, user_id, "/role", as_json, err);
}

static enum status act_for(struct session *session, const char *user_id, const char *reason,
                           const char *action, bool as_json, struct error *err)
{
    const struct admin_reason request = {(char *)user_id, (char *)reason};
    struct call what = {.method = "POST", .ask = &admin_reason_record, .value = &request};

    return act(session, &what, user_id, action, as_json, err);
}

/* ---- The command */

/* False: it is no command. */
static bool read_request(int argc, char **argv, struct request *ret)
{
    if (argc < 2)
        return false;
    ret->as_json = take_flag(&argc, argv, "--json");
    ret->reason = take_option(&argc, argv, "--reason");
    ret->days = take_option(&argc, argv, "--days");
    for (size_t i = 0; i < N_ELEMENTS(verbs); i++)
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            ret->verb = verbs[i].verb;
            ret->argc = argc - 1;
            ret->argv = argv + 1;
            return (verbs[i].verb == LIST || argc - 2 == verbs[i].words) &&
                   verbs[i].needs_reason == (ret->reason != NULL) &&
                   (!ret->days || verbs[i].takes_days) && (ret->days || verbs[i].verb != MUTE);
        }
    return false;
}

static enum status carry_out(struct session *session, const struct request *request,
                             struct error *err)
{
    CLEANUP(free) char *user_id = NULL;
    bool as_json = request->as_json;
    enum status s =
        request->verb == LIST ? STATUS_OK : find_user(session, request->argv[1], &user_id, err);

    if (s != STATUS_OK)
        return s;
    switch (request->verb) {
    case LIST:
        return list(session, request->argc, request->argv, as_json, err);
    case SHOW:
        return show(session, user_id, as_json, err);
    case SESSIONS:
        return sessions(session, user_id, as_json, err);
    case BAN:
        return ban(session, user_id, request, err);
    case MUTE:
        return mute(session, user_id, request, err);
    case ROLE:
        return set_role(session, user_id, request->reason, request->argv[2], as_json, err);
    case UNBAN:
        return act_for(session, user_id, request->reason, "/unban", as_json, err);
    case UNMUTE:
        return act_for(session, user_id, request->reason, "/unmute", as_json, err);
    case LOGOUT:
        return act_for(session, user_id, request->reason, "/logout", as_json, err);
    }
    return error_set(err, STATUS_INTERNAL, "not a verb");
}

int run_users(int argc, char **argv)
{
    struct session session;
    struct request request = {0};
    struct error err;
    bool done = false;

    if (!read_request(argc, argv, &request))
        return CTL_USAGE;
    if (session_open(&session)) {
        done = carry_out(&session, &request, &err) == STATUS_OK;
        if (!done)
            complain("%s", err.text);
    }
    session_close(&session);
    return done ? CTL_OK : CTL_FAILED;
}
