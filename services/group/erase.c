/* RPC_GROUP_ERASE: a user who goes leaves all his groups, in the way in which one leaves. */

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "group.h"

#define ERASE_MS 300 /* of work for one question; a log that is slow may add its time-out */
#define GROUPS_AT_ONCE 20

struct group_id {
    char *id;
};

static const struct field id_fields[] = {FIELD_NAMED(struct group_id, id, "_id")};
static const struct record id_record = RECORD("groups.id", struct group_id, id_fields);

/* NOT_FOUND: he has left it meanwhile. */
static enum status leave(struct group_state *group, const char *group_id, const char *user_id,
                         struct error *err)
{
    enum status s = member_leave(group, group_id, user_id, err);

    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* *ret_left: in how many of his groups he was. */
static enum status leave_some(struct group_state *group, const char *user_id, int64_t deadline,
                              size_t *ret_left, struct error *err)
{
    static const struct store_find how = {.limit = GROUPS_AT_ONCE};
    struct list found = {0};
    struct group_id *ids;
    enum status s = store_find(group->store, GROUPS, &how, &id_record, &found, err,
                               "{'members.user_id': %s}", user_id);

    ids = found.items;
    *ret_left = found.n;
    for (size_t i = 0; i < found.n; i++) {
        if (s == STATUS_OK && clock_monotonic() < deadline)
            s = leave(group, ids[i].id, user_id, err);
        record_clear(&id_record, &ids[i]);
    }
    free(found.items);
    return s;
}

enum status handle_erase(void *state, const void *request, void *reply, struct error *err)
{
    const struct erase *erase = request;
    struct erased *erased = reply;
    int64_t deadline = clock_monotonic() + ERASE_MS;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && !erased->done && clock_monotonic() < deadline) {
        size_t left = 0;

        s = leave_some(state, erase->user_id, deadline, &left, err);
        erased->done = s == STATUS_OK && left == 0;
    }
    return s;
}
