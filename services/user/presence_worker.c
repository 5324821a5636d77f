/* What push saw is told to friends, and those whose node died are found.
 *
 * One process at a time consumes the queue: what is told of one user then keeps its order. What a
 * change says is checked against Redis, since two nodes' events come in any order. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cache/presence.h"
#include "log/log.h"
#include "presence_tell.h"
#include "user.h"

#define CHANNEL 2
#define CHANGES_MAX 1000 /* handled at once */
#define CLAIM_MS 1000    /* how often the queue is tried for while another has it */
#define SWEEP_MS 2000
#define REDIS_WAIT_MS 3000 /* push has just had its answer: most likely it is back at once */

DEFINE_RECORD_CLEANUP(struct presence_changes, presence_changes)

/* ---- Changes */

/* The last change of a user. */
struct last {
    char *user_id;
    bool online;
    int64_t at;
    UT_hash_handle hh;
};

static void keep_change(struct last **all, const struct presence_change *change)
{
    struct last *last;

    HASH_FIND_STR(*all, change->user_id, last);
    if (!last) {
        last = memory_new(sizeof *last);
        last->user_id = memory_text(change->user_id);
        HASH_ADD_KEYPTR(hh, *all, last->user_id, strlen(last->user_id), last);
    }
    last->online = change->online;
    last->at = change->timestamp;
}

static void forget_changes(struct last **all)
{
    struct last *last, *next;

    HASH_ITER(hh, *all, last, next) {
        HASH_DEL(*all, last);
        free(last->user_id);
        free(last);
    }
}

/* Split what is to be told by whether they went, who come first; returns how many went. Invisible
 * people are never told of, nor what Redis contradicts: then another change is under way. */
static size_t choose(const struct last *all, const struct cache_online *online,
                     const struct list *profiles, struct presence_news *ret, size_t *ret_n)
{
    size_t n = 0, n_gone = 0, i = 0;

    for (const struct last *last = all; last; last = last->hh.next, i++) {
        const struct presence_profile *profile = presence_profile_get(profiles, last->user_id);
        struct presence_news news = {last->user_id, last->online, last->at};

        if (profile && profile->invisible)
            continue;
        if (online && last->online != (online[i].seen_at != 0))
            continue;
        ret[n++] = news;
        if (news.online)
            continue;
        ret[n - 1] = ret[n_gone];
        ret[n_gone++] = news;
    }
    *ret_n = n;
    return n_gone;
}

static void wait_ms(int ms, const atomic_bool *stopping)
{
    int64_t until = clock_monotonic() + ms;

    while (clock_monotonic() < until && !atomic_load(stopping))
        (void)poll(NULL, 0, 100);
}

/* False: Redis is away. */
static bool find_online(struct user_state *user, const struct strings *ids,
                        struct cache_online *ret, const atomic_bool *stopping)
{
    int64_t until = clock_monotonic() + REDIS_WAIT_MS;
    struct error err;

    while (cache_find_online(user->cache, ids, ret, &err) != STATUS_OK) {
        if (clock_monotonic() >= until || atomic_load(stopping))
            return false;
        wait_ms(100, stopping);
    }
    return true;
}

/* Redis away: when they went is kept, but whom to tell is unknown. */
static enum status handle_all(struct user_state *user, const struct last *all, size_t n,
                              const atomic_bool *stopping, struct error *err)
{
    CLEANUP(presence_profiles_clear) struct list profiles = {0};
    CLEANUP(free) struct cache_online *online = memory_grow(NULL, n, sizeof *online);
    CLEANUP(free) struct presence_news *news = memory_grow(NULL, n, sizeof *news);
    struct strings ids = {0};
    size_t n_news, n_gone;
    bool is_known;
    enum status s;

    for (const struct last *last = all; last; last = last->hh.next)
        strings_add(&ids, last->user_id);
    is_known = find_online(user, &ids, online, stopping);
    s = presence_profiles(user, &ids, &profiles, err);
    strings_clear(&ids);
    n_gone = choose(all, is_known ? online : NULL, &profiles, news, &n_news);
    if (is_known)
        cache_online_clear(online, n);
    if (s == STATUS_OK)
        s = presence_save_last_seen(user, news, n_gone, err);
    if (s == STATUS_OK && is_known)
        s = presence_tell(user, news, n_news, err);
    return s;
}

