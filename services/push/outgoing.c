#include "outgoing.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum status outgoing_init(struct outgoing *outgoing, struct error *err)
{
    *outgoing = (struct outgoing){.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    pthread_mutex_init(&outgoing->lock, NULL);
    if (outgoing->wake < 0)
        return error_set(err, STATUS_INTERNAL, "no eventfd: %s", strerror(errno));
    return STATUS_OK;
}

void outgoing_clear(struct outgoing *outgoing)
{
    for (int i = 0; i < PARTITIONS; i++)
        buffer_clear(&outgoing->waiting[i]);
    buffer_clear(&outgoing->presence);
    if (outgoing->wake > 0)
        close(outgoing->wake);
    outgoing->wake = 0;
}

bool outgoing_is_full(const struct outgoing *outgoing, size_t more)
{
    return atomic_load_explicit(&outgoing->bytes, memory_order_relaxed) + more > OUTGOING_MAX;
}

void outgoing_put(struct outgoing *outgoing, struct buffer commands[PARTITIONS])
{
    uint64_t one = 1;
    size_t bytes = 0;

    pthread_mutex_lock(&outgoing->lock);
    for (int i = 0; i < PARTITIONS; i++) {
        struct buffer *waiting = &outgoing->waiting[i];

        bytes += commands[i].length;
        if (waiting->length == 0) { /* the usual case: hand the bytes over as they are */
            struct buffer empty = *waiting;

            *waiting = commands[i];
            commands[i] = empty;
        } else {
            buffer_add(waiting, commands[i].data, commands[i].length);
            commands[i].length = 0;
        }
    }
    atomic_fetch_add_explicit(&outgoing->bytes, bytes, memory_order_relaxed);
    pthread_mutex_unlock(&outgoing->lock);
    (void)!write(outgoing->wake, &one, sizeof one);
}

void outgoing_take(struct outgoing *outgoing, struct buffer taken[PARTITIONS])
{
    uint64_t count;

    (void)!read(outgoing->wake, &count, sizeof count); /* before the list, or a wake-up gets lost */
    pthread_mutex_lock(&outgoing->lock);
    for (int i = 0; i < PARTITIONS; i++) {
        struct buffer waiting = outgoing->waiting[i];

        outgoing->waiting[i] = taken[i];
        taken[i] = waiting;
    }
    pthread_mutex_unlock(&outgoing->lock);
}

void outgoing_put_presence(struct outgoing *outgoing, const struct envelope *event)
{
    uint64_t one = 1;

    pthread_mutex_lock(&outgoing->lock);
    envelope_add(&outgoing->presence, event);
    pthread_mutex_unlock(&outgoing->lock);
    (void)!write(outgoing->wake, &one, sizeof one);
}

void outgoing_take_presence(struct outgoing *outgoing, struct buffer *taken)
{
    struct buffer waiting;

    pthread_mutex_lock(&outgoing->lock);
    waiting = outgoing->presence;
    outgoing->presence = *taken;
    *taken = waiting;
    pthread_mutex_unlock(&outgoing->lock);
}

struct slice outgoing_body(struct slice *rest)
{
    struct slice body = {rest->data, 0};

    while (rest->length > 0) {
        uint32_t length;

        memcpy(&length, rest->data, sizeof length); /* of the rest of an envelope: envelope.h */
        length = le32toh(length) + 4;
        if (body.length > 0 && body.length + length > OUTGOING_BODY_MAX)
            break;
        body.length += length;
        rest->data += length;
        rest->length -= length;
    }
    return body;
}
