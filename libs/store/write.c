/* Writing: majority and journaled, as the pool's URI says for all of them. */

#include "store/pool.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/template.h"

static void bson_destroy_at(bson_t *doc)
{
    bson_destroy(doc);
}

static int64_t reply_number(const bson_t *reply, const char *name)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, reply, name) ? bson_iter_as_int64(&iter) : 0;
}

static bool reply_has_value(const bson_t *reply, bson_t *ret)
{
    bson_iter_t iter;
    const uint8_t *data;
    uint32_t length;

    if (!bson_iter_init_find(&iter, reply, "value") || !BSON_ITER_HOLDS_DOCUMENT(&iter))
        return false;
    bson_iter_document(&iter, &length, &data);
    return bson_init_static(ret, data, length);
}

static void set_upsert(bson_t *options, int flags)
{
    if (flags & STORE_UPSERT)
        BSON_APPEND_BOOL(options, "upsert", true);
}

/* ---- "[filter, update]" */

struct change {
    bson_t both;
    bson_t filter; /* views of both */
    bson_t update;
};

static bool next_view(bson_iter_t *iter, bson_t *ret)
{
    const uint8_t *data;
    uint32_t length;

    if (!bson_iter_next(iter))
        return false;
    if (BSON_ITER_HOLDS_DOCUMENT(iter))
        bson_iter_document(iter, &length, &data);
    else if (BSON_ITER_HOLDS_ARRAY(iter)) /* an update may be a pipeline */
        bson_iter_array(iter, &length, &data);
    else
        return false;
    return bson_init_static(ret, data, length);
}

/* The caller ends *ret with change_clear(), on failure too. */
static enum status change_build(struct change *ret, struct error *err, const char *fmt,
                                va_list *args)
{
    bson_iter_t iter;
    enum status s = template_build(&ret->both, err, fmt, args);

    if (s != STATUS_OK)
        return s;
    if (!bson_iter_init(&iter, &ret->both) || !next_view(&iter, &ret->filter) ||
        !next_view(&iter, &ret->update) || bson_iter_next(&iter))
        return error_set(err, STATUS_INTERNAL, "template: not [filter, update]");
    return STATUS_OK;
}

static void change_clear(struct change *change)
{
    bson_destroy(&change->both);
}

static void change_clear_at(struct change *change)
{
    change_clear(change);
}

/* ---- Insert */

enum status store_insert(struct store *store, const char *collection, const struct record *rec,
                         const void *value, struct error *err)
{
    return store_insert_many(store, collection, rec, &value, 1, err);
}

enum status store_insert_many(struct store *store, const char *collection, const struct record *rec,
                              const void *const *values, size_t n, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_INSERT};
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    mongoc_bulk_operation_t *bulk;
    bson_error_t error;
    enum status s;
    bool added = true;

    if (n == 0)
        return STATUS_OK;
    s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    bulk = mongoc_collection_create_bulk_operation_with_opts(loan.collection, NULL);
    for (size_t i = 0; added && i < n; i++) {
        bson_t doc = BSON_INITIALIZER;

        record_to_bson(rec, values[i], &doc);
        added = mongoc_bulk_operation_insert_with_opts(bulk, &doc, NULL, &error);
        bson_destroy(&doc);
    }
    if (!added)
        s = error_set(err, STATUS_INTERNAL, "MongoDB: %s", error.message);
    else if (!mongoc_bulk_operation_execute(bulk, &reply, &error))
        s = store_failed(&loan, &error, &reply, err);
    mongoc_bulk_operation_destroy(bulk);
    return s;
}

/* ---- Update and delete */

static enum status update(struct store *store, const char *collection, int flags,
                          const struct change *change, int64_t *ret_matched, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_UPDATE};
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_error_t error;
    enum status s;
    bool done;

    s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    set_upsert(&options, flags);
    if (flags & STORE_MANY)
        done = mongoc_collection_update_many(loan.collection, &change->filter, &change->update,
                                             &options, &reply, &error);
    else
        done = mongoc_collection_update_one(loan.collection, &change->filter, &change->update,
                                            &options, &reply, &error);
    if (!done)
        return store_failed(&loan, &error, &reply, err);
    if (ret_matched)
        *ret_matched = reply_number(&reply, "matchedCount") + reply_number(&reply, "upsertedCount");
    return STATUS_OK;
}

