#ifndef WIRE_USER_API_H
#define WIRE_USER_API_H

#include "record/record.h"

/* The REST bodies of the user service. */

#define USERNAME_ALPHABET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define USERNAME_MAX 32
#define NICKNAME_MAX 64
#define AVATAR_MAX 1024 /* an address with its query; longer ones are data in disguise */
#define EMAIL_MAX 254   /* RFC 5321's longest path, less the brackets */
/* A place in a search: a nickname whose 64 characters fold to 18 each, an id, in base64. */
#define SEARCH_CURSOR_MAX 4096

struct user_path {
    char *user_id;
};
extern const struct record user_path_record;

/* GET /api/users */
struct user_search {
    char *query; /* the beginning of a username or nickname, in any case */
    int64_t limit;
    char *cursor;
};
extern const struct record user_search_record;

/* PATCH /api/users/me: what is absent stays, "" removes (a nickname cannot be removed). */
struct user_change {
    char *nickname;
    char *avatar;
    char *bio;
    char *gender;   /* male, female, other */
    char *birthday; /* 1990-12-31 */
    char *region;
    char *email;
    struct maybe invisible;
};
extern const struct record user_change_record;

/* What the text fields' tables cannot say. Gender and birthday are checked at the time now_ms. */
MUST_CHECK enum status user_change_check(const struct user_change *change, int64_t now_ms,
                                         struct error *err);

/* Oneself. */
struct user_own {
    char *user_id;
    char *username;
    char *nickname;
    char *avatar;
    char *bio;
    char *gender;
    char *birthday;
    char *region;
    char *email;
    bool invisible; /* to everybody he is offline */
    bool bot;
    bool deleted; /* stored, and not shown: nobody asks for his own then */
    int64_t created_at;
};
extern const struct record user_own_record;

/* Anyone else: without the email, and what he hides. */
struct user_profile {
    char *user_id;
    char *username;
    char *nickname;
    char *avatar;
    char *bio;
    char *gender;
    char *birthday;
    char *region;
    bool bot;
    bool deleted; /* he has left; his names stand for anyone who has */
    int64_t created_at;
    bool is_your_friend;
};
extern const struct record user_profile_record;

struct user_list {
    int64_t total;
    struct list users; /* struct user_profile */
    char *next_cursor;
};
extern const struct record user_list_record;

extern const struct record *const user_api_records[];
extern const size_t n_user_api_records;

#endif
