/* RPC_MESSAGE_LOOK_UP and RPC_MESSAGE_RECALL: what administrators do to messages. auth has judged
 * who asks and why, and has written it down. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "message.h"
#include "wire/moderation.h"

#define PAGE_BYTES (256 * 1024) /* of contents: far below RPC_MESSAGE_MAX */
#define TOTAL_MAX 10000         /* counted */

static enum status find_message(struct message_state *message, const char *conversation_id,
                                const char *message_id, struct message_document *ret,
                                struct error *err)
{
    CLEANUP(free) char *id = message_document_id(conversation_id, message_id);
    enum status s =
        store_find_one(message->store, MESSAGES, &message_document_record, ret, err,
                       "{'_id': %s, 'expires_at': {'$not': {'$lte': %ld}}}", id, clock_now());

    if (s == STATUS_NOT_FOUND)
        return error_field(err, s, "message_id", "there is no such message");
    return s;
}

static size_t take(struct change_document *from, struct admin_message_change *ret)
{
    *ret = (struct admin_message_change){
        .change_seq = from->change_seq,
        .kind = TAKE(from->kind),
        .user_id = TAKE(from->user_id),
        .content.text = TAKE(from->content.text),
        .old_content.text = TAKE(from->old_content.text),
        .emoji = TAKE(from->emoji),
        .removed = from->removed,
        .created_at = from->created_at,
    };
    return (ret->content.text ? strlen(ret->content.text) : 0) +
           (ret->old_content.text ? strlen(ret->old_content.text) : 0);
}

/* One at least, and as many as the page takes. */
static void fill(struct list *found, int64_t limit, struct admin_message *ret)
{
    struct change_document *changes = found->items;
    struct buffer cursor = {0};
    size_t bytes = 0;
    size_t n = 0;

    while (n < found->n && n < (size_t)limit && bytes < PAGE_BYTES)
        bytes += take(&changes[n++], list_add(&ret->changes, &admin_message_change_record));
    if (n == found->n)
        return;
    buffer_printf(&cursor, "%lld", (long long)changes[n - 1].change_seq);
    ret->next_cursor = buffer_take(&cursor);
}

static enum status find_changes(struct message_state *message, const char *id,
                                const struct admin_message_query *query, struct admin_message *ret,
                                struct error *err)
{
    const struct store_find how = {.sort = "{'change_seq': 1}", .limit = query->limit + 1};
    int64_t after = query->cursor ? strtoll(query->cursor, NULL, 10) : 0;
    struct list found = {0};
    enum status s =
        store_count(message->store, CHANGES, TOTAL_MAX, &ret->total, err, "{'message_id': %s}", id);

    if (s == STATUS_OK)
        s = store_find(message->store, CHANGES, &how, &change_document_record, &found, err,
                       "{'message_id': %s, 'change_seq': {'$gt': %ld}}", id, after);
    if (s == STATUS_OK)
        fill(&found, query->limit, ret);
    list_clear(&found, &change_document_record);
    return s;
}

enum status handle_look_up(void *state, const void *request, void *reply, struct error *err)
{
    struct message_state *message = state;
    const struct admin_message_query *query = request;
    struct admin_message *ret = reply;
    struct message_document found;
    enum status s = find_message(message, query->conversation_id, query->message_id, &found, err);

    if (s != STATUS_OK)
        return s;
    ret->message = memory_new(sizeof(struct frame_message));
    message_to_view(&found, ret->message);
    s = find_changes(message, found.id, query, ret, err);
    record_clear(&message_document_record, &found);
    return s;
}

enum status handle_administrators_recall(void *state, const void *request, void *reply,
                                         struct error *err)
{
    const struct admin_message_path *path = request;
    struct message_changed *ret = reply;
    const struct call administrator = {.user_id = "administrator"};
    const struct frame_change change = {
        .type = FRAME_RECALL,
        .conversation_id = path->conversation_id,
        .message_id = path->message_id,
    };
    struct frame_ack ack = {0};
    enum status s = partition_ask(state, &administrator, ENVELOPE_RECALL, path->conversation_id,
                                  &frame_recall_record, &change, &ack, err);

    if (s != STATUS_OK)
        return s;
    ret->message_id = TAKE(ack.message_id);
    ret->conversation_id = TAKE(ack.conversation_id);
    ret->seq = ack.seq;
    ret->change_seq = ack.change_seq;
    record_clear(&frame_ack_record, &ack);
    return STATUS_OK;
}
