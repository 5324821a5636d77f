#ifndef USER_PARCELS_H
#define USER_PARCELS_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

/* Frames for people whose nodes are known, put together by node: for each frame one envelope per
 * node that names those who get it there, and many envelopes per AMQP message. One thread. */

#define PARCEL_USERS_MAX 500         /* of an envelope */
#define PARCEL_BYTES_MAX (256 << 10) /* of a message, unless one envelope is larger */

struct parcel;

struct parcels {
    /* Set by the caller. */
    enum status (*deliver)(void *context, const char *node, struct slice body, struct error *err);
    void *context;
    /* Zeroed by him. */
    struct parcel *items; /* one per node */
    size_t n;
    enum status status; /* the first failure of deliver */
    struct error error;
};

/* user_id gets the frame at node. All additions of a frame come before its parcels_close(). */
void parcels_add(struct parcels *parcels, const char *node, const char *user_id,
                 struct slice frame);
void parcels_close(struct parcels *parcels, struct slice frame);

/* Deliver the rest and free all. Returns s, how it went so far, or else deliver's failure. */
MUST_CHECK enum status parcels_send(struct parcels *parcels, enum status s, struct error *err);

#endif
