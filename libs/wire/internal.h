#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include "record/record.h"

/* What services ask each other by nng, tell each other by events, and send as commands that no
 * client can send. */

/* A message without members. */
struct nothing {
    char *unused;
};
extern const struct record nothing_record;

/* ---- auth */

#define RPC_AUTH_KEYS "auth.keys"                     /* nothing -> keys */
#define RPC_AUTH_RESTRICTIONS "auth.restrictions"     /* nothing -> restrictions */
#define RPC_AUTH_CHECK_SESSIONS "auth.check_sessions" /* session_ids -> session_ends */
#define RPC_AUTH_FIND_ACCOUNT "auth.find_account"     /* account_query -> account */
#define RPC_AUTH_FIND_ACCOUNTS "auth.find_accounts"   /* user_ids -> accounts: those that exist */
#define RPC_AUTH_LIST_ACCOUNTS "auth.list_accounts"   /* account_range -> accounts */
#define RPC_AUTH_RENAME "auth.rename"                 /* account_rename -> nothing */
#define RPC_AUTH_FIND_SERVICE "auth.find_service"     /* service_query -> service_identity */

struct keys {
    char *jwks; /* the JWKS document as text */
};
extern const struct record keys_record;

struct session_ids {
    struct strings session_ids;
};
extern const struct record session_ids_record;

struct session_end {
    char *session_id;
    char *reason; /* END_… */
};
extern const struct record session_end_record;

struct session_ends { /* those of the sessions asked for that have ended */
    struct list ends; /* struct session_end */
};
extern const struct record session_ends_record;

struct account_query { /* one of the two */
    char *user_id;
    char *username;
};
extern const struct record account_query_record;

struct account {
    char *user_id;
    char *username;
    char *nickname;
    bool bot;
    bool deleted; /* its names stand for anyone who has left */
    int64_t created_at;
};
extern const struct record account_record;

/* Accounts in the order of their ids, which is that of their making. */
struct account_range {
    char *after; /* only ids after this one */
    int64_t limit;
};
extern const struct record account_range_record;

struct account_rename {
    char *user_id;
    char *nickname;
};
extern const struct record account_rename_record;

/* Which service account is it? */
struct service_query { /* one of the two */
    char *token_hash;
    char *username; /* in its normal form */
};
extern const struct record service_query_record;

/* One that may act now. UNAUTHENTICATED otherwise, whatever is wrong with it. */
struct service_identity {
    char *user_id;
    char *username;
    char *session_id; /* its token's; absent when it was asked for by name */
    int64_t generation;
};
extern const struct record service_identity_record;

/* What everybody must refuse of a user. */
struct user_restricted {
    char *user_id;
    int64_t generation;  /* tokens of a smaller one are refused: his role has changed since */
    int64_t muted_until; /* he sends no messages until then; 0: he does */
};
extern const struct record user_restricted_record;

/* All of it that is still of use. */
struct restrictions {
    struct strings session_ids; /* ended in the last 15 minutes */
    struct list users;          /* struct user_restricted: muted, or changed in that time */
};
extern const struct record restrictions_record;

/* ---- user */

#define RPC_USER_MAY_WRITE "user.may_write" /* pairs -> pair_answers, in the same order */
#define RPC_USER_FIND "user.find"           /* user_ids -> accounts; unknown ids are left out */

struct pair {
    char *from;
    char *to;
};
extern const struct record pair_record;

struct pairs {
    char *purpose; /* message, typing or invite: what `from` wants of `to` */
    struct list pairs;
};
extern const struct record pairs_record;

struct pair_answer {
    int64_t code; /* 0, or why not (40401, 40302, 40301: only friends may) */
    bool bot;     /* `to` is a bot */
};
extern const struct record pair_answer_record;

struct pair_answers {
    struct list answers;
};
extern const struct record pair_answers_record;

struct user_ids {
    struct strings user_ids;
};
extern const struct record user_ids_record;

struct accounts {
    struct list accounts; /* struct account */
};
extern const struct record accounts_record;

#define RPC_USER_AVATAR "user.avatar" /* account_query, by id -> user_avatar */

struct user_avatar { /* of what is stored as a file of ours */
    char *user_id;
    char *file_id; /* absent: it is none of our files */
};
extern const struct record user_avatar_record;

/* ---- Data rights: asked of user, group and message alike */

#define RPC_USER_EXPORT "user.export" /* export_query -> export_page */
#define RPC_GROUP_EXPORT "group.export"
#define RPC_MESSAGE_EXPORT "message.export"
#define RPC_USER_ERASE "user.erase" /* erase -> erased, again until it is done */
#define RPC_GROUP_ERASE "group.erase"
#define RPC_MESSAGE_ERASE "message.erase"

struct export_query {
    char *user_id;
    char *cursor; /* of the page before; absent: the first */
};
extern const struct record export_query_record;

