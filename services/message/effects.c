#include "effects.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "marks.h"
#include "message.h"
#include "references.h"
#include "retention.h"
#include "vanished.h"

struct mark {
    char *id; /* the row's */
    char *user_id;
    const char *conversation_id; /* the ledger's */
    int64_t seq;
    int64_t count;
    UT_hash_handle hh;
};

void effects_init(struct effects *effects, struct ledger *ledger, struct search_queue *search)
{
    *effects = (struct effects){.ledger = ledger,
                                .search = search,
                                .rows = store_bulk_new(ledger->store, CONVERSATION_USERS)};
}

static char *row_id(const char *user_id, const char *conversation_id)
{
    struct buffer id = {0};

    buffer_printf(&id, "%s/%s", user_id, conversation_id);
    return buffer_take(&id);
}

/* Sending reads. Many messages of one sender in a batch leave one mark. */
static void mark_read(struct effects *effects, const struct conversation *conversation,
                      const struct message_document *message)
{
    char *id = row_id(message->from_user_id, conversation->doc.id);
    struct mark *mark;
    struct row *row;

    HASH_FIND_STR(effects->marks, id, mark);
    if (mark) {
        free(id);
    } else {
        mark = memory_new(sizeof *mark);
        mark->id = id;
        mark->user_id = memory_text(message->from_user_id);
        mark->conversation_id = conversation->doc.id;
        HASH_ADD_KEYPTR(hh, effects->marks, mark->id, strlen(mark->id), mark);
    }
    mark->seq = message->seq;
    mark->count = message->count;
    HASH_FIND_STR(effects->ledger->rows, mark->id, row);
    if (!row)
        return;
    row->exists = true;
    if (message->seq <= row->doc.read_seq)
        return; /* a former owner's, who got farther with the row than with the conversation */
    row->doc.read_seq = row->doc.receipt_seq = row->doc.delivered_seq = message->seq;
    row->doc.read_count = message->count;
}

/* Once per conversation and owner: the recipient sees it in his list. */
static void ensure_recipient(struct effects *effects, struct conversation *conversation,
                             const struct message_document *message)
{
    CLEANUP(free) char *id = NULL;
    struct row *row;

    if (conversation->rows_exist || !message->to_user_id)
        return;
    conversation->rows_exist = true;
    row = ledger_find_row(effects->ledger, message->to_user_id, conversation->doc.id);
    if (row)
        row->exists = true;
    id = row_id(message->to_user_id, conversation->doc.id);
    store_bulk_add(effects->rows, STORE_UPSERT,
                   "[{'_id': %s}, {'$setOnInsert': {'user_id': %s, 'conversation_id': %s, "
                   "'read_seq': %ld, 'read_count': %ld}}]",
                   id, message->to_user_id, conversation->doc.id, (int64_t)0, (int64_t)0);
}

/* What the change makes of the user: a plain member unless it says otherwise. */
static const char *role_of(const struct group_change *change, const char *user_id)
{
    const struct group_role *roles = change->roles.items;

    for (size_t i = 0; i < change->roles.n; i++)
        if (strcmp(roles[i].user_id, user_id) == 0)
            return roles[i].role;
    return "member";
}

static void set_role(struct row *row, const char *role)
{
    free(row->doc.role);
    row->doc.role = memory_text(role);
}

