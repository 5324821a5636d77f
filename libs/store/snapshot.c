#include "store/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/pool.h"

#define BATCH 1000 /* by _id, so at worst as many reads of a disk, within SOCKET_TIMEOUT_MS */

#define SNAPSHOT_TOO_OLD 239
#define SNAPSHOT_UNAVAILABLE 246
#define NAMESPACE_EXISTS 48

struct store_snapshot {
    struct store *store;
    mongoc_client_t *client;
    mongoc_client_session_t *session;
    struct list collections; /* struct store_collection */
};

static const struct field collection_fields[] = {
    FIELD(struct store_collection, name, .required = true, .min = 1, .max = 120),
    FIELD(struct store_collection, options, .required = true, .max = 64 * 1024),
};
const struct record store_collection_record =
    RECORD("store.collection", struct store_collection, collection_fields);

static void bson_destroy_at(bson_t *doc)
{
    bson_destroy(doc);
}

static void cursor_destroy_at(mongoc_cursor_t **cursor)
{
    mongoc_cursor_destroy(*cursor);
}

static void collection_destroy_at(mongoc_collection_t **collection)
{
    mongoc_collection_destroy(*collection);
}

static enum status failure(const bson_error_t *error, const char *collection, struct error *err)
{
    if (error->code == SNAPSHOT_TOO_OLD)
        return error_set(err, STATUS_EXPIRED,
                         "%s: MongoDB keeps the snapshot's moment no longer; raise its parameter "
                         "minSnapshotHistoryWindowInSeconds (docs/parleyctl.md)",
                         collection);
    if (error->code == SNAPSHOT_UNAVAILABLE)
        return error_set(err, STATUS_UNAVAILABLE,
                         "%s was made or given an index a moment ago: try again", collection);
    return store_failure(error, NULL, err);
}

/* ---- What there is */

/* Capped collections, views and the like are none of ours. Rules by which an operator has documents
 * judged change nothing of what is there; they are not backed up. */
static bool is_ours(const bson_t *doc, const char **ret_name)
{
    bson_iter_t iter;
    bson_iter_t options;
    bool plain = true;

    *ret_name = bson_iter_init_find(&iter, doc, "name") ? bson_iter_utf8(&iter, NULL) : "";
    if (!bson_iter_init_find(&iter, doc, "type") ||
        strcmp(bson_iter_utf8(&iter, NULL), "collection") != 0)
        return false;
    if (!bson_iter_init_find(&iter, doc, "options") || !bson_iter_recurse(&iter, &options))
        return true;
    while (plain && bson_iter_next(&options))
        plain = strncmp(bson_iter_key(&options), "validat", strlen("validat")) == 0;
    return plain;
}

static int by_name(const void *a, const void *b)
{
    const struct store_collection *x = a;
    const struct store_collection *y = b;

    return strcmp(x->name, y->name);
}

static enum status list_names(struct store_snapshot *snapshot, struct list *ret, struct error *err)
{
    CLEANUP(cursor_destroy) mongoc_cursor_t *cursor = NULL;
    mongoc_database_t *database =
        mongoc_client_get_database(snapshot->client, snapshot->store->database);
    bson_error_t error;
    const bson_t *doc;
    const char *name;
    enum status s = STATUS_OK;

    cursor = mongoc_database_find_collections_with_opts(database, NULL);
    mongoc_database_destroy(database);
    while (s == STATUS_OK && mongoc_cursor_next(cursor, &doc)) {
        bool ours = is_ours(doc, &name);

        if (strncmp(name, "system.", strlen("system.")) == 0)
            continue;
        if (ours)
            ((struct store_collection *)list_add(ret, &store_collection_record))->name =
                memory_text(name);
        else
            s = error_set(err, STATUS_INTERNAL, "%s is not a plain collection", name);
    }
    if (s == STATUS_OK && mongoc_cursor_error(cursor, &error))
        s = store_failure(&error, NULL, err);
    if (ret->n > 0)
        qsort(ret->items, ret->n, sizeof(struct store_collection), by_name);
    return s;
}

static mongoc_collection_t *collection_of(struct store_snapshot *snapshot, const char *name)
{
    return mongoc_client_get_collection(snapshot->client, snapshot->store->database, name);
}

static bool is_of_id(const bson_t *index)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, index, "name") &&
           strcmp(bson_iter_utf8(&iter, NULL), "_id_") == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status list_indexes(struct store_snapshot *snapshot, const char *name,
                                struct strings *ret, struct error *err)
{
    CLEANUP(collection_destroy) mongoc_collection_t *collection = collection_of(snapshot, name);
    CLEANUP(cursor_destroy)
    mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(collection, NULL);
    bson_error_t error;
    const bson_t *index;

