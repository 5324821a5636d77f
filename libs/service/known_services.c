#include "service/known_services.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/memory.h"

struct known_service {
    char token_hash[REFRESH_HASH_MAX];
    struct token_claims claims;
    int64_t until;
    UT_hash_handle hh;
};

void known_services_clear(struct known_services *known)
{
    struct known_service *each;
    struct known_service *next;

    HASH_ITER(hh, known->by_hash, each, next) {
        HASH_DEL(known->by_hash, each);
        free(each);
    }
}

bool known_services_find(const struct known_services *known, const char *token_hash, int64_t now,
                         struct token_claims *ret)
{
    const struct known_service *found;

    HASH_FIND_STR(known->by_hash, token_hash, found);
    if (!found || found->until <= now)
        return false;
    *ret = found->claims;
    return true;
}

void known_services_keep(struct known_services *known, const char *token_hash,
                         const struct token_claims *claims, int64_t now)
{
    struct known_service *kept;

    HASH_FIND_STR(known->by_hash, token_hash, kept);
    if (!kept) {
        if (HASH_COUNT(known->by_hash) >= KNOWN_SERVICES_MAX)
            known_services_clear(known);
        kept = memory_new(sizeof *kept);
        (void)snprintf(kept->token_hash, sizeof kept->token_hash, "%s", token_hash); /* fits */
        HASH_ADD_STR(known->by_hash, token_hash, kept);
    }
    kept->claims = *claims;
    kept->until = now + KNOWN_SERVICES_MS;
}
