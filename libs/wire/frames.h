#ifndef WIRE_FRAMES_H
#define WIRE_FRAMES_H

#include "wire/changes.h"

/* The WebSocket frames of docs/protocol.md §2, and the message contents of §3. */

enum frame_type {
    FRAME_TEXT = 0,
    FRAME_PRIVATE = 1,
    FRAME_GROUP = 2,
    FRAME_SYSTEM = 3,
    FRAME_IMAGE = 4,
    FRAME_VOICE = 5,
    FRAME_VIDEO = 6,
    FRAME_FILE = 7,
    FRAME_LOCATION = 8,
    FRAME_CUSTOM = 9,
    FRAME_ACK = 30,
    FRAME_READ = 31,
    FRAME_RECALL = 32,
    FRAME_TYPING = 33,
    FRAME_EDIT = 34,
    FRAME_REACTION = 35,
    FRAME_DELIVERED = 36,
    FRAME_PIN = 37,
    FRAME_PRESENCE = 40,
    FRAME_HEARTBEAT = 99,
    FRAME_HEARTBEAT_ANSWER = 100,
};

enum msg_type {
    MSG_TEXT = 0,
    MSG_SYSTEM = 3,
    MSG_IMAGE = 4,
    MSG_VOICE = 5,
    MSG_VIDEO = 6,
    MSG_FILE = 7,
    MSG_LOCATION = 8,
    MSG_CUSTOM = 9,
};

#define FRAME_MAX (64 * 1024)
#define MESSAGE_ID_MIN 16
#define MESSAGE_ID_MAX 64
#define CONVERSATION_ID_MAX 96 /* "single:" and two user ids, or "group:" and one */
#define TEXT_MAX 10000         /* characters: a long letter; longer things are files */
#define CUSTOM_MAX (16 * 1024)

/* ---- From clients */

struct frame_send { /* types 0, 1, 2, 4 to 9 and the body of POST /api/messages */
    int64_t type;
    char *message_id; /* the edge makes one when it is left out */
    char *to;
    char *group_id;
    int64_t msg_type;
    struct json content;
    char *traceparent; /* the client's own trace; malformed is as none, and HTTP has a header */
};
extern const struct record frame_send_record;

struct frame_typing {
    int64_t type;
    char *to;
    char *group_id;
};
extern const struct record frame_typing_record;

struct frame_delivered { /* the client's ack: this device has all up to seq */
    int64_t type;
    char *conversation_id;
    int64_t seq;
};
extern const struct record frame_delivered_record;

struct frame_heartbeat {
    int64_t type;
    struct json content; /* echoed */
};
extern const struct record frame_heartbeat_record;

/* A client's frame of any type. */
struct frame {
    const struct record *record; /* which member of the union; NULL: none */
    union {
        int64_t type; /* first member of all */
        struct frame_send send;
        struct frame_typing typing;
        struct frame_delivered delivered;
        struct frame_read read;
        struct frame_change change; /* types 32, 34, 35, 37 */
        struct frame_heartbeat heartbeat;
    };
};
void frame_clear(struct frame *frame);

/* Is it of type 32, 34, 35 or 37? */
bool frame_is_change(const struct frame *frame);

/* Which message the frame is about, as far as it could be read: a refusal names it. NULL: none. */
const char *frame_message_id(const struct frame *frame);
static inline void frame_clear_at(struct frame *frame)
{
    frame_clear(frame);
}

/* Read and check one client's frame by its type's table and, for messages, the content's. After
 * STATUS_OK a send or typing frame is normal: msg_type is what the type said, exactly one of to and
 * group_id is set (a group named by `to` has moved to group_id), and content is compact and holds
 * only members that we know (custom: all). NOT_JSON or INVALID with the field. On failure
 * frame->send.message_id may still hold the client's id when it could be read (the error ack names
 * it), so clear it in either case. Pure: fuzzed. */
MUST_CHECK enum status frame_from_json(const char *text, size_t length, struct frame *ret,
                                       struct error *err);

/* The second half of frame_from_json(), for a send that came over HTTP. */
MUST_CHECK enum status frame_send_check(struct frame_send *send, struct error *err);

/* Check content by its kind and keep only what its record knows: INVALID names "content.text". Some
 * kinds have no content that clients may write: INVALID. */
MUST_CHECK enum status content_check(int64_t msg_type, struct json *content, struct error *err);

/* "single:<a>:<b>" with the ids sorted, or "group:<id>". CONVERSATION_ID_MAX bytes. */
void conversation_id_single(const char *a, const char *b, char *ret);
void conversation_id_group(const char *group_id, char *ret);

