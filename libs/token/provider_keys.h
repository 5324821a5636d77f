#ifndef TOKEN_PROVIDER_KEYS_H
#define TOKEN_PROVIDER_KEYS_H

#include <openssl/evp.h>

#include "token/id_token.h"

/* How a signature is made: the alg of a token's header. */
enum signing { SIGNING_NONE, SIGNING_RS256, SIGNING_PS256, SIGNING_ES256 };

/* SIGNING_NONE for any other text. */
enum signing signing_find(const char *alg);

/* The key for a token of that kid (NULL: it names none, and then the set must have exactly one that
 * fits) and that way of signing. NULL when there is none. */
EVP_PKEY *provider_keys_find(const struct provider_keys *keys, const char *kid,
                             enum signing signing);

/* Is it key's signature of that text? */
bool signing_is_good(enum signing signing, EVP_PKEY *key, const void *text, size_t length,
                     const unsigned char *signature, size_t signature_length);

#endif