/* ---- The queue */

struct inbox {
    struct bus *bus;
    bool is_ours;
    struct last *changes;
    uint64_t last_tag; /* 0: nothing in hand */
    bool is_waiting;   /* said already */
};

static void read_delivery(struct inbox *inbox, const struct delivery *delivery)
{
    struct slice rest = delivery->body;
    struct envelope envelope;

    while (envelope_next(&rest, &envelope, NULL) == STATUS_OK) {
        CLEANUP(presence_changes_clear) struct presence_changes event = {0};
        const struct presence_change *changes;
        struct error err;

        if (record_from_json(&presence_changes_record, envelope.payload.data,
                             envelope.payload.length, &event, &err) != STATUS_OK) {
            log_error("event cannot be read", LOG_TEXT("key", EVENT_PRESENCE),
                      LOG_TEXT("reason", err.text));
            continue;
        }
        changes = event.changes.items;
        for (size_t i = 0; i < event.changes.n; i++)
            keep_change(&inbox->changes, &changes[i]);
    }
    inbox->last_tag = delivery->tag;
}

static enum status gather(struct inbox *inbox, struct error *err)
{
    int wait_ms = 500;

    while (HASH_COUNT(inbox->changes) < CHANGES_MAX) {
        struct delivery delivery = {0};
        enum status s = bus_take(inbox->bus, wait_ms, -1, &delivery, err);

        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        read_delivery(inbox, &delivery);
        bus_delivery_clear(&delivery);
        wait_ms = 0;
    }
    return STATUS_OK;
}

static enum status claim(struct inbox *inbox, const atomic_bool *stopping, struct error *err)
{
    enum status s = STATUS_OK;

    if (!bus_is_connected(inbox->bus)) {
        inbox->is_ours = false;
        s = bus_reconnect(inbox->bus, stopping, err);
    }
    if (s != STATUS_OK || inbox->is_ours)
        return s;
    s = bus_consume(inbox->bus, CHANNEL, queues[QUEUE_USER_PRESENCE].name,
                    queues[QUEUE_USER_PRESENCE].prefetch, BUS_EXCLUSIVE, err);
    inbox->is_ours = s == STATUS_OK;
    return s;
}

static enum status handle_some(struct user_state *user, struct inbox *inbox,
                               const atomic_bool *stopping, struct error *err)
{
    enum status s = gather(inbox, err);

    if (s == STATUS_OK && inbox->changes)
        s = handle_all(user, inbox->changes, HASH_COUNT(inbox->changes), stopping, err);
    if (s == STATUS_OK && inbox->last_tag)
        s = bus_ack(inbox->bus, CHANNEL, inbox->last_tag, true, err);
    inbox->is_waiting = inbox->is_waiting && s != STATUS_OK;
    forget_changes(&inbox->changes);
    inbox->last_tag = 0;
    return s;
}

/* What could not be handled goes back to the queue, where the oldest is dropped when it is full. */
static void give_back(struct inbox *inbox, enum status s, const struct error *err,
                      const atomic_bool *stopping)
{
    bool is_news = s != STATUS_CONFLICT && !inbox->is_waiting;

    if (is_news && !atomic_load(stopping))
        log_warn("presence waits", LOG_TEXT("reason", err->text));
    inbox->is_waiting = s != STATUS_CONFLICT;
    if (inbox->is_ours)
        bus_channel_close(inbox->bus, CHANNEL);
    inbox->is_ours = false;
    wait_ms(CLAIM_MS, stopping);
}

