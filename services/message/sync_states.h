#ifndef MESSAGE_SYNC_STATES_H
#define MESSAGE_SYNC_STATES_H

#include "store/store.h"
#include "sync_vector.h"

/* What cursors name: each page of GET /api/sync that gave something leaves one state, which never
 * changes. So a page can be asked for again after its answer was lost, and two that ask at once each
 * get a cursor of their own. */
#define SYNC_STATES "sync_states"

struct sync_state {
    char *id; /* "_id": <session_id>/<cursor> */
    char *user_id;
    char *session_id;
    char *before; /* the state that it follows: gone once somebody comes with this one */
    int64_t round;
    int64_t used_at;
    char *vector;
};
extern const struct record sync_state_record;

/* Any thread. */
MUST_CHECK enum status sync_states_index(struct store *store, struct error *err);

/* The state that a session's cursor names. INVALID: there is none, or not any more. The caller clears
 * *ret. */
MUST_CHECK enum status sync_states_find(struct store *store, const char *session_id,
                                        const char *cursor, struct sync_state *ret,
                                        struct error *err);

/* Store a new state (its id, session_id and user_id are filled in here), let go what `from` follows,
 * and of the session's others all but the newest. from is the state that the client came with, or one
 * that is all zeroes. */
MUST_CHECK enum status sync_states_add(struct store *store, const struct sync_state *from,
                                       struct sync_state *state, struct error *err);

/* The client came with state and there was nothing new: so that it is kept, once a day. */
MUST_CHECK enum status sync_states_keep(struct store *store, const struct sync_state *state,
                                        struct error *err);

/* The part of a state's id that the client is given. */
const char *sync_states_cursor(const struct sync_state *state);

#endif