static void note_in(struct effects *effects, struct row *row, const char *role,
                    const struct message_document *message)
{
    struct span *span;

    if (row->exists && row->doc.rev >= message->rev)
        return;
    if (row->exists)
        /* The guard on rev makes it harmless to come twice. */
        store_bulk_add(effects->rows, 0,
                       "[{'_id': %s, 'rev': {'$lt': %ld}}, {'$set': {'rev': %ld, 'role': %s}, "
                       "'$max': {'read_seq': %ld, 'read_count': %ld}, '$push': {'spans': "
                       "{'$each': [{'from_seq': %ld, 'to_seq': 0}], '$slice': %ld}}}]",
                       row->doc.id, message->rev, message->rev, role, message->seq, message->count,
                       message->seq, (int64_t)-SPANS_MAX);
    else
        store_bulk_add(effects->rows, STORE_UPSERT,
                       "[{'_id': %s}, {'$setOnInsert': {'user_id': %s, 'conversation_id': %s, "
                       "'rev': %ld, 'role': %s, 'read_seq': %ld, 'read_count': %ld, "
                       "'spans': [{'from_seq': %ld, 'to_seq': 0}]}}]",
                       row->doc.id, row->doc.user_id, row->doc.conversation_id, message->rev, role,
                       message->seq, message->count, message->seq);
    row->exists = true;
    row->doc.rev = message->rev;
    row->doc.read_seq = message->seq;
    row->doc.read_count = message->count;
    set_role(row, role);
    span = list_add(&row->doc.spans, &span_record);
    span->from_seq = message->seq;
}

/* Of one who is a member already. */
static void note_role(struct effects *effects, struct row *row, const char *role,
                      const struct message_document *message)
{
    if (!row->exists || row->doc.rev >= message->rev)
        return;
    row->doc.rev = message->rev;
    set_role(row, role);
    store_bulk_add(effects->rows, 0,
                   "[{'_id': %s, 'rev': {'$lt': %ld}}, {'$set': {'rev': %ld, 'role': %s}}]",
                   row->doc.id, message->rev, message->rev, role);
}

static void note_out(struct effects *effects, struct row *row,
                     const struct message_document *message)
{
    struct span *spans = row->doc.spans.items;

    if (!row->exists || row->doc.rev >= message->rev)
        return;
    row->doc.rev = message->rev;
    if (row->doc.spans.n > 0)
        spans[row->doc.spans.n - 1].to_seq = message->seq;
    /* The guard on rev: a former owner that wakes up late must not close a span opened since. */
    store_bulk_add(effects->rows, 0,
                   "[{'_id': %s, 'rev': {'$lt': %ld}, 'spans.to_seq': 0}, {'$set': {'rev': %ld, "
                   "'spans.$.to_seq': %ld}}]",
                   row->doc.id, message->rev, message->rev, message->seq);
}

static void note_change(struct effects *effects, struct conversation *conversation,
                        const struct message_document *message)
{
    struct group_change change;
    const struct group_role *roles;
    struct conversation_document *doc = &conversation->doc;

    if (record_from_json(&group_change_record, message->change.text, strlen(message->change.text),
                         &change, NULL) != STATUS_OK)
        return; /* cannot happen: we wrote it */
    for (size_t i = 0; i < change.users_in.n; i++) {
        struct row *row = ledger_find_row(effects->ledger, change.users_in.items[i], doc->id);

        note_in(effects, row, role_of(&change, change.users_in.items[i]), message);
        if (row->doc.spans.n > 1)
            doc->returned_seq = message->seq;
    }
    for (size_t i = 0; i < change.users_out.n; i++) {
        note_out(effects, ledger_find_row(effects->ledger, change.users_out.items[i], doc->id),
                 message);
        strings_remove(&doc->bots, change.users_out.items[i]);
    }
    roles = change.roles.items; /* who came in with this change has his already, by its rev */
    for (size_t i = 0; i < change.roles.n; i++)
        note_role(effects, ledger_find_row(effects->ledger, roles[i].user_id, doc->id),
                  roles[i].role, message);
    for (size_t i = 0; i < change.bots_in.n; i++) {
        strings_remove(&doc->bots, change.bots_in.items[i]); /* never twice */
        strings_add(&doc->bots, change.bots_in.items[i]);
    }
    if (change.name) {
        free(doc->name);
        doc->name = memory_text(change.name);
    }
    if (!doc->group_id)
        doc->group_id = memory_text(change.group_id);
    doc->rev = message->rev;
    record_clear(&group_change_record, &change);
}

