/* One conversation's part of a page of sync: what is new since the device was here, and what has
 * changed of what it had. Every query is bounded, and by an index. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "readable.h"
#include "sync.h"

#define CHANGES_SEEN 5000 /* of one conversation for one page, most of them of messages after */
#define HIDDEN_MAX 1000
#define HALF_PAGE (SYNC_PAGE_BYTES / 2) /* messages get one half of it, changes the other */
#define MESSAGE_SIZE 500                /* about, without content */
#define REACTION_SIZE 40

static size_t size_of(const struct message_document *message)
{
    return MESSAGE_SIZE + strlen(message->content.text ? message->content.text : "") +
           REACTION_SIZE * message->reactions.n;
}

void sync_state_of(const struct entry *entry, struct sync_known *ret)
{
    ret->last_seq = entry->last_seq;
    ret->change_seq = entry->conversation->change_seq;
    ret->version = entry->row->version;
    ret->touched = entry->conversation->touched;
    ret->rev = entry->row->rev;
}

static int64_t known_seq(const struct sync_source *source)
{
    return source->known ? source->known->last_seq : 0;
}

/* ---- New messages */

/* How many of those found, newest first, are given. */
static size_t fit(const struct list *found, size_t limit, size_t *ret_size)
{
    const struct message_document *messages = found->items;
    size_t n = 0;

    while (n < found->n && n < limit && (n == 0 || *ret_size < HALF_PAGE))
        *ret_size += size_of(&messages[n++]);
    return n;
}

static enum status add_messages(const struct sync_source *source, const struct readable *readable,
                                struct sync_conversation *ret, size_t *ret_size, struct error *err)
{
    size_t max = source->is_new_device ? SYNC_LIMITED : SYNC_NEW_MAX;
    struct list found = {0};
    const struct message_document *messages;
    enum status s = readable_find(source->message, readable, known_seq(source) + 1,
                                  source->entry.last_seq, false, (int64_t)max + 1, &found, err);
    size_t n = fit(&found, found.n > max ? SYNC_LIMITED : max, ret_size);

    messages = found.items;
    ret->after_seq = known_seq(source);
    ret->limited = n < found.n;
    if (ret->limited)
        ret->from_seq = messages[n - 1].seq;
    for (size_t i = n; s == STATUS_OK && i > 0; i--)
        message_to_view(&messages[i - 1], list_add(&ret->messages, &frame_message_record));
    if (s == STATUS_OK && n > 0) { /* the newest; it need not be looked for again */
        ret->item.last_message = memory_new(sizeof(struct frame_message));
        message_to_view(&messages[0], ret->item.last_message);
    }
    list_clear(&found, &message_document_record);
    return s;
}

/* ---- Changed ones, of those that the device had or passed over */

struct change_mark {
    int64_t change_seq;
    char *message_id;
};

static const struct field change_mark_fields[] = {
    FIELD(struct change_mark, change_seq),
    FIELD(struct change_mark, message_id),
};
static const struct record change_mark_record =
    RECORD("sync.change_mark", struct change_mark, change_mark_fields);

static bool is_visible(const struct readable *readable, const struct message_document *message)
{
    return readable_has(readable, message->seq) &&
           !strings_has(&message->hidden_for, readable->user_id) &&
           (message->expires_at == 0 || message->expires_at > clock_now());
}

static const struct message_document *find_message(const struct list *messages, const char *id)
{
    const struct message_document *all = messages->items;

    for (size_t i = 0; i < messages->n; i++)
        if (strcmp(all[i].id, id) == 0)
            return &all[i];
    return NULL;
}

/* Each message once, as it is now, in the order of the changes; *ret_to is the change up to which
 * they fit. */
