#ifndef CLI_REPLIES_H
#define CLI_REPLIES_H

#include "wire/frames.h"

/* What the client asks by REST and reads of the answers. It declares only the members that it
 * uses, by docs/protocol.md and not by the server's tables, so that it checks the server
 * independently; a newer server may say more. */

struct nothing_asked {
    char *unused;
};
extern const struct record nothing_asked_record;

struct credentials { /* register, login */
    char *username;
    char *password;
    char *nickname;
    char *device;
};
extern const struct record credentials_record;

struct renewal { /* refresh */
    char *refresh_token;
};
extern const struct record renewal_record;

struct grant { /* login, refresh */
    char *user_id;
    char *username;
    char *token;
    char *refresh_token;
    int64_t expires_at;
    char *websocket_url;
};
extern const struct record grant_record;
DEFINE_RECORD_CLEANUP(struct grant, grant)

struct person { /* a user, a member, a peer, a friend, who asks for it or is asked */
    char *user_id;
    char *username;
    char *nickname;
    char *role;
    char *remark; /* what one calls a friend */
    bool online;
    int64_t last_seen; /* 0: unknown */
    int64_t unread_count;
    char *request_id;
    char *status; /* of a request: pending, accepted */
    char *greeting;
};
extern const struct record person_record;
DEFINE_RECORD_CLEANUP(struct person, person)

struct people {           /* all of them lists of struct person */
    struct list users;    /* GET /api/users */
    struct list members;  /* GET /api/groups/{id}/members */
    struct list friends;  /* GET /api/friends */
    struct list requests; /* GET /api/friend_requests */
    struct list blocks;   /* GET /api/blocks */
    char *next_cursor;
};
extern const struct record people_record;
DEFINE_RECORD_CLEANUP(struct people, people)

struct friend_wanted { /* a request, or a block */
    char *user_id;
    char *greeting;
};
extern const struct record friend_wanted_record;

struct profile {
    char *username;
    char *nickname;
    char *avatar;
    char *bio;
    char *gender;
    char *birthday;
    char *region;
    char *email;
    struct maybe invisible;
};
extern const struct record profile_record;        /* as it is shown */
extern const struct record profile_change_record; /* only what is to change */
DEFINE_RECORD_CLEANUP(struct profile, profile)

struct login { /* a session of one's own */
    char *session_id;
    char *device;
    char *address;
    int64_t seen_at;
    bool current;
};
extern const struct record login_record;

struct logins {
    struct list sessions; /* struct login */
    char *next_cursor;
};
extern const struct record logins_record;
DEFINE_RECORD_CLEANUP(struct logins, logins)

struct logout {
    bool everywhere;
};
extern const struct record logout_record;

struct new_password {
    char *old_password;
    char *new_password;
};
extern const struct record new_password_record;

struct room { /* a group */
    char *group_id;
    char *name;
};
extern const struct record room_record;
DEFINE_RECORD_CLEANUP(struct room, room)

struct rooms {
    struct list groups; /* struct room */
    char *next_cursor;
};
extern const struct record rooms_record;
DEFINE_RECORD_CLEANUP(struct rooms, rooms)

struct room_wanted {
    char *name;
    struct strings member_ids;
};
extern const struct record room_wanted_record;

struct chat { /* a conversation: in sync, with what is new in it, and in lists */
    char *conversation_id;
    void *peer;         /* struct person: private */
    void *group;        /* struct room */
    void *last_message; /* struct frame_message */
    int64_t last_seq;
    int64_t read_seq;
    int64_t unread_count;
    int64_t updated_at;
    bool mentioned;
    bool pinned;
    bool muted;
    struct list messages; /* struct frame_message: the new ones */
    bool limited;         /* or only the newest of them */
    struct list changes;  /* struct frame_message: what has become of older ones */
    int64_t change_seq;
    struct list receipts; /* struct receipt */
    struct strings pinned_ids;
};
extern const struct record chat_record;

struct receipt {
    char *user_id;
    char *username;
    int64_t read_seq;
    int64_t delivered_seq;
    bool read; /* of one message: */
    bool delivered;
};
extern const struct record receipt_record;

struct chats {                 /* sync, and GET /api/conversations */
    struct list conversations; /* struct chat */
    bool has_more;             /* sync */
    char *cursor;              /* sync */
    char *next_cursor;         /* the list */
};
extern const struct record chats_record;
DEFINE_RECORD_CLEANUP(struct chats, chats)

/* A struct frame_message with any kind of content, so that one of a kind that is newer than we are
 * hides no other. */
extern const struct record any_message_record;

struct chat_change { /* only what is to change */
    struct maybe pinned;
    struct maybe muted;
};
extern const struct record chat_change_record;

struct timer_wanted {
    int64_t seconds;
};
extern const struct record timer_wanted_record;

struct find {      /* a message that was found */
    void *message; /* struct frame_message */
};
extern const struct record find_record;

struct finds {
    struct list messages; /* struct find */
    char *next_cursor;
};
extern const struct record finds_record;
DEFINE_RECORD_CLEANUP(struct finds, finds)

struct receipts {         /* of one message */
    struct list receipts; /* struct receipt */
    int64_t total;
    int64_t read_count;
    char *next_cursor;
};
extern const struct record receipts_record;
DEFINE_RECORD_CLEANUP(struct receipts, receipts)

struct forward_wanted {
    char *to;
    char *group_id;
    char *message_id;
};
extern const struct record forward_wanted_record;

struct role {
    char *user_id;
    char *role;
};
extern const struct record role_record;

struct told { /* the content of a system message */
    char *event;
    char *user_id; /* who did it */
    struct strings user_ids;
    struct list roles; /* struct role */
    int64_t seconds;   /* conversation.timer */
    char *text;        /* notice */
};
extern const struct record told_record;

struct change_wanted { /* an edit, a reaction */
    struct json content;
    char *emoji;
};
extern const struct record edit_wanted_record;
extern const struct record reaction_wanted_record;

#endif
