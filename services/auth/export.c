/* GET /api/account/export: everything about one user, as a zip of JSON documents.
 *
 * What auth has it reads itself, the rest comes from user, group and message, page by page; all of it
 * goes to a temporary file, so memory stays the same whatever the size. */

#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "archive/archive.h"
#include "base/clock.h"
#include "base/memory.h"
#include "blob/blob.h"
#include "data_rights.h"
#include "log/log.h"

#define PAGE 100                  /* documents of ours read at once */
#define PAGE_TIMEOUT_MS 10000     /* a page of theirs takes about a second at most */
#define EXPORT_MS (9 * 60 * 1000) /* of all; the edge waits for 10 minutes */
/* Of files in it: what is said must fit besides (ARCHIVE_MAX), and be packed in time. */
#define FILES_MAX INT64_C(1073741824)
#define PIECE (64 * 1024)
#define EXPORT_BUSY_S 30 /* when all places are taken */

static const char readme[] =
    "This archive holds what Parley keeps about you. Each file but this one is a JSON document in\n"
    "UTF-8; times are Unix milliseconds. A file of which there was nothing to tell is left out.\n"
    "\n"
    "account.json          your account\n"
    "sessions.json         the devices that are logged in, or were within a day\n"
    "identities.json       the accounts of other providers that you log in with\n"
    "audit.json            what administrators did to your account\n"
    "profile.json          what others see of you, and your e-mail address\n"
    "presence.json         when you were last seen\n"
    "friends.json          your friends, and what you call them\n"
    "friend_requests.json  requests that wait for an answer\n"
    "blocks.json           whom you have blocked\n"
    "groups.json           the groups that you are in\n"
    "conversations.json    your conversations: how far you have read, your settings and drafts\n"
    "messages/             what was said: all of your private conversations, and in groups\n"
    "                      what you said yourself\n"
    "changes.json          your edits, recalls, reactions and pins\n"
    "files.json            the files that you uploaded\n"
    "files/                these files, up to 1 GiB; the others can be fetched by their file_id\n"
    "\n"
    "No password, token or hash is in here.\n";

struct export
{
    struct auth_state *auth;
    const char *user_id;
    struct archive *archive;
    char *name; /* of the file that is open, or NULL */
    bool is_array;
    int64_t deadline;
    int64_t file_bytes; /* of files so far */
};

/* ---- Files of the archive */

static enum status add_text(struct export *export, const char *text, struct error *err)
{
    return archive_add(export->archive, text, strlen(text), err);
}

static enum status end_file(struct export *export, struct error *err)
{
    enum status s = STATUS_OK;

    if (export->name && export->is_array)
        s = add_text(export, "\n]\n", err);
    free(TAKE(export->name));
    return s;
}

/* One JSON value: the first of a file, or the next. */
static enum status add_value(struct export *export, const char *name, bool alone, const char *json,
                             struct error *err)
{
    bool is_next = export->name && strcmp(export->name, name) == 0;
    enum status s = STATUS_OK;

    if (!is_next) {
        s = end_file(export, err);
        if (s == STATUS_OK)
            s = archive_begin(export->archive, name, err);
        export->name = memory_text(name);
        export->is_array = !alone;
    }
    if (s == STATUS_OK && export->is_array)
        s = add_text(export, is_next ? ",\n" : "[\n", err);
    return s == STATUS_OK ? add_text(export, json, err) : s;
}

static enum status add_record(struct export *export, const char *name, bool alone,
                              const struct record *rec, const void *value, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};

    record_to_json(rec, value, &json);
    return add_value(export, name, alone, buffer_text(&json), err);
}

static enum status check_time(const struct export *export, struct error *err)
{
    if (export->auth->context->stopping)
        return error_set(err, STATUS_UNAVAILABLE, "the service stops");
    if (clock_monotonic() > export->deadline)
        return error_set(err, STATUS_UNAVAILABLE, "the archive takes too long");
    return STATUS_OK;
}

/* ---- What is ours: each a record to read by, and one to show by */

static const struct field account_fields[] = {
    FIELD_NAMED(struct account_document, id, "user_id"),
    FIELD(struct account_document, username),
    FIELD(struct account_document, nickname),
    FIELD(struct account_document, role),
    FIELD(struct account_document, created_at),
    FIELD(struct account_document, banned),
    FIELD(struct account_document, banned_until),
    FIELD(struct account_document, ban_reason),
    FIELD(struct account_document, muted_until),
    FIELD(struct account_document, mute_reason),
};
static const struct record shown_account =
    RECORD("auth.exported_account", struct account_document, account_fields);

