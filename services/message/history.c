/* History: pages of a conversation, as far as the caller may read it. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message.h"
#include "wire/internal.h"

#define USER_TIMEOUT_MS 2000

struct page {
    const char *conversation_id;
    int64_t limit;
    int64_t before; /* only seqs below; 0: no bound */
    int64_t after;  /* only seqs above; forwards when > 0 or asked for */
    bool forwards;
};

/* One span's part of the page: oldest first when going forwards, newest first otherwise. */
static enum status find_in_span(struct message_state *message, const struct page *page,
                                const struct span *span, struct list *ret, struct error *err)
{
    int64_t from = span->from_seq > page->after + 1 ? span->from_seq : page->after + 1;
    int64_t to = span->to_seq;
    struct store_find how = {.sort = page->forwards ? "{'seq': 1}" : "{'seq': -1}",
                             .limit = page->limit + 1 - (int64_t)ret->n};

    if (page->before > 0 && to > page->before - 1)
        to = page->before - 1;
    if (from > to || how.limit <= 0)
        return STATUS_OK;
    return store_find(message->store, MESSAGES, &how, &message_document_record, ret, err,
                      "{'conversation_id': %s, 'seq': {'$gte': %ld, '$lte': %ld}}",
                      page->conversation_id, from, to);
}

static void clear_found(struct list *found)
{
    struct message_document *messages = found->items;

    for (size_t i = 0; i < found->n; i++)
        record_clear(&message_document_record, &messages[i]);
    free(found->items);
}

static void fill(const struct page *page, struct list *found, struct history *ret)
{
    const struct message_document *messages = found->items;
    size_t n = found->n > (size_t)page->limit ? (size_t)page->limit : found->n;

    ret->has_more = found->n > n;
    for (size_t i = 0; i < n; i++)
        message_to_view(&messages[page->forwards ? i : n - 1 - i],
                        list_add(&ret->messages, &frame_message_record));
}

/* spans: what may be read, oldest first, each with its true end. */
static enum status read_page(struct message_state *message, const struct page *page,
                             const struct span *spans, size_t n_spans, struct history *ret,
                             struct error *err)
{
    struct list found = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n_spans && s == STATUS_OK; i++)
        s = find_in_span(message, page, &spans[page->forwards ? i : n_spans - 1 - i], &found, err);
    if (s == STATUS_OK)
        fill(page, &found, ret);
    clear_found(&found);
    return s;
}

static struct page page_of(const char *conversation_id, int64_t limit, int64_t last_seq,
                           int64_t after_seq)
{
    return (struct page){
        .conversation_id = conversation_id,
        .limit = limit,
        .before = last_seq,
        .after = after_seq < 0 ? 0 : after_seq,
        .forwards = after_seq >= 0 && last_seq == 0,
    };
}

/* Nothing was said yet: is there somebody to say it to? */
static enum status check_user(struct message_state *message, const char *user_id, struct error *err)
{
    struct user_ids ids = {0};
    struct accounts accounts = {0};
    enum status s;

    strings_add(&ids.user_ids, user_id);
    s = rpc_call(message->user_rpc, RPC_USER_FIND, &user_ids_record, &ids, &accounts_record,
                 &accounts, USER_TIMEOUT_MS, err);
    if (s == STATUS_OK && accounts.accounts.n == 0)
        s = error_set(err, STATUS_NOT_FOUND, "there is no such user");
    record_clear(&user_ids_record, &ids);
    record_clear(&accounts_record, &accounts);
    return s;
}

enum status handle_private_history(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err)
{
    struct message_state *message = state;
    const struct private_history_query *query = request;
    struct conversation_document conversation = {0};
    char conversation_id[CONVERSATION_ID_MAX];
    struct page page;
    struct span all = {.from_seq = 1};
    enum status s;

    conversation_id_single(call->user_id, query->user_id, conversation_id);
    s = store_find_one(message->store, CONVERSATIONS, &conversation_document_record, &conversation,
                       err, "{'_id': %s}", conversation_id);
    if (s == STATUS_NOT_FOUND)
        return check_user(message, query->user_id, err);
    if (s != STATUS_OK)
        return s;
    all.to_seq = conversation.last_seq;
    record_clear(&conversation_document_record, &conversation);
    page = page_of(conversation_id, query->limit, query->last_seq, query->after_seq);
    return read_page(message, &page, &all, 1, reply, err);
}

/* A batch writes messages, rows, then last_seq: nobody may read past it, not even in an open span. */
static void end_spans(struct row_document *row, int64_t last_seq)
{
    struct span *spans = row->spans.items;

    for (size_t i = 0; i < row->spans.n; i++)
        if (spans[i].to_seq == 0 || spans[i].to_seq > last_seq)
            spans[i].to_seq = last_seq;
}

enum status handle_group_history(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    struct message_state *message = state;
    const struct group_history_query *query = request;
    struct conversation_document conversation = {0};
    struct row_document row = {0};
    char conversation_id[CONVERSATION_ID_MAX];
    CLEANUP(buffer_clear) struct buffer id = {0};
    struct page page;
    enum status found;
    enum status s;

    conversation_id_group(query->group_id, conversation_id);
    buffer_printf(&id, "%s/%s", call->user_id, conversation_id);
    /* The conversation first: who leaves between the two sees no more than before he left. Both
     * always: a stranger's answer takes as long whether the group exists or not. */
    found = store_find_one(message->store, CONVERSATIONS, &conversation_document_record,
                           &conversation, err, "{'_id': %s}", conversation_id);
    s = store_find_one(message->store, CONVERSATION_USERS, &row_document_record, &row, err,
                       "{'_id': %s}", buffer_text(&id));
    if (found != STATUS_OK)
        s = found;
    if (s == STATUS_NOT_FOUND)
        s = error_set(err, STATUS_NOT_FOUND, "there is no such group");
    if (s == STATUS_OK) {
        end_spans(&row, conversation.last_seq);
        page = page_of(conversation_id, query->limit, query->last_seq, query->after_seq);
        s = read_page(message, &page, row.spans.items, row.spans.n, reply, err);
    }
    record_clear(&row_document_record, &row);
    record_clear(&conversation_document_record, &conversation);
    return s;
}
