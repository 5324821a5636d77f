/* Who there is, for `user`, which shows and finds people by a copy of it. */

#include <stdlib.h>

#include "auth.h"

/* Without the password's hash, which is not even read. */
struct listed {
    char *id;
    char *username;
    char *nickname;
    bool bot;
    int64_t created_at;
    int64_t deleted_at;
};

static const struct field listed_fields[] = {
    FIELD_NAMED(struct listed, id, "_id"), FIELD(struct listed, username),
    FIELD(struct listed, nickname),        FIELD(struct listed, bot),
    FIELD(struct listed, created_at),      FIELD(struct listed, deleted_at),
};
static const struct record listed_record = RECORD("auth.listed", struct listed, listed_fields);

/* Moves the texts out of it. */
static void add_account(struct listed *listed, struct list *ret)
{
    struct account *account = list_add(ret, &account_record);

    *account = (struct account){
        .user_id = TAKE(listed->id),
        .username = TAKE(listed->username),
        .nickname = TAKE(listed->nickname),
        .bot = listed->bot,
        .deleted = listed->deleted_at > 0,
        .created_at = listed->created_at,
    };
}

/* Frees found. */
static void move_accounts(struct list *found, struct accounts *ret)
{
    struct listed *items = found->items;

    for (size_t i = 0; i < found->n; i++) {
        add_account(&items[i], &ret->accounts);
        record_clear(&listed_record, &items[i]);
    }
    free(items);
}

enum status handle_list_accounts(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct account_range *range = request;
    const struct store_find how = {.sort = "{'_id': 1}", .limit = range->limit};
    struct list found = {0};
    enum status s;

    s = store_find(auth->store, ACCOUNTS, &how, &listed_record, &found, err, "{'_id': {'$gt': %s}}",
                   range->after ? range->after : "");
    move_accounts(&found, reply);
    return s;
}

enum status handle_find_accounts(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct user_ids *wanted = request;
    struct list found = {0};
    enum status s;

    s = store_find(auth->store, ACCOUNTS, &(struct store_find){0}, &listed_record, &found, err,
                   "{'_id': {'$in': %p}}", (const void *)&wanted->user_ids);
    move_accounts(&found, reply);
    return s;
}

/* Who has left keeps the name that stands for anyone who has. */
enum status handle_rename(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct account_rename *rename = request;
    int64_t n = 0;
    enum status s;

    (void)reply;
    s = store_update(
        auth->store, ACCOUNTS, 0, &n, err,
        "[{'_id': %s, 'deleted_at': {'$not': {'$gt': 0}}}, {'$set': {'nickname': %s}}]",
        rename->user_id, rename->nickname);
    if (s == STATUS_OK && n == 0)
        return error_set(err, STATUS_NOT_FOUND, "no such user");
    return s;
}
