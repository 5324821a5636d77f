#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/memory.h"
#include "fold/fold.h"
#include "search.h"
#include "user.h"

#define FOLD_PAGE 500

static const struct field profile_fields[] = {
    FIELD_NAMED(struct user_own, user_id, "_id"),
    FIELD(struct user_own, username),
    FIELD(struct user_own, nickname),
    FIELD(struct user_own, avatar),
    FIELD(struct user_own, bio),
    FIELD(struct user_own, gender),
    FIELD(struct user_own, birthday),
    FIELD(struct user_own, region),
    FIELD(struct user_own, email),
    FIELD(struct user_own, invisible),
    FIELD(struct user_own, bot),
    FIELD(struct user_own, deleted),
    FIELD(struct user_own, created_at),
};
const struct record profile_record = RECORD("users", struct user_own, profile_fields);

DEFINE_RECORD_CLEANUP(struct account, account)

/* Could it be a user's id? Only those are worth a question to auth. */
static bool is_user_id(const char *text)
{
    return strncmp(text, "user_", 5) == 0 && strlen(text) == 5 + ID_ULID_LENGTH &&
           strspn(text + 5, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ID_ULID_LENGTH;
}

static enum status ask_auth(struct user_state *user, const struct account_query *query,
                            struct account *ret, struct error *err)
{
    return rpc_call(user->auth, RPC_AUTH_FIND_ACCOUNT, &account_query_record, query,
                    &account_record, ret, ANSWER_MS, err);
}

static void add_profile(struct store_bulk *bulk, const struct account *account)
{
    CLEANUP(free) char *key = fold_name(account->nickname);

    assert(key); /* what came by JSON is UTF-8 */
    store_bulk_add(bulk, STORE_UPSERT,
                   "[{'_id': %s}, {'$setOnInsert': {'username': %s, 'nickname': %s, "
                   "'nickname_key': %s, 'nickname_common': %ld, 'bot': %d, 'deleted': %d, "
                   "'created_at': %ld}}]",
                   account->user_id, account->username, account->nickname, key,
                   search_common(account->username, key), account->bot, account->deleted,
                   account->created_at);
}

/* ID_TAKEN: another thread or process made the same profile at the same time. */
static enum status run_profiles(struct store_bulk *bulk, struct error *err)
{
    enum status s = store_bulk_run(bulk, err);

    return s == STATUS_ID_TAKEN ? STATUS_OK : s;
}

static enum status make(struct user_state *user, const struct account_query *query,
                        struct error *err)
{
    CLEANUP(account_clear) struct account account = {0};
    struct store_bulk *bulk;
    enum status s;

    s = ask_auth(user, query, &account, err);
    if (s != STATUS_OK)
        return s;
    bulk = store_bulk_new(user->store, USERS);
    add_profile(bulk, &account);
    return run_profiles(bulk, err);
}

enum status profile_find(struct user_state *user, const char *user_id, struct user_own *ret,
                         struct error *err)
{
    const struct account_query query = {.user_id = (char *)user_id};
    enum status s;

    s = store_find_one(user->store, USERS, &profile_record, ret, err, "{'_id': %s}", user_id);
    if (s == STATUS_NOT_FOUND && is_user_id(user_id)) {
        s = make(user, &query, err);
        if (s == STATUS_OK)
            s = store_find_one(user->store, USERS, &profile_record, ret, err, "{'_id': %s}",
                               user_id);
    }
    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "no such user");
    return s;
}

enum status profile_find_living(struct user_state *user, const char *user_id, struct user_own *ret,
                                struct error *err)
{
    enum status s = profile_find(user, user_id, ret, err);

    if (s != STATUS_OK || !ret->deleted)
        return s;
    record_clear(&profile_record, ret);
    return error_set(err, STATUS_NOT_FOUND, "no such user");
}

/* ---- Many at once */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_profiles(const void *a, const void *b)
{
    return strcmp(((const struct user_own *)a)->user_id, ((const struct user_own *)b)->user_id);
}

const struct user_own *profiles_get(const struct list *profiles, const char *user_id)
{
    const struct user_own key = {.user_id = (char *)user_id};

    if (profiles->n == 0)
        return NULL;
    return bsearch(&key, profiles->items, profiles->n, sizeof key, compare_profiles);
}

void profiles_clear(struct list *profiles)
{
    list_clear(profiles, &profile_record);
}

static void sort_profiles(struct list *profiles)
{
    if (profiles->n > 1)
        qsort(profiles->items, profiles->n, sizeof(struct user_own), compare_profiles);
}

/* Moves the texts out of account. */
static void take_account(struct account *account, struct list *ret)
{
    struct user_own *profile = list_add(ret, &profile_record);

    profile->user_id = TAKE(account->user_id);
    profile->username = TAKE(account->username);
    profile->nickname = TAKE(account->nickname);
    profile->bot = account->bot;
    profile->deleted = account->deleted;
    profile->created_at = account->created_at;
}

/* One question for all, so that whoever makes up ids costs no more than whoever names friends. */
static enum status ask_for_missing(struct user_state *user, const struct strings *sorted,
                                   const struct list *found, struct accounts *ret,
                                   struct error *err)
{
    CLEANUP(user_ids_clear) struct user_ids missing = {0};

