#ifndef SERVICE_KNOWN_SERVICES_H
#define SERVICE_KNOWN_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "token/token.h"

/* What auth has said of service accounts' tokens, by their hashes: a part of identity.c, which has
 * the lock. Times are monotonic ms. {0} is empty.
 *
 * Nobody is told here that a token has ended: whoever finds one still asks refusals.h, which hears
 * of it at once and remembers for longer than KNOWN_SERVICES_MS. What auth refused is not kept. */
struct known_services {
    struct known_service *by_hash;
};

#define KNOWN_SERVICES_MS (2 * 60 * 1000)
#define KNOWN_SERVICES_MAX 1000 /* past it all are forgotten and asked for again */

void known_services_clear(struct known_services *known);

/* False: it is not known, or was asked for too long ago. */
bool known_services_find(const struct known_services *known, const char *token_hash, int64_t now,
                         struct token_claims *ret);

void known_services_keep(struct known_services *known, const char *token_hash,
                         const struct token_claims *claims, int64_t now);

#endif
