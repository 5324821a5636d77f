/* Passwords: who is it, how often one may guess, and how they are changed. */

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "common_passwords.h"
#include "limits.h"
#include "wire/session_api.h"

/* Count a wrong password, for the account and for the address; name is in its normal form. Both,
 * whatever the first says: who goes on guessing at a locked account makes his address wait. */
static enum status count_failure(struct auth_state *auth, struct call *call, const char *name,
                                 struct error *err)
{
    enum status s;
    enum status s_address;

    s = limit_count(auth->context, call, &limit_account_failures, name, err);
    s_address = limit_count(auth->context, call, &limit_address_failures, NULL,
                            s == STATUS_OK ? err : NULL);
    return s == STATUS_OK ? s_address : s;
}

/* With a slot in hand, so that no more guesses than there are slots run past the counts. Guesses are
 * counted by name, also for names that nobody has. */
static enum status check(struct auth_state *auth, struct call *call, const struct auth_login *login,
                         struct account_document *ret, struct error *err)
{
    CLEANUP(free) char *name = username_lower(login->username);
    enum status s = limit_check(auth->context, call, &limit_address_failures, NULL, err);

    if (s == STATUS_OK)
        s = limit_check(auth->context, call, &limit_account_failures, name, err);
    if (s == STATUS_OK)
        s = account_find_named(auth, name, ret, err);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    if (password_is(ret->password_hash, login->password))
        return STATUS_OK;
    s = count_failure(auth, call, name, err);
    if (s != STATUS_OK)
        return s;
    return error_set(err, STATUS_WRONG_PASSWORD, "wrong username or password");
}

enum status password_check(struct auth_state *auth, struct call *call,
                           const struct auth_login *login, struct account_document *ret,
                           struct error *err)
{
    struct account_document account = {0};
    enum status s = limit_check(auth->context, call, &limit_address_failures, NULL, err);

    if (s == STATUS_OK)
        s = hashing_begin(&auth->hashing, err);
    if (s != STATUS_OK)
        return s;
    s = check(auth, call, login, &account, err);
    hashing_end(&auth->hashing);
    if (s == STATUS_OK)
        *ret = account;
    else
        record_clear(&account_document_record, &account);
    return s;
}

/* Whoever has just come in by another provider has proved enough. */
static enum status check_fresh(struct auth_state *auth, const struct call *call, struct error *err)
{
    CLEANUP(session_document_clear) struct session_document session = {0};
    enum status s;

    s = store_find_one(auth->store, SESSIONS, &session_document_record, &session, err,
                       "{'_id': %s, 'user_id': %s}", call->session_id, call->user_id);
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && session.ended_at > 0))
        return error_set(err, STATUS_UNAUTHENTICATED, "the session has ended");
    if (s == STATUS_OK && session.created_at < clock_now() - SESSION_FRESH_MS)
        return error_set(err, STATUS_FORBIDDEN,
                         "log in again: this needs a log-in of less than %d "
                         "minutes ago",
                         SESSION_FRESH_MS / 60000);
    return s;
}

static enum status password_confirm(struct auth_state *auth, struct call *call,
                                    const struct account_document *account, const char *password,
                                    struct error *err)
{
    CLEANUP(account_document_clear) struct account_document same = {0};
    const struct auth_login login = {.username = account->username, .password = (char *)password};

    if (!account->password_hash)
        return check_fresh(auth, call, err);
    if (!password)
        return error_set(err, STATUS_WRONG_PASSWORD, "the password is missing");
    return password_check(auth, call, &login, &same, err);
}

static enum status find_caller(struct auth_state *auth, const struct call *call,
                               struct account_document *ret, struct error *err)
{
    enum status s = account_find(auth, call->user_id, ret, err);

    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && ret->deleted_at > 0))
        return error_set(err, STATUS_UNAUTHENTICATED, "the account is gone");
    return s;
}

enum status account_confirm(struct auth_state *auth, struct call *call, const char *password,
                            struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s = find_caller(auth, call, &account, err);

    return s == STATUS_OK ? password_confirm(auth, call, &account, password, err) : s;
}

enum status password_new(struct auth_state *auth, const char *username, const char *password,
                         const char *field, char **ret, struct error *err)
{
    char hash[PASSWORD_HASH_MAX];
    enum status s = password_is_uncommon(password, username, field, err);

    if (s == STATUS_OK)
        s = hashing_begin(&auth->hashing, err);
    if (s != STATUS_OK)
        return s;
    s = password_hash(password, hash, err);
    hashing_end(&auth->hashing);
    if (s == STATUS_OK)
        *ret = memory_text(hash);
    return s;
}

/* ---- One's own, changed */

/* CONFLICT when the password has changed since account was read. */
static enum status store_password(struct auth_state *auth, const struct call *call,
                                  const struct account_document *account, const char *hash,
                                  struct error *err)
{
    int64_t matched = 0;
    enum status s;

    s = store_update(
        auth->store, ACCOUNTS, 0, &matched, err,
        "[{'_id': %s, 'password_hash': %s}, {'$set': {'password_hash': %s, " ENDING "}}]",
        account->id, account->password_hash, hash, clock_now(), END_PASSWORD, call->session_id);
    if (s == STATUS_OK && matched == 0)
        return error_set(err, STATUS_CONFLICT, "the password has changed meanwhile");
    return s;
}

enum status handle_change_password(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err)
{
    struct auth_state *auth = state;
    const struct session_password *change = request;
    CLEANUP(account_document_clear) struct account_document account = {0};
    CLEANUP(free) char *hash = NULL;
    enum status s = find_caller(auth, call, &account, err);

    (void)reply;
    if (s == STATUS_OK && account.password_hash && !change->old_password)
        return error_field(err, STATUS_INVALID, "old_password", "field 'old_password' is missing");
    if (s == STATUS_OK)
        s = password_confirm(auth, call, &account, change->old_password, err);
    if (s == STATUS_OK)
        s = password_new(auth, account.username, change->new_password, "new_password", &hash, err);
    if (s == STATUS_OK)
        s = store_password(auth, call, &account, hash, err);
    if (s != STATUS_OK)
        return s;
    return sessions_end_all(auth, call->user_id, call->session_id, END_PASSWORD, err);
}
