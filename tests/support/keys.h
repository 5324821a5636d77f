#ifndef SUPPORT_KEYS_H
#define SUPPORT_KEYS_H

#include <sys/types.h>

#include "rpc/key.h"

/* Keys of calls between services, for tests; what fails here fails the test. */

#define KEYS_DIGITS 64
extern const char keys_digits[KEYS_DIGITS + 1]; /* what a good file holds */

void keys_write(const char *path, const char *text, mode_t mode);
struct rpc_key *keys_read(const char *text); /* from a file with that text; the caller frees it */
struct rpc_key *keys_another(void);          /* which is not that of keys_digits; likewise */

#endif
