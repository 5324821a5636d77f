#include "wire/message_api.h"

#include "base/id.h"

#define PAGE_FIELD(record) FIELD(record, limit, .min = 1, .max = 100, .def = "50")
/* after_seq=0 asks for the oldest, so what is not asked for is another number. Nowhere on earth is
 * it more than 14 hours later, or 12 earlier, than in Greenwich. */
#define HISTORY_PAGE_FIELDS(record) \
    FIELD_NAMED(record, page.limit, "limit", .min = 1, .max = 100, .def = "50"), \
        FIELD_NAMED(record, page.last_seq, "last_seq", .min = 0, .max = INT64_MAX, .def = "0"), \
        FIELD_NAMED(record, page.after_seq, "after_seq", .min = -1, .max = INT64_MAX - 1, \
                    .def = "-1"), \
        FIELD_NAMED(record, page.around_seq, "around_seq", .min = 0, .max = INT64_MAX, \
                    .def = "0"), \
        FIELD_NAMED(record, page.day, "day", .min = 10, .max = 10, .alphabet = "0123456789-"), \
        FIELD_NAMED(record, page.offset, "offset", .min = -840, .max = 840, .def = "0"), \
        FIELD_NAMED(record, page.at, "at", .min = -1, .max = INT64_MAX, .def = "-1")

static const struct field private_history_query_fields[] = {
    FIELD(struct private_history_query, user_id, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
    HISTORY_PAGE_FIELDS(struct private_history_query),
};
const struct record private_history_query_record = RECORD(
    "message.private_history_query", struct private_history_query, private_history_query_fields);

static const struct field group_history_query_fields[] = {
    FIELD(struct group_history_query, group_id, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
    HISTORY_PAGE_FIELDS(struct group_history_query),
};
const struct record group_history_query_record =
    RECORD("message.group_history_query", struct group_history_query, group_history_query_fields);

static const struct field history_fields[] = {
    FIELD(struct history, messages, .required = true, .of = &frame_message_record),
    FIELD(struct history, has_more, .required = true),
    FIELD(struct history, has_more_before),
    FIELD(struct history, has_more_after),
};
const struct record history_record = RECORD("message.history", struct history, history_fields);

static const struct field conversations_query_fields[] = {
    PAGE_FIELD(struct conversations_query),
    FIELD(struct conversations_query, cursor, .min = 1, .max = 160),
};
const struct record conversations_query_record =
    RECORD("message.conversations_query", struct conversations_query, conversations_query_fields);

static const struct field conversation_peer_fields[] = {
    FIELD(struct conversation_peer, user_id, .required = true),
    FIELD(struct conversation_peer, username),
    FIELD(struct conversation_peer, nickname),
    FIELD(struct conversation_peer, read_seq, .omit_zero = true),
    FIELD(struct conversation_peer, delivered_seq, .omit_zero = true),
};
const struct record conversation_peer_record =
    RECORD("message.conversation_peer", struct conversation_peer, conversation_peer_fields);

static const struct field conversation_group_fields[] = {
    FIELD(struct conversation_group, group_id, .required = true),
    FIELD(struct conversation_group, name),
};
const struct record conversation_group_record =
    RECORD("message.conversation_group", struct conversation_group, conversation_group_fields);

static const struct field conversation_item_fields[] = {
    CONVERSATION_ITEM_FIELDS(struct conversation_item, ),
};
const struct record conversation_item_record =
    RECORD("message.conversation", struct conversation_item, conversation_item_fields);

static const struct field conversations_fields[] = {
    FIELD(struct conversations, total, .required = true),
    FIELD(struct conversations, conversations, .required = true, .of = &conversation_item_record),
    FIELD(struct conversations, next_cursor, .nullable = true),
};
const struct record conversations_record =
    RECORD("message.conversations", struct conversations, conversations_fields);

static const struct field message_sent_fields[] = {
    FIELD(struct message_sent, message_id, .required = true),
    FIELD(struct message_sent, conversation_id, .required = true),
    FIELD(struct message_sent, seq, .required = true),
    FIELD(struct message_sent, timestamp, .required = true),
};
const struct record message_sent_record =
    RECORD("message.sent", struct message_sent, message_sent_fields);

#define MESSAGE_PATH_FIELDS(record) \
    FIELD(record, conversation_id, .required = true, .min = 1, .max = CONVERSATION_ID_MAX - 1), \
        FIELD(record, message_id, .required = true, .min = 1, .max = MESSAGE_ID_MAX)

static const struct field message_path_fields[] = {MESSAGE_PATH_FIELDS(struct message_path)};
const struct record message_path_record =
    RECORD("message.path", struct message_path, message_path_fields);

static const struct field message_edit_fields[] = {
    MESSAGE_PATH_FIELDS(struct message_edit),
    FIELD(struct message_edit, content, .required = true, .max = FRAME_MAX),
};
const struct record message_edit_record =
    RECORD("message.edit", struct message_edit, message_edit_fields);

static const struct field message_delete_fields[] = {
    MESSAGE_PATH_FIELDS(struct message_delete),
    FIELD(struct message_delete, scope, .required = true, .min = 1, .max = 3),
};
const struct record message_delete_record =
    RECORD("message.delete", struct message_delete, message_delete_fields);

static const struct field message_react_fields[] = {
    MESSAGE_PATH_FIELDS(struct message_react),
    FIELD(struct message_react, emoji, .required = true, .min = 1, .max = EMOJI_MAX),
};
const struct record message_react_record =
    RECORD("message.react", struct message_react, message_react_fields);

static const struct field message_changed_fields[] = {
    FIELD(struct message_changed, message_id, .required = true),
    FIELD(struct message_changed, conversation_id, .required = true),
    FIELD(struct message_changed, seq, .required = true),
    FIELD(struct message_changed, change_seq, .required = true),
};
const struct record message_changed_record =
    RECORD("message.changed", struct message_changed, message_changed_fields);

const struct record *const message_api_records[] = {
    &private_history_query_record, &group_history_query_record, &history_record,
    &conversations_query_record,   &conversation_peer_record,   &conversation_group_record,
    &conversation_item_record,     &conversations_record,       &message_sent_record,
    &message_path_record,          &message_edit_record,        &message_delete_record,
    &message_react_record,         &message_changed_record,
};
const size_t n_message_api_records = N_ELEMENTS(message_api_records);
