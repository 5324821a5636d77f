#ifndef MESSAGE_DOCUMENTS_H
#define MESSAGE_DOCUMENTS_H

#include "record/record.h"

/* What is in MongoDB. Names are those of docs/architecture.md. */

#define MESSAGES "messages"
#define CONVERSATIONS "conversations"
#define CONVERSATION_USERS "conversation_users"
#define CHANGES "changes"
#define HIDDEN "hidden" /* row_id, version, message_id: deleted for oneself; for sync */

struct message_document {
    char *
        id; /* "_id": <conversation_id>/<message_id>: the same message twice is found, on any shard */
    char *conversation_id;
    int64_t seq;
    int64_t count; /* counting messages (not system) up to this one */
    char *from_user_id;
    char *to_user_id; /* private */
    char *group_id;   /* group */
    int64_t msg_type;
    struct json content;
    struct json change; /* a system message about members: the group_change itself */
    int64_t rev;        /* and its number */
    int64_t created_at;
    int64_t expires_at;        /* 0: never; then it is removed altogether */
    char *forwarded_from;      /* user_id of its first author */
    int64_t change_seq;        /* its last change; what follows is as of that */
    int64_t edited_at;         /* 0: never */
    int64_t recalled_at;       /* 0: it is not; then content is {} */
    struct strings reactions;  /* "<emoji> <user_id>", in the order of their coming */
    struct strings hidden_for; /* user ids: deleted for them alone */
    struct strings mentions;   /* user ids, and MENTION_ALL */
};
extern const struct record message_document_record;

#define MENTION_ALL "*"

/* What happened to a message after it was sent: the truth about it, from which the message's own
 * members follow. Never removed but with the message, so it is also the history of edits. */
struct change_document {
    char *id; /* "_id": <conversation_id>/<change_seq> */
    char *conversation_id;
    int64_t change_seq;      /* from 1, without holes */
    char *kind;              /* CHANGE_… */
    char *message_id;        /* the message's _id */
    int64_t seq;             /* the message's */
    char *user_id;           /* who did it; absent: an administrator, who is in the log of them */
    struct json content;     /* edit: the new one */
    struct json old_content; /* edit */
    char *emoji;             /* reaction */
    bool removed;            /* reaction, pin */
    int64_t created_at;
};
extern const struct record change_document_record;

#define CHANGE_EDIT "edit"
#define CHANGE_RECALL "recall"
#define CHANGE_REACTION "reaction"
#define CHANGE_PIN "pin"

struct conversation_document {
    char *id;            /* "_id" */
    char *group_id;      /* group; a private one's id names its two */
    char *name;          /* of the group */
    struct strings bots; /* members that are bots */
    int64_t last_seq;    /* readers see up to here */
    int64_t count;
    int64_t rev;
    char *last_id; /* _id of the newest message: lists show it */
    int64_t updated_at;
    int64_t change_seq;   /* readers see changes up to here */
    int64_t removed_seq;  /* the highest seq that was ever recalled or has expired */
    int64_t vanished_seq; /* the highest seq that a timer has removed (vanished.h) */
    int64_t first_seq;    /* retention: nothing below is left; 0: all is */
    int64_t at_all_seq;   /* the highest seq that names everybody */
    int64_t returned_seq; /* the highest seq with which somebody came back; may be too high */
    int64_t ttl;          /* s that a new message lives; 0: for ever */
    int64_t touched;      /* rises when something else changes that sync shows to both or all */
    struct strings pinned_ids; /* message_id of each pinned message, oldest pin first */
};
extern const struct record conversation_document_record;

struct span {
    int64_t from_seq;
    int64_t to_seq; /* 0: still a member */
};
extern const struct record span_record;

/* Somebody leaving and joining without end: the oldest span goes. */
#define SPANS_MAX 64

struct row_document {
    char *id; /* "_id": <user_id>/<conversation_id> */
    char *user_id;
    char *conversation_id;
    int64_t read_seq;
    int64_t read_count;
    struct list spans; /* group: what he may read, oldest first */
    int64_t rev;       /* group: the last change that concerned him */
    int64_t silenced_until;
    char *role;            /* group: owner, admin or member; absent: member */
    int64_t receipt_seq;   /* private: read up to here, as the other is told */
    int64_t delivered_seq; /* private: likewise */
    int64_t mentioned_seq; /* the highest seq that names him */
    int64_t hidden_seq;    /* the highest seq that he has deleted for himself */
    int64_t hide_seq;      /* the conversation is out of his list while this is its last_seq */
    int64_t version;       /* rises with each mark of his that his other devices are to learn */
    bool pinned;
    bool muted;
    char *draft;
};
extern const struct record row_document_record;

/* The same without what he alone is shown, drafts above all: for who reads the rows of many. */
extern const struct record row_standing_record;

/* "<conversation_id>/<change_seq>"; the caller frees it. */
char *change_id(const char *conversation_id, int64_t change_seq);

/* The part of a message's _id that the client chose. */
const char *message_id_of(const struct message_document *message);

/* "<conversation_id>/<message_id>"; the caller frees it. */
char *message_document_id(const char *conversation_id, const char *message_id);

/* May the user see it? row is his in a group, NULL in a private conversation of his. */
bool message_is_seen(const struct message_document *message, const char *user_id,
                     const struct row_document *row,
                     const struct conversation_document *conversation);

/* Owner or admin of the group? */
bool row_is_admin(const struct row_document *row);

/* Does any of the spans hold seq? */
bool row_sees(const struct row_document *row, int64_t seq);

/* The span that is open, or NULL: then he may not write. */
const struct span *row_find_open_span(const struct row_document *row);

#endif
