#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"

/* A body on the bus is a run of envelopes: what the edge or a service wrote about a message, then
 * the message's own bytes, which the bus never parses (a client's frame inwards, the final
 * WebSocket text outwards). Each envelope is judged, answered and parked alone.
 *
 * On the wire, little-endian: u32 length of the rest; u8 kind; u8 unused; u64 connection_id;
 * i64 seq; i64 rev; then the slices in the order of the struct, each u32 length and bytes;
 * the payload is what remains. */
enum envelope_kind {
    ENVELOPE_FRAME = 1,   /* → message: a client's frame (payload), from user_id */
    ENVELOPE_CHANGE = 2,  /* → message: a group's membership changed (payload: group.change) */
    ENVELOPE_DELIVER = 3, /* → push: payload for every socket of the key's user or group but
                             connection_id on node; seq when it is a stored message */
    ENVELOPE_ANSWER = 4, /* → the node of connection_id: payload for that socket or request alone */
    ENVELOPE_MEMBERS = 5, /* → push: as DELIVER, and the group's members changed (rev) */
    ENVELOPE_EVENT = 6,   /* im.event: payload is the event's JSON */
    ENVELOPE_USERS = 7,   /* → push, by n.<node>: payload for every socket there of users_in */
    ENVELOPE_FORWARD = 8, /* → message: frame.send whose content a service of ours has completed */
    ENVELOPE_MARK = 9,    /* → message: one's own settings of a conversation (message.mark) */
    ENVELOPE_EXPIRE = 10, /* → message: what has expired in a conversation (message.expire) */
    ENVELOPE_TIMER = 11,  /* → message: its timer (message.timer) */
    ENVELOPE_RECALL = 12, /* → message: frame.recall by an administrator, who is no member */
};

struct envelope {
    enum envelope_kind kind;
    uint64_t connection_id; /* the socket (or waiting request) on node; 0: none */
    int64_t seq; /* FRAME: µs of its node's clock when it came, 0: not measured; ANSWER: as there */
    int64_t rev;          /* ANSWER: its code */
    struct slice node;    /* where connection_id lives: answers go to n.<node> */
    struct slice user_id; /* who it comes from, as the edge verified */
    struct slice session_id;
    struct slice conversation_id;
    struct slice traceparent;
    struct slice users_in; /* MEMBERS, USERS: comma-separated user ids */
    struct slice users_out;
    struct slice payload;
};

#define ENVELOPE_MAX (512 * 1024) /* a frame has 64 KiB; a change of 2,000 members 64 KiB more */

/* One that has no traceparent gets the thread's current place. */
void envelope_add(struct buffer *body, const struct envelope *envelope);

/* Take the next envelope off *rest; its slices point into rest's bytes. NOT_FOUND when rest is
 * empty. INVALID: malformed or cut; nothing after it can be read. Pure: fuzzed. */
MUST_CHECK enum status envelope_next(struct slice *rest, struct envelope *ret, struct error *err);

#endif
