#ifndef WIRE_CHANGES_H
#define WIRE_CHANGES_H

#include "record/record.h"

/* What happens to a message after it was sent (changes: everybody's), and how far a user has come
 * (marks: one's own, told to the other in private chats). */

#define EMOJI_MAX 32       /* characters: flags and families are sequences; ":party_parrot:" fits */
#define REACTIONS_MAX 1000 /* of a message, all emojis together: past that nobody reads them */
#define EMOJIS_MAX 20      /* different ones of a message */
#define PINS_MAX 50        /* of a conversation */
#define FRAME_TRACEPARENT_MAX 128      /* 55 characters now; later versions of it may be longer */
#define RECALL_MS (24LL * 3600 * 1000) /* for the sender; a group's admins may always */

/* ---- From clients, each acked (type 30) with the message's id; repeating one is harmless */

struct frame_change { /* types 32 recall, 34 edit, 35 reaction, 37 pin */
    int64_t type;
    char *conversation_id;
    char *message_id;
    struct json content; /* edit */
    char *emoji;         /* reaction */
    bool removed;        /* reaction, pin */
    char *traceparent;   /* as in frame_send */
};
extern const struct record frame_recall_record;
extern const struct record frame_edit_record;
extern const struct record frame_reaction_record;
extern const struct record frame_pin_record;

/* What the tables cannot say. INVALID. */
MUST_CHECK enum status frame_change_check(const struct frame_change *change, struct error *err);

/* Not acked. Type 30 (frame_delivered) is the other mark. */
struct frame_read { /* type 31: the user has read up to seq */
    int64_t type;
    char *conversation_id;
    int64_t seq;
};
extern const struct record frame_read_record;

/* ---- To clients */

struct frame_changed { /* types 32, 34, 35, 37 */
    int64_t type;
    char *conversation_id;
    char *message_id;
    int64_t seq;        /* the message's */
    char *from;         /* who did it; recall: absent when it was an administrator */
    int64_t change_seq; /* numbers the changes of a conversation from 1, without holes */
    int64_t timestamp;
    struct json content; /* edit: the new one */
    char *emoji;         /* reaction */
    int64_t count;       /* reaction: how many have this emoji now */
    bool removed;        /* reaction, pin */
};
extern const struct record frame_recalled_record;
extern const struct record frame_edited_record;
extern const struct record frame_reacted_record;
extern const struct record frame_pinned_record;

struct frame_receipt { /* types 31 read, 36 delivered: `from` has all up to seq */
    int64_t type;
    char *conversation_id;
    int64_t seq;
    char *from;
};
extern const struct record frame_receipt_record;

/* An element of "reactions" of a message. */
struct reaction {
    char *emoji;
    int64_t count;
    struct strings user_ids; /* the first REACTION_USERS_MAX of them */
};
extern const struct record reaction_record;
#define REACTION_USERS_MAX 100

/* All records of this file, for the contract tests. */
extern const struct record *const changes_records[];
extern const size_t n_changes_records;

#endif