#define SESSION_FIELDS \
    FIELD(struct session_document, device), FIELD(struct session_document, created_at), \
        FIELD(struct session_document, seen_at), FIELD(struct session_document, ended_at), \
        FIELD(struct session_document, end_reason), FIELD(struct session_document, address), \
        FIELD(struct session_document, user_agent)

static const struct field stored_session_fields[] = {
    FIELD_NAMED(struct session_document, id, "_id"), SESSION_FIELDS};
static const struct field shown_session_fields[] = {
    FIELD_NAMED(struct session_document, id, "session_id"), SESSION_FIELDS};
static const struct record stored_session =
    RECORD("auth.stored_session", struct session_document, stored_session_fields);
static const struct record shown_session =
    RECORD("auth.exported_session", struct session_document, shown_session_fields);

/* What identities.c stores of one. */
struct exported_identity {
    char *id;
    char *provider;
    char *username;
    int64_t created_at;
};

#define IDENTITY_FIELDS \
    FIELD(struct exported_identity, provider), FIELD(struct exported_identity, username), \
        FIELD(struct exported_identity, created_at)

static const struct field stored_identity_fields[] = {
    FIELD_NAMED(struct exported_identity, id, "_id"), IDENTITY_FIELDS};
static const struct field shown_identity_fields[] = {IDENTITY_FIELDS};
static const struct record stored_identity =
    RECORD("auth.stored_identity", struct exported_identity, stored_identity_fields);
static const struct record shown_identity =
    RECORD("auth.exported_identity", struct exported_identity, shown_identity_fields);

/* Who did it, and from where, is not about him. */
static const struct field stored_audit_fields[] = {
    FIELD_NAMED(struct audit_entry, entry_id, "_id"), FIELD(struct audit_entry, at),
    FIELD(struct audit_entry, action), FIELD(struct audit_entry, reason),
    FIELD(struct audit_entry, failure)};
static const struct field shown_audit_fields[] = {
    FIELD(struct audit_entry, at), FIELD(struct audit_entry, action),
    FIELD(struct audit_entry, reason), FIELD(struct audit_entry, failure)};
static const struct record stored_audit =
    RECORD("auth.stored_audit", struct audit_entry, stored_audit_fields);
static const struct record shown_audit =
    RECORD("auth.exported_audit", struct audit_entry, shown_audit_fields);

static enum status add_account(struct export *export, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s = account_find(export->auth, export->user_id, &account, err);

    if (s != STATUS_OK)
        return s;
    return add_record(export, "account.json", true, &shown_account, &account, err);
}

/* A page of what has the user's id, in the order of _id, the stored record's first member. */
struct source {
    const char *name;
    const struct record *stored;
    const struct record *shown;
    enum status (*find)(const struct export *export, const char *after, struct list *ret,
                        struct error *err);
};

static const struct store_find by_id = {.sort = "{'_id': 1}", .limit = PAGE};

static enum status find_sessions(const struct export *export, const char *after, struct list *ret,
                                 struct error *err)
{
    return store_find(export->auth->store, SESSIONS, &by_id, &stored_session, ret, err,
                      "{'user_id': %s, '_id': {'$gt': %s}}", export->user_id, after);
}

static enum status find_identities(const struct export *export, const char *after, struct list *ret,
                                   struct error *err)
{
    return store_find(export->auth->store, IDENTITIES, &by_id, &stored_identity, ret, err,
                      "{'user_id': %s, '_id': {'$gt': %s}}", export->user_id, after);
}

static enum status find_audit(const struct export *export, const char *after, struct list *ret,
                              struct error *err)
{
    return store_find(export->auth->store, AUDIT, &by_id, &stored_audit, ret, err,
                      "{'target_id': %s, '_id': {'$gt': %s}}", export->user_id, after);
}

static const struct source sources[] = {
    {"sessions.json", &stored_session, &shown_session, find_sessions},
    {"identities.json", &stored_identity, &shown_identity, find_identities},
    {"audit.json", &stored_audit, &shown_audit, find_audit},
};

