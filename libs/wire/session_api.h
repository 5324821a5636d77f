#ifndef WIRE_SESSION_API_H
#define WIRE_SESSION_API_H

#include "record/record.h"

/* The REST bodies of one's own sessions and password. */

/* GET /api/sessions */
struct session_page {
    int64_t limit;
    char *cursor;
};
extern const struct record session_page_record;

/* A device that is logged in. */
struct session_view {
    char *session_id;
    char *device;     /* the name it gave at log-in, or NULL */
    char *address;    /* from where it logged in */
    char *user_agent; /* likewise; cut to 127 bytes */
    int64_t created_at;
    int64_t seen_at; /* its last refresh */
    bool current;    /* the one that asks */
};
extern const struct record session_view_record;

struct session_list {
    int64_t total;
    struct list sessions; /* struct session_view, the newest first */
    char *next_cursor;
};
extern const struct record session_list_record;

/* DELETE /api/sessions/{session_id} */
struct session_path {
    char *session_id;
};
extern const struct record session_path_record;

/* POST /api/logout */
struct session_logout {
    bool everywhere; /* the other sessions too */
};
extern const struct record session_logout_record;

/* POST /api/password */
struct session_password {
    char *old_password; /* absent: there was none (who came by another provider) */
    char *new_password;
};
extern const struct record session_password_record;

extern const struct record *const session_api_records[];
extern const size_t n_session_api_records;

#endif
