#ifndef AUTH_ADMIN_H
#define AUTH_ADMIN_H

#include "auth.h"
#include "wire/admin_api.h"

/* What administrators do to accounts (/v1/admin), and the log of it. libs/http has judged by the
 * token's role before a handler is called; here it is judged again by the role that is stored. */

/* ---- audit.c: the collection audit. Entries are added and never touched again. */

#define AUDIT "audit"

/* The log's indexes. */
MUST_CHECK enum status audit_prepare(struct auth_state *auth, struct error *err);

/* Add what is about to be done; without this entry it must not be. entry has all but entry_id and
 * at, which are filled in here (and freed by who clears the entry). An entry_id that is given stays:
 * of several with the same one the first is the entry. */
MUST_CHECK enum status audit_announce(struct auth_state *auth, struct audit_entry *entry,
                                      struct error *err);

/* Add that what entry announced has failed. An entry that cannot be written is logged: then the
 * first one stands alone, as it does when the process dies on the way. */
void audit_fail(struct auth_state *auth, const struct audit_entry *entry, const struct error *why);

http_handler handle_audit;

/* ---- admin.c: one way for every action */

struct admin_action {
    const char *name;    /* in the log, "users.ban" */
    enum right right;    /* what it needs: looked at again, by the role that is stored */
    const char *user_id; /* to whom */
    const char *reason;
    const char *details; /* for the log; NULL: there are none */
    bool to_oneself;     /* one may do it to oneself */
    bool to_the_gone;    /* and to deleted accounts: what they wrote is still there */
    /* Do it. target is as it was when the action was allowed: a change of it asks for the same role
     * and generation again. */
    enum status (*run)(struct auth_state *auth, const struct account_document *target,
                       const void *request, void *reply, struct error *err);
};

/* Log it, judge it, run it, and log when it fails. NOT_FOUND for an unknown target (that is in no
 * log); FORBIDDEN for oneself, and for one's equals and betters, unless one is an admin; CONFLICT
 * for a deleted one. */
MUST_CHECK enum status admin_act(struct auth_state *auth, struct call *call,
                                 const struct admin_action *action, const void *request,
                                 void *reply, struct error *err);

/* The same for an account that the caller has at hand, or that the action is about to make. */
MUST_CHECK enum status admin_act_on(struct auth_state *auth, struct call *call,
                                    const struct admin_action *action,
                                    const struct account_document *target, const void *request,
                                    void *reply, struct error *err);

/* May somebody of that role act upon somebody of the other? Pure. */
bool admin_outranks(const char *actor_role, const char *target_role);

/* CONFLICT when nobody but that user could administer any more. Asked before an admin is demoted,
 * banned or deleted, and again once that is stored (and undone if so): of two who do it to each
 * other at the same moment, at least the later one sees it. */
MUST_CHECK enum status admins_check_others(struct auth_state *auth, const char *user_id,
                                           struct error *err);

/* ---- admin_actions.c */

http_handler handle_ban;
http_handler handle_unban;
http_handler handle_mute;
http_handler handle_unmute;
http_handler handle_force_logout;
http_handler handle_reset_password;
http_handler handle_set_role;

/* ---- admin_users.c: looking at accounts */

MUST_CHECK enum status admin_users_prepare(struct auth_state *auth, struct error *err);

/* The account as administrators see it. */
MUST_CHECK enum status admin_user_find(struct auth_state *auth, const char *user_id,
                                       struct admin_user *ret, struct error *err);

http_handler handle_admin_users;
http_handler handle_admin_user;
http_handler handle_admin_sessions;

/* ---- overview.c */

http_handler handle_admin_overview;

/* ---- admin_messages.c: looked up and recalled, in the name of who sent them */

http_handler handle_admin_message;
http_handler handle_admin_recall;

/* ---- services.c: accounts of programs (docs/decisions/0110)
 *
 * Each has one token, which is a session that does not expire: who makes another ends it. */

http_handler handle_services;
http_handler handle_new_service;
http_handler handle_new_service_token;
http_handler handle_end_service;
rpc_handler handle_find_service;

/* ---- first_admin.c: ADMIN_USERNAME and ADMIN_PASSWORD */

/* INVALID, with a line in faults for each, for one without the other and for a common password. */
MUST_CHECK enum status first_admin_check(const struct auth_config *config, struct buffer *faults);

/* Make or promote it. An account that exists and has another password is left as it is, and a name
 * of somebody who is gone is not given out again: an error in the log, and OK. */
MUST_CHECK enum status first_admin_prepare(struct auth_state *auth, struct error *err);

#endif