/* *after becomes the last one's id; NULL at the end. */
static enum status add_page(struct export *export, const struct source *source, char **after,
                            struct error *err)
{
    const struct record *rec = source->stored;
    struct list found = {0};
    enum status s = check_time(export, err);

    if (s == STATUS_OK)
        s = source->find(export, *after, &found, err);
    free(TAKE(*after));
    for (size_t i = 0; i < found.n; i++) {
        char *item = (char *)found.items + i * rec->size;

        if (s == STATUS_OK)
            s = add_record(export, source->name, false, source->shown, item, err);
        if (i + 1 == PAGE)
            *after = memory_text(*(char **)(void *)(item + rec->fields[0].offset));
        record_clear(rec, item);
    }
    free(found.items);
    return s;
}

static enum status add_source(struct export *export, const struct source *source, struct error *err)
{
    CLEANUP(free) char *after = memory_text("");
    enum status s = STATUS_OK;

    while (s == STATUS_OK && after)
        s = add_page(export, source, &after, err);
    return s;
}

/* ---- What others have */

DEFINE_RECORD_CLEANUP(struct export_page, export_page)

static enum status add_bytes(struct export *export, struct blob *blob, struct error *err)
{
    CLEANUP(free) char *piece = memory_new(PIECE);
    enum status s = STATUS_OK;
    int64_t at = 0;
    size_t n = 1;

    while (s == STATUS_OK && n > 0) {
        s = check_time(export, err);
        if (s == STATUS_OK)
            s = blob_read(blob, at, piece, PIECE, &n, err);
        if (s == STATUS_NOT_FOUND) /* half of it is in the archive already */
            s = error_set(err, STATUS_UNAVAILABLE, "a file was removed meanwhile");
        if (s == STATUS_OK)
            s = archive_add(export->archive, piece, n, err);
        at += (int64_t)n;
    }
    return s;
}

/* One that has gone meanwhile is left out, as are those for which there is no room. */
static enum status add_file(struct export *export, const struct export_part *part,
                            struct error *err)
{
    CLEANUP(blob_close) struct blob *blob = NULL;
    enum status s = blob_open(export->auth->blobs, part->blob, &blob, err);

    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (s != STATUS_OK || export->file_bytes + blob_size(blob) > FILES_MAX)
        return s;
    export->file_bytes += blob_size(blob);
    s = end_file(export, err);
    if (s == STATUS_OK)
        s = archive_begin(export->archive, part->name, err);
    return s == STATUS_OK ? add_bytes(export, blob, err) : s;
}

static enum status add_parts(struct export *export, const struct export_page *page,
                             struct error *err)
{
    const struct export_part *parts = page->parts.items;
    enum status s = STATUS_OK;

    for (size_t i = 0; s == STATUS_OK && i < page->parts.n; i++)
        s = parts[i].blob ? add_file(export, &parts[i], err)
                          : add_value(export, parts[i].name, parts[i].alone, parts[i].json, err);
    return s;
}

static enum status add_all_of(struct export *export, struct rpc_client *client, const char *method,
                              struct error *err)
{
    struct export_query query = {.user_id = (char *)export->user_id}; /* only read */
    CLEANUP(free) char *cursor = NULL;
    enum status s;

    do {
        CLEANUP(export_page_clear) struct export_page page = {0};

        query.cursor = cursor;
        s = check_time(export, err);
        if (s == STATUS_OK)
            s = rpc_call(client, method, &export_query_record, &query, &export_page_record, &page,
                         PAGE_TIMEOUT_MS, err);
        if (s == STATUS_OK)
            s = add_parts(export, &page, err);
        free(cursor);
        cursor = TAKE(page.next_cursor);
    } while (s == STATUS_OK && cursor);
    return s;
}

/* ---- All together */

static enum status add_everything(struct export *export, struct error *err)
{
    struct auth_state *auth = export->auth;
    enum status s = archive_begin(export->archive, "README.txt", err);

    if (s == STATUS_OK)
        s = add_text(export, readme, err);
    if (s == STATUS_OK)
        s = add_account(export, err);
    for (size_t i = 0; s == STATUS_OK && i < N_ELEMENTS(sources); i++)
        s = add_source(export, &sources[i], err);
    if (s == STATUS_OK)
        s = add_all_of(export, auth->user, RPC_USER_EXPORT, err);
    if (s == STATUS_OK)
        s = add_all_of(export, auth->group, RPC_GROUP_EXPORT, err);
    if (s == STATUS_OK)
        s = add_all_of(export, auth->message, RPC_MESSAGE_EXPORT, err);
    return s == STATUS_OK ? end_file(export, err) : s;
}