    while (mongoc_cursor_next(cursor, &index)) {
        char *text = is_of_id(index) ? NULL : bson_as_canonical_extended_json(index, NULL);

        if (text)
            strings_add(ret, text);
        bson_free(text);
    }
    return mongoc_cursor_error(cursor, &error) ? store_failure(&error, NULL, err) : STATUS_OK;
}

/* The same indexes give the same text, in whatever order they were made. */
static enum status describe(struct store_snapshot *snapshot, struct store_collection *described,
                            struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct strings indexes = {0};
    enum status s = list_indexes(snapshot, described->name, &indexes, err);

    if (indexes.n > 0)
        qsort(indexes.items, indexes.n, sizeof *indexes.items, by_text);
    buffer_add_text(&json, "{\"name\":");
    json_add_string(&json, described->name);
    buffer_add_text(&json, ",\"options\":{\"indexes\":[");
    for (size_t i = 0; i < indexes.n; i++)
        buffer_printf(&json, "%s%s", i ? "," : "", indexes.items[i]);
    buffer_add_text(&json, "]}}");
    strings_clear(&indexes);
    if (s != STATUS_OK)
        return s;
    record_clear(&store_collection_record, described); /* compact, as it comes back from a file */
    return record_from_json(&store_collection_record, buffer_text(&json), json.length, described,
                            err);
}

/* ---- Its life */

static enum status begin_session(struct store_snapshot *snapshot, struct error *err)
{
    mongoc_session_opt_t *options = mongoc_session_opts_new();
    bson_error_t error;

    mongoc_session_opts_set_causal_consistency(options, false);
    mongoc_session_opts_set_snapshot(options, true);
    snapshot->session = mongoc_client_start_session(snapshot->client, options, &error);
    mongoc_session_opts_destroy(options);
    return snapshot->session ? STATUS_OK : store_failure(&error, NULL, err);
}

static enum status stop_at_once(void *context, struct slice document, struct error *err)
{
    (void)context;
    (void)document;
    return error_set(err, STATUS_CONFLICT, "one is enough");
}

/* The first read settles the moment. Only then it is final which collections belong to it: none ever
 * goes, and one that came later fails to be read. */
static enum status settle(struct store_snapshot *snapshot, struct error *err)
{
    struct store_collection *collections;
    enum status s = list_names(snapshot, &snapshot->collections, err);

    if (s != STATUS_OK || snapshot->collections.n == 0)
        return s;
    collections = snapshot->collections.items;
    s = store_snapshot_read(snapshot, collections[0].name, stop_at_once, NULL, err);
    if (s != STATUS_OK && s != STATUS_CONFLICT)
        return s;
    list_clear(&snapshot->collections, &store_collection_record);
    s = list_names(snapshot, &snapshot->collections, err);
    collections = snapshot->collections.items;
    for (size_t i = 0; s == STATUS_OK && i < snapshot->collections.n; i++)
        s = describe(snapshot, &collections[i], err);
    return s;
}

enum status store_snapshot_open(struct store *store, struct store_snapshot **ret, struct error *err)
{
    struct store_snapshot *snapshot = memory_new(sizeof *snapshot);
    enum status s = STATUS_OK;

    snapshot->store = store;
    snapshot->client = mongoc_client_pool_pop(store->pool);
    if (!snapshot->client)
        s = error_set(err, STATUS_UNAVAILABLE, "MongoDB: no connection is free");
    if (s == STATUS_OK)
        s = begin_session(snapshot, err);
    if (s == STATUS_OK)
        s = settle(snapshot, err);
    if (s == STATUS_OK)
        *ret = snapshot;
    else
        store_snapshot_close(snapshot);
    return s;
}

void store_snapshot_close(struct store_snapshot *snapshot)
{
    if (!snapshot)
        return;
    list_clear(&snapshot->collections, &store_collection_record);
    if (snapshot->session)
        mongoc_client_session_destroy(snapshot->session);
    if (snapshot->client)
        mongoc_client_pool_push(snapshot->store->pool, snapshot->client);
    free(snapshot);
}

const struct list *store_snapshot_collections(const struct store_snapshot *snapshot)
{
    return &snapshot->collections;
}

/* ---- Reading */

