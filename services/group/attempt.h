#ifndef GROUP_ATTEMPT_H
#define GROUP_ATTEMPT_H

#include "group.h"

/* A change of a group: read, decide, commit if nothing changed meanwhile, and wait for the log. */
struct attempt {
    struct group_state *state;
    const char *group_id;
    const char *user_id;  /* who does it */
    bool is_bot;          /* he is a bot */
    const char *other_id; /* to whom it is done, if to somebody else */
    const char *role;     /* which he gets */
    /* What came of it. */
    int64_t rev;  /* to be in the log before anybody is answered */
    bool is_late; /* another change came first, or the outbox is full: try again after it */
};

/* Try until a change is committed, or none is called for, and all up to attempt->rev is in the log.
 * UNAVAILABLE: it may stand, and the log hears of it later. */
MUST_CHECK enum status attempt_run(struct attempt *attempt,
                                   enum status (*try)(struct attempt *attempt, struct error *err),
                                   struct error *err);

#endif
