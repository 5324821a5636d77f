/* The audit log: who did what to whom, why, and from where. Nothing here changes or removes an
 * entry, and elsewhere the collection is only read (export.c). */

#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"

#define TOTAL_MAX 10000 /* counting goes no further: nobody pages through more by hand */
#define EVER INT64_MAX

static const struct field document_fields[] = {
    FIELD_NAMED(struct audit_entry, entry_id, "_id"),
    FIELD(struct audit_entry, at),
    FIELD(struct audit_entry, actor_id),
    FIELD(struct audit_entry, actor_username),
    FIELD(struct audit_entry, actor_role),
    FIELD(struct audit_entry, action),
    FIELD(struct audit_entry, target_id),
    FIELD(struct audit_entry, target_username),
    FIELD(struct audit_entry, reason),
    FIELD(struct audit_entry, details),
    FIELD(struct audit_entry, address),
    FIELD(struct audit_entry, request_id),
    FIELD(struct audit_entry, attempt_id),
    FIELD(struct audit_entry, failure),
};
static const struct record document_record =
    RECORD("auth.audit_document", struct audit_entry, document_fields);

/* One for each filter, all in the order of the list. */
enum status audit_prepare(struct auth_state *auth, struct error *err)
{
    static const char *const indexes[] = {
        "{'at': -1, '_id': -1}",
        "{'actor_id': 1, 'at': -1, '_id': -1}",
        "{'target_id': 1, 'at': -1, '_id': -1}",
        "{'action': 1, 'at': -1, '_id': -1}",
    };
    enum status s = STATUS_OK;

    for (size_t i = 0; i < N_ELEMENTS(indexes) && s == STATUS_OK; i++)
        s = store_index(auth->store, AUDIT, indexes[i], false, 0, err);
    return s;
}

/* ---- Writing */

/* A write whose outcome is unknown is tried once more: its id tells whether it is in. */
static enum status add(struct auth_state *auth, const struct audit_entry *entry, struct error *err)
{
    enum status s = store_insert(auth->store, AUDIT, &document_record, entry, err);

    if (s == STATUS_UNAVAILABLE)
        s = store_insert(auth->store, AUDIT, &document_record, entry, err);
    return s == STATUS_ID_TAKEN ? STATUS_OK : s;
}

static char *new_id(void)
{
    char id[ID_MAX];

    id_new("audit_", id);
    return memory_text(id);
}

enum status audit_announce(struct auth_state *auth, struct audit_entry *entry, struct error *err)
{
    if (!entry->entry_id)
        entry->entry_id = new_id();
    entry->at = clock_now();
    return add(auth, entry, err);
}

/* What our own faults say comes from libraries, and is in the service's log. */
static char *failure_of(const struct error *why)
{
    bool is_ours = why->status == STATUS_INTERNAL || why->status == STATUS_UNAVAILABLE;
    struct buffer text = {0};

    buffer_printf(&text, "%d%s%s", status_code(why->status), is_ours ? "" : ": ",
                  is_ours ? "" : why->text);
    return buffer_take(&text);
}

void audit_fail(struct auth_state *auth, const struct audit_entry *entry, const struct error *why)
{
    CLEANUP(audit_entry_clear) struct audit_entry failed = {0};
    struct error err;

    record_copy(&audit_entry_record, entry, &failed);
    failed.attempt_id = failed.entry_id;
    failed.entry_id = new_id();
    failed.at = clock_now();
    failed.failure = failure_of(why);
    if (add(auth, &failed, &err) != STATUS_OK)
        log_error("failure not audited", LOG_TEXT("entry_id", failed.attempt_id),
                  LOG_TEXT("failure", failed.failure), LOG_TEXT("reason", err.text));
}

/* ---- Reading */

/* "" to this: every text of ours. An interval of one text is answered in the order of the index. */
#define LAST_TEXT "\xef\xbf\xbf"
#define FILTER \
    "{'actor_id': {'$gte': %s, '$lte': %s}, 'target_id': {'$gte': %s, '$lte': %s}, " \
    "'action': {'$gte': %s, '$lte': %s}, 'at': {'$gte': %ld, '$lt': %ld}"

struct interval {
    const char *first;
    const char *last;
};

static struct interval interval_of(const char *wanted)
{
    if (wanted && *wanted)
        return (struct interval){wanted, wanted};
    return (struct interval){"", LAST_TEXT};
}

/* "<at>,<entry_id>" of the last one shown. *ret_id points into cursor. */
static enum status read_cursor(const char *cursor, int64_t *ret_at, const char **ret_id,
                               struct error *err)
{
    char *end;

    *ret_at = EVER;
    *ret_id = "";
    if (!cursor || !*cursor)
        return STATUS_OK;
    *ret_at = strtoll(cursor, &end, 10);
    if (end == cursor || *end != ',')
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    *ret_id = end + 1;
    return STATUS_OK;
}

static void end_page(struct audit_page *page, size_t limit)
{
    struct audit_entry *entries = page->entries.items;
    struct buffer cursor = {0};

    if (page->entries.n <= limit)
        return;
    record_clear(&audit_entry_record,
                 &entries[--page->entries.n]); /* it only told that it is there */
    buffer_printf(&cursor, "%lld,%s", (long long)entries[limit - 1].at,
                  entries[limit - 1].entry_id);
    page->next_cursor = buffer_take(&cursor);
}

enum status handle_audit(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    struct auth_state *auth = state;
    const struct audit_query *query = request;
    struct audit_page *page = reply;
    const struct store_find how = {.sort = "{'at': -1, '_id': -1}", .limit = query->limit + 1};
    struct interval actor = interval_of(query->actor_id);
    struct interval target = interval_of(query->target_id);
    struct interval action = interval_of(query->action);
    int64_t until = query->until > 0 ? query->until : EVER;
    int64_t last_at;
    const char *last_id;
    enum status s;

    (void)call;
    s = read_cursor(query->cursor, &last_at, &last_id, err);
    if (s == STATUS_OK)
        s = store_count(auth->store, AUDIT, TOTAL_MAX, &page->total, err, FILTER "}", actor.first,
                        actor.last, target.first, target.last, action.first, action.last,
                        query->from, until);
    if (s == STATUS_OK)
        s = store_find(auth->store, AUDIT, &how, &document_record, &page->entries, err,
                       FILTER ", '$or': [{'at': {'$lt': %ld}}, {'at': %ld, '_id': {'$lt': %s}}]}",
                       actor.first, actor.last, target.first, target.last, action.first,
                       action.last, query->from, until, last_at, last_at, last_id);
    if (s == STATUS_OK)
        end_page(page, (size_t)query->limit);
    return s;
}
