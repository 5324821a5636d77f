#ifndef WIRE_SYNC_API_H
#define WIRE_SYNC_API_H

#include "wire/message_api.h"

/* GET /api/sync: what has changed for somebody since a cursor. */

#define SYNC_NEW_MAX 200     /* new messages of a conversation that are given without a gap */
#define SYNC_LIMITED 50      /* of more than that, these: the newest */
#define SYNC_CHANGES_MAX 200 /* changes of a conversation in a page */

struct sync_query {
    char *cursor;
    int64_t limit; /* of conversations */
};
extern const struct record sync_query_record;

/* How far the other of a private conversation is. */
struct sync_receipt {
    char *user_id;
    int64_t read_seq;
    int64_t delivered_seq;
};
extern const struct record sync_receipt_record;

struct sync_conversation {
    struct conversation_item item; /* its members are members of this one */
    struct list messages;          /* struct frame_message: the new ones, ascending */
    bool limited;                  /* there are more new ones, before */
    int64_t from_seq;              /* limited: this one */
    int64_t after_seq;   /* the device's cursor knew them up to here; limited: what it has from live
                          frames between the two may have changed unheard */
    struct list changes; /* struct frame_message: what he had before and is another now */
    struct strings hidden_message_ids; /* that he has deleted for himself */
    struct strings pinned_ids;         /* all that are pinned, oldest pin first */
    struct list receipts;              /* struct sync_receipt */
    int64_t first_seq;                 /* nothing below is left; 0: all is */
    int64_t change_seq;                /* changes are in up to here */
};
extern const struct record sync_conversation_record;

struct sync_page {
    char *cursor;
    bool has_more;
    struct list conversations; /* struct sync_conversation, newest activity first */
};
extern const struct record sync_page_record;

/* All records of this file, for the contract tests. */
extern const struct record *const sync_api_records[];
extern const size_t n_sync_api_records;

#endif
