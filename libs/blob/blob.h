#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "base/error.h"
#include "record/record.h"

/* Blobs: runs of bytes under the key that their content gives them (SHA-256 in hex), so that the same
 * content is kept once. Never is a whole one in memory. Today they lie in MongoDB's GridFS
 * (gridfs.c); nothing here tells so, and the URL decides: an object store is one more backend.
 *
 * Nobody counts who uses a blob. Instead each blob knows when it was put last, and blob_remove()
 * spares what was put lately: who puts first and notes that he uses it afterwards, within that
 * time, never finds it gone. Put and remove are atomic towards each other.
 *
 * Any thread. Errors of all calls: UNAVAILABLE (the server is away; the outcome is unknown, and
 * every call may be repeated), INTERNAL; NOT_FOUND where said. */
struct blobs;
struct blob; /* one that is open for reading; one thread at a time */

#define BLOB_KEY_LENGTH 64

/* "mongodb://…": collections fs.files and fs.chunks of that database. INVALID for another kind of
 * URL. Waits for no server. */
MUST_CHECK enum status blobs_open(const char *url, struct blobs **ret, struct error *err);
void blobs_close(struct blobs *blobs); /* NULL is fine */

/* Make the indexes that are not there yet. Before anything else, once. */
MUST_CHECK enum status blobs_prepare(struct blobs *blobs, struct error *err);

/* Keep all that is in the file fd, whatever its place, under key; if it is kept already only the
 * time is noted. On STATUS_OK it is there by majority. */
MUST_CHECK enum status blob_put(struct blobs *blobs, const char *key, int fd, struct error *err);

/* NOT_FOUND: it is not kept. The caller closes *ret. */
MUST_CHECK enum status blob_open(struct blobs *blobs, const char *key, struct blob **ret,
                                 struct error *err);
void blob_close(struct blob *blob); /* NULL is fine */
int64_t blob_size(const struct blob *blob);

/* Up to room bytes from offset on; *ret_length is 0 at the end only. NOT_FOUND when it was removed
 * meanwhile. */
MUST_CHECK enum status blob_read(struct blob *blob, int64_t offset, void *data, size_t room,
                                 size_t *ret_length, struct error *err);

/* Remove the blob unless it was put after before_ms (Unix). One that is not there is fine. */
MUST_CHECK enum status blob_remove(struct blobs *blobs, const char *key, int64_t before_ms,
                                   struct error *err);

/* Append to *ret, in their order, up to limit keys greater than after ("": from the first) of blobs
 * that were last put before before_ms. */
MUST_CHECK enum status blob_list(struct blobs *blobs, const char *after, int64_t before_ms,
                                 int64_t limit, struct strings *ret, struct error *err);

/* Remove what puts and removals that ended half-way, before before_ms, have left. */
MUST_CHECK enum status blob_sweep(struct blobs *blobs, int64_t before_ms, struct error *err);

/* About how many there are, and their bytes in all. Costs the same however many. */
MUST_CHECK enum status blobs_measure(struct blobs *blobs, int64_t *ret_n, int64_t *ret_bytes,
                                     struct error *err);

DEFINE_CLEANUP(struct blob *, blob_close)

#endif