static enum status make(struct auth_state *auth, const char *user_id, int *ret_fd,
                        struct error *err)
{
    struct export export = {
        .auth = auth, .user_id = user_id, .deadline = clock_monotonic() + EXPORT_MS};
    enum status s = archive_new(&export.archive, err);

    if (s == STATUS_OK)
        s = add_everything(&export, err);
    if (s == STATUS_OK)
        s = archive_finish(export.archive, ret_fd, err);
    archive_free(export.archive);
    free(export.name);
    return s;
}

/* One of the few places, or TOO_FAST. */
static enum status make_in_turn(struct auth_state *auth, struct call *call, const char *user_id,
                                struct error *err)
{
    int fd = -1;
    enum status s;

    if (atomic_fetch_add(&auth->exports, 1) >= EXPORTS_AT_ONCE) {
        http_set_retry_after(call, EXPORT_BUSY_S);
        s = error_set(err, STATUS_TOO_FAST, "other archives are being made, try again soon");
    } else {
        s = make(auth, user_id, &fd, err);
    }
    atomic_fetch_sub(&auth->exports, 1);
    if (s == STATUS_OK)
        http_attach(call, "application/zip", "parley-export.zip", fd);
    return s;
}

/* ---- One's own, now and then */

struct last_export {
    int64_t exported_at;
};

static const struct field last_fields[] = {FIELD(struct last_export, exported_at)};
static const struct record last_record =
    RECORD("auth.last_export", struct last_export, last_fields);

static enum status take_turn(struct auth_state *auth, struct call *call, int64_t now,
                             struct error *err)
{
    struct last_export last = {0};
    int64_t matched = 0;
    int64_t wait_ms;
    enum status s;

    s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                     "[{'_id': %s, 'exported_at': {'$not': {'$gt': %ld}}}, {'$set': "
                     "{'exported_at': %ld}}]",
                     call->user_id, now - EXPORT_PAUSE_MS, now);
    if (s != STATUS_OK || matched > 0)
        return s;
    s = store_find_one(auth->store, ACCOUNTS, &last_record, &last, err, "{'_id': %s}",
                       call->user_id);
    if (s != STATUS_OK)
        return s;
    /* Given back between the two questions, it is his at once. */
    wait_ms = last.exported_at + EXPORT_PAUSE_MS - now;
    http_set_retry_after(call, wait_ms > 0 ? wait_ms / 1000 + 1 : 1);
    return error_set(err, STATUS_TOO_FAST, "an archive was made less than 10 minutes ago");
}

/* What failed does not count. */
static void give_back_turn(struct auth_state *auth, const char *user_id, int64_t now)
{
    struct error err;

    if (store_update(auth->store, ACCOUNTS, 0, NULL, &err,
                     "[{'_id': %s, 'exported_at': %ld}, {'$set': {'exported_at': 0}}]", user_id,
                     now) != STATUS_OK)
        log_warn("a failed export counts", LOG_TEXT("user_id", user_id),
                 LOG_TEXT("reason", err.text));
}

enum status handle_export(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    struct auth_state *auth = state;
    int64_t now = clock_now();
    enum status s = take_turn(auth, call, now, err);

    (void)request, (void)reply;
    if (s != STATUS_OK)
        return s;
    s = make_in_turn(auth, call, call->user_id, err);
    if (s != STATUS_OK)
        give_back_turn(auth, call->user_id, now);
    return s;
}

/* ---- Anybody's, for administrators */

struct admin_export {
    struct call *call;
};

static enum status export_target(struct auth_state *auth, const struct account_document *target,
                                 const void *request, void *reply, struct error *err)
{
    const struct admin_export *export = request;

    (void)reply;
    return make_in_turn(auth, export->call, target->id, err);
}

enum status handle_admin_export(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    const struct admin_reason *wanted = request;
    const struct admin_export export = {.call = call};
    const struct admin_action action = {
        .name = "users.export",
        .right = RIGHT_USERS_EXPORT,
        .user_id = wanted->user_id,
        .reason = wanted->reason,
        .to_oneself = true,
        .run = export_target,
    };

    return admin_act(state, call, &action, &export, reply, err);
}
