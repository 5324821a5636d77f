#include "wire/presence_api.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"

static const struct field query_fields[] = {
    FIELD(struct presence_query, user_ids, .required = true, .min = 1,
          .max = PRESENCE_IDS_MAX * ID_MAX, .alphabet = "," ALPHABET_ID),
};
const struct record presence_query_record =
    RECORD("user.presence_query", struct presence_query, query_fields);

static const struct field presence_fields[] = {
    FIELD(struct presence, user_id, .required = true),
    FIELD(struct presence, online, .required = true),
    FIELD(struct presence, last_seen, .nullable = true, .omit_zero = true),
};
const struct record presence_record = RECORD("user.presence", struct presence, presence_fields);

static const struct field list_fields[] = {
    FIELD(struct presence_list, presences, .required = true, .max = PRESENCE_IDS_MAX,
          .of = &presence_record),
};
const struct record presence_list_record =
    RECORD("user.presence_list", struct presence_list, list_fields);

static bool has(const struct strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->n; i++)
        if (strcmp(strings->items[i], text) == 0)
            return true;
    return false;
}

enum status presence_query_read(const struct presence_query *query, struct strings *ret,
                                struct error *err)
{
    CLEANUP(free) char *ids = memory_text(query->user_ids);
    char *rest = ids;
    char *id;

    while ((id = strsep(&rest, ","))) {
        if (!*id || strlen(id) >= ID_MAX)
            return error_field(err, STATUS_INVALID, "user_ids",
                               "field 'user_ids' must be ids with a comma between them");
        if (has(ret, id))
            continue;
        if (ret->n == PRESENCE_IDS_MAX)
            return error_field(err, STATUS_INVALID, "user_ids",
                               "field 'user_ids' holds more than %d ids", PRESENCE_IDS_MAX);
        strings_add(ret, id);
    }
    return STATUS_OK;
}

const struct record *const presence_api_records[] = {
    &presence_query_record,
    &presence_record,
    &presence_list_record,
};
const size_t n_presence_api_records = N_ELEMENTS(presence_api_records);
