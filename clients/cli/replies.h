#ifndef CLI_REPLIES_H
#define CLI_REPLIES_H

#include "record/record.h"

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

struct person { /* a user, a member, a peer */
    char *user_id;
    char *username;
    char *nickname;
    char *role;
};
extern const struct record person_record;
DEFINE_RECORD_CLEANUP(struct person, person)

struct people {
    struct list users;   /* struct person: GET /api/users */
    struct list members; /* struct person: GET /api/groups/{id}/members */
    char *next_cursor;
};
extern const struct record people_record;
DEFINE_RECORD_CLEANUP(struct people, people)

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

struct chat {
    char *conversation_id;
    void *peer;  /* struct person: private */
    void *group; /* struct room */
    int64_t last_seq;
    int64_t unread_count;
};
extern const struct record chat_record;

struct chats {
    struct list conversations; /* struct chat */
    char *next_cursor;
};
extern const struct record chats_record;
DEFINE_RECORD_CLEANUP(struct chats, chats)

#endif
