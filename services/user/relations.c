#include "relations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "user.h"

static const struct field relation_fields[] = {
    FIELD_NAMED(struct relation, pair_id, "_id"),
    FIELD(struct relation, rev),
    FIELD(struct relation, user_a),
    FIELD(struct relation, user_b),
    FIELD(struct relation, friends),
    FIELD(struct relation, friends_since),
    FIELD(struct relation, remark_a),
    FIELD(struct relation, remark_b),
    FIELD(struct relation, request_id),
    FIELD(struct relation, requester),
    FIELD(struct relation, recipient),
    FIELD(struct relation, greeting),
    FIELD(struct relation, requested_at),
    FIELD(struct relation, rejected_a),
    FIELD(struct relation, rejected_b),
    FIELD(struct relation, blockers),
};
const struct record relation_record = RECORD("relations", struct relation, relation_fields);

void pair_id_of(const char *user_id, const char *other_id, char *ret)
{
    bool sorted = strcmp(user_id, other_id) < 0;

    (void)snprintf(ret, PAIR_ID_MAX, "%s:%s", sorted ? user_id : other_id,
                   sorted ? other_id : user_id);
}

const char *relation_other(const struct relation *relation, const char *user_id)
{
    return strcmp(relation->user_a, user_id) == 0 ? relation->user_b : relation->user_a;
}

bool relation_is_friends(const struct relation *relation)
{
    return relation->friends.n > 0;
}

bool relation_is_blocked_by(const struct relation *relation, const char *user_id)
{
    for (size_t i = 0; i < relation->blockers.n; i++)
        if (strcmp(relation->blockers.items[i], user_id) == 0)
            return true;
    return false;
}

/* Each list of REST is read by an index in the order that it is shown in. */
enum status relations_prepare(struct user_state *user, struct error *err)
{
    static const char *const keys[] = {
        "{'friends': 1, '_id': 1}",
        "{'blockers': 1, '_id': 1}",
        "{'recipient': 1, 'request_id': 1}",
        "{'requester': 1, 'request_id': 1}",
        "{'request_id': 1}",
    };
    enum status s = STATUS_OK;

    for (size_t i = 0; s == STATUS_OK && i < N_ELEMENTS(keys); i++)
        s = store_index(user->store, RELATIONS, keys[i], false, 0, err);
    return s;
}

static int by_pair(const void *a, const void *b)
{
    return strcmp(((const struct relation *)a)->pair_id, ((const struct relation *)b)->pair_id);
}

void relations_clear(struct list *relations)
{
    list_clear(relations, &relation_record);
}

enum status relations_find(struct user_state *user, const struct strings *pair_ids,
                           struct list *ret, struct error *err)
{
    enum status s;

    if (pair_ids->n == 0)
        return STATUS_OK;
    s = store_find(user->store, RELATIONS, &(struct store_find){0}, &relation_record, ret, err,
                   "{'_id': {'$in': %p}}", (void *)pair_ids);
    if (ret->n > 1)
        qsort(ret->items, ret->n, sizeof(struct relation), by_pair);
    return s;
}

const struct relation *relations_get(const struct list *relations, const char *user_id,
                                     const char *other_id)
{
    char pair_id[PAIR_ID_MAX];
    const struct relation key = {.pair_id = pair_id};

    if (relations->n == 0)
        return NULL;
    pair_id_of(user_id, other_id, pair_id);
    return bsearch(&key, relations->items, relations->n, sizeof key, by_pair);
}

static enum status find_between(struct user_state *user, const char *viewer_id,
                                const struct strings *user_ids, struct list *ret, struct error *err)
{
    struct strings pair_ids = {0};
    enum status s;

    for (size_t i = 0; i < user_ids->n; i++) {
        char pair_id[PAIR_ID_MAX];

        pair_id_of(viewer_id, user_ids->items[i], pair_id);
        strings_add(&pair_ids, pair_id);
    }
    s = relations_find(user, &pair_ids, ret, err);
    strings_clear(&pair_ids);
    return s;
}

enum status relations_friends_among(struct user_state *user, const char *viewer_id,
                                    const struct strings *user_ids, bool *ret, struct error *err)
{
    CLEANUP(relations_clear) struct list found = {0};
    enum status s = find_between(user, viewer_id, user_ids, &found, err);

    for (size_t i = 0; s == STATUS_OK && i < user_ids->n; i++) {
        const struct relation *relation = relations_get(&found, viewer_id, user_ids->items[i]);

        ret[i] = relation && relation_is_friends(relation);
    }
    return s;
}

enum status relations_blocked_by(struct user_state *user, const char *viewer_id,
                                 const struct strings *user_ids, bool *ret, struct error *err)
{
    CLEANUP(relations_clear) struct list found = {0};
    enum status s = find_between(user, viewer_id, user_ids, &found, err);

    for (size_t i = 0; s == STATUS_OK && i < user_ids->n; i++) {
        const struct relation *relation = relations_get(&found, viewer_id, user_ids->items[i]);

        ret[i] = relation && relation_is_blocked_by(relation, user_ids->items[i]);
    }
    return s;
}

enum status relations_find_others(struct user_state *user, const struct list *relations,
                                  const char *user_id, struct list *ret, struct error *err)
{
    const struct relation *relation = relations->items;
    struct strings ids = {0};
    enum status s;

    for (size_t i = 0; i < relations->n; i++)
        strings_add(&ids, relation_other(&relation[i], user_id));
    s = profiles_find(user, &ids, ret, err);
    strings_clear(&ids);
    return s;
}

enum status relations_check_cursor(const char *cursor, const char *user_id, struct error *err)
{
    size_t n = strlen(user_id);
    const char *colon = cursor ? strchr(cursor, ':') : NULL;

    if (!cursor || !*cursor ||
        (colon && ((strncmp(cursor, user_id, n) == 0 && cursor + n == colon) ||
                   strcmp(colon + 1, user_id) == 0)))
        return STATUS_OK;
    return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
}

char *relations_cut(struct list *relations, size_t limit)
{
    struct relation *relation = relations->items;

    if (relations->n <= limit)
        return NULL;
    while (relations->n > limit)
        record_clear(&relation_record, &relation[--relations->n]);
    return memory_text(relation[limit - 1].pair_id);
}

enum status relations_of_friends(struct user_state *user, const struct strings *user_ids,
                                 struct list *ret, struct error *err)
{
    if (user_ids->n == 0)
        return STATUS_OK;
    return store_find(user->store, RELATIONS, &(struct store_find){0}, &relation_record, ret, err,
                      "{'friends': {'$in': %p}}", (void *)user_ids);
}
