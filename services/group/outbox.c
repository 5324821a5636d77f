/* From a group's `pending` into the log of its conversation.
 *
 * Whoever committed a change flushes it and waits for the log's answer. One thread at a time sends
 * for a group, all that is pending, in order; the others wait for it and find their change sent.
 * Another process may do the same at the same time: a change that is in already is answered like a
 * new one, so repeating costs time and nothing else.
 *
 * What is sent but not answered stays pending: the client reads 50301, the change stands, and the
 * sweeper sends it again, in this process or in another, now or after a crash. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "group.h"
#include "log/log.h"
#include "wire/envelope.h"
#include "wire/frames.h"

#define SWEEP_MS 1000
#define SWEEP_BATCH 100
#define SEND_TIMEOUT_MS 5000

enum { SENT, FAILED };

static const struct metric_info infos[] = {
    [SENT] = {"parley_group_outbox_sent_total", METRIC_COUNTER,
              "Changes of groups that their conversations have."},
    [FAILED] = {"parley_group_outbox_failed_total", METRIC_COUNTER,
                "Attempts to send changes of a group that ended early; the sweeper goes on."},
};

struct metrics group_metrics = METRICS(infos);

/* A group that someone here is sending for, or waits for. */
struct sender {
    struct sender *next;
    char *group_id;
    int users;
    bool is_sending;
    int64_t sent_rev;
};

struct outbox {
    struct group_state *group;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct sender *senders; /* as many as requests in hand: a list will do */
};

struct outbox *outbox_new(struct group_state *group)
{
    struct outbox *outbox = memory_new(sizeof *outbox);
    pthread_condattr_t attributes;

    outbox->group = group;
    pthread_mutex_init(&outbox->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&outbox->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    pthread_cond_destroy(&outbox->changed);
    pthread_mutex_destroy(&outbox->lock);
    free(outbox);
}

/* ---- One change */

DEFINE_RECORD_CLEANUP(struct frame_ack, frame_ack)

/* Ask the partition to put one change into the log, where it may be already. */
static enum status send_change(struct outbox *outbox, const struct group_change *change,
                               int timeout_ms, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    CLEANUP(free) char *answer = NULL;
    CLEANUP(frame_ack_clear) struct frame_ack ack = {0};
    char conversation_id[CONVERSATION_ID_MAX];
    struct envelope envelope = {.kind = ENVELOPE_CHANGE, .rev = change->rev};
    enum status s;

    conversation_id_group(change->group_id, conversation_id);
    record_to_json(&group_change_record, change, &json);
    envelope.conversation_id = slice_of(conversation_id);
    envelope.user_id = slice_of(change->user_id);
    envelope.payload = (struct slice){json.data, json.length};
    s = ask_call(outbox->group->context->ask, &envelope, timeout_ms, &answer, err);
    if (s == STATUS_OK)
        s = record_from_json(&frame_ack_record, answer, strlen(answer), &ack, err);
    if (s != STATUS_OK || ack.code == 0)
        return s;
    s = status_from_code(ack.code);
    if (s != STATUS_CONFLICT)
        return error_set(err, s, "change %lld of group %s was refused: %s", (long long)change->rev,
                         change->group_id, ack.message ? ack.message : "no reason given");
    /* We start at the first that is pending, so the one that is expected is not: log and group
     * have parted, which only a lost write of the majority's can do. */
    return error_set(err, STATUS_INTERNAL, "the log expects change %lld of group %s, not %lld",
                     (long long)ack.seq, change->group_id, (long long)change->rev);
}

/* ---- All that is pending */

static int time_left(int64_t deadline)
{
    int64_t left = deadline - clock_monotonic();

    return left > 0 ? (int)left : 0;
}

/* Each when the one before is in. */
static enum status send_in_order(struct outbox *outbox, const struct group *group, int64_t deadline,
                                 int64_t *ret_sent, struct error *err)
{
    const struct group_change *changes = group->pending.items;

    for (size_t i = 0; i < group->pending.n; i++) {
        int timeout_ms = time_left(deadline);
        enum status s;

        if (timeout_ms == 0)
            return error_set(err, STATUS_UNAVAILABLE, "no time is left to send a group's changes");
        s = send_change(outbox, &changes[i], timeout_ms, err);
        if (s != STATUS_OK)
            return s;
        metrics_add(&group_metrics, SENT, METRIC_AT(0), 1);
        *ret_sent = changes[i].rev;
    }
    return STATUS_OK;
}

/* *ret_sent: all up to it are in the log, also when something later failed. */
static enum status send_pending(struct outbox *outbox, const char *group_id, int64_t deadline,
                                int64_t *ret_sent, struct error *err)
{
    CLEANUP(group_clear) struct group group = {0};
    struct store *store = outbox->group->store;
    struct error drop;
    int64_t sent = 0;
    enum status s;

    s = store_find_one(store, GROUPS, &group_outbox_record, &group, err, "{'_id': %s}", group_id);
    if (s != STATUS_OK)
        return s;
    s = send_in_order(outbox, &group, deadline, &sent, err);
    *ret_sent = s == STATUS_OK ? group.rev : sent;
    if (sent == 0)
        return s;
    /* What this fails to remove is sent once more by the sweeper, which is harmless. */
    if (store_update(store, GROUPS, 0, NULL, &drop,
                     "[{'_id': %s}, {'$pull': {'pending': {'rev': {'$lte': %ld}}}}]", group_id,
                     sent) != STATUS_OK)
        log_warn("group changes stay pending", LOG_TEXT("group_id", group_id),
                 LOG_TEXT("reason", drop.text));
    return s;
}

/* ---- One sender at a time */

/* Under the lock. */
static struct sender *sender_take(struct outbox *outbox, const char *group_id)
{
    struct sender *sender;

