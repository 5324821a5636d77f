/* GET /api/conversations/{conversation_id}/messages/{message_id}/receipts: who has read what one has
 * said. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "readable.h"
#include "wire/marks.h"

static int by_user(const void *a, const void *b)
{
    const struct row_document *x = a;
    const struct row_document *y = b;

    return strcmp(x->user_id, y->user_id);
}

/* Those who are members now: the first RECEIPTS_MEMBERS_MAX and one. */
static enum status find_members(struct message_state *message, const char *conversation_id,
                                struct list *ret, struct error *err)
{
    static const struct store_find how = {.limit = RECEIPTS_MEMBERS_MAX + 1};
    enum status s =
        store_find(message->store, CONVERSATION_USERS, &how, &row_standing_record, ret, err,
                   "{'conversation_id': %s, 'spans.to_seq': %ld}", conversation_id, (int64_t)0);

    if (s == STATUS_OK && ret->n > RECEIPTS_MEMBERS_MAX)
        return error_set(err, STATUS_FORBIDDEN, "in groups of more than %d nobody is told",
                         RECEIPTS_MEMBERS_MAX);
    return s;
}

static enum status find_rows(struct message_state *message, const struct message_document *of,
                             struct list *ret, struct error *err)
{
    if (of->group_id)
        return find_members(message, of->conversation_id, ret, err);
    return store_find(message->store, CONVERSATION_USERS, &(struct store_find){0},
                      &row_standing_record, ret, err, "{'conversation_id': %s, 'user_id': %s}",
                      of->conversation_id, of->to_user_id);
}

static bool is_bot(const struct conversation_document *conversation, const char *user_id)
{
    return strings_has(&conversation->bots, user_id);
}

/* For whom it was. */
static bool is_concerned(const struct row_document *row, const struct message_document *of,
                         const struct conversation_document *conversation)
{
    return strcmp(row->user_id, of->from_user_id) != 0 && !is_bot(conversation, row->user_id) &&
           (!of->group_id || row_sees(row, of->seq));
}

static void add(struct receipts *ret, const struct row_document *row,
                const struct message_document *of, const struct receipts_query *query)
{
    int64_t read_seq = of->group_id ? row->read_seq : row->receipt_seq;
    struct receipt *receipt;

    ret->total++;
    ret->read_count += read_seq >= of->seq;
    if (ret->next_cursor || (query->cursor && strcmp(row->user_id, query->cursor) <= 0))
        return;
    if (ret->receipts.n == (size_t)query->limit) {
        receipt = ret->receipts.items;
        ret->next_cursor = memory_text(receipt[ret->receipts.n - 1].user_id);
        return;
    }
    receipt = list_add(&ret->receipts, &receipt_record);
    receipt->user_id = memory_text(row->user_id);
    receipt->read = read_seq >= of->seq;
    if (!of->group_id)
        receipt->delivered = (struct maybe){true, row->delivered_seq >= of->seq};
}

static enum status fill(struct message_state *message, const struct message_document *of,
                        const struct receipts_query *query, struct receipts *ret, struct error *err)
{
    struct conversation_document conversation = {0};
    struct list rows = {0};
    struct row_document *row;
    enum status s = find_rows(message, of, &rows, err);

    if (s == STATUS_OK)
        s = store_find_one(message->store, CONVERSATIONS, &conversation_document_record,
                           &conversation, err, "{'_id': %s}", of->conversation_id);
    row = rows.items;
    if (rows.n > 0)
        qsort(row, rows.n, sizeof *row, by_user);
    for (size_t i = 0; i < rows.n; i++) {
        if (s == STATUS_OK && is_concerned(&row[i], of, &conversation))
            add(ret, &row[i], of, query);
        record_clear(&row_standing_record, &row[i]);
    }
    free(rows.items);
    record_clear(&conversation_document_record, &conversation);
    return s;
}

enum status handle_receipts(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    struct message_state *message = state;
    const struct receipts_query *query = request;
    struct readable readable = {0};
    struct message_document of = {0};
    enum status s = readable_load(message, query->conversation_id, call->user_id, &readable, err);

    if (s == STATUS_OK)
        s = readable_find_one(message, &readable, query->message_id, &of, err);
    if (s == STATUS_OK && strcmp(of.from_user_id, call->user_id) != 0)
        s = error_set(err, STATUS_FORBIDDEN, "only its sender is told who has read a message");
    if (s == STATUS_OK)
        s = fill(message, &of, query, reply, err);
    record_clear(&message_document_record, &of);
    readable_clear(&readable);
    return s;
}
