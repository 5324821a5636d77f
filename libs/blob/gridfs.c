/* Blobs in MongoDB, laid out as GridFS has it, so that its tools can read them: fs.files has a
 * document for each, fs.chunks the bytes in pieces. The driver's mongoc_gridfs_bucket_* writes that
 * document last, which leaves chunks that nobody finds when a process dies, and waits for the
 * majority after each chunk. So the order here is: the document, not yet complete; the chunks; the
 * document, complete. Two that put the same at once make two of them, and the first is read: an id
 * of its own for each, so that one's clearing up is never another's loss. */

#include "blob/blob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "store/pool.h"

#define FILES "fs.files"
#define CHUNKS "fs.chunks"
#define CHUNK_BYTES (255 * 1024) /* GridFS's own: two or three fit into a power of two */
#define CHUNKS_AT_ONCE 4         /* a round trip to the majority for each megabyte */

struct blobs {
    struct store *store; /* a pool of its own: long transfers do not stand in anybody's way */
};

struct blob {
    struct blobs *blobs;
    char *id;
    int64_t size;
    int64_t chunk_bytes;
    int64_t n; /* the chunk that is in memory; -1: none */
    struct buffer chunk;
};

/* What we read of fs.files. */
struct blob_document {
    char *id;
    char *filename; /* the key */
    int64_t length;
    int64_t chunk_size;
};

static const struct field blob_fields[] = {
    FIELD_NAMED(struct blob_document, id, "_id"),
    FIELD(struct blob_document, filename),
    FIELD(struct blob_document, length),
    FIELD_NAMED(struct blob_document, chunk_size, "chunkSize"),
};
static const struct record blob_document_record =
    RECORD("blob.document", struct blob_document, blob_fields);
DEFINE_RECORD_CLEANUP(struct blob_document, blob_document)

static void bson_destroy_at(bson_t *doc)
{
    bson_destroy(doc);
}

enum status blobs_open(const char *url, struct blobs **ret, struct error *err)
{
    struct store *store;
    enum status s;

    if (strncmp(url, "mongodb", strlen("mongodb")) != 0)
        return error_set(err, STATUS_INVALID, "blobs can be kept in MongoDB only, as yet");
    s = store_open(url, &store, err);
    if (s != STATUS_OK)
        return s;
    *ret = memory_new(sizeof **ret);
    (*ret)->store = store;
    return STATUS_OK;
}

void blobs_close(struct blobs *blobs)
{
    if (!blobs)
        return;
    store_close(blobs->store);
    free(blobs);
}

enum status blobs_prepare(struct blobs *blobs, struct error *err)
{
    enum status s = store_index(blobs->store, FILES, "{'filename': 1}", false, 0, err);

    /* Few documents have the member: those of puts and removals in hand, or left. */
    if (s == STATUS_OK)
        s = store_index(blobs->store, FILES, "{'incomplete_at': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = store_index(blobs->store, CHUNKS, "{'files_id': 1, 'n': 1}", true, 0, err);
    return s;
}

/* ---- Put */

static enum status note_put(struct blobs *blobs, const char *key, int64_t *ret_matched,
                            struct error *err)
{
    return store_update(blobs->store, FILES, STORE_MANY, ret_matched, err,
                        "[{'filename': %s, 'incomplete_at': null}, {'$max': {'put_at': %ld}}]", key,
                        clock_now());
}

static enum status insert(struct store_loan *loan, const bson_t *doc, struct error *err)
{
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_error_t error;

    if (!mongoc_collection_insert_one(loan->collection, doc, NULL, &reply, &error))
        return store_failed(loan, &error, &reply, err);
    return STATUS_OK;
}

static enum status begin_document(struct blobs *blobs, const char *id, const char *key,
                                  int64_t length, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_INSERT};
    CLEANUP(bson_destroy) bson_t doc = BSON_INITIALIZER;
    int64_t now = clock_now();
    enum status s = store_take(blobs->store, FILES, &loan, err);

    if (s != STATUS_OK)
        return s;
    BSON_APPEND_UTF8(&doc, "_id", id);
    BSON_APPEND_INT64(&doc, "length", length);
    BSON_APPEND_INT64(&doc, "chunkSize", CHUNK_BYTES);
    BSON_APPEND_DATE_TIME(&doc, "uploadDate", now);
    BSON_APPEND_UTF8(&doc, "filename", key);
    BSON_APPEND_INT64(&doc, "put_at", now);
    BSON_APPEND_INT64(&doc, "incomplete_at", now);
    return insert(&loan, &doc, err);
}

static enum status read_piece(int fd, char *data, size_t length, int64_t offset, struct error *err)
{
    size_t done = 0;

