#ifndef ARCHIVE_GZIP_H
#define ARCHIVE_GZIP_H

#include "base/error.h"

/* A gzip file that is written or read from its beginning to its end, by zlib. Memory stays the same
 * whatever the size. One thread at a time. */
struct gzip;

/* fd becomes the file's, also on failure. UNAVAILABLE: there is no memory for it. */
MUST_CHECK enum status gzip_write_open(int fd, struct gzip **ret, struct error *err);
MUST_CHECK enum status gzip_read_open(int fd, struct gzip **ret, struct error *err);

/* UNAVAILABLE: the disk is full. */
MUST_CHECK enum status gzip_write(struct gzip *gzip, const void *data, size_t length,
                                  struct error *err);

/* Write the rest, and wait until it is on the disk. The file is closed in any case. */
MUST_CHECK enum status gzip_finish(struct gzip *gzip, struct error *err);

/* Exactly length bytes, or none at the end of the file (*ret_more is false then). INVALID: it is
 * damaged or cut. */
MUST_CHECK enum status gzip_read(struct gzip *gzip, void *data, size_t length, bool *ret_more,
                                 struct error *err);

/* Close it; what was written and not finished is lost. NULL is fine. */
void gzip_close(struct gzip *gzip);
DEFINE_CLEANUP(struct gzip *, gzip_close)

#endif
