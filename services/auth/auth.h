#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "hashing.h"
#include "service/service.h"
#include "token/token.h"
#include "wire/auth_api.h"
#include "wire/internal.h"

/* auth: accounts, passwords, sessions and the tokens that everybody else believes. */

struct auth_config {
    char *auth_key_file;
    int64_t auth_key_lead_seconds;
    char *admin_username;
    char *admin_password;
    char *push_public_url;
    char *oauth_file;
};
extern const struct record auth_config_record;

struct auth_state {
    struct service_context *context;
    const struct auth_config *config;
    struct store *store;
    struct blobs *blobs; /* of what people uploaded: for their archives */
    struct token_signer *signer;
    struct hashing hashing;
    struct oauth *oauth;     /* oauth.h */
    struct rpc_client *user; /* data_rights.h: those who have something of a user's */
    struct rpc_client *group;
    struct rpc_client *message;
    atomic_int exports; /* that are being made */
};

/* ---- accounts.c: the collection accounts */

#define ACCOUNTS "accounts"

struct account_document {
    char *id;       /* user_… */
    char *username; /* folded, see username_lower(); unique */
    char *nickname;
    char *password_hash; /* absent: nobody logs in with one (bots, people of another provider) */
    char *role;
    bool bot;
    int64_t created_at;
    int64_t generation; /* of tokens, see token.h: + 1 whenever older ones must be refused */
    bool banned;
    int64_t banned_until; /* of a ban; 0: for ever */
    char *ban_reason;
    int64_t muted_until;
    char *mute_reason;
    int64_t restricted_at;      /* when generation or muted_until last changed */
    bool restriction_announced; /* and that was published */
    int64_t deleted_at;         /* 0: it lives */
    /* All sessions but ending_except that began before ending_at are to end: set in the update that
     * makes them invalid (ENDING), so that a crash before sessions_end_all() leaves none. */
    int64_t ending_at; /* 0: none */
    char *ending_reason;
    char *ending_except;
};
#define ENDING "'ending_at': %ld, 'ending_reason': %s, 'ending_except': %s"
extern const struct record account_document_record;
DEFINE_RECORD_CLEANUP(struct account_document, account_document)

/* The form in which usernames are stored and compared (fold/fold.h); the caller frees it. */
char *username_lower(const char *username);

/* The indexes, and hubot's account. */
MUST_CHECK enum status accounts_prepare(struct auth_state *auth, struct error *err);

/* NOT_FOUND, or *ret, which the caller clears. username may be in any case. */
MUST_CHECK enum status account_find(struct auth_state *auth, const char *user_id,
                                    struct account_document *ret, struct error *err);
MUST_CHECK enum status account_find_named(struct auth_state *auth, const char *username,
                                          struct account_document *ret, struct error *err);

/* Is it banned at the time now? */
bool account_is_banned(const struct account_document *account, int64_t now_ms);

/* May a new account have that name, in its normal form? INVALID, NAME_TAKEN. */
MUST_CHECK enum status account_check_name(struct auth_state *auth, const char *username,
                                          struct error *err);

/* A new account, whose time is filled in here: username (already in its normal form) and nickname
 * are set; id (absent: a new one), password_hash and role (absent: user) may be. Announced to
 * `user`. NAME_TAKEN; OK when there is an account of that id already, as after a first try whose
 * outcome was unknown. */
MUST_CHECK enum status account_create(struct auth_state *auth, struct account_document *account,
                                      struct error *err);

http_handler handle_register;
rpc_handler handle_find_account;

/* ---- restrictions.c: what everybody must refuse of a user (event user.restricted)
 *
 * Who changes generation or muted_until sets restricted_at and restriction_announced: false in the
 * same update, and then calls this; what a crash leaves unsaid, the worker of ended.c says. */
void restriction_announce(struct auth_state *auth, const char *user_id);
void restrictions_sweep(struct auth_state *auth); /* what was left unsaid */
MUST_CHECK enum status restrictions_prepare(struct auth_state *auth, struct error *err);
rpc_handler handle_restrictions;

/* ---- directory.c */

rpc_handler handle_list_accounts;
rpc_handler handle_find_accounts;
rpc_handler handle_rename;

/* ---- password.c: who is it, by his password, and how that is changed */

/* The account that has that name and password. WRONG_PASSWORD for both mistakes alike, in the same
 * time; TOO_FAST past the limits of limits.h (Retry-After is set), UNAVAILABLE when those cannot
 * be counted. */
MUST_CHECK enum status password_check(struct auth_state *auth, struct call *call,
                                      const struct auth_login *login, struct account_document *ret,
                                      struct error *err);

/* Is it still the account's owner who calls? By its password (NULL: none was given), with the same
 * errors and limits; where the account has none, the session must have begun within the last
 * SESSION_FRESH_MS (FORBIDDEN). UNAUTHENTICATED: the account is gone. */
#define SESSION_FRESH_MS (10 * 60 * 1000)
MUST_CHECK enum status account_confirm(struct auth_state *auth, struct call *call,
                                       const char *password, struct error *err);

/* *ret is the hash of a new password, which the caller frees. INVALID, naming the field, for one
 * that is too common (common_passwords.h); UNAVAILABLE when too many are being hashed. */
MUST_CHECK enum status password_new(struct auth_state *auth, const char *username,
                                    const char *password, const char *field, char **ret,
                                    struct error *err);

