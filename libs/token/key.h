#ifndef TOKEN_KEY_H
#define TOKEN_KEY_H

#include <openssl/evp.h>
#include <stddef.h>

#include "base/error.h"
#include "wire/auth_api.h"

/* P-256 keys: OpenSSL's, and as JWK. */

#define KEY_BYTES 32 /* a coordinate, and the private number */
#define KEY_TEXT 44  /* 32 bytes in base64url, and the terminator */

static inline void EVP_PKEY_free_at(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

/* INVALID unless key is on the curve P-256: libjwt signs "ES256" with any. */
MUST_CHECK enum status key_check_curve(const EVP_PKEY *key, struct error *err);

/* Fill *ret, a zeroed struct, with the public half; kid is the thumbprint of RFC 7638. */
MUST_CHECK enum status key_to_jwk(const EVP_PKEY *key, struct auth_jwk *ret, struct error *err);

/* *ret is the key, which the caller frees. INVALID for anything but an ES256 key whose point is on
 * the curve. */
MUST_CHECK enum status key_from_jwk(const struct auth_jwk *jwk, EVP_PKEY **ret, struct error *err);

/* Is it the signature (r and s, KEY_BYTES each) of that text by that key, with SHA-256? */
bool key_has_signed(EVP_PKEY *key, const void *text, size_t length, const unsigned char *signature);

#endif