static void give_changed(const struct readable *readable, const struct list *marks,
                         const struct list *messages, struct sync_conversation *ret,
                         int64_t *ret_to, size_t *ret_size)
{
    const struct change_mark *mark = marks->items;
    struct strings given = {0};
    size_t size = 0;

    for (size_t i = 0; i < marks->n; i++) {
        const struct message_document *message = find_message(messages, mark[i].message_id);

        if (!message || !is_visible(readable, message) || strings_has(&given, message->id))
            continue;
        if (size >= HALF_PAGE) {
            *ret_to = mark[i].change_seq - 1;
            break;
        }
        size += size_of(message);
        strings_add(&given, message->id);
        message_to_view(message, list_add(&ret->changes, &frame_message_record));
    }
    *ret_size += size;
    strings_clear(&given);
}

static enum status find_changed(const struct sync_source *source, const struct list *marks,
                                struct list *ret, struct error *err)
{
    const struct change_mark *mark = marks->items;
    struct strings ids = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < marks->n; i++)
        if (!strings_has(&ids, mark[i].message_id))
            strings_add(&ids, mark[i].message_id);
    if (ids.n > 0)
        s = store_find(source->message->store, MESSAGES, &(struct store_find){0},
                       &message_document_record, ret, err, "{'_id': {'$in': %p}}", (void *)&ids);
    strings_clear(&ids);
    return s;
}

static enum status find_marks(const struct sync_source *source, int64_t *ret_to, struct list *ret,
                              struct error *err)
{
    static const struct store_find how = {.sort = "{'change_seq': 1}",
                                          .limit = SYNC_CHANGES_MAX + 1};
    int64_t from = source->known->change_seq;
    struct change_mark *marks;
    enum status s;

    if (*ret_to > from + CHANGES_SEEN)
        *ret_to = from + CHANGES_SEEN;
    s = store_find(source->message->store, CHANGES, &how, &change_mark_record, ret, err,
                   "{'conversation_id': %s, 'change_seq': {'$gt': %ld, '$lte': %ld}, 'seq': "
                   "{'$lte': %ld}}",
                   source->entry.conversation->id, from, *ret_to, source->known->last_seq);
    marks = ret->items;
    if (s == STATUS_OK && ret->n > SYNC_CHANGES_MAX) {
        *ret_to = marks[--ret->n].change_seq - 1;
        record_clear(&change_mark_record, &marks[ret->n]);
    }
    return s;
}

/* *ret_to: the change up to which there may be some; it comes back lower when there are too many. */
static enum status add_changes(const struct sync_source *source, const struct readable *readable,
                               struct sync_conversation *ret, int64_t *ret_to, size_t *ret_size,
                               struct error *err)
{
    struct list marks = {0};
    struct list messages = {0};
    enum status s;

    if (!source->known || source->known->change_seq >= *ret_to)
        return STATUS_OK;
    s = find_marks(source, ret_to, &marks, err);
    if (s == STATUS_OK)
        s = find_changed(source, &marks, &messages, err);
    if (s == STATUS_OK)
        give_changed(readable, &marks, &messages, ret, ret_to, ret_size);
    list_clear(&marks, &change_mark_record);
    list_clear(&messages, &message_document_record);
    return s;
}

/* ---- The rest */

struct hidden {
    int64_t version;
    char *message_id;
};

static const struct field hidden_fields[] = {
    FIELD(struct hidden, version),
    FIELD(struct hidden, message_id),
};
static const struct record hidden_record = RECORD("sync.hidden", struct hidden, hidden_fields);

