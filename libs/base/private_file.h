#ifndef BASE_PRIVATE_FILE_H
#define BASE_PRIVATE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* A file that holds a secret of ours may be read by nobody else: mode 0600 or less. Where root owns
 * it and we are not root, our group may read it too (0640), since that is how Kubernetes mounts
 * Secrets and how an administrator hands a file out that we cannot change. */

#define PRIVATE_FILE_RULE "its mode must be 0600, or 0640 where it is root's"

/* info: of fstat(), so that it is the file that is read. self: geteuid(). */
bool private_file_is_good(const struct stat *info, uid_t self);

#endif
