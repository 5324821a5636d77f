#ifndef USER_CHANGES_H
#define USER_CHANGES_H

#include "transitions.h"

/* Of one user. Past a few thousand friends a list is no list of friends; 500 requests that nobody
 * has answered are no requests; and no list is to grow without end. Two steps at the same moment
 * may pass a limit by one: it protects the store, not a number. */
#define FRIENDS_MAX 5000
#define REQUESTS_MAX 500 /* that wait for an answer */
#define BLOCKS_MAX 5000

/* How often one may ask another anew: each time he reads a text of somebody whom he does not know. */
#define ASKS_MAX 5
#define ASKS_WINDOW_S 3600

/* Carry out one step: read the relation of step->by and step->other, move it, store it if it is
 * still what was read (else from the beginning), then tell both by system frames, the services by
 * user.relation, and their presence. Nobody waits for those: the state is what counts.
 *
 * *ret (may be NULL) is the relation afterwards, which the caller clears. What the move refuses;
 * FORBIDDEN past a limit, TOO_FAST past ASKS_MAX (step->wait_s); UNAVAILABLE, then the outcome is
 * unknown and the step may be repeated. Any thread. */
MUST_CHECK enum status relations_change(struct user_state *user, relation_move *move,
                                        struct relation_step *step, struct relation *ret,
                                        struct error *err);

#endif
