/* Reading: always from the primary. */

#include "store/pool.h"

#include <stdarg.h>
#include <string.h>

#include "store/template.h"

/* A first answer of up to this many: the default of 101 costs a second round trip on most of our
 * long reads (the members of a group, the rows of a user). */
#define BATCH 1000

static void bson_destroy_at(bson_t *doc)
{
    bson_destroy(doc);
}

static void cursor_destroy_at(mongoc_cursor_t **cursor)
{
    mongoc_cursor_destroy(*cursor);
}

/* Only what the record has: a group's name must not cost its 2,000 members. */
static void project(bson_t *options, const struct record *rec)
{
    bson_t fields;
    bool has_id = false;

    BSON_APPEND_DOCUMENT_BEGIN(options, "projection", &fields);
    for (size_t i = 0; i < rec->n_fields; i++) {
        BSON_APPEND_INT32(&fields, rec->fields[i].name, 1);
        has_id |= strcmp(rec->fields[i].name, "_id") == 0;
    }
    if (!has_id)
        BSON_APPEND_INT32(&fields, "_id", 0);
    (void)bson_append_document_end(options, &fields);
}

static enum status options_build(bson_t *ret, const struct store_find *how,
                                 const struct record *rec, struct error *err)
{
    CLEANUP(bson_destroy) bson_t sort = BSON_INITIALIZER;
    enum status s;

    BSON_APPEND_INT64(ret, "maxTimeMS", READ_TIMEOUT_MS);
    project(ret, rec);
    if (how->limit > 0)
        BSON_APPEND_INT64(ret, "limit", how->limit);
    if (how->limit != 1)
        BSON_APPEND_INT64(ret, "batchSize", BATCH);
    if (!how->sort)
        return STATUS_OK;
    s = template_build(&sort, err, how->sort, NULL);
    if (s == STATUS_OK)
        BSON_APPEND_DOCUMENT(ret, "sort", &sort);
    return s;
}

/* ---- Into one struct or a list: what a cursor yields goes to add(). */

struct target {
    const struct record *rec;
    struct list *list; /* or */
    void *one;
    size_t n;
};

static enum status target_add(struct target *target, const bson_t *doc, struct error *err)
{
    target->n++;
    if (target->list)
        return record_from_bson(target->rec, doc, list_add(target->list, target->rec), err);
    return record_from_bson(target->rec, doc, target->one, err);
}

static enum status find(struct store *store, const char *collection, const struct store_find *how,
                        const bson_t *filter, struct target *target, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_FIND};
    CLEANUP(cursor_destroy) mongoc_cursor_t *cursor = NULL;
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    const bson_t *doc;
    bson_error_t error;
    enum status s;

    s = options_build(&options, how, target->rec, err);
    if (s == STATUS_OK)
        s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    cursor = mongoc_collection_find_with_opts(loan.collection, filter, &options, NULL);
    while (mongoc_cursor_next(cursor, &doc)) {
        s = target_add(target, doc, err);
        if (s != STATUS_OK)
            return s;
    }
    return mongoc_cursor_error(cursor, &error) ? store_failed(&loan, &error, NULL, err) : STATUS_OK;
}

enum status store_find(struct store *store, const char *collection, const struct store_find *how,
                       const struct record *rec, struct list *ret, struct error *err,
                       const char *fmt, ...)
{
    CLEANUP(bson_destroy) bson_t filter = BSON_INITIALIZER;
    struct target target = {.rec = rec, .list = ret};
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = template_build(&filter, err, fmt, &args);
    va_end(args);
    return s == STATUS_OK ? find(store, collection, how, &filter, &target, err) : s;
}

enum status store_find_one(struct store *store, const char *collection, const struct record *rec,
                           void *ret, struct error *err, const char *fmt, ...)
{
    CLEANUP(bson_destroy) bson_t filter = BSON_INITIALIZER;
    struct target target = {.rec = rec, .one = ret};
    va_list args;
    enum status s;

    va_start(args, fmt);
    s = template_build(&filter, err, fmt, &args);
    va_end(args);
    if (s == STATUS_OK)
        s = find(store, collection, &(struct store_find){.limit = 1}, &filter, &target, err);
    if (s == STATUS_OK && target.n == 0)
        return error_set(err, STATUS_NOT_FOUND, "nothing in %s", collection);
    return s;
}

enum status store_count(struct store *store, const char *collection, int64_t limit, int64_t *ret,
                        struct error *err, const char *fmt, ...)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_COUNT};
    CLEANUP(bson_destroy) bson_t filter = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    bson_error_t error;
    va_list args;
    enum status s;
    int64_t n;

    va_start(args, fmt);
    s = template_build(&filter, err, fmt, &args);
    va_end(args);
    if (s == STATUS_OK)
        s = store_take(store, collection, &loan, err);
    if (s != STATUS_OK)
        return s;
    BSON_APPEND_INT64(&options, "maxTimeMS", READ_TIMEOUT_MS);
    BSON_APPEND_INT64(&options, "limit", limit);
    n = mongoc_collection_count_documents(loan.collection, &filter, &options, NULL, NULL, &error);
    if (n < 0)
        return store_failed(&loan, &error, NULL, err);
    *ret = n;
    return STATUS_OK;
}
