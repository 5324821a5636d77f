#ifndef MESSAGE_DOCUMENTS_H
#define MESSAGE_DOCUMENTS_H

#include "record/record.h"

/* What is in MongoDB. Names are those of docs/architecture.md. */

#define MESSAGES "messages"
#define CONVERSATIONS "conversations"
#define CONVERSATION_USERS "conversation_users"

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
};
extern const struct record message_document_record;

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
};
extern const struct record row_document_record;

/* The part of a message's _id that the client chose. */
const char *message_id_of(const struct message_document *message);

/* The span that is open, or NULL: then he may not write. */
const struct span *row_find_open_span(const struct row_document *row);

#endif
