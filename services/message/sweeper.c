/* The sweeper: finds what has expired, and has its owner remove it. What is left of it then
 * (vanished.h) it removes itself, in time.
 *
 * Of conversations it only reads, and asks. Each step is harmless to repeat, so it may die
 * anywhere, and every process of the service has one. Readers leave out what has expired by
 * themselves: it is never in a hurry. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "message.h"
#include "vanished.h"
#include "wire/retention.h"

#define SWEEPS "sweeps" /* one document: how far the walk is */
#define TICK_MS 500
#define RETRY_MS 2000
#define DUE 1000 /* messages looked at by one query */
#define PAGE 100 /* conversations a tick: 17 million a day */
#define DAY_MS (24LL * 3600 * 1000)
#define ROUND_MS (600LL * 1000) /* the walk begins anew no sooner: days need no seconds */

struct due {
    char *id; /* "_id" */
    char *conversation_id;
    int64_t seq;
    int64_t created_at;
};

static const struct field due_fields[] = {
    FIELD_NAMED(struct due, id, "_id"),
    FIELD(struct due, conversation_id),
    FIELD(struct due, seq),
    FIELD(struct due, created_at),
};
static const struct record due_record = RECORD("message.due", struct due, due_fields);

struct place {
    char *after; /* conversation_id: up to here this round is done */
};

static const struct field place_fields[] = {FIELD(struct place, after)};
static const struct record place_record = RECORD("message.place", struct place, place_fields);

struct name {
    char *id; /* "_id" */
};

static const struct field name_fields[] = {FIELD_NAMED(struct name, id, "_id")};
static const struct record name_record = RECORD("message.name", struct name, name_fields);

struct sweeper {
    struct message_state *message;
    struct service_context *context;
    int64_t round_at; /* when this process began its last round; 0: it has not */
    bool is_walking;
    int64_t trimmed_at; /* when it last removed what was kept of messages that vanished; 0: never */
};

/* n of one conversation, in the order of seq. */
static enum status have_removed(struct sweeper *sweeper, const struct due *due, size_t n,
                                bool is_prefix, struct error *err)
{
    const struct call nobody = {0};
    struct expire expire = {.conversation_id = due->conversation_id,
                            .removed_seq = due[n - 1].seq,
                            .first_seq = is_prefix ? due[n - 1].seq + 1 : 0};
    struct frame_ack ack = {0};
    enum status s;

    for (size_t i = 0; i < n; i++)
        strings_add(&expire.message_ids, strchr(due[i].id, '/') + 1);
    s = partition_ask(sweeper->message, &nobody, ENVELOPE_EXPIRE, due->conversation_id,
                      &expire_record, &expire, &ack, err);
    if (s == STATUS_OK)
        record_clear(&frame_ack_record, &ack);
    strings_clear(&expire.message_ids);
    return s;
}

/* ---- Timers */

static int by_place(const void *a, const void *b)
{
    const struct due *x = a;
    const struct due *y = b;
    int order = strcmp(x->conversation_id, y->conversation_id);

    if (order != 0)
        return order;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static size_t count_of_first(const struct due *due, size_t n)
{
    size_t same = 1;

    while (same < n && same < EXPIRE_MAX &&
           strcmp(due[same].conversation_id, due->conversation_id) == 0)
        same++;
    return same;
}

/* *ret_more: there may be more than one query finds. What fails is found again. */
static enum status sweep_timers(struct sweeper *sweeper, bool *ret_more, struct error *err)
{
    static const struct store_find how = {.sort = "{'expires_at': 1}", .limit = DUE};
    struct list found = {0};
    const struct due *due;
    enum status failed = STATUS_OK;
    enum status s = store_find(sweeper->message->store, MESSAGES, &how, &due_record, &found, err,
                               "{'expires_at': {'$lte': %ld}}", clock_now());

    if (s == STATUS_OK && found.n > 0)
        qsort(found.items, found.n, sizeof *due, by_place);
    due = found.items;
    for (size_t i = 0; s == STATUS_OK && i < found.n;) {
        size_t n = count_of_first(&due[i], found.n - i);

        if (have_removed(sweeper, &due[i], n, false, err) != STATUS_OK)
            failed = err->status;
        i += n;
    }
    *ret_more = found.n == DUE;
    list_clear(&found, &due_record);
    return s == STATUS_OK ? failed : s;
}

/* ---- Retention: what is older than RETENTION_DAYS is a prefix of each conversation */

static size_t count_old(const struct list *found, int64_t before)
{
    const struct due *due = found->items;
    size_t n = 0;

    while (n < found->n && due[n].created_at < before)
        n++;
    return n;
}

static enum status find_oldest(struct sweeper *sweeper, const char *conversation_id, int64_t limit,
                               struct list *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'seq': 1}", .limit = limit};

    return store_find(sweeper->message->store, MESSAGES, &how, &due_record, ret, err,
                      "{'conversation_id': %s}", conversation_id);
}

