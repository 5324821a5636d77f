#ifndef WIRE_FRIEND_API_H
#define WIRE_FRIEND_API_H

#include "record/record.h"

/* The REST bodies of `user` about what people are to each other: friends, requests, blocks. */

#define GREETING_MAX 200
#define REMARK_MAX 64 /* what one calls a friend, as long as a nickname */

/* A page of friends or blocks. */
struct friend_page {
    int64_t limit;
    char *cursor;
};
extern const struct record friend_page_record;

/* ---- Friends */

struct friend_item {
    char *user_id;
    char *username;
    char *nickname;
    char *avatar;
    char *remark;
    bool bot;
    bool online;
    int64_t last_seen; /* 0 (written as null): unknown, or never was here */
    int64_t unread_count;
    void *last_message; /* struct frame_message, or NULL */
    int64_t last_time;  /* when it was sent, or 0 */
    int64_t friends_since;
};
extern const struct record friend_item_record;

struct friend_list {
    int64_t total;
    struct list friends; /* struct friend_item */
    char *next_cursor;
};
extern const struct record friend_list_record;

/* PATCH /api/friends/{user_id} */
struct friend_change {
    char *user_id;
    char *remark; /* "" removes it */
};
extern const struct record friend_change_record;
MUST_CHECK enum status friend_change_check(const struct friend_change *change, struct error *err);

/* ---- Requests */

/* POST /api/friend_requests */
struct friend_ask {
    char *user_id;
    char *greeting;
};
extern const struct record friend_ask_record;
MUST_CHECK enum status friend_ask_check(const struct friend_ask *ask, struct error *err);

/* One request, as one of its two sees it. */
struct friend_request {
    char *request_id; /* NULL: none was needed */
    char *status;     /* pending, accepted */
    char *direction;  /* incoming: user_id asks; outgoing: user_id is asked */
    char *user_id;    /* the other one */
    char *username;
    char *nickname;
    char *avatar;
    char *greeting;
    int64_t created_at; /* accepted: when they became friends */
};
extern const struct record friend_request_record;

struct friend_request_query {
    char *direction;
    int64_t limit;
    char *cursor;
};
extern const struct record friend_request_query_record;
MUST_CHECK enum status friend_request_query_check(const struct friend_request_query *query,
                                                  struct error *err);

struct friend_request_list {
    int64_t total;
    struct list requests; /* struct friend_request, newest first */
    char *next_cursor;
};
extern const struct record friend_request_list_record;

struct friend_request_path {
    char *request_id;
};
extern const struct record friend_request_path_record;

/* ---- Blocks */

/* POST /api/blocks */
struct block_create {
    char *user_id;
};
extern const struct record block_create_record;

struct block_item {
    char *user_id;
    char *username;
    char *nickname;
    char *avatar;
};
extern const struct record block_item_record;

struct block_list {
    int64_t total;
    struct list blocks; /* struct block_item */
    char *next_cursor;
};
extern const struct record block_list_record;

extern const struct record *const friend_api_records[];
extern const size_t n_friend_api_records;

#endif
