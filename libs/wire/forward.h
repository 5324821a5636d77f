#ifndef WIRE_FORWARD_H
#define WIRE_FORWARD_H

#include "record/record.h"

/* A message that is sent on to another conversation. */

/* POST /api/conversations/{conversation_id}/messages/{message_id}/forward */
struct message_forward {
    char *conversation_id;
    char *message_id;
    char *to; /* one of the two */
    char *group_id;
    char *
        new_message_id; /* the id of what is sent, as in frame.send; absent: the server makes one */
};
extern const struct record message_forward_record;

/* The payload of ENVELOPE_FORWARD: a send that a service of ours has checked and completed. */
struct message_forwarded {
    char *message_id;
    char *to;
    char *group_id;
    int64_t msg_type;
    struct json content;
    char *forwarded_from; /* user_id of its first author */
};
extern const struct record message_forwarded_record;

extern const struct record *const forward_records[];
extern const size_t n_forward_records;

#endif
