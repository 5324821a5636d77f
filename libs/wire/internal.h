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
#define RPC_AUTH_ENDED_SESSIONS "auth.ended_sessions" /* nothing -> session_ids, of 15 minutes */
#define RPC_AUTH_CHECK_SESSIONS "auth.check_sessions" /* session_ids -> those of them that ended */
#define RPC_AUTH_FIND_ACCOUNT "auth.find_account"     /* account_query -> account */
#define RPC_AUTH_SEARCH_ACCOUNTS "auth.search_accounts" /* account_search -> account_page */

struct keys {
    char *jwks; /* the JWKS document as text */
};
extern const struct record keys_record;

struct session_ids {
    struct strings session_ids;
};
extern const struct record session_ids_record;

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
    int64_t created_at;
};
extern const struct record account_record;

struct account_search {
    char *prefix; /* of the username, in lower case */
    char *after;  /* only usernames after this one */
    int64_t limit;
};
extern const struct record account_search_record;

struct account_page {
    int64_t total;        /* how many have that prefix, on all pages; counted up to 10,000 */
    struct list accounts; /* struct account, by username */
};
extern const struct record account_page_record;

/* ---- user */

#define RPC_USER_MAY_WRITE "user.may_write" /* pairs -> pair_answers, in the same order */
#define RPC_USER_FIND "user.find"           /* user_ids -> accounts; unknown ids are left out */

struct pair {
    char *from;
    char *to;
};
extern const struct record pair_record;

struct pairs {
    struct list pairs;
};
extern const struct record pairs_record;

struct pair_answer {
    int64_t code; /* 0, or why not (40401, 40302) */
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

/* ---- message */

#define RPC_MESSAGE_GROUPS "message.groups" /* user_ids -> users_groups, in the same order */

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

/* The payload of ENVELOPE_CHANGE: one change of a group's membership, numbered by `group`.
 * Answered with a frame_ack: code 0 and seq; or 40903 with seq = the rev that is expected. */
struct group_change {
    char *group_id;
    int64_t rev;
    char *event;   /* group.created, group.joined, group.left */
    char *user_id; /* who did it */
    char *name;    /* of the group */
    struct strings users_in;
    struct strings users_out;
    struct strings bots_in; /* those of users_in that are bots */
    int64_t timestamp;
};
extern const struct record group_change_record;

/* ---- Events (payload of ENVELOPE_EVENT) */

struct session_ended {
    char *user_id;
    char *session_id; /* absent: all sessions of the user */
    char *reason;     /* logout, replay, … */
};
extern const struct record session_ended_record;

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
