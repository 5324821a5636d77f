#ifndef AUTH_LIMITS_H
#define AUTH_LIMITS_H

#include "service/service.h"

/* How often something may be tried: counted in Redis, in fixed windows, so that all replicas count
 * together. When Redis is away nobody can say how often it was, and all of these answer
 * UNAVAILABLE: guessing must not become free by it. */

struct limit {
    const char *name; /* of the counter */
    int64_t most;
    int64_t window_s;
    bool by_address; /* by where the call comes from, else by the text that the caller names */
    const char *told;
};

/* Wrong passwords for one account, whoever types them. */
extern const struct limit limit_account_failures;

/* Wrong passwords from one address: one who tries one password on many accounts. 30, for an office
 * or a school behind one address. */
extern const struct limit limit_address_failures;

extern const struct limit limit_address_registrations;

/* Was it tried too often already? TOO_FAST, with Retry-After on the answer, or OK. key is NULL for
 * a limit by address; addresses of TRUSTED_ADDRESSES have none. An IPv6 address counts as its /64,
 * all of which belongs to one customer. */
MUST_CHECK enum status limit_check(const struct service_context *context, struct call *call,
                                   const struct limit *limit, const char *key, struct error *err);

/* Count one more, and then as limit_check(): what came past that beside others hears no more than
 * what comes later. */
MUST_CHECK enum status limit_count(const struct service_context *context, struct call *call,
                                   const struct limit *limit, const char *key, struct error *err);

#endif
