#ifndef TOKEN_KEY_FILE_H
#define TOKEN_KEY_FILE_H

#include <openssl/evp.h>
#include <sys/types.h>

#include "base/error.h"
#include "token/token.h"

/* AUTH_KEY_FILE: private keys as PEM, the newest first. It is only ever replaced whole. */

struct key_file {
    EVP_PKEY *keys[TOKEN_KEYS_MAX]; /* all of them on P-256, none twice */
    size_t n;
    int64_t changed_at; /* Unix ms */
    ino_t inode;        /* of this version */
};

/* NOT_FOUND when there is none; INVALID for a file that others may read, or that holds anything but
 * 1 to TOKEN_KEYS_MAX keys. The caller clears *ret. */
MUST_CHECK enum status key_file_read(const char *file, struct key_file *ret, struct error *err);
void key_file_clear(struct key_file *keys); /* twice is fine */

/* Is the file still the one that was read? True also when that cannot be seen. */
bool key_file_is_same(const char *file, const struct key_file *keys);

/* Make it, with one key; of two that do so at once, the first stays. */
MUST_CHECK enum status key_file_make(const char *file, struct error *err);

/* As PEM; the caller wipes and frees it. NULL when OpenSSL cannot. */
char *key_private_pem(EVP_PKEY *key);
void key_wipe(char *pem); /* and free; NULL is fine */

static inline void key_file_clear_at(struct key_file *keys)
{
    key_file_clear(keys);
}

#endif
