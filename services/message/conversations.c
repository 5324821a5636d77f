/* GET /api/conversations: what one sees first, newest on top. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "conversations.h"
#include "unread.h"
#include "wire/internal.h"

#define USER_TIMEOUT_MS 3000 /* without an answer nobody has a name */

void overview_clear(struct overview *overview)
{
    list_clear(&overview->rows, &row_document_record);
    list_clear(&overview->conversations, &conversation_document_record);
    free(overview->entries);
}

static int by_id(const void *a, const void *b)
{
    const struct conversation_document *x = a;
    const struct conversation_document *y = b;

    return strcmp(x->id, y->id);
}

static int newest_first(const void *a, const void *b)
{
    const struct conversation_document *x = ((const struct entry *)a)->conversation;
    const struct conversation_document *y = ((const struct entry *)b)->conversation;

    if (x->updated_at != y->updated_at)
        return x->updated_at < y->updated_at ? 1 : -1;
    return strcmp(x->id, y->id);
}

void entry_fill(struct entry *entry)
{
    const struct span *spans = entry->row->spans.items;
    size_t n = entry->row->spans.n;

    entry->last_seq = entry->conversation->last_seq;
    entry->has_left = n > 0 && spans[n - 1].to_seq != 0;
    if (entry->has_left && spans[n - 1].to_seq < entry->last_seq)
        entry->last_seq = spans[n - 1].to_seq;
}

enum status overview_load(struct message_state *message, const char *user_id, struct overview *ret,
                          struct error *err)
{
    struct strings ids = {0};
    const struct row_document *rows;
    enum status s = store_find(message->store, CONVERSATION_USERS,
                               &(struct store_find){.limit = CONVERSATIONS_MAX},
                               &row_document_record, &ret->rows, err, "{'user_id': %s}", user_id);

    rows = ret->rows.items;
    for (size_t i = 0; i < ret->rows.n; i++)
        strings_add(&ids, rows[i].conversation_id);
    if (s == STATUS_OK && ids.n > 0)
        s = store_find(message->store, CONVERSATIONS, &(struct store_find){0},
                       &conversation_document_record, &ret->conversations, err,
                       "{'_id': {'$in': %p}}", (void *)&ids);
    strings_clear(&ids);
    if (s != STATUS_OK || ret->conversations.n == 0)
        return s;
    qsort(ret->conversations.items, ret->conversations.n, sizeof(struct conversation_document),
          by_id);
    ret->entries = memory_grow(NULL, ret->rows.n, sizeof *ret->entries);
    for (size_t i = 0; i < ret->rows.n; i++) {
        const struct conversation_document key = {.id = rows[i].conversation_id};
        const struct conversation_document *found =
            bsearch(&key, ret->conversations.items, ret->conversations.n, sizeof key, by_id);

        /* A row whose first batch is not yet in has nothing to show. */
        if (!found || found->last_seq == 0)
            continue;
        ret->entries[ret->n] = (struct entry){.row = &rows[i], .conversation = found};
        entry_fill(&ret->entries[ret->n++]);
    }
    qsort(ret->entries, ret->n, sizeof *ret->entries, newest_first);
    return STATUS_OK;
}

static bool is_hidden(const struct entry *entry)
{
    return entry->row->hide_seq > 0 && entry->row->hide_seq >= entry->last_seq;
}

void conversations_fill(const struct entry *entry, const char *user_id,
                        struct conversation_item *ret)
{
    const struct conversation_document *conversation = entry->conversation;
    struct conversation_peer *peer;
    struct conversation_group *group;

    ret->conversation_id = memory_text(conversation->id);
    ret->last_seq = entry->last_seq;
    ret->read_seq = entry->row->read_seq;
    ret->pinned = entry->row->pinned;
    ret->muted = entry->row->muted;
    ret->hidden = is_hidden(entry);
    if (entry->row->draft && entry->row->draft[0])
        ret->draft = memory_text(entry->row->draft);
    ret->ttl = entry->has_left ? 0 : conversation->ttl;
    ret->updated_at = conversation->updated_at;
    if (conversation->group_id) {
        ret->type = memory_text("group");
        group = ret->group = memory_new(sizeof *group);
        group->group_id = memory_text(conversation->group_id);
        group->name = memory_text(conversation->name);
    } else {
        char peer_id[ID_MAX];

        conversation_id_peer(conversation->id, user_id, peer_id);
        ret->type = memory_text("single");
        peer = ret->peer = memory_new(sizeof *peer);
        peer->user_id = memory_text(peer_id);
    }
}