/* Is user_id one of the two of a private conversation's id? */
bool conversation_id_has(const char *conversation_id, const char *user_id);

/* Could user_id be in this conversation, by its id alone? NOT_FOUND otherwise, also for an id that is
 * misspelled: what is not yours does not exist. */
MUST_CHECK enum status conversation_id_check(const char *conversation_id, const char *user_id,
                                             struct error *err);

/* The other of a private conversation that was checked, of ID_MAX bytes; with oneself: oneself. */
void conversation_id_peer(const char *conversation_id, const char *user_id, char *ret);

struct content_text {
    char *text;
    struct strings at_user_ids;
    bool at_all;
    char *reply_to;
};
extern const struct record content_text_record;

/* Kinds 4 to 7. The sender names file_id, and may say what cannot be measured; all else is the
 * server's. */
struct content_file {
    char *file_id;
    char *file_name;
    int64_t file_size; /* bytes */
    char *file_type;   /* image, voice, video, file */
    char *mime_type;
    char *url;
    char *thumbnail_url;
    int64_t width; /* pixels */
    int64_t height;
    int64_t duration; /* ms */
};
extern const struct record content_file_record;

struct content_location {
    char *title;
    double lng;
    double lat;
};
extern const struct record content_location_record;

/* ---- To clients */

struct frame_message { /* types 1 and 2; also an element of "messages" in a history */
    int64_t type;
    char *message_id;
    char *from;
    char *to;       /* private */
    char *group_id; /* group */
    struct json content;
    int64_t msg_type;
    int64_t timestamp;
    char *conversation_id;
    int64_t seq;
    int64_t expires_at;   /* 0: never; each device removes it by itself */
    char *forwarded_from; /* user_id of its first author */
    /* In histories, lists and sync alone: the names that clients of the Go seed read, */
    char *from_user_id;
    char *to_user_id;
    int64_t created_at;
    /* and what became of it. */
    int64_t edited_at;
    int64_t recalled_at;   /* then content is {} */
    struct list reactions; /* struct reaction */
    int64_t change_seq; /* of its last change: newer than this, a frame 32, 34, 35 or 37 counts */
};
extern const struct record frame_message_record;

struct error_data {
    char *field;
};
extern const struct record error_data_record;

struct frame_ack {
    int64_t type;
    char *message_id; /* null: an error about no message in particular */
    int64_t code;
    char *message;
    char *conversation_id;
    int64_t seq;
    int64_t change_seq; /* of a change */
    bool repeated;      /* it was so already: change_seq is of the message's last change */
    int64_t timestamp;
    int64_t expires_at; /* of a message that disappears */
    void *data;         /* struct error_data */
};
extern const struct record frame_ack_record;

/* The refusal of what err says, as JSON; message_id may be NULL. An INTERNAL error's own text is
 * kept from clients. */
void frame_refuse(const char *message_id, const struct error *err, struct buffer *ret);

/* What somebody is in a group from now on. */
struct group_role {
    char *user_id;
    char *role; /* owner, admin or member */
};
extern const struct record group_role_record;

struct system_content {
    char *event; /* "resync", "session.ended", "group.joined", … */
    char *conversation_id;
    char *group_id;
    char *user_id;
    struct strings user_ids;
    char *name;
    char *reason;     /* session.ended: one of internal.h's END_… */
    char *session_id; /* session.ended: which */
    char *request_id; /* friend.requested: */
    char *greeting;
    char *direction;     /* incoming: user_id asks; outgoing: user_id is asked */
    struct list roles;   /* group.…: struct group_role: whose role is another one now */
    struct maybe pinned; /* conversation.updated: all that one keeps of it, as it is now */
    struct maybe muted;
    struct maybe hidden;
    int64_t hide_seq; /* it is hidden while this is its last_seq: messages come by other queues */
    char *draft;      /* "": there is none */
    struct strings message_ids; /* message.expired: those that are gone */
    int64_t first_seq;          /* conversation.trimmed: all below are gone */
};
extern const struct record system_content_record;

struct frame_system { /* type 3 */
    int64_t type;
    void *content; /* struct system_content */
    int64_t timestamp;
};
extern const struct record frame_system_record;

struct frame_typing_out {
    int64_t type;
    char *from;
    char *to;
    char *group_id;
    char *conversation_id;
};
extern const struct record frame_typing_out_record;

struct frame_presence { /* type 40: a friend comes or goes */
    int64_t type;
    char *user_id;
    bool online;
    int64_t last_seen; /* 0, written as null: hidden, or never */
};
extern const struct record frame_presence_record;

/* All records of this file, for the contract tests. */
extern const struct record *const frames_records[];
extern const size_t n_frames_records;

#endif
