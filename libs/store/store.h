#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include "metrics/metrics.h"
#include "record/record.h"

/* MongoDB: a pool of clients, and find, insert and update by record. Every write is majority and
 * journaled, without exception. Any thread may use one store.
 *
 * Filters and updates are written as they are in the shell, with printf-like holes that the
 * compiler checks (store_document() lists them):
 *
 *     store_find_one(store, "users", &user_record, &user, err, "{'username': %s}", name);
 *     store_update(store, "groups", 0, &n, err, "[{'_id': %s, 'rev': %ld}, {'$inc': {'rev': 1}}]",
 *                  group_id, rev);
 *
 * Errors of all calls: UNAVAILABLE (server away, time-out, step-down: a write's outcome is then
 * unknown), ID_TAKEN (a unique index), NOT_FOUND (store_find_one, store_find_and_update),
 * INTERNAL (a bug: bad template, refused command). */
struct store;

/* How long calls took and which failed, of all stores of this process. */
extern struct metrics store_metrics;

/* INVALID for a bad URI. Waits for no server: calls do, for 3 s at most, and no call takes longer
 * than 10 s. The database is the URI's, else "parley". */
MUST_CHECK enum status store_open(const char *mongodb_uri, struct store **ret, struct error *err);
void store_close(struct store *store); /* NULL is fine */

/* Is the primary reachable, as of a second ago? For /readyz; waits for nothing. */
MUST_CHECK enum status store_ping(struct store *store, struct error *err);

/* A call to the server that has ended. */
struct store_call {
    const char *operation; /* "find", "insert", … */
    const char *collection;
    int64_t us;                  /* waiting for a connection of the pool included */
    const struct error *failure; /* NULL: it was carried out. ID_TAKEN is an answer, the rest is our
                                    fault or the server's */
};

/* Who is told of each call of all stores of the process, in its thread and within its span, briefly.
 * NULL: nobody. Before the first store is opened. */
void store_observe(void (*observer)(const struct store_call *call));

/* Build a document or array from a template. Keys and texts in single quotes, numbers, true,
 * false, null, {} and []; and these holes:
 *   %s  const char *            a text (NULL becomes null)
 *   %ld int64_t                 a 64-bit integer
 *   %d  bool                    true or false (an integer is always %ld)
 *   %p  const struct strings *  an array of texts
 * Keys are never holes, so nothing of a client's becomes an operator. The caller destroys *ret
 * with bson_destroy(), on failure too. For this library and its tests; services use the calls below. */
MUST_CHECK enum status store_document(bson_t *ret, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Create an index if it is not there: keys such as "{'conversation_id': 1, 'seq': 1}".
 * expire_after_s > 0 makes it a TTL index on its (date) field; else 0. */
MUST_CHECK enum status store_index(struct store *store, const char *collection, const char *keys,
                                   bool unique, int64_t expire_after_s, struct error *err);

/* The same, not unique, of the documents alone that have the field: others cost nothing. */
MUST_CHECK enum status store_index_sparse(struct store *store, const char *collection,
                                          const char *keys, struct error *err);

struct store_find {
    const char *sort; /* "{'seq': -1}" or NULL */
    int64_t limit;    /* 0: no limit; callers with foreign input always give one */
};

/* Append what is found to *ret, a list of rec's structs that the caller clears. Only the fields of
 * rec are asked for: a record with fewer of them is a cheaper read of the same documents. */
MUST_CHECK enum status store_find(struct store *store, const char *collection,
                                  const struct store_find *how, const struct record *rec,
                                  struct list *ret, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(7, 8);

MUST_CHECK enum status store_find_one(struct store *store, const char *collection,
                                      const struct record *rec, void *ret, struct error *err,
                                      const char *fmt, ...) PRINTF_LIKE(6, 7);

/* How many there are; counting stops at limit. */
MUST_CHECK enum status store_count(struct store *store, const char *collection, int64_t limit,
                                   int64_t *ret, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* About how many there are in all: free, however many. */
MUST_CHECK enum status store_estimate(struct store *store, const char *collection, int64_t *ret,
                                      struct error *err);

struct store_size {
    int64_t data_bytes;  /* of documents, not compressed */
    int64_t index_bytes; /* on disk */
};

/* About how large a collection is, or (NULL) the database: free likewise. One that is not there
 * has nothing in it. */
MUST_CHECK enum status store_measure(struct store *store, const char *collection,
                                     struct store_size *ret, struct error *err);

MUST_CHECK enum status store_insert(struct store *store, const char *collection,
                                    const struct record *rec, const void *value, struct error *err);

/* One bulk insert, ordered: after an error a prefix is in. values are n pointers to structs. */
MUST_CHECK enum status store_insert_many(struct store *store, const char *collection,
                                         const struct record *rec, const void *const *values,
                                         size_t n, struct error *err);

enum { STORE_UPSERT = 1, STORE_MANY = 2 };

/* fmt is "[filter, update]". *ret_matched (may be NULL) is the number of documents that the
 * filter matched, upserted ones included. */
MUST_CHECK enum status store_update(struct store *store, const char *collection, int flags,
                                    int64_t *ret_matched, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* fmt is "[filter, update]"; the document as it is after the update. */
MUST_CHECK enum status store_find_and_update(struct store *store, const char *collection,
                                             const struct record *rec, void *ret, struct error *err,
                                             const char *fmt, ...) PRINTF_LIKE(6, 7);

MUST_CHECK enum status store_delete(struct store *store, const char *collection,
                                    int64_t *ret_deleted, struct error *err, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* Many updates in one round trip, unordered. store_bulk_add() keeps its first error for
 * store_bulk_run(), which also frees the bulk (an empty one succeeds at once). */
struct store_bulk;
struct store_bulk *store_bulk_new(struct store *store, const char *collection);
void store_bulk_add(struct store_bulk *bulk, int flags, const char *fmt, ...) PRINTF_LIKE(3, 4);
MUST_CHECK enum status store_bulk_run(struct store_bulk *bulk, struct error *err);
/* ID_TAKEN when one of them, by its filter, found nothing to update: the others are done. */
MUST_CHECK enum status store_bulk_run_all(struct store_bulk *bulk, struct error *err);
void store_bulk_free(struct store_bulk *bulk); /* one that will not be run; NULL is fine */

/* Forget a bulk without running it. NULL is fine. */
void store_bulk_free(struct store_bulk *bulk);

#endif
