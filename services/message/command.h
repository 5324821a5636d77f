#ifndef MESSAGE_COMMAND_H
#define MESSAGE_COMMAND_H

#include "documents.h"
#include "base/id.h"
#include "trace/span.h"
#include "wire/envelope.h"
#include "wire/frames.h"
#include "wire/internal.h"
#include "wire/marks.h"
#include "wire/retention.h"

struct conversation;

/* One record of a partition, from its bytes to its outcome. */
enum command_kind {
    COMMAND_SEND,
    COMMAND_TYPING,
    COMMAND_MEMBERS, /* a group's membership changes */
    COMMAND_CHANGE,  /* edit, recall, reaction, pin */
    COMMAND_MARK,    /* one's own: read, delivered, settings, deleted for oneself */
    COMMAND_TIMER,
    COMMAND_EXPIRE, /* the sweeper's: nobody's */
    COMMAND_UNREADABLE,
};

struct command {
    enum command_kind kind;
    struct envelope envelope; /* points into the delivery, which outlives the command */
    int partition;
    char user_id[ID_MAX];
    char conversation_id[CONVERSATION_ID_MAX];
    char peer_id[ID_MAX];  /* CHANGE, MARK, TIMER: the other of a private conversation, or "" */
    struct frame frame;    /* SEND, TYPING, CHANGE, MARK from a socket */
    struct user_mark mark; /* MARK over HTTP */
    struct group_change change; /* MEMBERS */
    struct timer timer;         /* TIMER */
    struct expire expire;       /* EXPIRE */
    char *forwarded_from;       /* SEND: its first author; NULL: it is the user's own */
    bool is_administrator;      /* CHANGE: a recall by one, who need not be a member */
    char
        *document_id; /* SEND, MEMBERS, TIMER: what the message is stored as; CHANGE: the message */
    int64_t muted_until; /* the user is, everywhere, as of this batch; 0: he is not */

    /* The outcome; command_reset() undoes it. */
    struct conversation *conversation;
    struct error error; /* status OK: message is stored */
    const struct message_document *message;
    int64_t changed_at;   /* CHANGE: when, if it is one */
    int64_t change_seq;   /* CHANGE: which it became, or the message's last one when */
    bool is_repeated;     /* it was so already */
    int64_t rev_expected; /* MEMBERS refused with CONFLICT */

    struct trace_span span; /* of its last batch (spans.h) */
};

/* Read an envelope. What cannot be read becomes COMMAND_UNREADABLE with its reason in error. */
void command_init(struct command *command, const struct envelope *envelope, int partition);
void command_reset(struct command *command);

/* The person who must take it from the user, or NULL: none need be asked. */
const char *command_recipient(const struct command *command);

/* Is it about how far he is in a private conversation with another? Then peer_id is told, if both may
 * write to each other. */
bool command_is_receipt(const struct command *command);

/* MUTED, in the command's error: by an administrator, everywhere. */
enum status command_check_muted(struct command *command);

void command_clear(struct command *command);

/* The message that a SEND, MEMBERS or TIMER makes, with the place it gets in its conversation. The caller
 * frees it with record_clear() and free(). */
struct message_document *command_to_message(const struct command *command, int64_t seq,
                                            int64_t count, int64_t now);

/* The answer to whoever asked: an ack or a refusal, as JSON. Nothing for a typing that was carried
 * out: then false. */
bool command_answer(const struct command *command, struct buffer *ret);

#endif
