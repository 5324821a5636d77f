/* The indexer: makes messages findable, in its own time, after their acks.
 *
 * indexed_seq and indexed_change_seq of a conversation say how far it is, and only it writes them,
 * after the terms: a crash between the two repeats some, which terms_write() bears. What the owner
 * hands over (search_queue.h) saves it from looking for news; a sweep over all conversations, at
 * start and whenever a partition is claimed or the queue ran over, finds what nobody told of. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "changes.h"
#include "log/log.h"
#include "message.h"
#include "terms.h"

#define WAIT_MS 500
#define BULK 500        /* messages read and written at once: 40 MB if all are as long as can be */
#define PAGE 1000       /* conversations of a sweep that are looked at together */
#define RETRY_MS 1000   /* after MongoDB failed */
#define BUSY_MS 100     /* the owner counts as busy when it did so much in so long: */
#define BUSY_MIN 50     /*   500 commands a second */
#define LAG_MAX_MS 2000 /* so long the busy owner is waited for, and no longer */

/* How far one conversation is. */
struct progress {
    char *id; /* "_id" */
    int64_t last_seq;
    int64_t change_seq;
    int64_t indexed_seq;
    int64_t indexed_change_seq;
};

static const struct field progress_fields[] = {
    FIELD_NAMED(struct progress, id, "_id"),    FIELD(struct progress, last_seq),
    FIELD(struct progress, change_seq),         FIELD(struct progress, indexed_seq),
    FIELD(struct progress, indexed_change_seq),
};
static const struct record progress_record =
    RECORD("message.progress", struct progress, progress_fields);

struct indexer {
    struct message_state *message;
    struct service_context *context;
    struct store *store;
    int64_t looked_at; /* at the owner, when */
    int64_t commands;  /* and what it had done */
};

static bool is_stopping(struct indexer *indexer)
{
    return atomic_load(&indexer->context->stopping);
}

/* Since it was last looked at. */
static bool is_owner_busy(struct indexer *indexer)
{
    int64_t now = clock_monotonic();
    int64_t commands = atomic_load(&indexer->message->commands);
    bool busy =
        (commands - indexer->commands) * BUSY_MS >= BUSY_MIN * (now - indexer->looked_at + 1);

    indexer->looked_at = now;
    indexer->commands = commands;
    return busy;
}

/* The hot path comes first: both use the same MongoDB and the same cores. */
static void wait_for_quiet(struct indexer *indexer)
{
    int64_t until = clock_monotonic() + LAG_MAX_MS;

    (void)is_owner_busy(indexer);
    do
        (void)poll(NULL, 0, BUSY_MS);
    while (is_owner_busy(indexer) && clock_monotonic() < until && !is_stopping(indexer));
}

static enum status write_terms(struct indexer *indexer, const struct list *messages,
                               struct error *err)
{
    enum status s = terms_write(indexer->store, messages->items, messages->n, err);

    if (s == STATUS_OK)
        metrics_add(&message_metrics, MESSAGE_INDEXED, METRIC_AT(0), (int64_t)messages->n);
    return s;
}

/* Messages by their _id, as they are now; one that is gone needs no terms. */
static enum status index_ids(struct indexer *indexer, struct strings *ids, struct error *err)
{
    enum status s = STATUS_OK;

    for (size_t i = 0; i < ids->n && s == STATUS_OK; i += BULK) {
        struct list messages = {0};
        const struct strings some = {.items = ids->items + i,
                                     .n = ids->n - i < BULK ? ids->n - i : BULK};

        s = store_find(indexer->store, MESSAGES, &(struct store_find){0}, &message_document_record,
                       &messages, err, "{'_id': {'$in': %p}}", (const void *)&some);
        if (s == STATUS_OK)
            s = write_terms(indexer, &messages, err);
        list_clear(&messages, &message_document_record);
    }
    return s;
}

static void note_progress(struct store_bulk *bulk, const struct progress *progress)
{
    store_bulk_add(bulk, 0,
                   "[{'_id': %s}, {'$max': {'indexed_seq': %ld, 'indexed_change_seq': %ld}}]",
                   progress->id, progress->indexed_seq, progress->indexed_change_seq);
}

