#ifndef CLI_OUTBOX_H
#define CLI_OUTBOX_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/id.h"

/* Messages that the server has not yet acknowledged, oldest first. Only the oldest is under way:
 * so whatever is lost, refused for a moment or sent again, the order in which they were written
 * is the order in which they are stored. */
struct outbox {
    struct outgoing *first;
    struct outgoing *last;
};

struct outgoing {
    struct outgoing *next;
    char message_id[ID_MAX]; /* the same at each try: the server stores it once */
    bool in_group;
    char *peer; /* a user's id, or a group's */
    int64_t msg_type;
    char *content;      /* JSON */
    char *text;         /* what to call it when it cannot be sent */
    int64_t sent_at;    /* when it went out; 0: it waits to be sent */
    int64_t not_before; /* the server asked to wait */
    int64_t refused_at; /* when it did so first; 0: never */
    int64_t delay;
};

#define ACK_MS 5000       /* no ack for so long: sent again (docs/protocol.md) */
#define PATIENCE_MS 30000 /* "try again" for so long: it has failed */

void outbox_add(struct outbox *outbox, bool in_group, const char *peer, int64_t msg_type,
                const char *content, const char *text);

/* Append the frame of the message that is to be sent now, and remember that it was. false: none. */
bool outbox_take_frame(struct outbox *outbox, int64_t now, struct buffer *ret);

/* When outbox_take_frame() has something to give next; INT64_MAX: not before something happens. */
int64_t outbox_next(const struct outbox *outbox);

/* What was sent may be lost: send it again at once. */
void outbox_again(struct outbox *outbox);

/* An ack came. True: the message is out of the outbox and the caller's, in *ret (outgoing_free()).
 * False: it is not ours, or will be tried again, since its status says so (UNAVAILABLE, TOO_FAST)
 * and patience lasts. */
bool outbox_settle(struct outbox *outbox, const char *message_id, enum status status, int64_t now,
                   struct outgoing **ret);

/* Take the oldest out, whatever its state; NULL when it is empty. */
struct outgoing *outbox_take(struct outbox *outbox);

void outgoing_free(struct outgoing *outgoing);
DEFINE_CLEANUP(struct outgoing *, outgoing_free)

#endif