enum status store_snapshot_read(struct store_snapshot *snapshot, const char *name,
                                store_take_document *take, void *context, struct error *err)
{
    CLEANUP(collection_destroy) mongoc_collection_t *collection = collection_of(snapshot, name);
    CLEANUP(cursor_destroy) mongoc_cursor_t *cursor = NULL;
    CLEANUP(bson_destroy) bson_t filter = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    bson_t sort;
    bson_error_t error;
    const bson_t *doc;
    enum status s = STATUS_OK;

    if (!mongoc_client_session_append(snapshot->session, &options, &error))
        return store_failure(&error, NULL, err);
    BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &sort);
    BSON_APPEND_INT32(&sort, "_id", 1);
    (void)bson_append_document_end(&options, &sort);
    BSON_APPEND_INT64(&options, "batchSize", BATCH);
    cursor = mongoc_collection_find_with_opts(collection, &filter, &options, NULL);
    while (s == STATUS_OK && mongoc_cursor_next(cursor, &doc))
        s = take(context, (struct slice){(const char *)bson_get_data(doc), doc->len}, err);
    if (s == STATUS_OK && mongoc_cursor_error(cursor, &error))
        s = failure(&error, name, err);
    return s;
}

/* ---- The way back */

static enum status run(struct store *store, const bson_t *command, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {0};
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_error_t error;
    enum status s = store_take(store, "", &loan, err);

    if (s != STATUS_OK)
        return s;
    if (mongoc_client_write_command_with_opts(loan.client, store->database, command, NULL, &reply,
                                              &error))
        return STATUS_OK;
    if (error.code == NAMESPACE_EXISTS)
        return error_set(err, STATUS_CONFLICT, "%s", error.message);
    return store_failure(&error, &reply, err);
}

static enum status create_indexes(struct store *store, const char *name, const bson_iter_t *list,
                                  struct error *err)
{
    CLEANUP(bson_destroy) bson_t command = BSON_INITIALIZER;
    bson_iter_t first;

    if (!bson_iter_recurse(list, &first) || !bson_iter_next(&first))
        return STATUS_OK; /* none but that of _id */
    BSON_APPEND_UTF8(&command, "createIndexes", name);
    (void)bson_append_iter(&command, "indexes", -1, list);
    return run(store, &command, err);
}

enum status store_create(struct store *store, const struct store_collection *collection,
                         struct error *err)
{
    CLEANUP(bson_destroy) bson_t command = BSON_INITIALIZER;
    bson_t *options = bson_new_from_json((const uint8_t *)collection->options.text, -1, NULL);
    bson_iter_t list;
    enum status s;

    BSON_APPEND_UTF8(&command, "create", collection->name);
    if (options && bson_iter_init_find(&list, options, "indexes") && BSON_ITER_HOLDS_ARRAY(&list)) {
        s = run(store, &command, err);
        if (s == STATUS_OK)
            s = create_indexes(store, collection->name, &list, err);
    } else {
        s = error_set(err, STATUS_INVALID, "%s: no list of indexes", collection->name);
    }
    bson_destroy(options);
    return s;
}

size_t store_document_length(struct slice documents)
{
    uint32_t length = 0;

    if (documents.length < sizeof length)
        return 0;
    memcpy(&length, documents.data, sizeof length);
    length = BSON_UINT32_FROM_LE(length);
    return length < 5 || length > STORE_DOCUMENT_MAX ? 0 : length;
}

static enum status add_all(mongoc_bulk_operation_t *bulk, const char *collection,
                           struct slice documents, struct error *err)
{
    while (documents.length > 0) {
        size_t length = store_document_length(documents);
        bson_t view;

        if (length == 0 || length > documents.length ||
            !bson_init_static(&view, (const uint8_t *)documents.data, length) ||
            !bson_validate(&view, BSON_VALIDATE_NONE, NULL) ||
            !mongoc_bulk_operation_insert_with_opts(bulk, &view, NULL, NULL))
            return error_set(err, STATUS_INVALID, "%s: a document is damaged", collection);
        documents = (struct slice){documents.data + length, documents.length - length};
    }
    return STATUS_OK;
}

enum status store_insert_documents(struct store *store, const char *collection,
                                   struct slice documents, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {0};
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    mongoc_bulk_operation_t *bulk;
    bson_error_t error;
    enum status s;

    if (documents.length == 0)
        return STATUS_OK;
    s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    bulk = mongoc_collection_create_bulk_operation_with_opts(loan.collection, NULL);
    s = add_all(bulk, collection, documents, err);
    if (s == STATUS_OK && !mongoc_bulk_operation_execute(bulk, &reply, &error))
        s = store_failure(&error, &reply, err);
    mongoc_bulk_operation_destroy(bulk);
    return s;
}
