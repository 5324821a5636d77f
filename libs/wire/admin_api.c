#include "wire/admin_api.h"

#include <string.h>

#include "base/id.h"
#include "wire/auth_api.h"
#include "wire/rights.h"
#include "wire/user_api.h"

#define TIME_MAX INT64_C(9007199254740992) /* 2^53: what every reader of JSON can tell apart */
#define MUTE_SECONDS_MAX (INT64_C(10) * 365 * 86400) /* ten years; who wants more names a date */
#define ACTION_MAX 64
#define WORD_ALPHABET "abcdefghijklmnopqrstuvwxyz"

#define PATH_USER(record) \
    FIELD(struct record, user_id, .required = true, .min = 1, .max = ID_MAX - 1)
#define REASON(record) FIELD(struct record, reason, .required = true, .min = 1, .max = REASON_MAX)

static const struct field users_query_fields[] = {
    FIELD(struct admin_users_query, query, .max = 64),
    FIELD(struct admin_users_query, role, .max = 16, .alphabet = WORD_ALPHABET),
    FIELD(struct admin_users_query, status, .max = 16, .alphabet = WORD_ALPHABET),
    FIELD(struct admin_users_query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct admin_users_query, cursor, .max = USERNAME_MAX, .alphabet = USERNAME_ALPHABET),
};
const struct record admin_users_query_record =
    RECORD("admin.users_query", struct admin_users_query, users_query_fields);

static const struct field user_fields[] = {
    FIELD(struct admin_user, user_id, .required = true),
    FIELD(struct admin_user, username, .required = true),
    FIELD(struct admin_user, nickname, .required = true),
    FIELD(struct admin_user, role, .required = true),
    FIELD(struct admin_user, bot),
    FIELD(struct admin_user, created_at),
    FIELD(struct admin_user, banned),
    FIELD(struct admin_user, banned_until),
    FIELD(struct admin_user, ban_reason, .max = REASON_MAX, .nullable = true),
    FIELD(struct admin_user, muted_until),
    FIELD(struct admin_user, mute_reason, .max = REASON_MAX, .nullable = true),
    FIELD(struct admin_user, deleted_at),
};
const struct record admin_user_record = RECORD("admin.user", struct admin_user, user_fields);

static const struct field users_fields[] = {
    FIELD(struct admin_users, total),
    FIELD(struct admin_users, users, .required = true, .max = 100, .of = &admin_user_record),
    FIELD(struct admin_users, next_cursor, .nullable = true),
};
const struct record admin_users_record = RECORD("admin.users", struct admin_users, users_fields);

static const struct field user_path_fields[] = {
    PATH_USER(admin_user_path),
};
const struct record admin_user_path_record =
    RECORD("admin.user_path", struct admin_user_path, user_path_fields);

static const struct field account_fields[] = {
    FIELD(struct admin_account, user, .required = true, .of = &admin_user_record),
    FIELD(struct admin_account, session_count, .required = true),
};
const struct record admin_account_record =
    RECORD("admin.account", struct admin_account, account_fields);

static const struct field sessions_query_fields[] = {
    PATH_USER(admin_sessions_query),
    FIELD(struct admin_sessions_query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct admin_sessions_query, cursor, .max = ID_MAX - 1, .alphabet = ALPHABET_ID),
};
const struct record admin_sessions_query_record =
    RECORD("admin.sessions_query", struct admin_sessions_query, sessions_query_fields);

static const struct field session_fields[] = {
    FIELD(struct admin_session, session_id, .required = true),
    FIELD(struct admin_session, device, .nullable = true),
    FIELD(struct admin_session, address, .nullable = true),
    FIELD(struct admin_session, user_agent, .nullable = true),
    FIELD(struct admin_session, created_at),
    FIELD(struct admin_session, seen_at),
    FIELD(struct admin_session, ended_at),
    FIELD(struct admin_session, end_reason, .nullable = true),
};
const struct record admin_session_record =
    RECORD("admin.session", struct admin_session, session_fields);

static const struct field sessions_fields[] = {
    FIELD(struct admin_sessions, total),
    FIELD(struct admin_sessions, sessions, .required = true, .max = 100,
          .of = &admin_session_record),
    FIELD(struct admin_sessions, next_cursor, .nullable = true),
};
const struct record admin_sessions_record =
    RECORD("admin.sessions", struct admin_sessions, sessions_fields);

static const struct field reason_fields[] = {
    PATH_USER(admin_reason),
    REASON(admin_reason),
};
const struct record admin_reason_record =
    RECORD("admin.reason", struct admin_reason, reason_fields);

