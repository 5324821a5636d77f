/* What the deletion of an account consists of. */

#include <string.h>

#include "admin.h"
#include "base/clock.h"
#include "base/memory.h"
#include "data_rights.h"

#define FORMER_NAMES "former_names"
/* One question does a second's work; a group's log that is slow adds its own time-out. */
#define ERASE_TIMEOUT_MS 15000

/* ---- closed: nobody comes in */

static enum status mark(struct auth_state *auth, const struct account_document *account,
                        struct error *err)
{
    int64_t now = clock_now();

    return store_update(auth->store, ACCOUNTS, 0, NULL, err,
                        "[{'_id': %s, 'deleted_at': {'$not': {'$gt': 0}}}, {'$set': {'deleted_at': "
                        "%ld, 'restricted_at': %ld, 'restriction_announced': false}, "
                        "'$inc': {'generation': 1}}]",
                        account->id, now, now);
}

/* Counted before and after: of two admins who go at the same moment, one at least sees it. */
static enum status mark_admin(struct auth_state *auth, const struct account_document *account,
                              struct error *err)
{
    enum status s = admins_check_others(auth, account->id, err);
    enum status undone;

    if (s == STATUS_OK)
        s = mark(auth, account, err);
    if (s == STATUS_OK)
        s = admins_check_others(auth, account->id, err);
    if (s != STATUS_CONFLICT)
        return s;
    undone = store_update(auth->store, ACCOUNTS, 0, NULL, err,
                          "[{'_id': %s}, {'$set': {'deleted_at': 0}}]", account->id);
    return undone == STATUS_OK ? error_set(err, STATUS_CONFLICT, "this is the last administrator")
                               : undone;
}

/* Only its hash: the name itself is what is to be forgotten. */
static enum status keep_name(struct auth_state *auth, const struct account_document *account,
                             struct error *err)
{
    char gone[DELETED_USERNAME_MAX];
    char hash[REFRESH_HASH_MAX];

    deleted_username(account->id, gone);
    if (strcmp(account->username, gone) == 0)
        return STATUS_OK;
    refresh_token_hash(account->username, hash);
    return store_update(auth->store, FORMER_NAMES, STORE_UPSERT, NULL, err,
                        "[{'_id': %s}, {'$setOnInsert': {'at': %ld}}]", hash, clock_now());
}

enum status deletion_close(struct auth_state *auth, const char *user_id, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    bool is_admin;
    enum status s = account_find(auth, user_id, &account, err);

    if (s != STATUS_OK)
        return s;
    is_admin = strcmp(account.role, ROLE_ADMIN) == 0;
    if (account.deleted_at == 0)
        s = is_admin ? mark_admin(auth, &account, err) : mark(auth, &account, err);
    if (s == STATUS_OK)
        s = keep_name(auth, &account, err);
    if (s != STATUS_OK)
        return s;
    restriction_announce(auth, user_id);
    return sessions_end_all(auth, user_id, NULL, END_DELETED, err);
}

enum status deletion_check_name(struct auth_state *auth, const char *username, struct error *err)
{
    char hash[REFRESH_HASH_MAX];
    int64_t n = 0;
    enum status s;

    if (strncmp(username, DELETED_PREFIX, strlen(DELETED_PREFIX)) == 0)
        return error_field(err, STATUS_NAME_TAKEN, "username", "the username is taken");
    refresh_token_hash(username, hash);
    s = store_count(auth->store, FORMER_NAMES, 1, &n, err, "{'_id': %s}", hash);
    if (s == STATUS_OK && n > 0)
        return error_field(err, STATUS_NAME_TAKEN, "username", "the username is taken");
    return s;
}

static enum status close_account(struct auth_state *auth, const char *user_id, bool *ret_done,
                                 struct error *err)
{
    *ret_done = true;
    return deletion_close(auth, user_id, err);
}

/* ---- At the others' */

static enum status erase_at(struct rpc_client *client, const char *method, const char *user_id,
                            bool *ret_done, struct error *err)
{
    const struct erase erase = {.user_id = (char *)user_id}; /* only read */
    struct erased erased = {0};
    enum status s = rpc_call(client, method, &erase_record, &erase, &erased_record, &erased,
                             ERASE_TIMEOUT_MS, err);

    *ret_done = erased.done;
    return s;
}

static enum status erase_profile(struct auth_state *auth, const char *user_id, bool *ret_done,
                                 struct error *err)
{
    return erase_at(auth->user, RPC_USER_ERASE, user_id, ret_done, err);
}

static enum status erase_groups(struct auth_state *auth, const char *user_id, bool *ret_done,
                                struct error *err)
{
    return erase_at(auth->group, RPC_GROUP_ERASE, user_id, ret_done, err);
}

static enum status erase_messages(struct auth_state *auth, const char *user_id, bool *ret_done,
                                  struct error *err)
{
    return erase_at(auth->message, RPC_MESSAGE_ERASE, user_id, ret_done, err);
}

/* ---- Here */

static enum status erase_identities(struct auth_state *auth, const char *user_id, bool *ret_done,
                                    struct error *err)
{
    *ret_done = true;
    return identities_forget(auth, user_id, err);
}

/* That they ended must be known as long as their tokens could live; from where they came, no more.
 * The documents go with the other old ones. */
static enum status erase_sessions(struct auth_state *auth, const char *user_id, bool *ret_done,
                                  struct error *err)
{
    *ret_done = true;
    return store_update(auth->store, SESSIONS, STORE_MANY, NULL, err,
                        "[{'user_id': %s}, {'$unset': {'device': '', 'address': '', "
                        "'user_agent': ''}}]",
                        user_id);
}

static enum status bury(struct auth_state *auth, const char *user_id, const char *username,
                        struct error *err)
{
    return store_update(auth->store, ACCOUNTS, 0, NULL, err,
                        "[{'_id': %s}, {'$set': {'username': %s, 'nickname': %s, 'role': %s, "
                        "'banned': false, 'banned_until': 0}, '$unset': {'password_hash': '', "
                        "'ban_reason': '', 'mute_reason': '', 'exported_at': ''}}]",
                        user_id, username, DELETED_NICKNAME, ROLE_USER);
}

/* The document stays, so that the id keeps meaning "somebody who is gone". */
static enum status erase_account(struct auth_state *auth, const char *user_id, bool *ret_done,
                                 struct error *err)
{
    char username[DELETED_USERNAME_MAX];
    char other_id[ID_MAX];
    enum status s;

    *ret_done = true;
    deleted_username(user_id, username);
    s = bury(auth, user_id, username, err);
    if (s != STATUS_ID_TAKEN)
        return s;
    id_new("user_", other_id); /* somebody had the name before it was kept for this */
    deleted_username(other_id, username);
    return bury(auth, user_id, username, err);
}

const struct deletion_step deletion_steps[] = {
    {"closed", close_account},  {"identities", erase_identities}, {"profile", erase_profile},
    {"groups", erase_groups},   {"messages", erase_messages},     {"sessions", erase_sessions},
    {"account", erase_account},
};
const size_t n_deletion_steps = N_ELEMENTS(deletion_steps);
