#ifndef TOKEN_DIGEST_H
#define TOKEN_DIGEST_H

#include "base/error.h"

#define DIGEST_LENGTH 64 /* SHA-256 in lower-case hex */
#define DIGEST_MAX (DIGEST_LENGTH + 1)

/* SHA-256 of all that is in a file, whatever its place, which stays; memory does not grow with it.
 * UNAVAILABLE when it cannot be read. */
MUST_CHECK enum status digest_of_file(int fd, char ret[DIGEST_MAX], struct error *err);

/* The same of bytes that come piece by piece. The caller ends it with digest_free(). */
struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *digest, const void *data, size_t length);
void digest_end(struct digest *digest, char ret[DIGEST_MAX]); /* nothing is added afterwards */
void digest_free(struct digest *digest);                      /* NULL is fine */
DEFINE_CLEANUP(struct digest *, digest_free)

#endif