    for (size_t i = 0; i < sorted->n; i++)
        if (is_user_id(sorted->items[i]) && !profiles_get(found, sorted->items[i]))
            strings_add(&missing.user_ids, sorted->items[i]);
    if (missing.user_ids.n == 0)
        return STATUS_OK;
    return rpc_call(user->auth, RPC_AUTH_FIND_ACCOUNTS, &user_ids_record, &missing,
                    &accounts_record, ret, ANSWER_MS, err);
}

static enum status add_missing(struct user_state *user, const struct strings *sorted,
                               struct list *ret, struct error *err)
{
    CLEANUP(accounts_clear) struct accounts missing = {0};
    enum status s = ask_for_missing(user, sorted, ret, &missing, err);
    struct account *accounts = missing.accounts.items;
    struct store_bulk *bulk;

    if (s != STATUS_OK || missing.accounts.n == 0)
        return s;
    bulk = store_bulk_new(user->store, USERS);
    for (size_t i = 0; i < missing.accounts.n; i++) {
        add_profile(bulk, &accounts[i]);
        take_account(&accounts[i], ret);
    }
    sort_profiles(ret);
    return run_profiles(bulk, err);
}

static enum status find_stored(struct user_state *user, const struct strings *user_ids,
                               struct list *ret, struct error *err)
{
    enum status s;

    s = store_find(user->store, USERS, &(struct store_find){0}, &profile_record, ret, err,
                   "{'_id': {'$in': %p}}", (void *)user_ids);
    sort_profiles(ret);
    return s;
}

enum status profiles_find(struct user_state *user, const struct strings *user_ids, struct list *ret,
                          struct error *err)
{
    CLEANUP(free) char **items = memory_grow(NULL, user_ids->n + 1, sizeof *items);
    struct strings sorted = {.items = items};
    enum status s;

    if (user_ids->n == 0)
        return STATUS_OK;
    memcpy(items, user_ids->items, user_ids->n * sizeof *items);
    qsort(items, user_ids->n, sizeof *items, compare_ids);
    for (size_t i = 0; i < user_ids->n; i++)
        if (sorted.n == 0 || strcmp(items[sorted.n - 1], items[i]) != 0)
            items[sorted.n++] = items[i];
    s = find_stored(user, &sorted, ret, err);
    if (s != STATUS_OK || ret->n == sorted.n)
        return s;
    return add_missing(user, &sorted, ret, err);
}

/* ---- The directory */

/* All that is read of one that may be there. */
static const struct field known_fields[] = {
    FIELD_NAMED(struct user_own, user_id, "_id"),
};
static const struct record known_record = RECORD("users.known", struct user_own, known_fields);

enum status profiles_keep(struct user_state *user, const struct list *accounts, struct error *err)
{
    const struct account *items = accounts->items;
    CLEANUP(user_ids_clear) struct user_ids ids = {0};
    CLEANUP(profiles_clear) struct list known = {0};
    struct store_bulk *bulk;
    enum status s;

    if (accounts->n == 0)
        return STATUS_OK;
    for (size_t i = 0; i < accounts->n; i++)
        strings_add(&ids.user_ids, items[i].user_id);
    s = store_find(user->store, USERS, &(struct store_find){0}, &known_record, &known, err,
                   "{'_id': {'$in': %p}}", (void *)&ids.user_ids);
    if (s != STATUS_OK)
        return s;
    sort_profiles(&known);
    bulk = store_bulk_new(user->store, USERS);
    for (size_t i = 0; i < accounts->n; i++)
        if (!profiles_get(&known, items[i].user_id))
            add_profile(bulk, &items[i]);
    return run_profiles(bulk, err);
}

/* Only while it has the nickname that was folded, and none yet: whoever changed it meanwhile has
 * folded the new one. */
static void add_key(struct store_bulk *bulk, const struct user_own *profile)
{
    CLEANUP(free) char *key = fold_name(profile->nickname);

    assert(key); /* the store holds nothing but UTF-8 */
    store_bulk_add(bulk, 0,
                   "[{'_id': %s, 'nickname': %s, 'nickname_key': null}, "
                   "{'$set': {'nickname_key': %s, 'nickname_common': %ld}}]",
                   profile->user_id, profile->nickname, key, search_common(profile->username, key));
}

/* *ret_done: there was none left. */
static enum status fold_some(struct user_state *user, bool *ret_done, struct error *err)
{
    const struct store_find how = {.limit = FOLD_PAGE};
    CLEANUP(profiles_clear) struct list found = {0};
    struct store_bulk *bulk;
    enum status s;

    s = store_find(user->store, USERS, &how, &profile_record, &found, err,
                   "{'nickname_key': null}");
    if (s != STATUS_OK)
        return s;
    *ret_done = found.n == 0;
    bulk = store_bulk_new(user->store, USERS);
    for (size_t i = 0; i < found.n; i++)
        add_key(bulk, &((struct user_own *)found.items)[i]);
    return store_bulk_run(bulk, err);
}

enum status profiles_fold(struct user_state *user, const atomic_bool *stopping, struct error *err)
{
    bool done = false;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && !done && !*stopping)
        s = fold_some(user, &done, err);
    return s;
}
