#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "base/error.h"

/* A zip archive in the making (libzip's only home). What is added goes to a temporary file, and the
 * archive to a second one; neither has a name (base/temporary.h), so nothing of them is left behind,
 * however the process ends. Memory stays the same whatever the size.
 *
 * One thread at a time. */
struct archive;

/* Before compression: 32-bit sizes hold it, and a disk for a few at once. */
#define ARCHIVE_MAX (INT64_C(2) * 1024 * 1024 * 1024)
#define ARCHIVE_NAME_MAX 200

/* Errors of all calls: UNAVAILABLE when there is no room for it, TOO_LARGE past ARCHIVE_MAX. */
MUST_CHECK enum status archive_new(struct archive **ret, struct error *err);
void archive_free(struct archive *archive); /* NULL is fine */

/* Begin the next file; the one before is complete. name is copied. INTERNAL for a name that could
 * mean another place where it is unpacked (only letters, digits, "_", "-", ".", and folders by "/";
 * no part begins with a "."). No name may be given twice. */
MUST_CHECK enum status archive_begin(struct archive *archive, const char *name, struct error *err);

/* Add to the file that was begun last. */
MUST_CHECK enum status archive_add(struct archive *archive, const void *data, size_t length,
                                   struct error *err);

/* Compress it all: *ret_fd is the zip file, the caller's to close. Nothing is added afterwards. */
MUST_CHECK enum status archive_finish(struct archive *archive, int *ret_fd, struct error *err);

DEFINE_CLEANUP(struct archive *, archive_free)

#endif
