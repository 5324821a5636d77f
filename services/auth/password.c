/* Who is it? A name, a password, and how often one may guess. */

#include <stdio.h>
#include <stdlib.h>

#include "auth.h"

#define KEY_MAX (REFRESH_HASH_MAX + 16)

/* Guesses are counted by name, also for names that nobody has. The hash is of fixed length, whatever
 * was typed. */
static void failures_key(const char *username, char ret[KEY_MAX])
{
    CLEANUP(free) char *lower = username_lower(username);
    char hash[REFRESH_HASH_MAX];

    refresh_token_hash(lower, hash);
    (void)snprintf(ret, KEY_MAX, "login:%s", hash); /* fits */
}

static enum status refuse_for(struct call *call, int64_t ttl_s, struct error *err)
{
    http_set_retry_after(call, ttl_s > 0 ? ttl_s : LOGIN_WINDOW_S);
    return error_set(err, STATUS_TOO_FAST, "too many wrong passwords: wait a minute");
}

/* Without Redis nobody can say how often it was tried: guessing must not become free by it. */
static enum status check_failures(struct auth_state *auth, struct call *call, const char *key,
                                  struct error *err)
{
    int64_t n = 0;
    int64_t ttl_s = 0;
    enum status s = cache_get_count(auth->context->cache, key, &n, &ttl_s, err);

    if (s != STATUS_OK || n < LOGIN_FAILURES)
        return s;
    return refuse_for(call, ttl_s, err);
}

/* Those that ran beside the last one allowed hear no more than those who come after it. */
static enum status count_failure(struct auth_state *auth, struct call *call, const char *key,
                                 struct error *err)
{
    int64_t n = 0;
    int64_t ttl_s = 0;
    enum status s = cache_count(auth->context->cache, key, LOGIN_WINDOW_S, &n, &ttl_s, err);

    if (s != STATUS_OK)
        return s;
    if (n > LOGIN_FAILURES)
        return refuse_for(call, ttl_s, err);
    return error_set(err, STATUS_WRONG_PASSWORD, "wrong username or password");
}

/* With a slot in hand, so that no more guesses than there are slots run past the count. */
static enum status check(struct auth_state *auth, struct call *call, const struct auth_login *login,
                         struct account_document *ret, struct error *err)
{
    char key[KEY_MAX];
    enum status s;

    failures_key(login->username, key);
    s = check_failures(auth, call, key, err);
    if (s == STATUS_OK)
        s = account_find_named(auth, login->username, ret, err);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    if (!password_is(ret->password_hash, login->password))
        return count_failure(auth, call, key, err);
    return STATUS_OK;
}

enum status password_check(struct auth_state *auth, struct call *call,
                           const struct auth_login *login, struct account_document *ret,
                           struct error *err)
{
    struct account_document account = {0};
    enum status s = hashing_begin(&auth->hashing, err);

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