    for (sender = outbox->senders; sender; sender = sender->next)
        if (strcmp(sender->group_id, group_id) == 0)
            break;
    if (!sender) {
        sender = memory_new(sizeof *sender);
        sender->group_id = memory_text(group_id);
        sender->next = outbox->senders;
        outbox->senders = sender;
    }
    sender->users++;
    return sender;
}

/* Under the lock. */
static void sender_give_back(struct outbox *outbox, struct sender *sender)
{
    struct sender **at = &outbox->senders;

    if (--sender->users > 0)
        return;
    while (*at != sender)
        at = &(*at)->next;
    *at = sender->next;
    free(sender->group_id);
    free(sender);
}

/* Under the lock, which is given up while sending. */
static enum status send_as_sender(struct outbox *outbox, struct sender *sender, int64_t deadline,
                                  struct error *err)
{
    int64_t sent = 0;
    enum status s;

    sender->is_sending = true;
    pthread_mutex_unlock(&outbox->lock);
    s = send_pending(outbox, sender->group_id, deadline, &sent, err);
    if (s != STATUS_OK)
        metrics_add(&group_metrics, FAILED, METRIC_AT(0), 1);
    pthread_mutex_lock(&outbox->lock);
    sender->is_sending = false;
    if (sent > sender->sent_rev)
        sender->sent_rev = sent;
    pthread_cond_broadcast(&outbox->changed);
    return s;
}

enum status outbox_flush(struct outbox *outbox, const char *group_id, int64_t rev, int timeout_ms,
                         struct error *err)
{
    int64_t deadline = clock_monotonic() + timeout_ms;
    struct timespec until = {deadline / 1000, deadline % 1000 * 1000000};
    struct sender *sender;
    enum status s = STATUS_OK;

    pthread_mutex_lock(&outbox->lock);
    sender = sender_take(outbox, group_id);
    while (sender->sent_rev < rev && s == STATUS_OK) {
        if (!sender->is_sending)
            s = send_as_sender(outbox, sender, deadline, err);
        else if (pthread_cond_timedwait(&outbox->changed, &outbox->lock, &until) != 0)
            s = error_set(err, STATUS_UNAVAILABLE, "others' changes of the group came first");
    }
    if (sender->sent_rev >= rev)
        s = STATUS_OK; /* something later failed, not this */
    sender_give_back(outbox, sender);
    pthread_mutex_unlock(&outbox->lock);
    return s;
}

/* ---- The sweeper */

static void groups_clear_at(struct list *groups)
{
    list_clear(groups, &group_outbox_record);
}

/* What is pending for longer than a request takes is nobody's. Groups come in the order of their
 * ids from *last on, so that one that cannot be sent does not keep the others waiting. */
static void sweep(struct group_state *group, struct service_context *context, char last[ID_MAX])
{
    CLEANUP(groups_clear) struct list groups = {0};
    const struct store_find how = {.sort = "{'_id': 1}", .limit = SWEEP_BATCH};
    struct error err;
    enum status s;

    s = store_find(group->store, GROUPS, &how, &group_outbox_record, &groups, &err,
                   "{'_id': {'$gt': %s}, 'pending.rev': {'$gt': 0}}", last);
    last[0] = '\0';
    if (s != STATUS_OK)
        return; /* readiness says so already */
    for (size_t i = 0; i < groups.n && !context->stopping; i++) {
        const struct group *one = &((struct group *)groups.items)[i];

        s = outbox_flush(group->outbox, one->group_id, one->rev, SEND_TIMEOUT_MS, &err);
        if (s != STATUS_OK)
            log_warn("group changes cannot be sent", LOG_TEXT("group_id", one->group_id),
                     LOG_TEXT("reason", err.text));
        if (i + 1 == SWEEP_BATCH)
            (void)snprintf(last, ID_MAX, "%s", one->group_id); /* ours: it fits */
    }
}

void outbox_sweep(void *state, struct service_context *context)
{
    const struct timespec pause = {SWEEP_MS / 1000, SWEEP_MS % 1000 * 1000000};
    char last[ID_MAX] = "";

    while (!context->stopping) {
        if (ask_is_connected(context->ask))
            sweep(state, context, last);
        nanosleep(&pause, NULL);
    }
}
