/* How much there is, as MongoDB keeps account of it: none of these calls looks at documents, so
 * they cost the same however many there are. After a crash of the server they may be off a little
 * until it has counted anew. */

#include "store/pool.h"

#include <string.h>

static void bson_destroy_at(bson_t *doc)
{
    bson_destroy(doc);
}

enum status store_estimate(struct store *store, const char *collection, int64_t *ret,
                           struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_MEASURE};
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    bson_error_t error;
    enum status s = store_take(store, collection, &loan, err);
    int64_t n;

    if (s != STATUS_OK)
        return s;
    BSON_APPEND_INT64(&options, "maxTimeMS", READ_TIMEOUT_MS);
    n = mongoc_collection_estimated_document_count(loan.collection, &options, NULL, NULL, &error);
    if (n < 0)
        return store_failed(&loan, &error, NULL, err);
    *ret = n;
    return STATUS_OK;
}

/* The server chooses the type by the size. */
static int64_t number_of(const bson_t *reply, const char *key)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, reply, key) ? bson_iter_as_int64(&iter) : 0;
}

enum status store_measure(struct store *store, const char *collection, struct store_size *ret,
                          struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_MEASURE};
    CLEANUP(bson_destroy) bson_t command = BSON_INITIALIZER;
    bson_error_t error;
    bson_t reply;
    bool done;
    enum status s = store_take(store, collection ? collection : "", &loan, err);

    if (s != STATUS_OK)
        return s;
    if (collection)
        BSON_APPEND_UTF8(&command, "collStats", collection);
    else
        BSON_APPEND_INT32(&command, "dbStats", 1);
    BSON_APPEND_INT64(&command, "maxTimeMS", READ_TIMEOUT_MS);
    done = mongoc_client_read_command_with_opts(loan.client, store->database, &command, NULL, NULL,
                                                &reply, &error);
    if (done) {
        ret->data_bytes = number_of(&reply, collection ? "size" : "dataSize");
        ret->index_bytes = number_of(&reply, collection ? "totalIndexSize" : "indexSize");
    }
    bson_destroy(&reply);
    return done ? STATUS_OK : store_failed(&loan, &error, NULL, err);
}