static enum status add_last_message(struct message_state *message, const struct entry *entry,
                                    struct conversation_item *item, struct error *err)
{
    struct message_document last;
    enum status s = unread_last_message(message, entry->conversation, entry->row, &last, err);

    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    item->last_message = memory_new(sizeof(struct frame_message));
    message_to_view(&last, item->last_message);
    record_clear(&message_document_record, &last);
    return STATUS_OK;
}

enum status conversations_look(struct message_state *message, const struct entry *entry,
                               struct conversation_item *item, struct error *err)
{
    enum status s = STATUS_OK;

    if (!item->last_message)
        s = add_last_message(message, entry, item, err);
    if (s == STATUS_OK && !entry->has_left)
        s = unread_count(message, entry->conversation, entry->row, &item->unread_count, err);
    if (s == STATUS_OK && !entry->has_left)
        s = unread_is_mentioned(message, entry->conversation, entry->row, &item->mentioned, err);
    return s;
}

enum status conversations_find(struct message_state *message, const char *conversation_id,
                               const char *user_id, struct conversation_item *ret,
                               struct error *err)
{
    CLEANUP(buffer_clear) struct buffer id = {0};
    struct conversation_document conversation = {0};
    struct row_document row = {0};
    struct entry entry = {.row = &row, .conversation = &conversation};
    enum status s;

    buffer_printf(&id, "%s/%s", user_id, conversation_id);
    s = store_find_one(message->store, CONVERSATIONS, &conversation_document_record, &conversation,
                       err, "{'_id': %s}", conversation_id);
    if (s == STATUS_OK)
        s = store_find_one(message->store, CONVERSATION_USERS, &row_document_record, &row, err,
                           "{'_id': %s}", buffer_text(&id));
    if (s == STATUS_OK) {
        entry_fill(&entry);
        conversations_fill(&entry, user_id, ret);
        s = conversations_look(message, &entry, ret, err);
        conversations_add_names(message, ret, 1, sizeof *ret);
    }
    record_clear(&conversation_document_record, &conversation);
    record_clear(&row_document_record, &row);
    if (s == STATUS_NOT_FOUND)
        return error_field(err, s, "conversation_id", "there is no such conversation");
    return s;
}

static struct conversation_item *item_at(void *items, size_t i, size_t size)
{
    return (struct conversation_item *)((char *)items + i * size);
}

static void add_name(const struct account *account, void *items, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        struct conversation_peer *peer = item_at(items, i, size)->peer;

        if (!peer || peer->username || strcmp(account->user_id, peer->user_id) != 0)
            continue;
        peer->username = memory_text(account->username);
        peer->nickname = memory_text(account->nickname);
    }
}

void conversations_add_names(struct message_state *message, void *items, size_t n, size_t size)
{
    struct user_ids ids = {0};
    struct accounts accounts = {0};
    const struct account *account;

    for (size_t i = 0; i < n; i++)
        if (item_at(items, i, size)->peer)
            strings_add(&ids.user_ids,
                        ((struct conversation_peer *)item_at(items, i, size)->peer)->user_id);
    if (ids.user_ids.n > 0 &&
        rpc_call(message->user_rpc, RPC_USER_FIND, &user_ids_record, &ids, &accounts_record,
                 &accounts, USER_TIMEOUT_MS, NULL) == STATUS_OK) {
        account = accounts.accounts.items;
        for (size_t i = 0; i < accounts.accounts.n; i++)
            add_name(&account[i], items, n, size);
    }
    record_clear(&user_ids_record, &ids);
    record_clear(&accounts_record, &accounts);
}

/* ---- The list */

/* What he has pinned stands on top. */
static int pinned_first(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;

    if (x->row->pinned != y->row->pinned)
        return x->row->pinned ? -1 : 1;
    return newest_first(a, b);
}

static void arrange(struct overview *overview)
{
    size_t n = 0;

    for (size_t i = 0; i < overview->n; i++)
        if (!is_hidden(&overview->entries[i]))
            overview->entries[n++] = overview->entries[i];
    overview->n = n;
    if (n > 0)
        qsort(overview->entries, n, sizeof *overview->entries, pinned_first);
}

/* A cursor is "p<updated_at>,<conversation_id>" of the last one shown, without p when it is not pinned:
 * newer activity moves a conversation to the front, where the next reading of the first page finds
 * it. */