http_handler handle_change_password;

/* ---- sessions.c: the collection sessions, one for each device that is logged in */

#define SESSION_MS (INT64_C(30) * 24 * 3600 * 1000) /* from its last refresh */
#define REFRESH_GRACE_MS 60000 /* how long a rotated token gets its successor again */

struct session_document {
    char *id; /* session_… */
    char *user_id;
    char *device;
    char *family_hash; /* unique */
    char *refresh_hash;
    char *previous_hash;
    int64_t rotated_at;
    int64_t created_at;
    int64_t seen_at;
    int64_t ended_at; /* 0: it has not */
    char *end_reason;
    bool announced; /* its end was published */
    char *address;
    char *user_agent;
    bool service; /* a service account's token (services.c), by family_hash: it does not expire */
};
extern const struct record session_document_record;
DEFINE_RECORD_CLEANUP(struct session_document, session_document)

#define SESSIONS "sessions"
#define SESSION_PREFIX "session_" /* of every session's id */

/* Who logs in once more ends the session that was not seen for longest. */
#define SESSIONS_MAX 100

/* What a refresh token, by its hash, is to its session. Pure. */
enum rotation {
    ROTATION_NEXT,   /* the current one: it is rotated */
    ROTATION_REPEAT, /* the one before, in its grace: the same successor again */
    ROTATION_REPLAY, /* an older one: somebody else may have it */
    ROTATION_OVER,   /* the session has ended */
};
enum rotation rotation_judge(const struct session_document *session, const char *hash,
                             int64_t now_ms);

MUST_CHECK enum status sessions_prepare(struct auth_state *auth, struct error *err);

/* A new session: *ret and its first refresh token. The caller clears *ret. */
MUST_CHECK enum status session_start(struct auth_state *auth, const struct call *call,
                                     const char *user_id, const char *device,
                                     struct session_document *ret,
                                     char ret_token[REFRESH_TOKEN_MAX], struct error *err);

/* End those that the user has past SESSIONS_MAX, the ones not seen for longest. */
MUST_CHECK enum status sessions_limit(struct auth_state *auth, const char *user_id,
                                      struct error *err);

/* Lists of sessions go from the newest to the oldest, and their cursor is the last id shown: the
 * next page has those before *ret_before, which points into cursor or is a constant. INVALID (field
 * cursor) for any other text. */
MUST_CHECK enum status session_cursor_read(const char *cursor, const char **ret_before,
                                           struct error *err);

/* The session of a refresh token, and the token's successor. UNAUTHENTICATED for a token that is
 * not good any more; if it once was, its session is ended. */
MUST_CHECK enum status session_rotate(struct auth_state *auth, const char *token,
                                      struct session_document *ret,
                                      char ret_token[REFRESH_TOKEN_MAX], struct error *err);

/* End it, for a reason END_… of wire/internal.h: stored first, then announced. Harmless to
 * repeat. */
MUST_CHECK enum status session_end(struct auth_state *auth, const char *user_id,
                                   const char *session_id, const char *reason, struct error *err);

/* ---- endings.c */

/* End all sessions of the user but the one named except (NULL: none), as the account's ENDING says
 * if there is one. */
MUST_CHECK enum status sessions_end_all(struct auth_state *auth, const char *user_id,
                                        const char *except, const char *reason, struct error *err);

void endings_sweep(struct auth_state *auth); /* what a crash left undone */

/* Those that were not used for SESSION_MS. The worker announces them. */
MUST_CHECK enum status sessions_expire(struct auth_state *auth, struct error *err);

/* ---- login.c */

/* Who he is has been proved: start a session, and fill in the answer and its cookies. FORBIDDEN
 * for a banned account (its reason is told), UNAUTHENTICATED for a deleted one; both are looked at
 * again once the session is stored, and UNAUTHENTICATED when the password has changed meanwhile, so
 * that nobody slips in beside a ban or a new password. */
MUST_CHECK enum status login_complete(struct auth_state *auth, struct call *call,
                                      const struct account_document *account, const char *device,
                                      struct auth_session *ret, struct error *err);

http_handler handle_login;
http_handler handle_refresh;

/* Take the cookies back. */
void login_clear_cookies(struct call *call);

/* ---- devices.c: one's own sessions */

http_handler handle_sessions;
http_handler handle_end_session;
http_handler handle_logout;

/* ---- ended.c: what others must know of ended sessions */

/* Publish the end of a session and note that it was; what fails is done again by the worker. */
void ended_announce(struct auth_state *auth, const char *user_id, const char *session_id,
                    const char *reason);

/* The same for all of the user's that ended and were not published yet. */
void ended_announce_all(struct auth_state *auth, const char *user_id);
void ended_run(void *state, struct service_context *context); /* the worker */

/* Append the ids of those that ended since access tokens that are still good were issued. */
MUST_CHECK enum status ended_find_recent(struct auth_state *auth, struct strings *ret,
                                         struct error *err);
rpc_handler handle_check_sessions;

/* ---- identities.c: where log-in by other providers (oauth.h) leads */

#define IDENTITIES "identities"

/* Delete all that lead to the user. Harmless to repeat. */
MUST_CHECK enum status identities_forget(struct auth_state *auth, const char *user_id,
                                         struct error *err);

/* ---- keys.c */

http_handler handle_jwks;
rpc_handler handle_keys;

#endif