enum status store_update(struct store *store, const char *collection, int flags,
                         int64_t *ret_matched, struct error *err, const char *fmt, ...)
{
    CLEANUP(change_clear) struct change change = {.both = BSON_INITIALIZER};
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = change_build(&change, err, fmt, &args);
    va_end(args);
    return s == STATUS_OK ? update(store, collection, flags, &change, ret_matched, err) : s;
}

static enum status find_and_update(struct store *store, const char *collection,
                                   const struct record *rec, const struct change *change, void *ret,
                                   struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_FIND_AND_UPDATE};
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    mongoc_find_and_modify_opts_t *options;
    bson_error_t error;
    bson_t value;
    enum status s;
    bool done;

    s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    options = mongoc_find_and_modify_opts_new();
    (void)mongoc_find_and_modify_opts_set_update(options, &change->update);
    (void)mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_RETURN_NEW);
    done = mongoc_collection_find_and_modify_with_opts(loan.collection, &change->filter, options,
                                                       &reply, &error);
    mongoc_find_and_modify_opts_destroy(options);
    if (!done)
        return store_failed(&loan, &error, &reply, err);
    if (!reply_has_value(&reply, &value))
        return error_set(err, STATUS_NOT_FOUND, "nothing in %s", collection);
    return record_from_bson(rec, &value, ret, err);
}

enum status store_find_and_update(struct store *store, const char *collection,
                                  const struct record *rec, void *ret, struct error *err,
                                  const char *fmt, ...)
{
    CLEANUP(change_clear) struct change change = {.both = BSON_INITIALIZER};
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = change_build(&change, err, fmt, &args);
    va_end(args);
    return s == STATUS_OK ? find_and_update(store, collection, rec, &change, ret, err) : s;
}

enum status store_delete(struct store *store, const char *collection, int64_t *ret_deleted,
                         struct error *err, const char *fmt, ...)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_DELETE};
    CLEANUP(bson_destroy) bson_t filter = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_error_t error;
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = template_build(&filter, err, fmt, &args);
    va_end(args);
    if (s == STATUS_OK)
        s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    if (!mongoc_collection_delete_many(loan.collection, &filter, NULL, &reply, &error))
        return store_failed(&loan, &error, &reply, err);
    if (ret_deleted)
        *ret_deleted = reply_number(&reply, "deletedCount");
    return STATUS_OK;
}

/* ---- Bulk: a client is taken only to run it. */

struct store_bulk {
    struct store *store;
    char *collection;
    mongoc_bulk_operation_t *operation;
    size_t n;
    struct error fault; /* of the first bad addition; its status is OK when there is none */
};

struct store_bulk *store_bulk_new(struct store *store, const char *collection)
{
    struct store_bulk *bulk = memory_new(sizeof *bulk);

    bulk->store = store;
    bulk->collection = memory_text(collection);
    bulk->operation = mongoc_bulk_operation_new(false);
    return bulk;
}

void store_bulk_free(struct store_bulk *bulk)
{
    if (!bulk)
        return;
    mongoc_bulk_operation_destroy(bulk->operation);
    free(bulk->collection);
    free(bulk);
}

static enum status bulk_add(struct store_bulk *bulk, int flags, const struct change *change,
                            struct error *err)
{
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    bson_error_t error;
    bool added;

    set_upsert(&options, flags);
    if (flags & STORE_MANY)
        added = mongoc_bulk_operation_update_many_with_opts(bulk->operation, &change->filter,
                                                            &change->update, &options, &error);
    else
        added = mongoc_bulk_operation_update_one_with_opts(bulk->operation, &change->filter,
                                                           &change->update, &options, &error);
    if (!added)
        return error_set(err, STATUS_INTERNAL, "MongoDB: %s", error.message);
    bulk->n++;
    return STATUS_OK;
}