struct place {
    struct row_document row;
    struct conversation_document
        conversation; /* its id points into the cursor; NULL: from the start */
};

static enum status read_cursor(const char *cursor, struct place *ret, struct error *err)
{
    char *end;

    if (!cursor)
        return STATUS_OK;
    ret->row.pinned = cursor[0] == 'p';
    cursor += ret->row.pinned;
    ret->conversation.updated_at = strtoll(cursor, &end, 10);
    if (end == cursor || *end != ',')
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    ret->conversation.id = end + 1;
    return STATUS_OK;
}

static size_t skip_to(const struct overview *overview, const struct place *place)
{
    const struct entry shown = {.row = &place->row, .conversation = &place->conversation};
    size_t i = 0;

    while (place->conversation.id && i < overview->n &&
           pinned_first(&overview->entries[i], &shown) <= 0)
        i++;
    return i;
}

static char *cursor_of(const struct entry *entry)
{
    struct buffer cursor = {0};

    buffer_printf(&cursor, "%s%lld,%s", entry->row->pinned ? "p" : "",
                  (long long)entry->conversation->updated_at, entry->conversation->id);
    return buffer_take(&cursor);
}

static struct conversation_peer *find_peer(const struct conversations *page, const char *user_id)
{
    const struct conversation_item *items = page->conversations.items;

    for (size_t i = 0; i < page->conversations.n; i++) {
        struct conversation_peer *peer = items[i].peer;

        if (peer && strcmp(peer->user_id, user_id) == 0)
            return peer;
    }
    return NULL;
}

/* How far the others are, as far as they tell: one query for the page. */
static enum status add_receipts(struct message_state *message, const char *user_id,
                                struct conversations *page, struct error *err)
{
    const struct conversation_item *items = page->conversations.items;
    struct strings ids = {0};
    struct list found = {0};
    struct row_document *rows;
    enum status s = STATUS_OK;

    for (size_t i = 0; i < page->conversations.n; i++) {
        const struct conversation_peer *peer = items[i].peer;
        CLEANUP(buffer_clear) struct buffer id = {0};

        if (!peer || strcmp(peer->user_id, user_id) == 0)
            continue;
        buffer_printf(&id, "%s/%s", peer->user_id, items[i].conversation_id);
        strings_add(&ids, buffer_text(&id));
    }
    if (ids.n > 0)
        s = store_find(message->store, CONVERSATION_USERS, &(struct store_find){0},
                       &row_standing_record, &found, err, "{'_id': {'$in': %p}}", (void *)&ids);
    rows = found.items;
    for (size_t i = 0; i < found.n; i++) {
        struct conversation_peer *peer = find_peer(page, rows[i].user_id);

        peer->read_seq = rows[i].receipt_seq;
        peer->delivered_seq = rows[i].delivered_seq;
        record_clear(&row_standing_record, &rows[i]);
    }
    free(found.items);
    strings_clear(&ids);
    return s;
}

static enum status fill_page(struct message_state *message, const struct overview *overview,
                             size_t first, size_t limit, const char *user_id,
                             struct conversations *ret, struct error *err)
{
    size_t end = first + limit < overview->n ? first + limit : overview->n;
    enum status s = STATUS_OK;

    for (size_t i = first; i < end && s == STATUS_OK; i++) {
        struct conversation_item *item = list_add(&ret->conversations, &conversation_item_record);

        conversations_fill(&overview->entries[i], user_id, item);
        s = conversations_look(message, &overview->entries[i], item, err);
    }
    ret->total = (int64_t)overview->n;
    if (end < overview->n)
        ret->next_cursor = cursor_of(&overview->entries[end - 1]);
    if (s == STATUS_OK)
        s = add_receipts(message, user_id, ret, err);
    if (s == STATUS_OK)
        conversations_add_names(message, ret->conversations.items, ret->conversations.n,
                                sizeof(struct conversation_item));
    return s;
}

enum status handle_conversations(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    struct message_state *message = state;
    const struct conversations_query *query = request;
    struct place place = {0};
    struct overview overview = {0};
    enum status s = read_cursor(query->cursor, &place, err);

    if (s == STATUS_OK)
        s = overview_load(message, call->user_id, &overview, err);
    arrange(&overview);
    if (s == STATUS_OK)
        s = fill_page(message, &overview, skip_to(&overview, &place), (size_t)query->limit,
                      call->user_id, reply, err);
    overview_clear(&overview);
    return s;
}
