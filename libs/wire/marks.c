#include "wire/marks.h"

#include "base/id.h"

#define CONVERSATION_FIELD(record) \
    FIELD(record, conversation_id, .required = true, .min = 1, .max = CONVERSATION_ID_MAX - 1)

static const struct field conversation_path_fields[] = {
    CONVERSATION_FIELD(struct conversation_path),
};
const struct record conversation_path_record =
    RECORD("message.conversation_path", struct conversation_path, conversation_path_fields);

/* A draft is as long as a text may be. */
#define CHANGE_FIELDS(record) \
    CONVERSATION_FIELD(record), FIELD(record, pinned), FIELD(record, muted), \
        FIELD(record, read_seq, .min = 0, .max = INT64_MAX), FIELD(record, draft, .max = TEXT_MAX)

static const struct field conversation_change_fields[] = {
    CHANGE_FIELDS(struct conversation_change),
};
const struct record conversation_change_record =
    RECORD("message.conversation_change", struct conversation_change, conversation_change_fields);

static const struct field user_mark_fields[] = {
    CHANGE_FIELDS(struct user_mark),
    FIELD(struct user_mark, hide),
    FIELD(struct user_mark, hide_message_id, .min = 1, .max = MESSAGE_ID_MAX),
};
const struct record user_mark_record = RECORD("message.mark", struct user_mark, user_mark_fields);

static const struct field receipts_query_fields[] = {
    CONVERSATION_FIELD(struct receipts_query),
    FIELD(struct receipts_query, message_id, .required = true, .min = 1, .max = MESSAGE_ID_MAX),
    FIELD(struct receipts_query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct receipts_query, cursor, .min = 1, .max = ID_MAX - 1, .alphabet = ALPHABET_ID),
};
const struct record receipts_query_record =
    RECORD("message.receipts_query", struct receipts_query, receipts_query_fields);

static const struct field receipt_fields[] = {
    FIELD(struct receipt, user_id, .required = true),
    FIELD(struct receipt, read, .required = true),
    FIELD(struct receipt, delivered),
};
const struct record receipt_record = RECORD("message.receipt", struct receipt, receipt_fields);

static const struct field receipts_fields[] = {
    FIELD(struct receipts, total, .required = true),
    FIELD(struct receipts, read_count, .required = true),
    FIELD(struct receipts, receipts, .required = true, .of = &receipt_record),
    FIELD(struct receipts, next_cursor, .nullable = true),
};
const struct record receipts_record = RECORD("message.receipts", struct receipts, receipts_fields);

const struct record *const marks_records[] = {
    &conversation_path_record, &conversation_change_record,
    &user_mark_record,         &receipts_query_record,
    &receipt_record,           &receipts_record,
};
const size_t n_marks_records = N_ELEMENTS(marks_records);
