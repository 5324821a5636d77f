#ifndef WIRE_RETENTION_H
#define WIRE_RETENTION_H

#include "wire/frames.h"

/* How long messages live: timers of conversations, and what the sweeper tells the owner. */

#define TIMER_MIN 5                   /* s: less, and nobody could have read it */
#define TIMER_MAX (365LL * 24 * 3600) /* a year; what is to stay longer has no timer */

/* PUT /api/conversations/{conversation_id}/timer, its answer, and the payload of ENVELOPE_TIMER. */
struct timer {
    char *conversation_id;
    int64_t seconds; /* that each new message lives; 0: for ever */
    char *
        message_id; /* of the system message that tells of it; the answer has none when it was so */
};
extern const struct record timer_record;

/* INVALID: neither 0 nor TIMER_MIN to TIMER_MAX. */
MUST_CHECK enum status timer_check(const struct timer *timer, struct error *err);

/* The content of that system message. */
#define EVENT_TIMER "conversation.timer"
struct timer_content {
    char *event;
    char *conversation_id;
    char *user_id; /* who did it */
    int64_t seconds;
};
extern const struct record timer_content_record;

/* The payload of ENVELOPE_EXPIRE: what is to be removed of a conversation. Only what has expired
 * may be named, so it is harmless to repeat. Answered with a frame_ack. */
#define EXPIRE_MAX 500 /* messages: their ids fit into one frame */
struct expire {
    char *conversation_id;
    struct strings message_ids; /* as clients know them */
    int64_t removed_seq;        /* the highest seq of them */
    int64_t first_seq; /* retention: nothing below is to be left; 0: only the ids say what goes */
};
extern const struct record expire_record;

/* What devices are told of it: type 3, with message_ids, or with first_seq. */
#define EVENT_EXPIRED "message.expired"
#define EVENT_TRIMMED "conversation.trimmed"

/* All records of this file, for the contract tests. */
extern const struct record *const retention_records[];
extern const size_t n_retention_records;

#endif