    while (done < length) {
        ssize_t n = pread(fd, data + done, length - done, offset + (int64_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return error_set(err, STATUS_UNAVAILABLE, "cannot read a file: %s",
                             n < 0 ? strerror(errno) : "it has become shorter");
        done += (size_t)n;
    }
    return STATUS_OK;
}

/* Some chunks from the n-th on; *ret_n is how many. */
static enum status put_chunks(struct blobs *blobs, const char *id, int fd, int64_t length,
                              int64_t n, int64_t *ret_n, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_INSERT};
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    CLEANUP(free) char *piece = memory_new(CHUNK_BYTES);
    mongoc_bulk_operation_t *bulk;
    bson_error_t error;
    enum status s = store_take(blobs->store, CHUNKS, &loan, err);
    int64_t i;

    if (s != STATUS_OK)
        return s;
    bulk = mongoc_collection_create_bulk_operation_with_opts(loan.collection, NULL);
    for (i = 0; s == STATUS_OK && i < CHUNKS_AT_ONCE && (n + i) * CHUNK_BYTES < length; i++) {
        int64_t offset = (n + i) * CHUNK_BYTES;
        size_t size = length - offset < CHUNK_BYTES ? (size_t)(length - offset) : CHUNK_BYTES;
        CLEANUP(bson_destroy) bson_t doc = BSON_INITIALIZER;

        s = read_piece(fd, piece, size, offset, err);
        BSON_APPEND_UTF8(&doc, "files_id", id);
        BSON_APPEND_INT64(&doc, "n", n + i);
        BSON_APPEND_BINARY(&doc, "data", BSON_SUBTYPE_BINARY, (const uint8_t *)piece,
                           (uint32_t)size);
        if (s == STATUS_OK && !mongoc_bulk_operation_insert_with_opts(bulk, &doc, NULL, &error))
            s = error_set(err, STATUS_INTERNAL, "MongoDB: %s", error.message);
    }
    if (s == STATUS_OK && i > 0 && !mongoc_bulk_operation_execute(bulk, &reply, &error))
        s = store_failed(&loan, &error, &reply, err);
    mongoc_bulk_operation_destroy(bulk);
    *ret_n = i;
    return s;
}

/* NOT_FOUND: it took so long that it was swept away. */
static enum status end_document(struct blobs *blobs, const char *id, struct error *err)
{
    int64_t matched = 0;
    enum status s = store_update(blobs->store, FILES, 0, &matched, err,
                                 "[{'_id': %s, 'removed': null}, {'$set': {'put_at': %ld}, "
                                 "'$unset': {'incomplete_at': ''}}]",
                                 id, clock_now());

    if (s == STATUS_OK && matched == 0)
        s = error_set(err, STATUS_UNAVAILABLE, "a file took too long to be stored");
    return s;
}

static enum status remove_chunks_and_document(struct blobs *blobs, const char *id,
                                              struct error *err)
{
    enum status s = store_delete(blobs->store, CHUNKS, NULL, err, "{'files_id': %s}", id);

    return s == STATUS_OK ? store_delete(blobs->store, FILES, NULL, err, "{'_id': %s}", id) : s;
}

enum status blob_put(struct blobs *blobs, const char *key, int fd, struct error *err)
{
    int64_t matched = 0;
    char id[ID_MAX];
    struct stat file;
    enum status s = note_put(blobs, key, &matched, err);

    if (s != STATUS_OK || matched > 0)
        return s;
    if (fstat(fd, &file) != 0)
        return error_set(err, STATUS_INTERNAL, "no file to put: %s", strerror(errno));
    id_new("blob_", id);
    s = begin_document(blobs, id, key, file.st_size, err);
    for (int64_t n = 0, more; s == STATUS_OK && n * CHUNK_BYTES < file.st_size; n += more)
        s = put_chunks(blobs, id, fd, file.st_size, n, &more, err);
    if (s == STATUS_OK) /* whose outcome may be unknown: then it may have been found already */
        return end_document(blobs, id, err);
    if (remove_chunks_and_document(blobs, id, NULL) != STATUS_OK)
        return s; /* blob_sweep() does it, in time */
    return s;
}

/* ---- Read */

enum status blob_open(struct blobs *blobs, const char *key, struct blob **ret, struct error *err)
{
    CLEANUP(blob_document_clear) struct blob_document doc = {0};
    enum status s = store_find_one(blobs->store, FILES, &blob_document_record, &doc, err,
                                   "{'filename': %s, 'incomplete_at': null}", key);

    if (s != STATUS_OK)
        return s;
    if (doc.chunk_size <= 0)
        return error_set(err, STATUS_INTERNAL, "blob %s has no size of its chunks", doc.id);
    *ret = memory_new(sizeof **ret);
    **ret = (struct blob){.blobs = blobs,
                          .id = TAKE(doc.id),
                          .size = doc.length,
                          .chunk_bytes = doc.chunk_size,
                          .n = -1};
    return STATUS_OK;
}

void blob_close(struct blob *blob)
{
    if (!blob)
        return;
    buffer_clear(&blob->chunk);
    free(blob->id);
    free(blob);
}

int64_t blob_size(const struct blob *blob)
{
    return blob->size;
}

static enum status take_chunk(struct blob *blob, const bson_t *doc, struct error *err)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    const uint8_t *data;
    uint32_t length;