void presence_run(void *state, struct service_context *context)
{
    struct user_state *user = state;
    struct inbox inbox = {0};
    struct error err;

    if (bus_open(context->config->amqp_url, context->config->node_id, &inbox.bus, &err) !=
        STATUS_OK)
        log_error("no bus", LOG_TEXT("reason", err.text));
    while (inbox.bus && !atomic_load(&context->stopping)) {
        enum status s = claim(&inbox, &context->stopping, &err);

        if (s == STATUS_OK)
            s = handle_some(user, &inbox, &context->stopping, &err);
        if (s != STATUS_OK)
            give_back(&inbox, s, &err, &context->stopping);
    }
    bus_close(inbox.bus);
}

/* ---- The dead */

static enum status publish_gone(struct user_state *user, const struct strings *gone,
                                struct error *err)
{
    CLEANUP(presence_changes_clear) struct presence_changes event = {0};
    CLEANUP(buffer_clear) struct buffer json = {0};

    if (gone->n == 0)
        return STATUS_OK;
    for (size_t i = 0; i < gone->n; i++) {
        struct presence_change *change = list_add(&event.changes, &presence_change_record);

        change->user_id = memory_text(gone->items[i]);
        change->timestamp = clock_now() - CACHE_ONLINE_MS; /* when he was known to be here */
    }
    record_to_json(&presence_changes_record, &event, &json);
    return ask_publish_event(user->ask, EVENT_PRESENCE, buffer_text(&json), err);
}

/* Each batch is published before it is forgotten: who dies in between does it again, which only
 * tells some of them twice. */
static enum status sweep_batch(struct user_state *user, const char *life, bool *ret_is_done,
                               struct error *err)
{
    struct strings users = {0};
    struct strings gone = {0};
    bool is_dead = false;
    enum status s = cache_sweep(user->cache, life, &users, &gone, err);

    if (s == STATUS_OK)
        s = publish_gone(user, &gone, err);
    if (s == STATUS_OK)
        s = cache_swept(user->cache, life, &users, &is_dead, err);
    *ret_is_done = users.n == 0 || !is_dead;
    strings_clear(&users);
    strings_clear(&gone);
    return s;
}

static enum status sweep_life(struct user_state *user, const char *life,
                              const atomic_bool *stopping, struct error *err)
{
    bool is_done = false;
    enum status s = STATUS_OK;

    log_info("a node's life has ended", LOG_TEXT("life", life));
    while (s == STATUS_OK && !is_done && !atomic_load(stopping))
        s = sweep_batch(user, life, &is_done, err);
    return s;
}

static enum status sweep_all(struct user_state *user, const atomic_bool *stopping,
                             struct error *err)
{
    struct strings dead = {0};
    enum status s = cache_find_dead(user->cache, &dead, err);

    for (size_t i = 0; s == STATUS_OK && i < dead.n; i++)
        s = sweep_life(user, dead.items[i], stopping, err);
    strings_clear(&dead);
    return s;
}

/* After Redis was away all nodes look dead: none of them could say that it lives. Each gets the
 * time for it again. */
void presence_sweep_run(void *state, struct service_context *context)
{
    struct user_state *user = state;
    int64_t trusted_at = 0;
    bool is_away = false;

    while (!atomic_load(&context->stopping)) {
        struct error err;
        enum status s = cache_ping(user->cache, &err);

        if (s != STATUS_OK)
            trusted_at = clock_monotonic() + CACHE_ONLINE_MS;
        else if (clock_monotonic() >= trusted_at)
            s = sweep_all(user, &context->stopping, &err);
        if (s != STATUS_OK && !is_away)
            log_warn("presence not swept", LOG_TEXT("reason", err.text));
        is_away = s != STATUS_OK;
        wait_ms(SWEEP_MS, &context->stopping);
    }
}
