#ifndef ARCHIVE_OUTPUT_H
#define ARCHIVE_OUTPUT_H

#include <zip.h>

/* What libzip reads a file of the archive from, and what it writes the archive to: descriptors of
 * ours instead of names. */

/* The bytes of fd from offset on. fd stays the caller's, and outlives the source. */
zip_source_t *input_new(int fd, int64_t offset, int64_t length, zip_error_t *err);

/* The empty file fd, to be written. As above. */
zip_source_t *output_new(int fd, zip_error_t *err);

#endif
