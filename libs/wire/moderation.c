#include "wire/moderation.h"

#include "wire/admin_api.h"

#define PATH_FIELDS(record) \
    FIELD(record, conversation_id, .required = true, .min = 1, .max = CONVERSATION_ID_MAX - 1), \
        FIELD(record, message_id, .required = true, .min = 1, .max = MESSAGE_ID_MAX), \
        FIELD(record, reason, .required = true, .min = 1, .max = REASON_MAX)

static const struct field path_fields[] = {PATH_FIELDS(struct admin_message_path)};
const struct record admin_message_path_record =
    RECORD("admin.message_path", struct admin_message_path, path_fields);

static const struct field query_fields[] = {
    PATH_FIELDS(struct admin_message_query),
    FIELD(struct admin_message_query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct admin_message_query, cursor, .max = 20, .alphabet = "0123456789"),
};
const struct record admin_message_query_record =
    RECORD("admin.message_query", struct admin_message_query, query_fields);

static const struct field change_fields[] = {
    FIELD(struct admin_message_change, change_seq, .required = true),
    FIELD(struct admin_message_change, kind, .required = true),
    FIELD(struct admin_message_change, user_id),
    FIELD(struct admin_message_change, content, .max = FRAME_MAX),
    FIELD(struct admin_message_change, old_content, .max = FRAME_MAX),
    FIELD(struct admin_message_change, emoji),
    FIELD(struct admin_message_change, removed, .omit_zero = true),
    FIELD(struct admin_message_change, created_at, .required = true),
};
const struct record admin_message_change_record =
    RECORD("admin.message_change", struct admin_message_change, change_fields);

static const struct field message_fields[] = {
    FIELD(struct admin_message, message, .required = true, .of = &frame_message_record),
    FIELD(struct admin_message, total, .required = true),
    FIELD(struct admin_message, changes, .required = true, .max = 100,
          .of = &admin_message_change_record),
    FIELD(struct admin_message, next_cursor, .nullable = true),
};
const struct record admin_message_record =
    RECORD("admin.message", struct admin_message, message_fields);

const struct record *const moderation_records[] = {
    &admin_message_path_record,
    &admin_message_query_record,
    &admin_message_change_record,
    &admin_message_record,
};
const size_t n_moderation_records = N_ELEMENTS(moderation_records);
