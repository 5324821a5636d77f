#ifndef PUSH_OUTGOING_H
#define PUSH_OUTGOING_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"
#include "wire/envelope.h"
#include "wire/topology.h"

/* Commands on their way to RabbitMQ, by partition. Nothing waits here when the publisher is idle;
 * while it is busy, what comes meanwhile becomes one batch. */

#define OUTGOING_MAX (16 << 20)       /* bytes: some seconds of a broker that takes nothing */
#define OUTGOING_BODY_MAX (256 << 10) /* bytes of one AMQP message, unless one command is larger */

struct outgoing {
    pthread_mutex_t lock;
    struct buffer waiting[PARTITIONS];
    atomic_size_t bytes;    /* of commands: waiting, and in the publisher's hands */
    struct buffer presence; /* events: a run of envelopes */
    int wake;               /* eventfd: readable while something waits */
};

MUST_CHECK enum status outgoing_init(struct outgoing *outgoing, struct error *err);
void outgoing_clear(struct outgoing *outgoing); /* a zeroed one is fine */

/* Would so many bytes more be too many? */
bool outgoing_is_full(const struct outgoing *outgoing, size_t more);

/* Append bytes, a run of envelopes, for each partition, and empty the buffers. Never waits. */
void outgoing_put(struct outgoing *outgoing, struct buffer commands[PARTITIONS]);

/* Exchange what waits for taken, whose buffers must be empty. */
void outgoing_take(struct outgoing *outgoing, struct buffer taken[PARTITIONS]);

/* The same for what friends are to hear. Bounded by who puts: only while the publisher is connected,
 * and each user's last change once. */
void outgoing_put_presence(struct outgoing *outgoing, const struct envelope *event);
void outgoing_take_presence(struct outgoing *outgoing, struct buffer *taken);

/* Cut the next AMQP body off *rest: whole envelopes, OUTGOING_BODY_MAX at most or just one. */
struct slice outgoing_body(struct slice *rest);

#endif
