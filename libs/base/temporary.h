#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

#include "base/error.h"

/* A file without a name: nothing of it is left behind, however the process ends. */

#define TEMPORARY_FOLDER "/var/tmp" /* on a disk, where /tmp may be memory */

/* Open an empty one to read and write, the caller's to close; UNAVAILABLE when there is none. Any
 * thread. */
MUST_CHECK enum status temporary_open(int *ret_fd, struct error *err);

/* Write all of it at the file's place; UNAVAILABLE when the disk is full. */
MUST_CHECK enum status temporary_write(int fd, const void *data, size_t length, struct error *err);

/* CLEANUP(temporary_close) int fd = -1; -1 is fine. */
void temporary_close(int fd);
DEFINE_CLEANUP(int, temporary_close)

#endif
