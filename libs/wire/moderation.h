#ifndef WIRE_MODERATION_H
#define WIRE_MODERATION_H

#include "wire/frames.h"

/* What administrators do to messages. auth has the routes and the log of it, message the messages:
 * auth asks it by nng. */

#define RPC_MESSAGE_LOOK_UP "message.look_up" /* admin_message_query -> admin_message */
#define RPC_MESSAGE_RECALL "message.recall"   /* admin_message_path -> message_changed */

/* DELETE /v1/admin/messages/{conversation_id}/{message_id} */
struct admin_message_path {
    char *conversation_id;
    char *message_id;
    char *reason;
};
extern const struct record admin_message_path_record;

/* GET of the same path */
struct admin_message_query {
    char *conversation_id;
    char *message_id;
    char *reason;
    int64_t limit;
    char *cursor; /* change_seq of the last one shown */
};
extern const struct record admin_message_query_record;

/* What happened to it after it was sent. */
struct admin_message_change {
    int64_t change_seq;
    char *kind;              /* edit, recall, reaction, pin */
    char *user_id;           /* absent: an administrator */
    struct json content;     /* edit: the new one */
    struct json old_content; /* edit */
    char *emoji;
    bool removed;
    int64_t created_at;
};
extern const struct record admin_message_change_record;

struct admin_message {
    void *message;       /* struct frame_message, as it is now */
    int64_t total;       /* of changes */
    struct list changes; /* struct admin_message_change, oldest first */
    char *next_cursor;
};
extern const struct record admin_message_record;

/* All records of this file, for the contract tests. */
extern const struct record *const moderation_records[];
extern const size_t n_moderation_records;

#endif
