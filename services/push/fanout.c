/* What comes from the broker, to the sockets that it is for. */

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "router.h"
#include "wire/frames.h"

static struct ws_frame *text_frame(struct slice payload)
{
    return ws_frame_new(WS_TEXT, payload);
}

/* ---- Gathering who gets a frame */

static void gather_user(struct router *router, const struct user *user, uint64_t except)
{
    if (router->n_ids + user->n_seats > router->ids_room) {
        router->ids_room = (router->n_ids + user->n_seats) * 2;
        router->ids = memory_grow(router->ids, router->ids_room, sizeof *router->ids);
    }
    for (size_t i = 0; i < user->n_seats; i++)
        if (user->seats[i]->id != except && user->seats[i]->is_accepted)
            router->ids[router->n_ids++] = user->seats[i]->id;
}

/* One frame, encoded once, to all that were gathered. */
static void send_gathered(struct router *router, struct slice payload)
{
    if (router->n_ids > 0) {
        CLEANUP(ws_frame_free) struct ws_frame *frame = text_frame(payload);

        ws_outbox_send(router->outbox, router->ids, router->n_ids, frame);
        metrics_add(&push_metrics, PUSH_DELIVERIES, METRIC_AT(0), (int64_t)router->n_ids);
    }
    router->n_sent += router->n_ids;
    router->n_ids = 0;
}

/* The sending socket has its ack, and gets no echo. */
static uint64_t sender_of(const struct router *router, const struct envelope *envelope)
{
    return slice_is(envelope->node, router->node) ? envelope->connection_id : 0;
}

/* ---- Members */

typedef void visit(struct router *router, struct slice user_id, struct slice group_id,
                   const struct envelope *envelope);

static void each_user(struct router *router, struct slice list, struct slice group_id,
                      const struct envelope *envelope, visit *visit_user)
{
    while (list.length > 0) {
        const char *comma = memchr(list.data, ',', list.length);
        size_t n = comma ? (size_t)(comma - list.data) : list.length;

        visit_user(router, (struct slice){list.data, n}, group_id, envelope);
        n += comma != NULL;
        list.data += n;
        list.length -= n;
    }
}

static struct user *find_subscribed(struct router *router, struct slice user_id)
{
    struct user *user = registry_find_user(&router->registry, user_id);

    return user && user->is_subscribed ? user : NULL;
}

static void change(struct router *router, struct slice user_id, struct slice group_id,
                   const struct envelope *envelope, bool is_in)
{
    struct user *user = find_subscribed(router, user_id);
    char group[ID_MAX] = "";
    struct membership *membership;

    if (!user || group_id.length >= sizeof group)
        return;
    memcpy(group, group_id.data, group_id.length);
    if (!registry_set_member(&router->registry, user, group, envelope->rev, envelope->seq, is_in))
        return; /* the other copy came first, or his groups were asked for later than that */
    gather_user(router, user, sender_of(router, envelope));
    membership = registry_find_membership(user, group);
    membership->wants_resync = is_in; /* told as soon as the group is bound */
}

static void visit_in(struct router *router, struct slice user_id, struct slice group_id,
                     const struct envelope *envelope)
{
    change(router, user_id, group_id, envelope, true);
}

static void visit_out(struct router *router, struct slice user_id, struct slice group_id,
                      const struct envelope *envelope)
{
    change(router, user_id, group_id, envelope, false);
}

static bool lists_user(struct slice list, const char *user_id)
{
    size_t n = strlen(user_id);

    while (list.length > 0) {
        const char *comma = memchr(list.data, ',', list.length);
        size_t length = comma ? (size_t)(comma - list.data) : list.length;

        if (length == n && memcmp(list.data, user_id, n) == 0)
            return true;
        length += comma != NULL;
        list.data += length;
        list.length -= length;
    }
    return false;
}

/* Those of a list who have sockets here. */
static void visit_present(struct router *router, struct slice user_id, struct slice group_id,
                          const struct envelope *envelope)
{
    struct user *user = registry_find_user(&router->registry, user_id);

    (void)group_id;
    if (user)
        gather_user(router, user, sender_of(router, envelope));
}

static struct slice group_of(const struct envelope *envelope)
{
    static const char prefix[] = "group:";
    struct slice id = envelope->conversation_id;

    if (id.length < sizeof prefix - 1 || memcmp(id.data, prefix, sizeof prefix - 1) != 0)
        return (struct slice){"", 0};
    return (struct slice){id.data + sizeof prefix - 1, id.length - (sizeof prefix - 1)};
}

/* The copy that came by the group: for those who stay as they are, and for those concerned. */
static void members_by_group(struct router *router, const struct envelope *envelope)
{
    struct slice group_id = group_of(envelope);
    struct group *group = registry_find_group(&router->registry, group_id);

    for (size_t i = 0; group && i < group->n_members; i++) {
        struct membership *membership = group->members[i];

        if (membership->rev >= envelope->rev ||
            lists_user(envelope->users_in, membership->user->id) ||
            lists_user(envelope->users_out, membership->user->id))
            continue;
        membership->rev = envelope->rev;
        gather_user(router, membership->user, sender_of(router, envelope));
    }
    each_user(router, envelope->users_in, group_id, envelope, visit_in);
    each_user(router, envelope->users_out, group_id, envelope, visit_out);
}

