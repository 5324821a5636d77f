#ifndef AUTH_DATA_RIGHTS_H
#define AUTH_DATA_RIGHTS_H

#include "auth.h"
#include "wire/account_api.h"

/* What a user takes along, and how he goes. */

/* ---- export.c: a zip of everything about one user (docs/decisions/0088) */

#define EXPORT_PAUSE_MS (10 * 60 * 1000) /* between two of one user */
#define EXPORTS_AT_ONCE 2                /* each reads the store as fast as it can */

http_handler handle_export;       /* one's own */
http_handler handle_admin_export; /* anybody's */

/* ---- deletion.c, deletion_steps.c: the collection deletions (docs/decisions/0089)
 *
 * An account is closed while its owner waits; what follows is a list of steps, noted as they are
 * done, that a worker goes through. Each may be repeated, so a crash costs time and nothing else.
 * They are gone through twice, the second time when all that others had in hand or kept about the
 * user is over. */

#define DELETIONS "deletions"
#define DELETION_ROUNDS 2
#define DELETION_SETTLE_MS 60000 /* answers about people are kept for 30 s, requests take less */

struct deletion {
    char *id; /* "_id": whose account it is */
    int64_t requested_at;
    struct strings steps; /* done in this round */
    int64_t rounds;       /* done */
    int64_t attempts;     /* how often somebody set about it */
    char *claim;          /* of who does, until due_at: it is his no longer then */
    int64_t due_at;
    int64_t finished_at; /* 0: it is not */
};
extern const struct record deletion_record;
DEFINE_RECORD_CLEANUP(struct deletion, deletion)

MUST_CHECK enum status deletions_prepare(struct auth_state *auth, struct error *err);

/* Close the account and have the rest done. Harmless to repeat. CONFLICT for the last
 * administrator. */
MUST_CHECK enum status deletion_begin(struct auth_state *auth, const char *user_id,
                                      struct error *err);

/* A step: all of it, or *ret_done false when it is to be called again. */
struct deletion_step {
    const char *name;
    enum status (*run)(struct auth_state *auth, const char *user_id, bool *ret_done,
                       struct error *err);
};
extern const struct deletion_step deletion_steps[];
extern const size_t n_deletion_steps;

/* The first of them: nobody comes in any more. CONFLICT for the last administrator. */
MUST_CHECK enum status deletion_close(struct auth_state *auth, const char *user_id,
                                      struct error *err);

/* NAME_TAKEN: somebody had that name, in its normal form, who is gone, or it looks like what is left
 * of one. It is never given out again. */
MUST_CHECK enum status deletion_check_name(struct auth_state *auth, const char *username,
                                           struct error *err);

void deletion_run(void *state, struct service_context *context); /* the worker */
http_handler handle_delete_account;                              /* one's own */
http_handler handle_admin_delete;                                /* anybody's */

#endif