/* ---- One conversation, from where it is */

/* The next messages; *progress is then as far as they are. Numbers without a message are passed. */
static enum status index_messages(struct indexer *indexer, struct progress *progress,
                                  struct error *err)
{
    struct list messages = {0};
    const struct message_document *all;
    enum status s = store_find(indexer->store, MESSAGES,
                               &(struct store_find){.sort = "{'seq': 1}", .limit = BULK},
                               &message_document_record, &messages, err,
                               "{'conversation_id': %s, 'seq': {'$gt': %ld, '$lte': %ld}}",
                               progress->id, progress->indexed_seq, progress->last_seq);

    all = messages.items;
    if (s == STATUS_OK)
        s = write_terms(indexer, &messages, err);
    if (s == STATUS_OK)
        progress->indexed_seq = messages.n < BULK ? progress->last_seq : all[BULK - 1].seq;
    list_clear(&messages, &message_document_record);
    return s;
}

static enum status index_changes(struct indexer *indexer, struct progress *progress,
                                 struct error *err)
{
    struct list changes = {0};
    struct strings ids = {0};
    const struct change_document *all;
    enum status s = store_find(indexer->store, CHANGES,
                               &(struct store_find){.sort = "{'change_seq': 1}", .limit = BULK},
                               &change_document_record, &changes, err,
                               "{'conversation_id': %s, 'change_seq': {'$gt': %ld, '$lte': %ld}}",
                               progress->id, progress->indexed_change_seq, progress->change_seq);

    all = changes.items;
    for (size_t i = 0; i < changes.n; i++)
        if (change_has_words(&all[i]))
            strings_add(&ids, all[i].message_id);
    if (s == STATUS_OK)
        s = index_ids(indexer, &ids, err);
    if (s == STATUS_OK)
        progress->indexed_change_seq =
            changes.n < BULK ? progress->change_seq : all[BULK - 1].change_seq;
    strings_clear(&ids);
    list_clear(&changes, &change_document_record);
    return s;
}

static bool is_behind(const struct progress *progress)
{
    return progress->indexed_seq < progress->last_seq ||
           progress->indexed_change_seq < progress->change_seq;
}

static enum status catch_up(struct indexer *indexer, struct progress *progress, struct error *err)
{
    enum status s = STATUS_OK;

    while (s == STATUS_OK && is_behind(progress) && !is_stopping(indexer)) {
        struct store_bulk *bulk;

        if (clock_monotonic() - indexer->looked_at >= BUSY_MS && is_owner_busy(indexer))
            wait_for_quiet(indexer);
        if (progress->indexed_seq < progress->last_seq)
            s = index_messages(indexer, progress, err);
        else
            s = index_changes(indexer, progress, err);
        if (s != STATUS_OK)
            return s;
        bulk = store_bulk_new(indexer->store, CONVERSATIONS);
        note_progress(bulk, progress);
        s = store_bulk_run(bulk, err);
    }
    return s;
}

/* ---- What was handed over */

