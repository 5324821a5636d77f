#ifndef WIRE_MESSAGE_API_H
#define WIRE_MESSAGE_API_H

#include "wire/frames.h"

/* REST bodies of the service `message`. */

/* Which page of a history: of last_seq and after_seq, around_seq, day, and at, one question is asked;
 * none asks for the newest page. */
struct history_page {
    int64_t limit;
    int64_t last_seq;   /* the page before it */
    int64_t after_seq;  /* the page after it; -1: not asked for */
    int64_t around_seq; /* the page around it; 0: not asked for */
    char *day;          /* the page from that day on, "2026-11-21", */
    int64_t offset;     /* which begins so many minutes before it does in Greenwich */
    int64_t at;         /* the page from that time on; -1: not asked for */
};

struct private_history_query {
    char *user_id;
    struct history_page page;
};
extern const struct record private_history_query_record;

struct group_history_query {
    char *group_id;
    struct history_page page;
};
extern const struct record group_history_query_record;

struct history {
    struct list messages;         /* struct frame_message, ascending seq */
    bool has_more;                /* in the direction that was asked for */
    struct maybe has_more_before; /* around_seq, day and at alone */
    struct maybe has_more_after;
};
extern const struct record history_record;

struct conversations_query {
    int64_t limit;
    char *cursor;
};
extern const struct record conversations_query_record;

struct conversation_peer {
    char *user_id;
    char *username;
    char *nickname;
    int64_t read_seq; /* in the list of conversations: how far he is; sync has receipts */
    int64_t delivered_seq;
};
extern const struct record conversation_peer_record;

struct conversation_group {
    char *group_id;
    char *name;
};
extern const struct record conversation_group_record;

struct conversation_item {
    char *conversation_id;
    char *type;         /* "single" or "group" */
    void *peer;         /* struct conversation_peer */
    void *group;        /* struct conversation_group */
    void *last_message; /* struct frame_message */
    int64_t last_seq;
    int64_t read_seq;
    int64_t unread_count; /* 999 at most */
    bool mentioned;       /* in what is unread */
    bool pinned;
    bool muted;
    bool hidden; /* until something is said; the list leaves it out */
    char *draft;
    int64_t ttl; /* s that a new message lives; 0: for ever */
    int64_t updated_at;
};
extern const struct record conversation_item_record;

/* Its table's rows, for sync too: `at` is where the item is in the record, such as `item.` */
#define CONVERSATION_ITEM_FIELD(record, at, member, ...) \
    FIELD_NAMED(record, at member, #member, __VA_ARGS__)
#define CONVERSATION_ITEM_FIELDS(record, at) \
    CONVERSATION_ITEM_FIELD(record, at, conversation_id, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, type, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, peer, .of = &conversation_peer_record), \
        CONVERSATION_ITEM_FIELD(record, at, group, .of = &conversation_group_record), \
        CONVERSATION_ITEM_FIELD(record, at, last_message, .nullable = true, \
                                .of = &frame_message_record), \
        CONVERSATION_ITEM_FIELD(record, at, last_seq, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, read_seq, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, unread_count, .required = true, .min = 0, .max = 999), \
        CONVERSATION_ITEM_FIELD(record, at, mentioned, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, pinned, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, muted, .required = true), \
        CONVERSATION_ITEM_FIELD(record, at, hidden, .omit_zero = true), \
        CONVERSATION_ITEM_FIELD(record, at, draft, .max = TEXT_MAX), \
        CONVERSATION_ITEM_FIELD(record, at, ttl, .omit_zero = true), \
        CONVERSATION_ITEM_FIELD(record, at, updated_at, .required = true)

struct conversations {
    int64_t total;
    struct list conversations; /* newest first */
    char *next_cursor;
};
extern const struct record conversations_record;

struct message_sent {
    char *message_id;
    char *conversation_id;
    int64_t seq;
    int64_t timestamp;
};
extern const struct record message_sent_record;

/* /api/conversations/{conversation_id}/messages/{message_id}… */
struct message_path {
    char *conversation_id;
    char *message_id;
};
extern const struct record message_path_record;

struct message_edit {
    char *conversation_id;
    char *message_id;
    struct json content;
};
extern const struct record message_edit_record;

struct message_delete {
    char *conversation_id;
    char *message_id;
    char *scope; /* me or all */
};
extern const struct record message_delete_record;

struct message_react {
    char *conversation_id;
    char *message_id;
    char *emoji;
};
extern const struct record message_react_record;

struct message_changed {
    char *message_id;
    char *conversation_id;
    int64_t seq;        /* the message's */
    int64_t change_seq; /* what it became, or was already; 0: nothing ever changed */
};
extern const struct record message_changed_record;

/* All records of this file, for the contract tests. */
extern const struct record *const message_api_records[];
extern const size_t n_message_api_records;

#endif
