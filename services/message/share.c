#include "share.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/envelope.h"

enum status share_open(struct share *share, const char *node, struct error *err)
{
    pthread_mutex_lock(&share->lock);                            /* events may come already */
    (void)snprintf(share->node, sizeof share->node, "%s", node); /* a NODE_ID: fits */
    if (share->wake_fd < 0)
        share->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_unlock(&share->lock);
    if (share->wake_fd < 0)
        return error_set(err, STATUS_UNAVAILABLE, "cannot open an eventfd");
    return STATUS_OK;
}

void share_close(struct share *share)
{
    if (share->wake_fd >= 0)
        (void)close(share->wake_fd);
    share->wake_fd = -1;
}

void share_hear(struct share *share, const struct message_owner *event)
{
    pthread_mutex_lock(&share->lock);
    if (strcmp(event->node, share->node) != 0 &&
        balance_hear(&share->balance, event->node, (unsigned)event->held, event->leaving,
                     clock_monotonic()))
        (void)eventfd_write(share->wake_fd, 1); /* not open yet: the owner has yet to look */
    pthread_mutex_unlock(&share->lock);
}

void share_missed(struct share *share)
{
    pthread_mutex_lock(&share->lock);
    balance_renew(&share->balance, clock_monotonic());
    pthread_mutex_unlock(&share->lock);
}

int share_quota(struct share *share, unsigned *ret_taken, bool *ret_is_news)
{
    eventfd_t count;
    int quota;

    *ret_is_news = eventfd_read(share->wake_fd, &count) == 0;
    pthread_mutex_lock(&share->lock);
    quota = balance_quota(&share->balance, share->node, clock_monotonic(), ret_taken);
    pthread_mutex_unlock(&share->lock);
    return quota;
}

static enum status publish(struct share *share, struct bus *bus, unsigned held, bool leaving,
                           struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    CLEANUP(buffer_clear) struct buffer body = {0};
    const struct message_owner event = {.node = share->node, .held = held, .leaving = leaving};
    struct envelope envelope = {.kind = ENVELOPE_EVENT};

    record_to_json(&message_owner_record, &event, &json);
    envelope.payload = (struct slice){json.data, json.length};
    envelope_add(&body, &envelope);
    share->told_at = clock_monotonic();
    share->told_held = held;
    return bus_publish(bus, EXCHANGE_EVENT, EVENT_MESSAGE_OWNER, NULL, 0,
                       (struct slice){body.data, body.length}, 0, err);
}

int share_due_ms(const struct share *share)
{
    int64_t left = share->told_at + BALANCE_BEAT_MS - clock_monotonic();

    return left > 0 ? (int)left : 0;
}

enum status share_tell(struct share *share, struct bus *bus, unsigned held, struct error *err)
{
    if (held == share->told_held && share_due_ms(share) > 0)
        return STATUS_OK;
    return publish(share, bus, held, false, err);
}

enum status share_leave(struct share *share, struct bus *bus, struct error *err)
{
    return publish(share, bus, 0, true, err);
}
