#ifndef WIRE_MARKS_H
#define WIRE_MARKS_H

#include "wire/frames.h"

/* What a user does for himself alone: how far he has read, how he keeps a conversation, what he no
 * longer wants to see. */

struct conversation_path { /* DELETE /api/conversations/{conversation_id} */
    char *conversation_id;
};
extern const struct record conversation_path_record;

/* PATCH /api/conversations/{conversation_id}: what is absent stays as it is. */
struct conversation_change {
    char *conversation_id;
    struct maybe pinned;
    struct maybe muted;
    int64_t read_seq; /* only forward */
    char *draft;      /* "": there is none any more */
};
extern const struct record conversation_change_record;

/* The payload of ENVELOPE_MARK: the same, and what has routes of its own. */
struct user_mark {
    char *conversation_id;
    struct maybe pinned;
    struct maybe muted;
    int64_t read_seq;
    char *draft;
    bool hide;             /* out of the list until something is said */
    char *hide_message_id; /* deleted for himself alone */
};
extern const struct record user_mark_record;

/* What one's own devices are told (type 3): the settings as they are now; message_ids. */
#define EVENT_CONVERSATION_UPDATED "conversation.updated"
#define EVENT_MESSAGE_HIDDEN "message.hidden"

/* GET /api/conversations/{conversation_id}/messages/{message_id}/receipts: for its sender. */
#define RECEIPTS_MEMBERS_MAX 500 /* of a group; in larger ones nobody is told */

struct receipts_query {
    char *conversation_id;
    char *message_id;
    int64_t limit;
    char *cursor;
};
extern const struct record receipts_query_record;

struct receipt {
    char *user_id;
    bool read;
    struct maybe delivered; /* in private conversations alone */
};
extern const struct record receipt_record;

struct receipts {
    int64_t total;      /* who was to see it: members of then that still are, without its sender */
    int64_t read_count; /* of them */
    struct list receipts; /* struct receipt, by user_id */
    char *next_cursor;
};
extern const struct record receipts_record;

/* All records of this file, for the contract tests. */
extern const struct record *const marks_records[];
extern const size_t n_marks_records;

#endif