/* The copy for one whom the change concerns. */
static void members_by_user(struct router *router, struct slice user_id,
                            const struct envelope *envelope)
{
    CLEANUP(free) char *id = memory_text_n(user_id.data, user_id.length);

    if (lists_user(envelope->users_in, id))
        change(router, user_id, group_of(envelope), envelope, true);
    else if (lists_user(envelope->users_out, id))
        change(router, user_id, group_of(envelope), envelope, false);
}

/* ---- Deliveries */

static void deliver_to_group(struct router *router, struct slice group_id,
                             const struct envelope *envelope)
{
    struct group *group = registry_find_group(&router->registry, group_id);
    uint64_t except = sender_of(router, envelope);

    for (size_t i = 0; group && i < group->n_members; i++)
        if (envelope->seq == 0 || envelope->seq >= group->members[i]->from_seq)
            gather_user(router, group->members[i]->user, except);
}

#define ANSWERED_MAX_US 60000000 /* what is older comes from another life of this node */

static void count_answer(const struct envelope *envelope)
{
    int64_t us = clock_monotonic_us() - envelope->seq;

    metrics_add(&push_metrics, PUSH_ANSWERS, METRIC_AT(status_from_code(envelope->rev)), 1);
    if (envelope->seq > 0 && us >= 0 && us < ANSWERED_MAX_US)
        metrics_observe(&push_metrics, PUSH_ANSWER_SECONDS, METRIC_AT(envelope->rev != 0), us);
}

static void deliver(struct router *router, const char *key, const struct envelope *envelope)
{
    struct slice name = slice_of(key + 2);
    bool is_user = strncmp(key, "u.", 2) == 0;
    struct user *user = is_user ? registry_find_user(&router->registry, name) : NULL;

    if (envelope->kind == ENVELOPE_ANSWER) {
        CLEANUP(ws_frame_free) struct ws_frame *frame = text_frame(envelope->payload);

        ws_outbox_send(router->outbox, &envelope->connection_id, 1, frame);
        router->n_sent = 1;
        count_answer(envelope);
        return;
    }
    if (envelope->kind == ENVELOPE_MEMBERS && is_user)
        members_by_user(router, name, envelope);
    else if (envelope->kind == ENVELOPE_MEMBERS)
        members_by_group(router, envelope);
    else if (envelope->kind == ENVELOPE_USERS)
        each_user(router, envelope->users_in, (struct slice){"", 0}, envelope, visit_present);
    else if (envelope->kind == ENVELOPE_DELIVER && user)
        gather_user(router, user, sender_of(router, envelope));
    else if (envelope->kind == ENVELOPE_DELIVER && strncmp(key, "g.", 2) == 0)
        deliver_to_group(router, name, envelope);
    send_gathered(router, envelope->payload);
}

static void deliver_traced(struct router *router, const char *key, const struct envelope *envelope)
{
    struct trace_span span;

    span_begin_given(&span, SPAN_CONSUMER,
                     envelope->kind == ENVELOPE_ANSWER ? "push.answer" : "push.deliver",
                     envelope->traceparent);
    router->n_sent = 0;
    deliver(router, key, envelope);
    if (span.is_begun)
        log_debug("delivered", LOG_NUMBER("sockets", (int64_t)router->n_sent));
    span_add_number(&span, "parley.sockets", (int64_t)router->n_sent);
    span_end(&span, true);
}

void fanout_delivery(struct router *router, const struct delivery *delivery)
{
    struct slice rest = delivery->body;
    struct envelope envelope;
    struct error err;
    enum status s;

    while ((s = envelope_next(&rest, &envelope, &err)) == STATUS_OK)
        deliver_traced(router, delivery->key, &envelope);
    if (s != STATUS_NOT_FOUND)
        log_error("delivery cannot be read", LOG_TEXT("key", delivery->key),
                  LOG_TEXT("reason", err.text));
}

void fanout_system(struct router *router, struct user *user, const struct system_content *content)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct frame_system frame = {
        .type = FRAME_SYSTEM, .content = (void *)content, .timestamp = clock_now()};

    record_to_json(&frame_system_record, &frame, &json);
    gather_user(router, user, 0);
    send_gathered(router, (struct slice){json.data, json.length});
}

void fanout_resync(struct router *router, struct user *user, const char *conversation_id)
{
    const struct system_content content = {.event = (char *)"resync",
                                           .conversation_id = (char *)conversation_id};

    fanout_system(router, user, &content);
    metrics_add(&push_metrics, PUSH_RESYNCS, METRIC_AT(0), 1);
}
