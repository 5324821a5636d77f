#ifndef BASE_PRIVATE_FILE_H
#define BASE_PRIVATE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/slice.h"

/* A file that holds a secret of ours may be read by nobody else: mode 0600 or less. Where root owns
 * it and we are not root, our group may read it too (0640), since that is how Kubernetes mounts
 * Secrets and how an administrator hands a file out that we cannot change. */

/* info: of fstat(), so that it is the file that is read. self: geteuid(). */
bool private_file_is_good(const struct stat *info, uid_t self);

/* Read its first room bytes into ret; *ret_length says how many there were. name is as for openat():
 * folder_fd may be AT_FDCWD. ret_info may be NULL. NOT_FOUND, or INVALID when it is no file, when
 * others may read it, or when we may not: err says why, but not of which file. */
MUST_CHECK enum status private_file_read(int folder_fd, const char *name, char *ret, size_t room,
                                         size_t *ret_length, struct stat *ret_info,
                                         struct error *err);

/* Write one of mode 0600, in place of one that is there: under its name it is whole or as it was, and
 * stays so when the power fails. owner: whose it is to be, whoever we are; NULL: ours. UNAVAILABLE: err
 * says why, but not of which file. A process that is killed may leave a draft, "<name>.<ULID>". */
MUST_CHECK enum status private_file_write(int folder_fd, const char *name, struct slice bytes,
                                          const struct stat *owner, struct error *err);

/* The same, but one that is there stays: of several who make it at once, the first one's. */
MUST_CHECK enum status private_file_make(int folder_fd, const char *name, struct slice bytes,
                                         struct error *err);

#endif