static const struct field ban_fields[] = {
    PATH_USER(admin_ban),
    REASON(admin_ban),
    FIELD(struct admin_ban, until, .max = TIME_MAX),
};
const struct record admin_ban_record = RECORD("admin.ban", struct admin_ban, ban_fields);

static const struct field mute_fields[] = {
    PATH_USER(admin_mute),
    REASON(admin_mute),
    FIELD(struct admin_mute, until, .max = TIME_MAX),
    FIELD(struct admin_mute, seconds, .max = MUTE_SECONDS_MAX),
};
const struct record admin_mute_record = RECORD("admin.mute", struct admin_mute, mute_fields);

static const struct field password_fields[] = {
    PATH_USER(admin_password),
    FIELD(struct admin_password, new_password, .required = true, .min = PASSWORD_MIN,
          .max = PASSWORD_MAX),
    REASON(admin_password),
};
const struct record admin_password_record =
    RECORD("admin.password", struct admin_password, password_fields);

static const struct field role_fields[] = {
    PATH_USER(admin_role),
    FIELD(struct admin_role, role, .required = true, .min = 1, .max = 16,
          .alphabet = WORD_ALPHABET),
    REASON(admin_role),
};
const struct record admin_role_record = RECORD("admin.role", struct admin_role, role_fields);

static const struct field audit_query_fields[] = {
    FIELD(struct audit_query, actor_id, .max = ID_MAX - 1),
    FIELD(struct audit_query, target_id, .max = ID_MAX - 1),
    FIELD(struct audit_query, action, .max = ACTION_MAX),
    FIELD(struct audit_query, from, .max = TIME_MAX),
    FIELD(struct audit_query, until, .max = TIME_MAX),
    FIELD(struct audit_query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct audit_query, cursor, .max = 64, .alphabet = "," ALPHABET_ID),
};
const struct record audit_query_record =
    RECORD("admin.audit_query", struct audit_query, audit_query_fields);

static const struct field entry_fields[] = {
    FIELD(struct audit_entry, entry_id, .required = true),
    FIELD(struct audit_entry, at, .required = true),
    FIELD(struct audit_entry, actor_id, .required = true),
    FIELD(struct audit_entry, actor_username, .required = true),
    FIELD(struct audit_entry, actor_role, .required = true),
    FIELD(struct audit_entry, action, .required = true),
    FIELD(struct audit_entry, target_id, .required = true),
    FIELD(struct audit_entry, target_username, .required = true),
    FIELD(struct audit_entry, reason, .required = true, .max = REASON_MAX),
    FIELD(struct audit_entry, details, .nullable = true),
    FIELD(struct audit_entry, address, .nullable = true),
    FIELD(struct audit_entry, request_id, .nullable = true),
    FIELD(struct audit_entry, attempt_id, .nullable = true),
    FIELD(struct audit_entry, failure, .nullable = true),
};
const struct record audit_entry_record =
    RECORD("admin.audit_entry", struct audit_entry, entry_fields);

static const struct field audit_page_fields[] = {
    FIELD(struct audit_page, total),
    FIELD(struct audit_page, entries, .required = true, .max = 100, .of = &audit_entry_record),
    FIELD(struct audit_page, next_cursor, .nullable = true),
};
const struct record audit_page_record =
    RECORD("admin.audit_page", struct audit_page, audit_page_fields);

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

enum status admin_users_query_check(const struct admin_users_query *query, struct error *err)
{
    static const char *const statuses[] = {"active", "banned", "muted", "deleted"};

    if (query->role && *query->role && role_rank(query->role) < 0)
        return error_field(err, STATUS_INVALID, "role",
                           "field 'role' must be user, moderator or admin");
    if (query->status && *query->status &&
        !is_one_of(query->status, statuses, N_ELEMENTS(statuses)))
        return error_field(err, STATUS_INVALID, "status",
                           "field 'status' must be active, banned, muted or deleted");
    return STATUS_OK;
}

const struct record *const admin_api_records[] = {
    &admin_users_query_record, &admin_user_record,     &admin_users_record,
    &admin_user_path_record,   &admin_account_record,  &admin_sessions_query_record,
    &admin_session_record,     &admin_sessions_record, &admin_reason_record,
    &admin_ban_record,         &admin_mute_record,     &admin_password_record,
    &admin_role_record,        &audit_query_record,    &audit_entry_record,
    &audit_page_record,
};
const size_t n_admin_api_records = N_ELEMENTS(admin_api_records);