/* Only members' rows that exist: a mention makes nobody a member, and no conversation for him. */
static void mention(struct effects *effects, const char *user_id,
                    const struct message_document *message)
{
    CLEANUP(free) char *id = row_id(user_id, message->conversation_id);
    struct row *row = ledger_find_row(effects->ledger, user_id, message->conversation_id);

    if (strcmp(user_id, message->from_user_id) == 0)
        return;
    if (row)
        row->doc.mentioned_seq = message->seq;
    if (message->group_id)
        store_bulk_add(effects->rows, 0,
                       "[{'_id': %s, 'spans.to_seq': 0}, {'$max': {'mentioned_seq': %ld}}]", id,
                       message->seq);
    else if (strcmp(user_id, message->to_user_id) == 0)
        store_bulk_add(effects->rows, 0, "[{'_id': %s}, {'$max': {'mentioned_seq': %ld}}]", id,
                       message->seq);
}

static void note_mentions(struct effects *effects, struct conversation *conversation,
                          const struct message_document *message)
{
    struct content_text text;

    if (!references_find(message->msg_type, message->content.text, &text))
        return;
    if (text.at_all && message->group_id)
        conversation->doc.at_all_seq = message->seq;
    for (size_t i = 0; i < text.at_user_ids.n; i++)
        mention(effects, text.at_user_ids.items[i], message);
    record_clear(&content_text_record, &text);
}

static void make_dirty(struct effects *effects, struct conversation *conversation)
{
    if (conversation->is_dirty)
        return;
    conversation->is_dirty = true;
    conversation->next_dirty = effects->dirty;
    effects->dirty = conversation;
}

void effects_note(struct effects *effects, struct conversation *conversation,
                  const struct message_document *message)
{
    struct conversation_document *doc = &conversation->doc;

    doc->last_seq = message->seq;
    doc->count = message->count;
    doc->updated_at = message->created_at;
    free(doc->last_id);
    doc->last_id = memory_text(message->id);
    make_dirty(effects, conversation);
    conversation->has_messages = true;
    timer_apply(message, doc);
    search_news_add(&effects->news, doc->id, message->seq,
                    message->msg_type == MSG_SYSTEM ? NULL : message->id);
    if (message->change.text) {
        note_change(effects, conversation, message);
        return;
    }
    file_uses_note(&effects->files, effects->ledger->store, message);
    mark_read(effects, conversation, message);
    ensure_recipient(effects, conversation, message);
    note_mentions(effects, conversation, message);
}

/* The guard: a former owner that wakes up late takes nothing back. */
static void update_message(struct effects *effects, const struct message_document *message)
{
    if (!effects->messages)
        effects->messages = store_bulk_new(effects->ledger->store, MESSAGES);
    store_bulk_add(effects->messages, 0,
                   "[{'_id': %s, 'change_seq': {'$not': {'$gte': %ld}}}, {'$set': {'change_seq': "
                   "%ld, 'content': %s, 'edited_at': %ld, 'recalled_at': %ld, 'reactions': %p}}]",
                   message->id, message->change_seq, message->change_seq, message->content.text,
                   message->edited_at, message->recalled_at, (void *)&message->reactions);
}

void effects_note_change(struct effects *effects, struct conversation *conversation,
                         struct change_document *change, const struct message_document *message,
                         bool is_new)
{
    make_dirty(effects, conversation);
    conversation->has_changes = true;
    update_message(effects, message);
    if (message->recalled_at)
        file_uses_note_left(&effects->files, message);
    search_news_add_change(&effects->news, conversation->doc.id, change->change_seq,
                           change_has_words(change) ? change->message_id : NULL);
    if (!is_new)
        return;
    *(struct change_document *)list_add(&effects->changes, &change_document_record) = *change;
    *change = (struct change_document){0};
}

void effects_touch(struct effects *effects, struct conversation *conversation)
{
    make_dirty(effects, conversation);
    conversation->is_touched = true;
}

/* In order, so that a crash leaves a prefix: change_seq has no holes. ID_TAKEN: another owner. */
static enum status write_changes(struct effects *effects, struct error *err)
{
    const struct change_document *changes = effects->changes.items;
    size_t n = effects->changes.n;
    CLEANUP(free) const void **all = NULL;
    enum status s = STATUS_OK;

