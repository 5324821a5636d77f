#include "unread.h"

#include <stdlib.h>

#include "base/clock.h"
#include "readable.h"

bool unread_is_exact(const struct conversation_document *conversation,
                     const struct row_document *row)
{
    return conversation->removed_seq <= row->read_seq && row->hidden_seq <= row->read_seq;
}

int64_t unread_of(const struct conversation_document *conversation, const struct row_document *row)
{
    int64_t n = conversation->count - row->read_count;

    if (n < 0)
        return 0;
    return n > UNREAD_MAX ? UNREAD_MAX : n;
}

/* What one has sent is read, but for what came from a former owner that died in between. */
enum status unread_count(struct message_state *message,
                         const struct conversation_document *conversation,
                         const struct row_document *row, int64_t *ret, struct error *err)
{
    *ret = unread_of(conversation, row);
    if (*ret == 0 || unread_is_exact(conversation, row))
        return STATUS_OK;
    return store_count(message->store, MESSAGES, UNREAD_MAX, ret, err,
                       "{'conversation_id': %s, 'seq': {'$gt': %ld, '$lte': %ld}, 'msg_type': "
                       "{'$ne': %ld}, 'from_user_id': {'$ne': %s}, 'hidden_for': {'$ne': %s}, "
                       "'recalled_at': {'$not': {'$gt': %ld}}, 'expires_at': {'$not': {'$gt': %ld, "
                       "'$lte': %ld}}}",
                       conversation->id, row->read_seq, conversation->last_seq, (int64_t)MSG_SYSTEM,
                       row->user_id, row->user_id, (int64_t)0, (int64_t)0, clock_now());
}

static int64_t last_mention(const struct conversation_document *conversation,
                            const struct row_document *row)
{
    const struct span *open = row_find_open_span(row);
    int64_t seq = row->mentioned_seq;

    if (open && conversation->at_all_seq >= open->from_seq && conversation->at_all_seq > seq)
        seq = conversation->at_all_seq;
    return seq;
}

enum status unread_is_mentioned(struct message_state *message,
                                const struct conversation_document *conversation,
                                const struct row_document *row, bool *ret, struct error *err)
{
    struct strings names = {0};
    int64_t n = 0;
    enum status s;

    *ret = last_mention(conversation, row) > row->read_seq;
    if (!*ret || unread_is_exact(conversation, row))
        return STATUS_OK;
    strings_add(&names, row->user_id);
    strings_add(&names, MENTION_ALL);
    s = store_count(message->store, MESSAGES, 1, &n, err,
                    "{'conversation_id': %s, 'seq': {'$gt': %ld, '$lte': %ld}, 'mentions': {'$in': "
                    "%p}, 'from_user_id': {'$ne': %s}, 'hidden_for': {'$ne': %s}, 'recalled_at': "
                    "{'$not': {'$gt': %ld}}, 'expires_at': {'$not': {'$gt': %ld, '$lte': %ld}}}",
                    conversation->id, row->read_seq, conversation->last_seq, (void *)&names,
                    row->user_id, row->user_id, (int64_t)0, (int64_t)0, clock_now());
    strings_clear(&names);
    *ret = n > 0;
    return s;
}

enum status unread_last_message(struct message_state *message,
                                const struct conversation_document *conversation,
                                const struct row_document *row, struct message_document *ret,
                                struct error *err)
{
    struct list found = {0};
    struct message_document *first;
    struct readable readable;
    enum status s;

    readable_init(&readable, conversation, conversation->group_id ? row : NULL, row->user_id);
    s = readable_find(message, &readable, 1, conversation->last_seq, false, 1, &found, err);
    readable_clear(&readable);
    first = found.items;
    if (s == STATUS_OK && found.n == 0)
        s = error_set(err, STATUS_NOT_FOUND, "nothing that he may see");
    else if (s == STATUS_OK)
        *ret = *first;
    free(found.items);
    return s;
}