void store_bulk_add(struct store_bulk *bulk, int flags, const char *fmt, ...)
{
    CLEANUP(change_clear) struct change change = {.both = BSON_INITIALIZER};
    struct error err;
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = change_build(&change, &err, fmt, &args);
    va_end(args);
    if (s == STATUS_OK)
        s = bulk_add(bulk, flags, &change, &err);
    if (s != STATUS_OK && bulk->fault.status == STATUS_OK)
        bulk->fault = err;
}

/* With must_match each update has to find its document. */
static enum status bulk_run(struct store_bulk *bulk, bool must_match, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_BULK};
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_error_t error;
    enum status s;

    if (bulk->fault.status != STATUS_OK)
        return error_set(err, bulk->fault.status, "%s", bulk->fault.text);
    if (bulk->n == 0)
        return STATUS_OK;
    s = store_take(bulk->store, bulk->collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    mongoc_bulk_operation_set_client(bulk->operation, loan.client);
    mongoc_bulk_operation_set_database(bulk->operation, bulk->store->database);
    mongoc_bulk_operation_set_collection(bulk->operation, bulk->collection);
    mongoc_bulk_operation_set_write_concern(bulk->operation,
                                            mongoc_collection_get_write_concern(loan.collection));
    if (!mongoc_bulk_operation_execute(bulk->operation, &reply, &error))
        return store_failed(&loan, &error, &reply, err);
    if (must_match &&
        reply_number(&reply, "nMatched") + reply_number(&reply, "nUpserted") != (int64_t)bulk->n)
        return error_set(err, STATUS_ID_TAKEN, "%s: not all is as it was", bulk->collection);
    return STATUS_OK;
}

enum status store_bulk_run(struct store_bulk *bulk, struct error *err)
{
    enum status s = bulk_run(bulk, false, err);

    store_bulk_free(bulk);
    return s;
}

enum status store_bulk_run_all(struct store_bulk *bulk, struct error *err)
{
    enum status s = bulk_run(bulk, true, err);

    store_bulk_free(bulk);
    return s;
}

/* ---- Indexes */

enum { INDEX_UNIQUE = 1, INDEX_SPARSE = 2 };

static void index_spec(bson_t *ret, const bson_t *keys, int flags, int64_t expire_after_s)
{
    char *name = mongoc_collection_keys_to_index_string(keys);

    BSON_APPEND_DOCUMENT(ret, "key", keys);
    BSON_APPEND_UTF8(ret, "name", name);
    if (flags & INDEX_UNIQUE)
        BSON_APPEND_BOOL(ret, "unique", true);
    if (flags & INDEX_SPARSE)
        BSON_APPEND_BOOL(ret, "sparse", true);
    if (expire_after_s > 0)
        BSON_APPEND_INT64(ret, "expireAfterSeconds", expire_after_s);
    bson_free(name);
}

static enum status create_index(struct store *store, const char *collection, const char *keys,
                                int flags, int64_t expire_after_s, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_INDEX};
    CLEANUP(bson_destroy) bson_t key_doc = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t command = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_t list;
    bson_t spec;
    bson_error_t error;
    enum status s;

    s = template_build(&key_doc, err, keys, NULL);
    if (s == STATUS_OK)
        s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    BSON_APPEND_UTF8(&command, "createIndexes", collection);
    BSON_APPEND_ARRAY_BEGIN(&command, "indexes", &list);
    BSON_APPEND_DOCUMENT_BEGIN(&list, "0", &spec);
    index_spec(&spec, &key_doc, flags, expire_after_s);
    (void)bson_append_document_end(&list, &spec);
    (void)bson_append_array_end(&command, &list);
    if (!mongoc_client_write_command_with_opts(loan.client, store->database, &command, NULL, &reply,
                                               &error))
        return store_failed(&loan, &error, &reply, err);
    return STATUS_OK;
}

enum status store_index(struct store *store, const char *collection, const char *keys, bool unique,
                        int64_t expire_after_s, struct error *err)
{
    return create_index(store, collection, keys, unique ? INDEX_UNIQUE : 0, expire_after_s, err);
}

enum status store_index_sparse(struct store *store, const char *collection, const char *keys,
                               struct error *err)
{
    return create_index(store, collection, keys, INDEX_SPARSE, 0, err);
}
