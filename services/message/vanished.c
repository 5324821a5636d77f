#include "vanished.h"

#include "base/clock.h"

#define VANISHED "vanished"
#define DAY_MS (24LL * 3600 * 1000)
#define ERASED 2000 /* at once */

static const struct field vanished_fields[] = {
    FIELD_NAMED(struct message_document, id, "_id"),
    FIELD(struct message_document, conversation_id),
    FIELD(struct message_document, seq),
    FIELD(struct message_document, from_user_id),
    FIELD(struct message_document, created_at),
    FIELD(struct message_document, expires_at),
};
static const struct record vanished_record =
    RECORD("message.vanished", struct message_document, vanished_fields);

/* None by which MongoDB removes: `parleyctl restore` reads back what it has written, however old
 * the back-up is. */
enum status vanished_index(struct store *store, struct error *err)
{
    enum status s = store_index(store, VANISHED, "{'expires_at': 1}", false, 0, err);

    if (s == STATUS_OK)
        s = store_index(store, VANISHED, "{'conversation_id': 1}", false, 0, err);
    return s;
}

enum status vanished_keep(struct store *store, const struct strings *ids, struct error *err)
{
    struct list found = {0};
    const struct message_document *messages;
    struct store_bulk *bulk;
    enum status s = store_find(store, MESSAGES, &(struct store_find){0}, &vanished_record, &found,
                               err, "{'_id': {'$in': %p}}", (void *)ids);

    messages = found.items;
    bulk = store_bulk_new(store, VANISHED);
    for (size_t i = 0; s == STATUS_OK && i < found.n; i++)
        store_bulk_add(bulk, STORE_UPSERT,
                       "[{'_id': %s}, {'$setOnInsert': {'conversation_id': %s, 'seq': %ld, "
                       "'from_user_id': %s, 'created_at': %ld, 'expires_at': %ld}}]",
                       messages[i].id, messages[i].conversation_id, messages[i].seq,
                       messages[i].from_user_id, messages[i].created_at, messages[i].expires_at);
    list_clear(&found, &vanished_record);
    if (s != STATUS_OK) {
        store_bulk_free(bulk);
        return s;
    }
    return store_bulk_run(bulk, err);
}

enum status vanished_find(struct store *store, const struct strings *ids, struct list *ret,
                          struct error *err)
{
    return store_find(store, VANISHED, &(struct store_find){0}, &vanished_record, ret, err,
                      "{'_id': {'$in': %p}}", (void *)ids);
}

enum status vanished_trim(struct store *store, struct error *err)
{
    int64_t before = clock_now() - VANISHED_DAYS * DAY_MS;

    return store_delete(store, VANISHED, NULL, err, "{'expires_at': {'$lt': %ld}}", before);
}

enum status vanished_erase(struct store *store, const char *conversation_id, bool *ret_done,
                           struct error *err)
{
    const struct store_find how = {.limit = ERASED};
    struct list found = {0};
    struct strings ids = {0};
    const struct message_document *messages;
    enum status s = store_find(store, VANISHED, &how, &vanished_record, &found, err,
                               "{'conversation_id': %s}", conversation_id);

    messages = found.items;
    for (size_t i = 0; i < found.n; i++)
        strings_add(&ids, messages[i].id);
    if (s == STATUS_OK && ids.n > 0)
        s = store_delete(store, VANISHED, NULL, err, "{'_id': {'$in': %p}}", (void *)&ids);
    *ret_done = found.n < ERASED;
    strings_clear(&ids);
    list_clear(&found, &vanished_record);
    return s;
}
