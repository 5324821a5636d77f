#ifndef WIRE_ADMIN_API_H
#define WIRE_ADMIN_API_H

#include "record/record.h"

/* The REST bodies of administration: what lies under /v1/admin. */

#define REASON_MAX 500 /* a paragraph that a colleague reads a year later */

/* GET /v1/admin/users: accounts by username. */
struct admin_users_query {
    char *query;  /* the beginning of the username, in any case */
    char *role;   /* user, moderator or admin */
    char *status; /* active, banned, muted or deleted */
    int64_t limit;
    char *cursor;
};
extern const struct record admin_users_query_record;

/* What the table cannot say: role and status are words that we know. */
MUST_CHECK enum status admin_users_query_check(const struct admin_users_query *query,
                                               struct error *err);

/* An account as administrators see it, and as each of their actions answers it. */
struct admin_user {
    char *user_id;
    char *username;
    char *nickname;
    char *role;
    bool bot;
    int64_t created_at;
    bool banned;          /* now: one that is over has left nothing */
    int64_t banned_until; /* 0: for ever */
    char *ban_reason;
    int64_t muted_until; /* 0: is not */
    char *mute_reason;
    int64_t deleted_at; /* 0: it lives */
};
extern const struct record admin_user_record;
DEFINE_RECORD_CLEANUP(struct admin_user, admin_user)

struct admin_users {
    int64_t total; /* counted up to 10,000 */
    struct list users;
    char *next_cursor;
};
extern const struct record admin_users_record;

struct admin_user_path {
    char *user_id;
};
extern const struct record admin_user_path_record;

/* GET /v1/admin/users/{user_id} */
struct admin_account {
    void *user; /* struct admin_user */
    int64_t session_count;
};
extern const struct record admin_account_record;

/* GET /v1/admin/users/{user_id}/sessions: those that live, and those that ended within a day. */
struct admin_sessions_query {
    char *user_id;
    int64_t limit;
    char *cursor;
};
extern const struct record admin_sessions_query_record;

struct admin_session {
    char *session_id;
    char *device;
    char *address;
    char *user_agent;
    int64_t created_at;
    int64_t seen_at;
    int64_t ended_at; /* 0: it lives */
    char *end_reason;
};
extern const struct record admin_session_record;

struct admin_sessions {
    int64_t total;
    struct list sessions; /* struct admin_session, the newest first */
    char *next_cursor;
};
extern const struct record admin_sessions_record;

/* POST …/unban, /unmute, /logout */
struct admin_reason {
    char *user_id;
    char *reason;
};
extern const struct record admin_reason_record;

/* POST …/ban */
struct admin_ban {
    char *user_id;
    char *reason;  /* the user is told it when he logs in */
    int64_t until; /* 0: for ever */
};
extern const struct record admin_ban_record;

/* POST …/mute: one of until and seconds */
struct admin_mute {
    char *user_id;
    char *reason;
    int64_t until;
    int64_t seconds;
};
extern const struct record admin_mute_record;

/* POST …/password */
struct admin_password {
    char *user_id;
    char *new_password;
    char *reason;
};
extern const struct record admin_password_record;

/* PUT …/role */
struct admin_role {
    char *user_id;
    char *role;
    char *reason;
};
extern const struct record admin_role_record;

/* GET /v1/admin/audit */
struct audit_query {
    char *actor_id;
    char *target_id;
    char *action;
    int64_t from; /* of at, this one included */
    int64_t until;
    int64_t limit;
    char *cursor;
};
extern const struct record audit_query_record;

/* What an administrator did, or was about to do; if that failed, a second entry says why. */
struct audit_entry {
    char *entry_id;
    int64_t at;
    char *actor_id; /* "system": nobody, but the configuration */
    char *actor_username;
    char *actor_role; /* at that time */
    char *action;     /* users.ban, … */
    char *target_id;
    char *target_username;
    char *reason;
    char *details; /* what else was asked for: "until=1700000000000" */
    char *address; /* the administrator's */
    char *request_id;
    char *attempt_id; /* of a failure: the entry that announced it */
    char *failure;    /* and what came in between */
};
extern const struct record audit_entry_record;
DEFINE_RECORD_CLEANUP(struct audit_entry, audit_entry)

struct audit_page {
    int64_t total;       /* counted up to 10,000 */
    struct list entries; /* struct audit_entry, the newest first */
    char *next_cursor;
};
extern const struct record audit_page_record;

extern const struct record *const admin_api_records[];
extern const size_t n_admin_api_records;

#endif