    if (n > 0) {
        all = memory_grow(NULL, n, sizeof *all);
        for (size_t i = 0; i < n; i++)
            all[i] = &changes[i];
        s = store_insert_many(effects->ledger->store, CHANGES, &change_document_record, all, n,
                              err);
    }
    if (s == STATUS_OK && effects->hidden)
        s = store_bulk_run(TAKE(effects->hidden), err);
    if (s == STATUS_OK && effects->messages)
        s = store_bulk_run(TAKE(effects->messages), err);
    return s;
}

static enum status write_rows(struct effects *effects, struct error *err)
{
    struct mark *mark;
    struct mark *next;
    enum status s;

    HASH_ITER(hh, effects->marks, mark, next)
        store_bulk_add(effects->rows, STORE_UPSERT,
                       "[{'_id': %s}, {'$max': {'read_seq': %ld, 'read_count': %ld, "
                       "'receipt_seq': %ld, 'delivered_seq': %ld}, "
                       "'$setOnInsert': {'user_id': %s, 'conversation_id': %s}}]",
                       mark->id, mark->seq, mark->count, mark->seq, mark->seq, mark->user_id,
                       mark->conversation_id);
    s = store_bulk_run(TAKE(effects->rows), err);
    return s == STATUS_OK && effects->settings ? store_bulk_run_all(TAKE(effects->settings), err)
                                               : s;
}

/* A former owner that wakes up late takes nothing back: what is as far as this or farther does not
 * match, and making it anew is refused (ID_TAKEN), which tells him. */
static enum status write_conversations(struct effects *effects, struct error *err)
{
    struct store_bulk *bulk = store_bulk_new(effects->ledger->store, CONVERSATIONS);
    struct conversation *conversation;

    for (conversation = effects->dirty; conversation; conversation = conversation->next_dirty) {
        const struct conversation_document *doc = &conversation->doc;

        if (!conversation->has_messages)
            continue;
        if (doc->group_id)
            store_bulk_add(bulk, STORE_UPSERT,
                           "[{'_id': %s, 'last_seq': {'$lt': %ld}}, {'$max': {'last_seq': %ld, "
                           "'count': %ld, 'rev': %ld, 'updated_at': %ld, 'at_all_seq': %ld, "
                           "'returned_seq': %ld}, '$set': {'last_id': %s, 'ttl': %ld, "
                           "'group_id': %s, 'name': %s, 'bots': %p}}]",
                           doc->id, doc->last_seq, doc->last_seq, doc->count, doc->rev,
                           doc->updated_at, doc->at_all_seq, doc->returned_seq, doc->last_id,
                           doc->ttl, doc->group_id, doc->name, (void *)&doc->bots);
        else
            store_bulk_add(
                bulk, STORE_UPSERT,
                "[{'_id': %s, 'last_seq': {'$lt': %ld}}, {'$max': {'last_seq': %ld, "
                "'count': %ld, 'updated_at': %ld}, '$set': {'last_id': %s, 'ttl': %ld}}]",
                doc->id, doc->last_seq, doc->last_seq, doc->count, doc->updated_at, doc->last_id,
                doc->ttl);
    }
    for (conversation = effects->dirty; conversation; conversation = conversation->next_dirty) {
        const struct conversation_document *doc = &conversation->doc;

        if (conversation->has_changes)
            store_bulk_add(bulk, 0,
                           "[{'_id': %s, 'change_seq': {'$not': {'$gte': %ld}}}, {'$set': "
                           "{'change_seq': %ld, 'pinned_ids': %p}, '$max': {'removed_seq': %ld}}]",
                           doc->id, doc->change_seq, doc->change_seq, (void *)&doc->pinned_ids,
                           doc->removed_seq);
        if (conversation->is_touched) /* by one, whoever else does */
            store_bulk_add(bulk, 0, "[{'_id': %s}, {'$inc': {'touched': %ld}}]", doc->id,
                           (int64_t)1);
    }
    return store_bulk_run(bulk, err);
}

