#include "readable.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

static void add_span(struct readable *readable, const struct span *from,
                     const struct conversation_document *conversation)
{
    struct span span = *from;
    struct span *added;

    if (span.from_seq < conversation->first_seq)
        span.from_seq = conversation->first_seq;
    if (span.to_seq == 0 || span.to_seq > conversation->last_seq)
        span.to_seq = conversation->last_seq;
    if (span.from_seq > span.to_seq)
        return;
    added = list_add(&readable->spans, &span_record);
    *added = span;
}

void readable_init(struct readable *ret, const struct conversation_document *conversation,
                   const struct row_document *row, const char *user_id)
{
    static const struct span all = {.from_seq = 1};
    const struct span *spans = row ? row->spans.items : &all;
    size_t n = row ? row->spans.n : 1;

    *ret = (struct readable){.conversation_id = memory_text(conversation->id),
                             .user_id = memory_text(user_id)};
    for (size_t i = 0; i < n; i++)
        add_span(ret, &spans[i], conversation);
}

void readable_clear(struct readable *readable)
{
    free(readable->conversation_id);
    free(readable->user_id);
    free(readable->spans.items);
    *readable = (struct readable){0};
}

static enum status load_group(struct message_state *message, const char *conversation_id,
                              const char *user_id, struct readable *ret, struct error *err)
{
    struct conversation_document conversation;
    struct row_document row;
    CLEANUP(buffer_clear) struct buffer id = {0};
    enum status found;
    enum status s;

    buffer_printf(&id, "%s/%s", user_id, conversation_id);
    /* The conversation first: who leaves between the two sees no more than before he left. Both
     * always: a stranger's answer takes as long whether the group exists or not. */
    found = store_find_one(message->store, CONVERSATIONS, &conversation_document_record,
                           &conversation, err, "{'_id': %s}", conversation_id);
    s = store_find_one(message->store, CONVERSATION_USERS, &row_document_record, &row, err,
                       "{'_id': %s}", buffer_text(&id));
    if (found == STATUS_OK && s == STATUS_OK)
        readable_init(ret, &conversation, &row, user_id);
    if (s == STATUS_OK)
        record_clear(&row_document_record, &row);
    if (found == STATUS_OK)
        record_clear(&conversation_document_record, &conversation);
    return found != STATUS_OK ? found : s;
}

static enum status load_private(struct message_state *message, const char *conversation_id,
                                const char *user_id, struct readable *ret, struct error *err)
{
    struct conversation_document conversation;
    enum status s = store_find_one(message->store, CONVERSATIONS, &conversation_document_record,
                                   &conversation, err, "{'_id': %s}", conversation_id);

    if (s != STATUS_OK)
        return s;
    readable_init(ret, &conversation, NULL, user_id);
    record_clear(&conversation_document_record, &conversation);
    return STATUS_OK;
}

enum status readable_load(struct message_state *message, const char *conversation_id,
                          const char *user_id, struct readable *ret, struct error *err)
{
    bool is_group = strncmp(conversation_id, "group:", strlen("group:")) == 0;
    enum status s = conversation_id_check(conversation_id, user_id, err);

    if (s == STATUS_OK)
        s = is_group ? load_group(message, conversation_id, user_id, ret, err)
                     : load_private(message, conversation_id, user_id, ret, err);
    if (s == STATUS_NOT_FOUND)
        return error_field(err, s, "conversation_id", "there is no such conversation");
    return s;
}

bool readable_has(const struct readable *readable, int64_t seq)
{
    const struct span *spans = readable->spans.items;

    for (size_t i = 0; i < readable->spans.n; i++)
        if (seq >= spans[i].from_seq && seq <= spans[i].to_seq)
            return true;
    return false;
}

enum status readable_find(struct message_state *message, const struct readable *readable,
                          int64_t from, int64_t to, bool forwards, int64_t limit, struct list *ret,
                          struct error *err)
{
    const struct span *spans = readable->spans.items;
    size_t n = readable->spans.n;
    struct store_find how = {.sort = forwards ? "{'seq': 1}" : "{'seq': -1}"};
    size_t enough = ret->n + (size_t)limit;
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n && ret->n < enough && s == STATUS_OK; i++) {
        const struct span *span = &spans[forwards ? i : n - 1 - i];
        int64_t low = span->from_seq > from ? span->from_seq : from;
        int64_t high = span->to_seq < to ? span->to_seq : to;

        how.limit = (int64_t)(enough - ret->n);
        if (low <= high)
            s = store_find(message->store, MESSAGES, &how, &message_document_record, ret, err,
                           "{'conversation_id': %s, 'seq': {'$gte': %ld, '$lte': %ld}, "
                           "'hidden_for': {'$ne': %s}, 'expires_at': {'$not': {'$lte': %ld}}}",
                           readable->conversation_id, low, high, readable->user_id, clock_now());
    }
    return s;
}

enum status readable_find_one(struct message_state *message, const struct readable *readable,
                              const char *message_id, struct message_document *ret,
                              struct error *err)
{
    CLEANUP(free) char *id = message_document_id(readable->conversation_id, message_id);
    enum status s = store_find_one(message->store, MESSAGES, &message_document_record, ret, err,
                                   "{'_id': %s, 'hidden_for': {'$ne': %s}, 'expires_at': {'$not': "
                                   "{'$lte': %ld}}}",
                                   id, readable->user_id, clock_now());

    if (s == STATUS_OK && !readable_has(readable, ret->seq)) {
        record_clear(&message_document_record, ret);
        s = STATUS_NOT_FOUND;
    }
    if (s == STATUS_NOT_FOUND)
        return error_field(err, s, "message_id", "there is no such message");
    return s;
}
