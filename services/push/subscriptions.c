/* What the broker is asked for: a queue per user, a binding per group; and asking again after the
 * connection was lost.
 *
 * A user's sockets are let in when his queue is consumed, his groups are known (asked for after
 * that) and bound: then nothing that is published from there on passes him by. */

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log/log.h"
#include "router.h"
#include "wire/frames.h"

/* A new queue costs the broker 1.5 to 3 ms, for which this thread waits: not so many at once that
 * deliveries to others wait for long. */
#define SUBSCRIBE_BATCH 16
#define AGAIN_EVERY_MS 50 /* SUBSCRIBE_BATCH each: 320 users a second after a loss */

#define LINGER_MS 30000 /* after a user's last socket; most come back sooner */
#define UNSUBSCRIBE_BATCH 16

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 2000
#define TURN_MAX_MS 250

static int user_channel(const struct user *user)
{
    return CHANNEL_USERS + topology_partition(user->id, strlen(user->id)) % USER_CHANNELS;
}

/* ---- The connection */

static void queue_add(struct user_queue *queue, struct user *user)
{
    if (user->is_queued)
        return;
    user->is_queued = true;
    user->next_queued = NULL;
    if (queue->last)
        queue->last->next_queued = user;
    else
        queue->first = user;
    queue->last = user;
}

static struct user *queue_take(struct user_queue *queue)
{
    struct user *user = queue->first;

    if (!user)
        return NULL;
    queue->first = user->next_queued;
    if (!queue->first)
        queue->last = NULL;
    user->is_queued = false;
    return user;
}

static enum status open_channels(struct router *router, struct error *err)
{
    enum status s = bus_consume_node(router->bus, CHANNEL_NODE, router->node, err);

    for (int i = 0; i < USER_CHANNELS && s == STATUS_OK; i++)
        s = bus_channel_open(router->bus, CHANNEL_USERS + i, err);
    return s;
}

void subscriptions_connect(struct router *router)
{
    struct push_state *push = router->push;
    uint32_t jitter;
    struct error err;
    enum status s = STATUS_OK;

    if (router->now < router->connect_at)
        return;
    if (!router->bus)
        s = bus_open(push->context->config->amqp_url, router->node, &router->bus, &err);
    if (s == STATUS_OK)
        s = bus_connect(router->bus, &err);
    if (s == STATUS_OK)
        s = open_channels(router, &err);
    if (s == STATUS_OK) {
        router->is_connected = true;
        router->backoff_ms = 0;
        atomic_store(&push->is_consuming, true);
        log_info("consuming connection open");
        return;
    }
    bus_close(TAKE(router->bus));
    if (router->backoff_ms == 0) { /* said once, not at each attempt */
        log_warn("no connection to RabbitMQ", LOG_TEXT("reason", err.text));
        router->backoff_ms = BACKOFF_FIRST_MS;
    } else if (router->backoff_ms < BACKOFF_MAX_MS) {
        router->backoff_ms *= 2;
    }
    if (getrandom(&jitter, sizeof jitter, 0) != sizeof jitter)
        jitter = 0; /* cannot happen for so few bytes */
    router->connect_at = router->now + router->backoff_ms / 2 + jitter % router->backoff_ms;
}

/* Sockets stay. What is published meanwhile passes them by, so each user is told to look for what
 * he missed when he is subscribed again. */
void subscriptions_lose(struct router *router, const struct error *err)
{
    struct user *user, *next;
    struct group *group, *next_group;

    log_warn("consuming connection lost", LOG_TEXT("reason", err->text));
    atomic_store(&router->push->is_consuming, false);
    bus_close(TAKE(router->bus));
    router->is_connected = false;
    router->connect_at = 0;
    router->epoch++;
    HASH_ITER(hh, router->registry.groups, group, next_group) {
        group->is_bound = false;
        if (group->n_known == 0 && !group->is_listed)
            registry_group_free(&router->registry, group); /* its unbinding failed just now */
    }
    HASH_ITER(hh, router->registry.users, user, next) {
        user->state = USER_NEW;
        user->is_subscribed = false;
        if (user->n_seats == 0 && !user->is_queued) {
            registry_user_free(&router->registry, user);
            continue;
        }
        registry_leave_all(&router->registry, user);
        user->wants_resync = true;
        queue_add(&router->again, user);
    }
}

/* ---- Users */

void subscriptions_want(struct router *router, struct user *user)
{
    if (user->state == USER_NEW)
        queue_add(&router->fresh, user);
}

static size_t take_batch(struct router *router, struct user *batch[SUBSCRIBE_BATCH])
{
    bool again = router->now >= router->again_at;
    size_t n = 0;

    while (n < SUBSCRIBE_BATCH) {
        struct user *user = queue_take(&router->fresh);

        if (!user && again)
            user = queue_take(&router->again);
        if (!user)
            break;
        if (user->n_seats > 0)
            batch[n++] = user;
        else /* he left before his turn came */
            registry_user_free(&router->registry, user);
    }
    if (again)
        router->again_at = router->now + AGAIN_EVERY_MS;
    return n;
}

static enum status subscribe(struct router *router, struct user *const *batch, size_t n,
                             struct error *err)
{
    bool used[USER_CHANNELS] = {false};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n && s == STATUS_OK; i++) {
        int channel = user_channel(batch[i]);

        used[channel - CHANNEL_USERS] = true;
        s = bus_subscribe_user(router->bus, channel, batch[i]->id, router->node, err);
    }
    for (int i = 0; i < USER_CHANNELS && s == STATUS_OK; i++)
        if (used[i])
            s = bus_sync(router->bus, CHANNEL_USERS + i, err);
    return s;
}

