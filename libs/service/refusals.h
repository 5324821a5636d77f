#ifndef SERVICE_REFUSALS_H
#define SERVICE_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "token/token.h"
#include "wire/internal.h"

/* What is refused although a token is good: the sessions that ended, and what users are restricted
 * in. A part of identity.c, which has the lock: for writing where something changes. Times are Unix
 * ms. {0} is empty. */
struct refusals {
    struct ended *ended; /* hashes, in the order in which they were heard of */
    struct restricted *restricted;
};

/* Access tokens live that long, and nothing older needs remembering; a minute for clocks that
 * differ. Who is muted is remembered until his mute ends. */
#define REFUSALS_MS (TOKEN_SECONDS * 1000 + 60 * 1000)

/* Of each kind: 100 ends a second for all of that time, 12 MiB; past it the oldest are forgotten. */
#define REFUSALS_MAX 100000

void refusals_clear(struct refusals *refusals);

void refusals_end_session(struct refusals *refusals, const char *session_id, int64_t now);

/* Older news, that came later, change nothing. */
void refusals_restrict(struct refusals *refusals, const struct user_restricted *told, int64_t now);

/* users are all who are muted now, and nobody else is: an end of a mute that was missed would
 * otherwise count only when the process starts anew. */
void refusals_restrict_all(struct refusals *refusals, const struct user_restricted *users, size_t n,
                           int64_t now);

/* UNAUTHENTICATED: the session has ended; EXPIRED: it goes on, but only with a newer token. */
MUST_CHECK enum status refusals_check(const struct refusals *refusals,
                                      const struct token_claims *claims, struct error *err);

/* 0: he is not muted. */
int64_t refusals_muted_until(const struct refusals *refusals, const char *user_id, int64_t now);

#endif
