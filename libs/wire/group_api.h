#ifndef WIRE_GROUP_API_H
#define WIRE_GROUP_API_H

#include "record/record.h"

/* The REST bodies of the group service. */

#define GROUP_MEMBERS_MAX 2000 /* one change of all of them fits well below ENVELOPE_MAX */

/* POST /api/groups: the maker is the owner and a member besides member_ids. */
struct group_create {
    char *name;
    char *description;
    char *avatar;
    struct strings member_ids;
    char *join_policy; /* absent: open */
};
extern const struct record group_create_record;

/* What the table cannot say: texts that can be shown, a policy that exists, no id twice. */
MUST_CHECK enum status group_create_check(const struct group_create *create, struct error *err);

struct group_path {
    char *group_id;
};
extern const struct record group_path_record;

/* GET /api/groups/my */
struct group_page {
    int64_t limit;
    char *cursor;
};
extern const struct record group_page_record;

/* GET /api/groups/{group_id}/members */
struct group_members_page {
    char *group_id;
    int64_t limit;
    char *cursor;
};
extern const struct record group_members_page_record;

/* A group as one of its members sees it. */
struct group_view {
    char *group_id;
    char *name;
    char *description;
    char *avatar;
    char *join_policy;
    char *owner_id;
    char *role; /* one's own: owner, admin or member */
    int64_t member_count;
    int64_t created_at;
};
extern const struct record group_view_record;

struct group_list {
    int64_t total;
    struct list groups; /* struct group_view */
    char *next_cursor;
};
extern const struct record group_list_record;

struct group_member_view {
    char *user_id;
    char *username;
    char *nickname;
    char *role;
    int64_t joined_at;
};
extern const struct record group_member_view_record;

struct group_member_list {
    int64_t total;
    struct list members; /* struct group_member_view, in the order of joining */
    char *next_cursor;
};
extern const struct record group_member_list_record;

/* PUT /api/groups/{group_id}/members/{user_id}/role */
struct group_role_change {
    char *group_id;
    char *user_id;
    char *role; /* admin or member */
};
extern const struct record group_role_change_record;

/* POST /api/groups/{group_id}/transfer */
struct group_transfer {
    char *group_id;
    char *user_id; /* the new owner */
};
extern const struct record group_transfer_record;

extern const struct record *const group_api_records[];
extern const size_t n_group_api_records;

#endif