/* What he has deleted for himself on another device. */
static enum status add_hidden(const struct sync_source *source, struct sync_conversation *ret,
                              int64_t *ret_version, struct error *err)
{
    static const struct store_find how = {.sort = "{'version': 1}", .limit = HIDDEN_MAX};
    struct list found = {0};
    int64_t known = source->known ? source->known->version : 0;
    struct hidden *hidden;
    enum status s;

    if (source->is_new_device || known >= *ret_version || source->entry.row->hidden_seq == 0)
        return STATUS_OK;
    s = store_find(source->message->store, HIDDEN, &how, &hidden_record, &found, err,
                   "{'row_id': %s, 'version': {'$gt': %ld, '$lte': %ld}}", source->entry.row->id,
                   known, *ret_version);
    hidden = found.items;
    if (found.n == HIDDEN_MAX)
        *ret_version = hidden[found.n - 1].version;
    for (size_t i = 0; i < found.n; i++) {
        strings_add(&ret->hidden_message_ids, hidden[i].message_id);
        record_clear(&hidden_record, &hidden[i]);
    }
    free(found.items);
    return s;
}

struct pinned {
    char *id;
    int64_t seq;
};

static const struct field pinned_fields[] = {
    FIELD_NAMED(struct pinned, id, "_id"),
    FIELD(struct pinned, seq),
};
static const struct record pinned_record = RECORD("sync.pinned", struct pinned, pinned_fields);

static bool is_pin_visible(const struct readable *readable, const struct list *pinned,
                           const char *message_id)
{
    const struct pinned *all = pinned->items;

    for (size_t i = 0; i < pinned->n; i++)
        if (strcmp(strchr(all[i].id, '/') + 1, message_id) == 0)
            return readable_has(readable, all[i].seq);
    return false;
}

/* Only those that he may see: their ids are nobody else's business. */
static enum status add_pinned(const struct sync_source *source, const struct readable *readable,
                              struct sync_conversation *ret, struct error *err)
{
    const struct strings *pinned_ids = &source->entry.conversation->pinned_ids;
    struct list found = {0};
    struct strings ids = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < pinned_ids->n; i++) {
        CLEANUP(free)
        char *id = message_document_id(readable->conversation_id, pinned_ids->items[i]);

        strings_add(&ids, id);
    }
    if (ids.n > 0)
        s = store_find(source->message->store, MESSAGES, &(struct store_find){0}, &pinned_record,
                       &found, err, "{'_id': {'$in': %p}, 'hidden_for': {'$ne': %s}}", (void *)&ids,
                       source->user_id);
    for (size_t i = 0; i < pinned_ids->n; i++)
        if (is_pin_visible(readable, &found, pinned_ids->items[i]))
            strings_add(&ret->pinned_ids, pinned_ids->items[i]);
    strings_clear(&ids);
    list_clear(&found, &pinned_record);
    return s;
}

static void add_receipt(const struct sync_source *source, struct sync_conversation *ret)
{
    struct sync_receipt *receipt;

    if (!source->peer)
        return;
    receipt = list_add(&ret->receipts, &sync_receipt_record);
    receipt->user_id = memory_text(source->peer->user_id);
    receipt->read_seq = source->peer->receipt_seq;
    receipt->delivered_seq = source->peer->delivered_seq;
}

enum status sync_fill(const struct sync_source *source, struct sync_conversation *ret,
                      struct sync_known *now, size_t *ret_size, struct error *err)
{
    const struct entry *entry = &source->entry;
    struct readable readable;
    enum status s;

    readable_init(&readable, entry->conversation, entry->conversation->group_id ? entry->row : NULL,
                  source->user_id);
    sync_state_of(entry, now);
    *ret_size = MESSAGE_SIZE;
    conversations_fill(entry, source->user_id, &ret->item);
    s = add_messages(source, &readable, ret, ret_size, err);
    if (s == STATUS_OK)
        s = conversations_look(source->message, entry, &ret->item, err);
    if (s == STATUS_OK)
        s = add_changes(source, &readable, ret, &now->change_seq, ret_size, err);
    if (s == STATUS_OK)
        s = add_hidden(source, ret, &now->version, err);
    if (s == STATUS_OK)
        s = add_pinned(source, &readable, ret, err);
    add_receipt(source, ret);
    ret->first_seq = entry->conversation->first_seq;
    ret->change_seq = now->change_seq;
    readable_clear(&readable);
    return s;
}