    if (!bson_iter_init_find(&iter, doc, "data") || !BSON_ITER_HOLDS_BINARY(&iter))
        return error_set(err, STATUS_INTERNAL, "a chunk of blob %s has no bytes", blob->id);
    bson_iter_binary(&iter, &subtype, &length, &data);
    blob->chunk.length = 0;
    buffer_add(&blob->chunk, data, length);
    return STATUS_OK;
}

static enum status load_chunk(struct blob *blob, int64_t n, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {.operation = STORE_FIND};
    CLEANUP(bson_destroy) bson_t filter = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t options = BSON_INITIALIZER;
    mongoc_cursor_t *cursor;
    bson_error_t error;
    const bson_t *doc;
    enum status s = store_take(blob->blobs->store, CHUNKS, &loan, err);

    if (s != STATUS_OK)
        return s;
    BSON_APPEND_UTF8(&filter, "files_id", blob->id);
    BSON_APPEND_INT64(&filter, "n", n);
    BSON_APPEND_INT64(&options, "limit", 1);
    BSON_APPEND_BOOL(&options, "singleBatch", true);
    BSON_APPEND_INT64(&options, "maxTimeMS", READ_TIMEOUT_MS);
    blob->n = -1;
    cursor = mongoc_collection_find_with_opts(loan.collection, &filter, &options, NULL);
    if (mongoc_cursor_next(cursor, &doc))
        s = take_chunk(blob, doc, err);
    else if (mongoc_cursor_error(cursor, &error))
        s = store_failed(&loan, &error, NULL, err);
    else
        s = error_set(err, STATUS_NOT_FOUND, "blob %s was removed", blob->id);
    mongoc_cursor_destroy(cursor);
    if (s == STATUS_OK)
        blob->n = n;
    return s;
}

enum status blob_read(struct blob *blob, int64_t offset, void *data, size_t room,
                      size_t *ret_length, struct error *err)
{
    int64_t n = offset / blob->chunk_bytes;
    size_t from = (size_t)(offset % blob->chunk_bytes);
    enum status s = STATUS_OK;

    *ret_length = 0;
    if (offset >= blob->size || room == 0)
        return STATUS_OK;
    if (n != blob->n)
        s = load_chunk(blob, n, err);
    if (s != STATUS_OK)
        return s;
    if (from >= blob->chunk.length)
        return error_set(err, STATUS_INTERNAL, "a chunk of blob %s is too short", blob->id);
    *ret_length = blob->chunk.length - from < room ? blob->chunk.length - from : room;
    memcpy(data, blob->chunk.data + from, *ret_length);
    return STATUS_OK;
}

/* ---- Remove */

/* First the document stops to be one that is found; only one remover, or none, gets it. */
enum status blob_remove(struct blobs *blobs, const char *key, int64_t before_ms, struct error *err)
{
    enum status s = STATUS_OK;

    while (s == STATUS_OK) {
        CLEANUP(blob_document_clear) struct blob_document doc = {0};

        s = store_find_and_update(blobs->store, FILES, &blob_document_record, &doc, err,
                                  "[{'filename': %s, 'incomplete_at': null, "
                                  "'put_at': {'$lt': %ld}}, {'$set': {'incomplete_at': %ld, "
                                  "'removed': true}}]",
                                  key, before_ms, clock_now());
        if (s == STATUS_OK)
            s = remove_chunks_and_document(blobs, doc.id, err);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status blob_list(struct blobs *blobs, const char *after, int64_t before_ms, int64_t limit,
                      struct strings *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'filename': 1}", .limit = limit};
    struct list found = {0};
    const struct blob_document *doc;
    enum status s = store_find(blobs->store, FILES, &how, &blob_document_record, &found, err,
                               "{'filename': {'$gt': %s}, 'incomplete_at': null, "
                               "'put_at': {'$lt': %ld}}",
                               after, before_ms);

    doc = found.items;
    for (size_t i = 0; s == STATUS_OK && i < found.n; i++)
        strings_add(ret, doc[i].filename);
    list_clear(&found, &blob_document_record);
    return s;
}

/* A put that is still at it finds out by end_document(). */
enum status blob_sweep(struct blobs *blobs, int64_t before_ms, struct error *err)
{
    enum status s = STATUS_OK;

    while (s == STATUS_OK) {
        CLEANUP(blob_document_clear) struct blob_document doc = {0};

        s = store_find_and_update(blobs->store, FILES, &blob_document_record, &doc, err,
                                  "[{'incomplete_at': {'$lt': %ld}}, {'$set': {'removed': true}}]",
                                  before_ms);
        if (s == STATUS_OK)
            s = remove_chunks_and_document(blobs, doc.id, err);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- Measure */

enum status blobs_measure(struct blobs *blobs, int64_t *ret_n, int64_t *ret_bytes,
                          struct error *err)
{
    struct store_size size = {0};
    enum status s = store_estimate(blobs->store, FILES, ret_n, err);

    if (s == STATUS_OK)
        s = store_measure(blobs->store, CHUNKS, &size, err);
    *ret_bytes = size.data_bytes;
    return s;
}
