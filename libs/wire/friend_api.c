#include "wire/friend_api.h"

#include <string.h>

#include "base/id.h"
#include "wire/frames.h"
#include "wire/shown.h"
#include "wire/user_api.h"

/* Another's id: of the alphabet, as frames name people too. */
#define USER_FIELD(record) \
    FIELD(record, user_id, .required = true, .min = 1, .max = ID_MAX - 1, .alphabet = ALPHABET_ID)
#define PAGE_FIELDS(record) \
    FIELD(record, limit, .min = 1, .max = 100, .def = "50"), FIELD(record, cursor, .max = 96)
/* What is shown of the other one. */
#define PERSON_FIELDS(record) \
    FIELD(record, user_id, .required = true), FIELD(record, username, .required = true), \
        FIELD(record, nickname, .required = true), \
        FIELD(record, avatar, .max = AVATAR_MAX, .nullable = true)

static const struct field page_fields[] = {PAGE_FIELDS(struct friend_page)};
const struct record friend_page_record =
    RECORD("user.friend_page", struct friend_page, page_fields);

static const struct field friend_fields[] = {
    PERSON_FIELDS(struct friend_item),
    FIELD(struct friend_item, remark, .max = REMARK_MAX, .nullable = true),
    FIELD(struct friend_item, bot),
    FIELD(struct friend_item, online),
    FIELD(struct friend_item, last_seen, .nullable = true, .omit_zero = true),
    FIELD(struct friend_item, unread_count, .min = 0, .max = 999),
    FIELD(struct friend_item, last_message, .nullable = true, .of = &frame_message_record),
    FIELD(struct friend_item, last_time, .nullable = true, .omit_zero = true),
    FIELD(struct friend_item, friends_since),
};
const struct record friend_item_record = RECORD("user.friend", struct friend_item, friend_fields);

static const struct field friend_list_fields[] = {
    FIELD(struct friend_list, total),
    FIELD(struct friend_list, friends, .required = true, .max = 100, .of = &friend_item_record),
    FIELD(struct friend_list, next_cursor, .nullable = true),
};
const struct record friend_list_record =
    RECORD("user.friend_list", struct friend_list, friend_list_fields);

static const struct field friend_change_fields[] = {
    USER_FIELD(struct friend_change),
    FIELD(struct friend_change, remark, .required = true, .max = REMARK_MAX),
};
const struct record friend_change_record =
    RECORD("user.friend_change", struct friend_change, friend_change_fields);

static const struct field ask_fields[] = {
    USER_FIELD(struct friend_ask),
    FIELD(struct friend_ask, greeting, .max = GREETING_MAX),
};
const struct record friend_ask_record = RECORD("user.friend_ask", struct friend_ask, ask_fields);

static const struct field request_fields[] = {
    FIELD(struct friend_request, request_id, .nullable = true),
    FIELD(struct friend_request, status, .required = true),
    FIELD(struct friend_request, direction, .required = true),
    PERSON_FIELDS(struct friend_request),
    FIELD(struct friend_request, greeting, .nullable = true),
    FIELD(struct friend_request, created_at),
};
const struct record friend_request_record =
    RECORD("user.friend_request", struct friend_request, request_fields);

static const struct field query_fields[] = {
    FIELD(struct friend_request_query, direction, .max = 8, .def = "incoming"),
    PAGE_FIELDS(struct friend_request_query),
};
const struct record friend_request_query_record =
    RECORD("user.friend_request_query", struct friend_request_query, query_fields);

static const struct field request_list_fields[] = {
    FIELD(struct friend_request_list, total),
    FIELD(struct friend_request_list, requests, .required = true, .max = 100,
          .of = &friend_request_record),
    FIELD(struct friend_request_list, next_cursor, .nullable = true),
};
const struct record friend_request_list_record =
    RECORD("user.friend_request_list", struct friend_request_list, request_list_fields);

static const struct field request_path_fields[] = {
    FIELD(struct friend_request_path, request_id, .required = true),
};
const struct record friend_request_path_record =
    RECORD("user.friend_request_path", struct friend_request_path, request_path_fields);

static const struct field block_create_fields[] = {USER_FIELD(struct block_create)};
const struct record block_create_record =
    RECORD("user.block_create", struct block_create, block_create_fields);

static const struct field block_fields[] = {PERSON_FIELDS(struct block_item)};
const struct record block_item_record = RECORD("user.block", struct block_item, block_fields);

static const struct field block_list_fields[] = {
    FIELD(struct block_list, total),
    FIELD(struct block_list, blocks, .required = true, .max = 100, .of = &block_item_record),
    FIELD(struct block_list, next_cursor, .nullable = true),
};
const struct record block_list_record =
    RECORD("user.block_list", struct block_list, block_list_fields);

enum status friend_change_check(const struct friend_change *change, struct error *err)
{
    return *change->remark ? shown_check_line(change->remark, "remark", err) : STATUS_OK;
}

enum status friend_ask_check(const struct friend_ask *ask, struct error *err)
{
    return ask->greeting ? shown_check_text(ask->greeting, "greeting", err) : STATUS_OK;
}

enum status friend_request_query_check(const struct friend_request_query *query, struct error *err)
{
    if (strcmp(query->direction, "incoming") == 0 || strcmp(query->direction, "outgoing") == 0)
        return STATUS_OK;
    return error_field(err, STATUS_INVALID, "direction",
                       "field 'direction' must be incoming or outgoing");
}

const struct record *const friend_api_records[] = {
    &friend_page_record,          &friend_item_record,         &friend_list_record,
    &friend_change_record,        &friend_ask_record,          &friend_request_record,
    &friend_request_query_record, &friend_request_list_record, &friend_request_path_record,
    &block_create_record,         &block_item_record,          &block_list_record,
};
const size_t n_friend_api_records = N_ELEMENTS(friend_api_records);
