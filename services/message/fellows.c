/* Who shares a group with somebody, for `user`: only fellows are told of his presence. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message.h"
#include "wire/internal.h"

/* All that is read of a row. */
struct place {
    char *user_id;
    char *conversation_id;
};

static const struct field place_fields[] = {
    FIELD(struct place, user_id),
    FIELD(struct place, conversation_id),
};
static const struct record place_record = RECORD("message.place", struct place, place_fields);

/* The groups of which he is a member now. */
static enum status find_groups(struct message_state *message, const char *user_id,
                               struct strings *ret, struct error *err)
{
    struct list found = {0};
    const struct place *places;
    enum status s =
        store_find(message->store, CONVERSATION_USERS, &(struct store_find){0}, &place_record,
                   &found, err, "{'user_id': %s, 'spans.to_seq': 0}", user_id);

    places = found.items;
    for (size_t i = 0; i < found.n; i++)
        strings_add(ret, places[i].conversation_id);
    list_clear(&found, &place_record);
    return s;
}

enum status handle_fellows(void *state, const void *request, void *reply, struct error *err)
{
    struct message_state *message = state;
    const struct fellows_query *query = request;
    struct user_ids *ret = reply;
    struct strings groups = {0};
    struct list found = {0};
    const struct place *places;
    enum status s = find_groups(message, query->user_id, &groups, err);

    if (s == STATUS_OK && groups.n > 0 && query->user_ids.n > 0)
        s = store_find(message->store, CONVERSATION_USERS, &(struct store_find){0}, &place_record,
                       &found, err,
                       "{'user_id': {'$in': %p}, 'conversation_id': {'$in': %p}, "
                       "'spans.to_seq': 0}",
                       (const void *)&query->user_ids, (const void *)&groups);
    places = found.items;
    for (size_t i = 0; i < found.n; i++)
        if (!strings_has(&ret->user_ids, places[i].user_id))
            strings_add(&ret->user_ids, places[i].user_id);
    list_clear(&found, &place_record);
    strings_clear(&groups);
    return s;
}
