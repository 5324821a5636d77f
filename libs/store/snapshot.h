#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include "base/slice.h"
#include "store/store.h"

/* The whole database as it was at one moment, document by document, whatever they hold; and the way
 * back. For back-ups: services read by records.
 *
 * The moment is MongoDB's (read concern "snapshot"): it lies after all that was acknowledged before
 * store_snapshot_open(), and writers wait for nothing. How long one may be read is the server's
 * minSnapshotHistoryWindowInSeconds (300): past it calls fail as EXPIRED.
 *
 * Documents are BSON, one after the other as MongoDB has them. A snapshot takes a connection of the
 * store's pool, and belongs to one thread. Errors as store.h has them, besides. */
struct store_snapshot;

struct store_collection {
    char *name;
    struct json options; /* {"indexes": […]} as MongoDB describes them, but for that of _id */
};
extern const struct record store_collection_record;

MUST_CHECK enum status store_snapshot_open(struct store *store, struct store_snapshot **ret,
                                           struct error *err);
void store_snapshot_close(struct store_snapshot *snapshot); /* NULL is fine */
DEFINE_CLEANUP(struct store_snapshot *, store_snapshot_close)

/* All collections, by name: struct store_collection, the snapshot's. INTERNAL from open() when one is
 * not as ours are (a view, a capped one), since it would come back as something else. */
const struct list *store_snapshot_collections(const struct store_snapshot *snapshot);

/* Hand every document to take(), in the order of _id, until it fails. Its slice lives until it
 * returns. */
typedef enum status store_take_document(void *context, struct slice document, struct error *err);
MUST_CHECK enum status store_snapshot_read(struct store_snapshot *snapshot, const char *collection,
                                           store_take_document *take, void *context,
                                           struct error *err);

/* Make a collection and its indexes. CONFLICT: it is there. */
MUST_CHECK enum status store_create(struct store *store, const struct store_collection *collection,
                                    struct error *err);

/* Insert documents, a run of BSON. INVALID: it is something else. After an error a
 * prefix is in. */
MUST_CHECK enum status store_insert_documents(struct store *store, const char *collection,
                                              struct slice documents, struct error *err);

/* The length of the document that begins here, of which four bytes suffice; 0: none can. */
size_t store_document_length(struct slice documents);
#define STORE_DOCUMENT_MAX (16 * 1024 * 1024 + 16 * 1024) /* MongoDB's own limit */

#endif