void effects_note_expired(struct effects *effects, const struct expire *expire)
{
    effects->expired =
        memory_grow(effects->expired, effects->n_expired + 1, sizeof(struct expire *));
    effects->expired[effects->n_expired++] = expire;
}

/* All of it is harmless to repeat and, but for touched, whoever comes late. */
static enum status trim_conversations(const struct effects *effects, struct error *err)
{
    struct store_bulk *bulk = store_bulk_new(effects->ledger->store, CONVERSATIONS);

    for (size_t i = 0; i < effects->n_expired; i++) {
        const struct expire *expire = effects->expired[i];

        store_bulk_add(bulk, 0,
                       "[{'_id': %s}, {'$max': {'removed_seq': %ld, 'vanished_seq': %ld, "
                       "'first_seq': %ld}, "
                       "'$inc': {'touched': %ld}, '$pull': {'pinned_ids': {'$in': %p}}}]",
                       expire->conversation_id, expire->removed_seq, expire_vanished_seq(expire),
                       expire->first_seq, (int64_t)1, (void *)&expire->message_ids);
    }
    return store_bulk_run(bulk, err);
}

static enum status delete_expired(struct store *store, const struct expire *expire,
                                  struct error *err)
{
    struct strings ids = {0};
    enum status s;

    for (size_t i = 0; i < expire->message_ids.n; i++) {
        CLEANUP(free)
        char *id = message_document_id(expire->conversation_id, expire->message_ids.items[i]);

        strings_add(&ids, id);
    }
    s = file_uses_remove(store, &ids, err);
    if (s == STATUS_OK)
        s = search_forget(store, &ids, err);
    if (s == STATUS_OK)
        s = store_delete(store, CHANGES, NULL, err, "{'message_id': {'$in': %p}}", (void *)&ids);
    if (s == STATUS_OK && expire_vanished_seq(expire) > 0)
        s = vanished_keep(store, &ids, err);
    if (s == STATUS_OK)
        s = store_delete(store, MESSAGES, NULL, err, "{'_id': {'$in': %p}}", (void *)&ids);
    strings_clear(&ids);
    return s;
}

static enum status write_expired(const struct effects *effects, struct error *err)
{
    enum status s = effects->n_expired ? trim_conversations(effects, err) : STATUS_OK;

    for (size_t i = 0; i < effects->n_expired && s == STATUS_OK; i++)
        s = delete_expired(effects->ledger->store, effects->expired[i], err);
    return s;
}

enum status effects_write(struct effects *effects, struct error *err)
{
    enum status s = write_changes(effects, err);

    if (s == STATUS_OK)
        s = file_uses_write(&effects->files, effects->ledger->store, err);
    if (s == STATUS_OK)
        s = write_rows(effects, err);
    if (s == STATUS_OK)
        s = write_conversations(effects, err);
    if (s == STATUS_OK)
        s = write_expired(effects, err);
    if (s == STATUS_OK)
        search_queue_add(effects->search, TAKE(effects->news));
    effects_clear(effects);
    return s;
}

void effects_clear(struct effects *effects)
{
    struct mark *mark;
    struct mark *next;

    HASH_ITER(hh, effects->marks, mark, next) {
        HASH_DEL(effects->marks, mark);
        free(mark->id);
        free(mark->user_id);
        free(mark);
    }
    for (; effects->dirty; effects->dirty = effects->dirty->next_dirty) {
        effects->dirty->is_dirty = false;
        effects->dirty->has_messages = false;
        effects->dirty->has_changes = false;
        effects->dirty->is_touched = false;
    }
    list_clear(&effects->changes, &change_document_record);
    search_news_free(TAKE(effects->news));
    free(TAKE(effects->expired));
    effects->n_expired = 0;
    store_bulk_free(TAKE(effects->messages));
    store_bulk_free(TAKE(effects->rows));
    file_uses_clear(&effects->files);
    marks_clear(effects);
}