static enum status subscribe_some(struct router *router, struct error *err)
{
    struct user *batch[SUBSCRIBE_BATCH];
    size_t n = take_batch(router, batch);
    struct letter *question;
    enum status s;

    if (n == 0)
        return STATUS_OK;
    s = subscribe(router, batch, n, err);
    if (s != STATUS_OK) {
        for (size_t i = 0; i < n; i++)
            queue_add(&router->again, batch[i]);
        return s;
    }
    question = letter_new(LETTER_FIND_GROUPS);
    question->epoch = router->epoch;
    for (size_t i = 0; i < n; i++) {
        batch[i]->state = USER_LOOKED_UP;
        batch[i]->is_subscribed = true;
        strings_add(&question->ids, batch[i]->id);
    }
    letters_add(&router->lookups, question);
    return STATUS_OK;
}

/* 30 s after the last socket. The queue itself is left to expire: a user who comes back within
 * five minutes finds it, which is cheap. */
static enum status unsubscribe_idle(struct router *router, struct error *err)
{
    enum status s = STATUS_OK;

    for (int i = 0; i < UNSUBSCRIBE_BATCH && s == STATUS_OK; i++) {
        struct user *user = router->registry.first_idle;

        if (!user || router->now - user->left_at < LINGER_MS)
            break;
        if (user->is_queued) { /* still on his way in; looked at again later */
            registry_set_idle(&router->registry, user, router->now);
            continue;
        }
        if (user->is_subscribed)
            s = bus_unsubscribe_user(router->bus, user_channel(user), user->id, router->node, err);
        registry_user_free(&router->registry, user);
    }
    return s;
}

/* ---- Groups */

static void resync_joined(struct router *router, struct group *group)
{
    char conversation_id[CONVERSATION_ID_MAX];

    conversation_id_group(group->id, conversation_id);
    for (size_t i = 0; i < group->n_members; i++)
        if (group->members[i]->wants_resync) {
            group->members[i]->wants_resync = false;
            fanout_resync(router, group->members[i]->user, conversation_id);
        }
}

/* Bind the groups that have members here now, unbind those that have none any more. All bindings
 * of a turn are made sure of by one call. */
static enum status bind_groups(struct router *router, struct error *err)
{
    struct group *list = NULL;
    struct group *group;
    bool is_sent = false;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && (group = registry_take_listed(&router->registry))) {
        bool wanted = group->n_members > 0;

        if (wanted != group->is_bound) {
            s = bus_bind_group(router->bus, CHANNEL_NODE, group->id, router->node, wanted, err);
            group->is_bound = wanted && s == STATUS_OK;
            is_sent = is_sent || wanted;
        }
        if (wanted) {
            group->next_listed = list; /* is_listed is false: nobody lists before we are done */
            list = group;
        } else if (group->n_known == 0) {
            registry_group_free(&router->registry, group);
        }
    }
    if (s == STATUS_OK && is_sent)
        s = bus_sync(router->bus, CHANNEL_NODE, err);
    for (; list && s == STATUS_OK; list = list->next_listed)
        resync_joined(router, list);
    return s;
}

static void let_in(struct router *router, struct user *user)
{
    user->state = USER_LIVE;
    for (size_t i = 0; i < user->n_seats; i++)
        if (!user->seats[i]->is_accepted) {
            ws_outbox_accept(router->outbox, user->seats[i]->id);
            user->seats[i]->is_accepted = true;
        }
    if (user->wants_resync)
        fanout_resync(router, user, NULL);
    user->wants_resync = false;
}

static struct user *find_waiting(struct router *router, const char *user_id)
{
    struct user *user = registry_find_user(&router->registry, slice_of(user_id));

    return user && user->state == USER_LOOKED_UP ? user : NULL;
}

/* What `message` knows of some users' groups. What the log told us meanwhile, by a change of a
 * higher rev, stands. */
void subscriptions_groups(struct router *router, struct letter *letter)
{
    const struct user_groups *users = letter->groups.users.items;
    size_t n = letter->groups.users.n;
    struct error err;
    enum status s;

    if (letter->epoch != router->epoch || !router->is_connected)
        return; /* asked before the connection was lost: all are asked for again */
    for (size_t i = 0; i < n; i++) {
        struct user *user = find_waiting(router, users[i].user_id);
        const struct group_membership *groups = users[i].groups.items;

        for (size_t k = 0; user && k < users[i].groups.n; k++)
            (void)registry_set_member(&router->registry, user, groups[k].group_id, groups[k].rev,
                                      groups[k].from_seq, true);
    }
    s = bind_groups(router, &err);
    if (s != STATUS_OK) {
        subscriptions_lose(router, &err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct user *user = find_waiting(router, users[i].user_id);

        if (user)
            let_in(router, user);
    }
}

/* ---- Turns */

void subscriptions_turn(struct router *router)
{
    struct error err;
    enum status s;

    if (!router->is_connected)
        return;
    s = bind_groups(router, &err);
    if (s == STATUS_OK)
        s = subscribe_some(router, &err);
    if (s == STATUS_OK)
        s = unsubscribe_idle(router, &err);
    if (s != STATUS_OK)
        subscriptions_lose(router, &err);
}

int subscriptions_wait_ms(const struct router *router)
{
    int64_t until = router->now + TURN_MAX_MS;

    if (router->is_connected) {
        if (router->fresh.first || router->registry.listed)
            return 0;
        if (router->again.first && router->again_at < until)
            until = router->again_at;
    } else if (router->connect_at < until) {
        until = router->connect_at;
    }
    return until > router->now ? (int)(until - router->now) : 0;
}
