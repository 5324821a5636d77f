#include "store/members.h"

#include <string.h>

#include "base/memory.h"
#include "store/pool.h"

#define UNAUTHORIZED 13

static const struct field member_fields[] = {
    FIELD(struct store_member, name),
    FIELD(struct store_member, state),
    FIELD(struct store_member, is_well),
    FIELD(struct store_member, lag_ms),
};
const struct record store_member_record =
    RECORD("store.member", struct store_member, member_fields);

static void bson_destroy_at(bson_t *doc)
{
    bson_destroy(doc);
}

/* Which states are well: the rest recovers, rolls back, starts or is away. */
static bool is_well(const char *state)
{
    return strcmp(state, "PRIMARY") == 0 || strcmp(state, "SECONDARY") == 0 ||
           strcmp(state, "ARBITER") == 0;
}

/* lag_ms is the time of the last write, for now. */
static void read_member(const bson_iter_t *at, struct store_member *ret)
{
    bson_iter_t iter;

    if (!BSON_ITER_HOLDS_DOCUMENT(at) || !bson_iter_recurse(at, &iter))
        return;
    while (bson_iter_next(&iter)) {
        const char *key = bson_iter_key(&iter);

        if (strcmp(key, "name") == 0 && BSON_ITER_HOLDS_UTF8(&iter))
            ret->name = memory_text(bson_iter_utf8(&iter, NULL));
        else if (strcmp(key, "stateStr") == 0 && BSON_ITER_HOLDS_UTF8(&iter))
            ret->state = memory_text(bson_iter_utf8(&iter, NULL));
        else if (strcmp(key, "optimeDate") == 0 && BSON_ITER_HOLDS_DATE_TIME(&iter))
            ret->lag_ms = bson_iter_date_time(&iter);
    }
    ret->is_well = ret->state && is_well(ret->state);
}

static void find_lags(struct list *list)
{
    struct store_member *members = list->items;
    int64_t newest = 0;

    for (size_t i = 0; i < list->n; i++)
        if (members[i].state && strcmp(members[i].state, "PRIMARY") == 0)
            newest = members[i].lag_ms;
    for (size_t i = 0; i < list->n; i++)
        members[i].lag_ms =
            members[i].lag_ms > 0 && newest > members[i].lag_ms ? newest - members[i].lag_ms : 0;
}

enum status store_members(struct store *store, struct list *ret, struct error *err)
{
    CLEANUP(store_give_back) struct store_loan loan = {0};
    CLEANUP(bson_destroy) bson_t command = BSON_INITIALIZER;
    CLEANUP(bson_destroy) bson_t reply = BSON_INITIALIZER;
    bson_error_t error;
    bson_iter_t iter;
    bson_iter_t member;
    enum status s = store_take(store, "", &loan, err);

    if (s != STATUS_OK)
        return s;
    BSON_APPEND_INT32(&command, "replSetGetStatus", 1);
    if (!mongoc_client_command_simple(loan.client, "admin", &command, NULL, &reply, &error)) {
        if (error.code == UNAUTHORIZED)
            return error_set(err, STATUS_FORBIDDEN,
                             "MongoDB: this user may not ask for the members' state");
        return store_failure(&error, NULL, err);
    }
    if (bson_iter_init_find(&iter, &reply, "members") && bson_iter_recurse(&iter, &member))
        while (bson_iter_next(&member))
            read_member(&member, list_add(ret, &store_member_record));
    find_lags(ret);
    return STATUS_OK;
}
