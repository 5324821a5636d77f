#include "returned.h"

#include "base/memory.h"

struct member {
    char *user_id;
};

static const struct field member_fields[] = {FIELD(struct member, user_id)};
static const struct record member_record = RECORD("message.member", struct member, member_fields);

enum status returned_find(struct message_state *message,
                          const struct conversation_document *conversation,
                          const struct message_document *of, struct strings *ret, struct error *err)
{
    struct list found = {0};
    const struct member *members;
    enum status s;

    if (of->seq >= conversation->returned_seq)
        return STATUS_OK;
    s = store_find(message->store, CONVERSATION_USERS, &(struct store_find){0}, &member_record,
                   &found, err,
                   "{'conversation_id': %s, 'spans': {'$all': ["
                   "{'$elemMatch': {'from_seq': {'$gt': %ld}, 'to_seq': 0}}, "
                   "{'$elemMatch': {'from_seq': {'$lte': %ld}, 'to_seq': {'$gte': %ld}}}]}}",
                   conversation->id, of->seq, of->seq, of->seq);
    members = found.items;
    for (size_t i = 0; i < found.n; i++)
        strings_add(ret, members[i].user_id);
    list_clear(&found, &member_record);
    return s;
}
