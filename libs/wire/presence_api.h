#ifndef WIRE_PRESENCE_API_H
#define WIRE_PRESENCE_API_H

#include "record/record.h"

/* GET /api/presence: who is here. */

#define PRESENCE_IDS_MAX 100

struct presence_query {
    char *user_ids; /* comma-separated */
};
extern const struct record presence_query_record;

/* Append the ids, none twice. INVALID: one is no id, or they are too many. */
MUST_CHECK enum status presence_query_read(const struct presence_query *query, struct strings *ret,
                                           struct error *err);

struct presence {
    char *user_id;
    bool online;
    int64_t last_seen; /* 0, written as null: never */
};
extern const struct record presence_record;

struct presence_list { /* those whom the asker may know of, in the order in which he asked */
    struct list presences;
};
extern const struct record presence_list_record;

extern const struct record *const presence_api_records[];
extern const size_t n_presence_api_records;

#endif