/* Something of the user's that goes into his archive. */
struct export_part {
    char *name; /* of the file, "messages/group_….json"; parts of one name follow each other */
    char *json; /* one JSON value; or */
    char *blob; /* the key of the bytes that are the whole file (libs/blob) */
    bool alone; /* it is the whole file; otherwise the file is an array of its parts */
};
extern const struct record export_part_record;

struct export_page { /* some 256 KiB: far below RPC_MESSAGE_MAX */
    struct list parts;
    char *next_cursor; /* absent: that was all */
};
extern const struct record export_page_record;

struct erase {
    char *user_id;
};
extern const struct record erase_record;

struct erased { /* what is done in a second or so; to be asked again until it is all */
    bool done;
};
extern const struct record erased_record;

/* ---- message */

#define RPC_MESSAGE_PEERS "message.peers"     /* peers_query -> peers */
#define RPC_MESSAGE_FELLOWS "message.fellows" /* fellows_query -> user_ids: who shares a group */
#define RPC_MESSAGE_AVATAR "message.avatar"   /* user_avatar -> nothing: it is about to be shown */
#define RPC_MESSAGE_GROUPS "message.groups"   /* user_ids -> users_groups, in the same order */

struct group_membership {
    char *group_id;
    int64_t rev;      /* the group's, as of this answer: older changes are known already */
    int64_t from_seq; /* sees messages from here on */
};
extern const struct record group_membership_record;

struct user_groups {
    char *user_id;
    struct list groups; /* struct group_membership */
};
extern const struct record user_groups_record;

struct users_groups {
    struct list users;
};
extern const struct record users_groups_record;

/* How a user's private conversations stand. */
struct peers_query {
    char *user_id;
    struct strings peer_ids;
};
extern const struct record peers_query_record;

struct peer {
    char *user_id;
    int64_t unread_count; /* 999 at most */
    void *last_message;   /* struct frame_message, or NULL */
    int64_t last_time;    /* when it was sent; 0: never spoke */
};
extern const struct record peer_record;

struct peers {
    struct list peers; /* struct peer: those who spoke with him, in any order */
};
extern const struct record peers_record;

struct fellows_query {
    char *user_id;
    struct strings user_ids;
};
extern const struct record fellows_query_record;

/* The payload of ENVELOPE_CHANGE: one change of a group's membership, numbered by `group`.
 * Answered with a frame_ack: code 0 and seq; or 40903 with seq = the rev that is expected. */
struct group_change {
    char *group_id;
    int64_t rev;
    char *event;   /* group.created, group.joined, group.left, group.role */
    char *user_id; /* who did it */
    char *name;    /* of the group */
    struct strings users_in;
    struct strings users_out;
    struct strings bots_in; /* those of users_in that are bots */
    struct list roles; /* struct group_role: who is no plain member from here on, or is again */
    int64_t timestamp;
};
extern const struct record group_change_record;

/* ---- Events (payload of ENVELOPE_EVENT) */

/* Why a session has ended: users are told by content.system, and sockets are closed by it. */
#define END_LOGOUT "logout"         /* on the device itself */
#define END_EXPIRED "expired"       /* it was not used for 30 days */
#define END_REPLAY "replay"         /* a refresh token came twice: somebody else may have it */
#define END_ENDED "ended"           /* from another of the user's devices */
#define END_EVERYWHERE "everywhere" /* all of the user's, by himself */
#define END_PASSWORD "password"     /* the password has changed */
#define END_REPLACED "replaced"     /* by a newer one: he had too many */
#define END_ADMIN "admin"           /* all of the user's, by an administrator */
#define END_BANNED "banned"
#define END_DELETED "deleted" /* the account is no more */

struct session_ended {
    char *user_id;
    char *session_id;
    char *reason; /* one of those above */
};
extern const struct record session_ended_record;

/* Something changed between the two (friends, blocks): what is kept of them is stale. */
struct user_relation {
    char *user_id;
    char *other_id;
};
extern const struct record user_relation_record;

/* Every 300 ms: a process of message is there, and what it holds (message's balance.h). */
struct message_owner {
    char *node;
    int64_t held; /* bit k: partition k is its own */
    bool leaving; /* it takes none from here on */
};
extern const struct record message_owner_record;

struct presence_change {
    char *user_id;
    bool online;
    int64_t timestamp;
};
extern const struct record presence_change_record;

struct presence_changes {
    struct list changes;
};
extern const struct record presence_changes_record;

struct stored_command { /* message.stored.command: a message that a bot must see */
    char *bot_user_id;
    char *message_id;
    char *conversation_id;
    char *from;
    char *group_id; /* absent: private */
    char *text;
    int64_t seq;
    int64_t timestamp;
};
extern const struct record stored_command_record;

/* All records of this file, for the contract tests. */
extern const struct record *const internal_records[];
extern const size_t n_internal_records;

#endif