/* A look at the oldest message is all that most conversations cost. */
static enum status is_any_old(struct sweeper *sweeper, const char *conversation_id, int64_t before,
                              bool *ret, struct error *err)
{
    struct list found = {0};
    enum status s = find_oldest(sweeper, conversation_id, 1, &found, err);

    *ret = count_old(&found, before) > 0;
    list_clear(&found, &due_record);
    return s;
}

static enum status trim(struct sweeper *sweeper, const char *conversation_id, struct error *err)
{
    int64_t before = clock_now() - sweeper->message->config->retention_days * DAY_MS;
    bool is_old = false;
    enum status s = is_any_old(sweeper, conversation_id, before, &is_old, err);

    while (s == STATUS_OK && is_old && !atomic_load(&sweeper->context->stopping)) {
        struct list found = {0};
        size_t n;

        s = find_oldest(sweeper, conversation_id, EXPIRE_MAX, &found, err);
        n = count_old(&found, before);
        if (s == STATUS_OK && n > 0)
            s = have_removed(sweeper, found.items, n, true, err);
        is_old = n == EXPIRE_MAX;
        list_clear(&found, &due_record);
    }
    return s;
}

static enum status load_place(struct sweeper *sweeper, struct place *ret, struct error *err)
{
    enum status s = store_find_one(sweeper->message->store, SWEEPS, &place_record, ret, err,
                                   "{'_id': 'retention'}");

    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status store_place(struct sweeper *sweeper, const char *after, struct error *err)
{
    return store_update(sweeper->message->store, SWEEPS, STORE_UPSERT, NULL, err,
                        "[{'_id': 'retention'}, {'$set': {'after': %s}}]", after);
}

/* From the place that is stored, so that a process that dies often gets to the end too. */
static enum status walk_page(struct sweeper *sweeper, bool *ret_end, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}", .limit = PAGE};
    struct place place = {0};
    struct list found = {0};
    const struct name *names;
    enum status s = load_place(sweeper, &place, err);

    if (s == STATUS_OK)
        s = store_find(sweeper->message->store, CONVERSATIONS, &how, &name_record, &found, err,
                       "{'_id': {'$gt': %s}}", place.after ? place.after : "");
    names = found.items;
    for (size_t i = 0; i < found.n && s == STATUS_OK; i++)
        s = trim(sweeper, names[i].id, err);
    *ret_end = found.n < PAGE;
    if (s == STATUS_OK && !atomic_load(&sweeper->context->stopping))
        s = store_place(sweeper, *ret_end ? "" : names[found.n - 1].id, err);
    list_clear(&found, &name_record);
    record_clear(&place_record, &place);
    return s;
}

static enum status sweep_old(struct sweeper *sweeper, struct error *err)
{
    int64_t now = clock_monotonic();
    bool is_end = false;
    enum status s;

    if (sweeper->message->config->retention_days == 0)
        return STATUS_OK;
    if (!sweeper->is_walking) {
        if (sweeper->round_at > 0 && now - sweeper->round_at < ROUND_MS)
            return STATUS_OK;
        sweeper->round_at = now;
        sweeper->is_walking = true;
    }
    s = walk_page(sweeper, &is_end, err);
    if (s == STATUS_OK && is_end)
        sweeper->is_walking = false;
    return s;
}

/* ---- What is left of messages that vanished (vanished.h) */

static enum status sweep_vanished(struct sweeper *sweeper, struct error *err)
{
    int64_t now = clock_monotonic();
    enum status s;

    if (sweeper->trimmed_at > 0 && now - sweeper->trimmed_at < ROUND_MS)
        return STATUS_OK;
    s = vanished_trim(sweeper->message->store, err);
    if (s == STATUS_OK)
        sweeper->trimmed_at = now;
    return s;
}

/* ---- */

static void wait_for(const struct sweeper *sweeper, int64_t ms)
{
    int64_t until = clock_monotonic() + ms;

    while (clock_monotonic() < until && !atomic_load(&sweeper->context->stopping))
        (void)poll(NULL, 0, 100);
}

void sweeper_run(void *state, struct service_context *context)
{
    struct sweeper sweeper = {.message = state, .context = context};

    while (!atomic_load(&context->stopping)) {
        struct error err;
        bool is_more = false;
        enum status s = sweep_timers(&sweeper, &is_more, &err);

        if (s == STATUS_OK)
            s = sweep_old(&sweeper, &err);
        if (s == STATUS_OK)
            s = sweep_vanished(&sweeper, &err);
        if (s != STATUS_OK && !atomic_load(&context->stopping))
            log_warn("what has expired could not be removed yet", LOG_TEXT("reason", err.text));
        if (s != STATUS_OK || !is_more)
            wait_for(&sweeper, s == STATUS_OK ? TICK_MS : RETRY_MS);
    }
}
