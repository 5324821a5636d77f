#include "wire/sync_api.h"

#include "base/id.h"

static const struct field sync_query_fields[] = {
    FIELD(struct sync_query, cursor, .min = 1, .max = ID_MAX - 1, .alphabet = ALPHABET_ID),
    FIELD(struct sync_query, limit, .min = 1, .max = 100, .def = "100"),
};
const struct record sync_query_record =
    RECORD("message.sync_query", struct sync_query, sync_query_fields);

static const struct field sync_receipt_fields[] = {
    FIELD(struct sync_receipt, user_id, .required = true),
    FIELD(struct sync_receipt, read_seq, .required = true),
    FIELD(struct sync_receipt, delivered_seq, .required = true),
};
const struct record sync_receipt_record =
    RECORD("message.sync_receipt", struct sync_receipt, sync_receipt_fields);

static const struct field sync_conversation_fields[] = {
    CONVERSATION_ITEM_FIELDS(struct sync_conversation, item.),
    FIELD(struct sync_conversation, messages, .required = true, .of = &frame_message_record),
    FIELD(struct sync_conversation, limited, .required = true),
    FIELD(struct sync_conversation, from_seq, .omit_zero = true),
    FIELD(struct sync_conversation, after_seq, .required = true),
    FIELD(struct sync_conversation, changes, .required = true, .of = &frame_message_record),
    FIELD(struct sync_conversation, hidden_message_ids, .required = true),
    FIELD(struct sync_conversation, pinned_ids, .required = true),
    FIELD(struct sync_conversation, receipts, .required = true, .of = &sync_receipt_record),
    FIELD(struct sync_conversation, first_seq, .required = true),
    FIELD(struct sync_conversation, change_seq, .required = true),
};
const struct record sync_conversation_record =
    RECORD("message.sync_conversation", struct sync_conversation, sync_conversation_fields);

static const struct field sync_page_fields[] = {
    FIELD(struct sync_page, cursor, .required = true),
    FIELD(struct sync_page, has_more, .required = true),
    FIELD(struct sync_page, conversations, .required = true, .of = &sync_conversation_record),
};
const struct record sync_page_record =
    RECORD("message.sync_page", struct sync_page, sync_page_fields);

const struct record *const sync_api_records[] = {
    &sync_query_record,
    &sync_receipt_record,
    &sync_conversation_record,
    &sync_page_record,
};
const size_t n_sync_api_records = N_ELEMENTS(sync_api_records);