/* Is it all that came after what is indexed? Then it need not be looked for. */
static bool is_complete(const struct search_news *news, const struct progress *progress)
{
    return !news->has_gap && news->from_seq <= progress->indexed_seq + 1 &&
           news->from_change <= progress->indexed_change_seq + 1;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum status load_progress(struct indexer *indexer, const struct search_news *news,
                                 struct list *ret, struct error *err)
{
    struct strings ids = {0};
    enum status s;

    for (; news; news = news->hh.next)
        strings_add(&ids, news->conversation_id);
    s = store_find(indexer->store, CONVERSATIONS, &(struct store_find){0}, &progress_record, ret,
                   err, "{'_id': {'$in': %p}}", (void *)&ids);
    strings_clear(&ids);
    return s;
}

/* All that is complete in one bulk; what is not, one by one after it. */
static enum status index_news(struct indexer *indexer, struct search_news *all,
                              struct list *progresses, struct error *err)
{
    struct progress *progress = progresses->items;
    struct store_bulk *bulk = store_bulk_new(indexer->store, CONVERSATIONS);
    struct strings ids = {0};
    struct search_news *news;
    enum status s;

    for (size_t i = 0; i < progresses->n; i++) {
        HASH_FIND_STR(all, progress[i].id, news);
        if (!news || !is_complete(news, &progress[i]))
            continue;
        for (size_t k = 0; k < news->ids.n; k++)
            strings_add(&ids, news->ids.items[k]);
        progress[i].indexed_seq = larger(progress[i].indexed_seq, news->to_seq);
        progress[i].indexed_change_seq = larger(progress[i].indexed_change_seq, news->to_change);
        note_progress(bulk, &progress[i]);
    }
    s = index_ids(indexer, &ids, err);
    strings_clear(&ids);
    if (s != STATUS_OK) {
        store_bulk_free(bulk);
        return s;
    }
    s = store_bulk_run(bulk, err);
    for (size_t i = 0; s == STATUS_OK && i < progresses->n; i++)
        s = catch_up(indexer, &progress[i], err);
    return s;
}

static enum status serve_queue(struct indexer *indexer, int wait_ms, struct error *err)
{
    struct list progresses = {0};
    struct search_news *news = search_queue_take(&indexer->message->search_queue, wait_ms, BULK);
    enum status s = STATUS_OK;

    if (!news)
        return STATUS_OK;
    s = load_progress(indexer, news, &progresses, err);
    if (s == STATUS_OK)
        s = index_news(indexer, news, &progresses, err);
    list_clear(&progresses, &progress_record);
    search_news_free(news);
    return s;
}

/* ---- The sweep */

/* What is new meanwhile does not wait for what is old. */
static enum status sweep_one(struct indexer *indexer, struct progress *progress, struct error *err)
{
    enum status s;

    if (!is_behind(progress))
        return STATUS_OK;
    s = catch_up(indexer, progress, err);
    return s == STATUS_OK ? serve_queue(indexer, 0, err) : s;
}

/* Reads each conversation's five numbers by _id: a million of them are some seconds of MongoDB's time,
 * a page at a time. */
static enum status sweep(struct indexer *indexer, struct error *err)
{
    CLEANUP(free) char *after = memory_text("");
    bool is_last = false;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && !is_last && !is_stopping(indexer)) {
        struct list page = {0};
        struct progress *all;

        s = store_find(indexer->store, CONVERSATIONS,
                       &(struct store_find){.sort = "{'_id': 1}", .limit = PAGE}, &progress_record,
                       &page, err, "{'_id': {'$gt': %s}}", after);
        all = page.items;
        is_last = page.n < PAGE;
        for (size_t i = 0; s == STATUS_OK && i < page.n; i++)
            s = sweep_one(indexer, &all[i], err);
        if (s == STATUS_OK && page.n > 0) {
            free(after);
            after = memory_text(all[page.n - 1].id);
        }
        list_clear(&page, &progress_record);
    }
    return s;
}

/* What was in hand when it failed, the next sweep finds. */
static void retry_later(struct indexer *indexer, const struct error *err)
{
    int64_t until = clock_monotonic() + RETRY_MS;

    log_warn("search index waits", LOG_TEXT("reason", err->text));
    search_queue_sweep(&indexer->message->search_queue);
    while (clock_monotonic() < until && !is_stopping(indexer))
        (void)poll(NULL, 0, 100);
}

void indexer_run(void *state, struct service_context *context)
{
    struct message_state *message = state;
    struct indexer indexer = {.message = message, .context = context, .store = message->store};

    while (!is_stopping(&indexer)) {
        struct error err = {0};
        enum status s = serve_queue(&indexer, WAIT_MS, &err);

        if (s == STATUS_OK && search_queue_take_sweep(&message->search_queue))
            s = sweep(&indexer, &err);
        if (s != STATUS_OK && !is_stopping(&indexer))
            retry_later(&indexer, &err);
        else
            wait_for_quiet(&indexer);
    }
}
