#include "wire/session_api.h"

#include "base/id.h"
#include "wire/auth_api.h"

#define CURSOR_MAX (ID_MAX - 1)
#define USER_AGENT_MAX 128 /* as struct call has it */

static const struct field page_fields[] = {
    FIELD(struct session_page, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct session_page, cursor, .max = CURSOR_MAX, .alphabet = ALPHABET_ID),
};
const struct record session_page_record = RECORD("session.page", struct session_page, page_fields);

static const struct field view_fields[] = {
    FIELD(struct session_view, session_id, .required = true),
    FIELD(struct session_view, device, .max = DEVICE_MAX, .nullable = true),
    FIELD(struct session_view, address, .required = true),
    FIELD(struct session_view, user_agent, .max = USER_AGENT_MAX, .nullable = true),
    FIELD(struct session_view, created_at, .required = true),
    FIELD(struct session_view, seen_at, .required = true),
    FIELD(struct session_view, current, .required = true),
};
const struct record session_view_record = RECORD("session.view", struct session_view, view_fields);

static const struct field list_fields[] = {
    FIELD(struct session_list, total),
    FIELD(struct session_list, sessions, .required = true, .max = 100, .of = &session_view_record),
    FIELD(struct session_list, next_cursor, .nullable = true),
};
const struct record session_list_record = RECORD("session.list", struct session_list, list_fields);

static const struct field path_fields[] = {
    FIELD(struct session_path, session_id, .required = true),
};
const struct record session_path_record = RECORD("session.path", struct session_path, path_fields);

static const struct field logout_fields[] = {
    FIELD(struct session_logout, everywhere),
};
const struct record session_logout_record =
    RECORD("session.logout", struct session_logout, logout_fields);

static const struct field password_fields[] = {
    FIELD(struct session_password, old_password, .min = 1, .max = PASSWORD_MAX, .secret = true),
    FIELD(struct session_password, new_password, .required = true, .min = PASSWORD_MIN,
          .max = PASSWORD_MAX, .secret = true),
};
const struct record session_password_record =
    RECORD("session.password", struct session_password, password_fields);

const struct record *const session_api_records[] = {
    &session_page_record, &session_view_record,   &session_list_record,
    &session_path_record, &session_logout_record, &session_password_record,
};
const size_t n_session_api_records = N_ELEMENTS(session_api_records);
