#ifndef MESSAGE_OUTGOING_H
#define MESSAGE_OUTGOING_H

#include "bus/bus.h"
#include "wire/envelope.h"

/* What a batch has to say, packed: one AMQP message per destination and batch, in the order in
 * which the destinations came up. Frames are published before answers, over one channel, so the
 * broker never sees an ack without what it stands for. */

/* A message to one destination is closed at this size and another one begun. */
#define OUTGOING_BYTES (256 * 1024)

struct parcel;

struct outgoing {
    struct parcel *open;  /* hash by destination */
    struct parcel *first; /* all, in order */
    struct parcel *last;
};

/* Add an envelope for key and, as a copy, for the n_bcc keys (at most BCC_MAX). */
void outgoing_add(struct outgoing *outgoing, const char *key, const char *const *bcc, size_t n_bcc,
                  const struct envelope *envelope);

/* Publish all of it to im.deliver, in order. */
MUST_CHECK enum status outgoing_publish(const struct outgoing *outgoing, struct bus *bus,
                                        struct error *err);
void outgoing_clear(struct outgoing *outgoing);

#endif
