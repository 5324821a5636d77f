#include "search_scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "conversations.h"

/* MongoDB merges so many parts of an index in the order of time (internalQueryMaxScansToExplode); with
 * one more it would read all there is, and sort it. */
#define TOGETHER_MAX 200

#define LEFT_MAX 100 /* groups that he has left: each is a query of its own */
#define NO_END INT64_MAX

/* What was said last before he left: only its time. */
struct last_read {
    int64_t created_at;
};

static const struct field last_read_fields[] = {FIELD(struct last_read, created_at)};
static const struct record last_read_record =
    RECORD("message.last_read", struct last_read, last_read_fields);

/* Of a group that he has left: what was said since may be endless. */
static enum status find_end(struct message_state *message, struct scope_conversation *conversation,
                            struct error *err)
{
    const struct readable *readable = &conversation->readable;
    const struct span *spans = readable->spans.items;
    struct list found = {0};
    enum status s = store_find(
        message->store, MESSAGES, &(struct store_find){.sort = "{'seq': -1}", .limit = 1},
        &last_read_record, &found, err, "{'conversation_id': %s, 'seq': {'$lte': %ld}}",
        readable->conversation_id, spans[readable->spans.n - 1].to_seq);

    if (s == STATUS_OK && found.n > 0)
        conversation->end = terms_place_at(((const struct last_read *)found.items)->created_at + 1);
    else
        conversation->is_over = true;
    conversation->newest = conversation->end;
    free(found.items);
    return s;
}

/* Nothing to read is nothing to search. */
static struct scope_conversation *add(struct scope *scope, struct readable *readable)
{
    struct scope_conversation *conversation = &scope->items[scope->n];

    if (readable->spans.n == 0) {
        readable_clear(readable);
        return NULL;
    }
    *conversation =
        (struct scope_conversation){.readable = *readable, .end = NO_END, .newest = NO_END};
    terms_key(readable->conversation_id, conversation->key);
    scope->n++;
    return conversation;
}

static enum status load_one(struct message_state *message, const char *user_id,
                            const char *conversation_id, struct scope *ret, struct error *err)
{
    struct readable readable;
    struct scope_conversation *conversation;
    enum status s = readable_load(message, conversation_id, user_id, &readable, err);

    if (s != STATUS_OK)
        return s;
    ret->items = memory_new(sizeof *ret->items);
    conversation = add(ret, &readable);
    return conversation ? find_end(message, conversation, err) : STATUS_OK;
}

static enum status load_all(struct message_state *message, const char *user_id, struct scope *ret,
                            struct error *err)
{
    struct overview overview = {0};
    size_t left = 0;
    enum status s = overview_load(message, user_id, &overview, err);

    ret->items = memory_grow(NULL, overview.n + 1, sizeof *ret->items);
    for (size_t i = 0; i < overview.n && s == STATUS_OK; i++) {
        const struct entry *entry = &overview.entries[i];
        struct scope_conversation *conversation;
        struct readable readable;

        if (entry->has_left && left++ >= LEFT_MAX)
            continue;
        readable_init(&readable, entry->conversation,
                      entry->conversation->group_id ? entry->row : NULL, user_id);
        conversation = add(ret, &readable);
        if (conversation && entry->has_left)
            s = find_end(message, conversation, err);
        else if (conversation)
            conversation->newest = terms_place_at(entry->conversation->updated_at + 1);
    }
    overview_clear(&overview);
    return s;
}

static int newest_first(const void *a, const void *b)
{
    const struct scope_conversation *x = a;
    const struct scope_conversation *y = b;

    return (x->newest < y->newest) - (x->newest > y->newest);
}

enum status scope_load(struct message_state *message, const char *user_id,
                       const char *conversation_id, struct scope *ret, struct error *err)
{
    enum status s = conversation_id ? load_one(message, user_id, conversation_id, ret, err)
                                    : load_all(message, user_id, ret, err);

    if (ret->n > 0)
        qsort(ret->items, ret->n, sizeof *ret->items, newest_first);
    for (size_t i = 0; i < ret->n; i++) {
        struct scope_conversation *conversation = &ret->items[i];
        const char *id = conversation->readable.conversation_id;

        HASH_ADD_KEYPTR(hh, ret->by_id, id, strlen(id), conversation);
    }
    return s;
}

void scope_clear(struct scope *scope)
{
    HASH_CLEAR(hh, scope->by_id);
    for (size_t i = 0; i < scope->n; i++)
        readable_clear(&scope->items[i].readable);
    free(scope->items);
    *scope = (struct scope){0};
}

struct scope_conversation *scope_find(const struct scope *scope, const char *message_id)
{
    struct scope_conversation *conversation;

    HASH_FIND(hh, scope->by_id, message_id, strcspn(message_id, "/"), conversation);
    return conversation;
}

void scope_keys(const struct scope *scope, size_t *i, struct strings *ret)
{
    int64_t end = scope->items[*i].end;

    for (; *i < scope->n && ret->n < TOGETHER_MAX && scope->items[*i].end == end; (*i)++)
        if (!scope->items[*i].is_over)
            strings_add(ret, scope->items[*i].key);
}

void scope_all_keys(const struct scope *scope, struct strings *ret)
{
    for (size_t i = 0; i < scope->n; i++)
        if (!scope->items[i].is_over)
            strings_add(ret, scope->items[i].key);
}
