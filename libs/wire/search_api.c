#include "wire/search_api.h"

#include "base/id.h"

#define TIME_MAX 8796093022207 /* the year 2248: what fits into the index */

static const struct field search_query_fields[] = {
    FIELD(struct search_query, q, .required = true, .min = 1, .max = SEARCH_QUERY_MAX),
    FIELD(struct search_query, conversation_id, .min = 1, .max = CONVERSATION_ID_MAX - 1),
    FIELD(struct search_query, from, .min = 1, .max = ID_MAX - 1, .alphabet = ALPHABET_ID),
    FIELD(struct search_query, msg_type, .min = -1, .max = MSG_CUSTOM, .def = "-1"),
    FIELD(struct search_query, after, .min = 0, .max = TIME_MAX, .def = "0"),
    FIELD(struct search_query, before, .min = 0, .max = TIME_MAX, .def = "0"),
    FIELD(struct search_query, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct search_query, cursor, .min = 1, .max = 20, .alphabet = "0123456789"),
};
const struct record search_query_record =
    RECORD("message.search_query", struct search_query, search_query_fields);

static const struct field highlight_fields[] = {
    FIELD(struct highlight, start, .required = true, .min = 0, .max = TEXT_MAX),
    FIELD(struct highlight, length, .required = true, .min = 1, .max = TEXT_MAX),
};
const struct record highlight_record =
    RECORD("message.highlight", struct highlight, highlight_fields);

static const struct field found_message_fields[] = {
    FIELD(struct found_message, message, .required = true, .of = &frame_message_record),
    FIELD(struct found_message, highlights, .required = true, .max = HIGHLIGHTS_MAX,
          .of = &highlight_record),
};
const struct record found_message_record =
    RECORD("message.found", struct found_message, found_message_fields);

static const struct field search_page_fields[] = {
    FIELD(struct search_page, messages, .required = true, .of = &found_message_record),
    FIELD(struct search_page, next_cursor, .nullable = true),
};
const struct record search_page_record =
    RECORD("message.search_page", struct search_page, search_page_fields);

const struct record *const search_api_records[] = {
    &search_query_record,
    &highlight_record,
    &found_message_record,
    &search_page_record,
};
const size_t n_search_api_records = N_ELEMENTS(search_api_records);
