#ifndef GROUP_GROUP_H
#define GROUP_GROUP_H

#include "service/service.h"
#include "wire/group_api.h"
#include "wire/internal.h"

/* group: groups and who is in them.
 *
 * A change of membership is one update of the group's document: the members, rev + 1, and the
 * change itself in `pending`, the outbox. From there it goes in order to the partition of the
 * group's conversation, and leaves the outbox when it is in the log (outbox.c). */
#define GROUPS "groups"

struct member {
    char *user_id;
    char *role; /* admin or member; the owner is whom owner_id names */
    int64_t joined_at;
    bool bot;
};
extern const struct record member_record;

/* A document, read in parts: each record below fills only its own members. */
struct group {
    char *group_id; /* _id */
    char *name;
    char *description;
    char *avatar;
    char *join_policy;
    char *owner_id;
    int64_t rev;
    int64_t member_count; /* 0: dissolved */
    int64_t created_at;
    struct list members; /* struct member, in the order of joining */
    struct list pending; /* struct group_change, in the order of rev */
    bool is_admin;       /* not stored: the one who asks is */
};
extern const struct record group_record;         /* all of it: to insert */
extern const struct record group_head_record;    /* without members and pending */
extern const struct record group_members_record; /* owner_id, rev, member_count, members */
extern const struct record group_outbox_record;  /* rev, pending */
DEFINE_RECORD_CLEANUP(struct group, group)

struct outbox;

struct group_state {
    struct service_context *context;
    struct store *store;
    struct rpc_client *user;
    struct outbox *outbox;
};

/* ---- groups.c */

MUST_CHECK enum status groups_prepare(struct group_state *group, struct error *err);

/* A group as its member sees it. NOT_FOUND for everyone else, the group existing or not. rec is
 * one of the records above; *ret is the caller's to clear. */
MUST_CHECK enum status group_find_mine(struct group_state *group, const char *group_id,
                                       const char *user_id, const struct record *rec,
                                       struct group *ret, struct error *err);

/* Who these are, from the user service; unknown ones are missing. */
MUST_CHECK enum status group_find_accounts(struct group_state *group,
                                           const struct strings *user_ids, struct accounts *ret,
                                           struct error *err);
DEFINE_RECORD_CLEANUP(struct accounts, accounts)

http_handler handle_create;
http_handler handle_mine;
http_handler handle_get;

/* ---- members.c */

http_handler handle_join;
http_handler handle_leave;
http_handler handle_members;

/* The member leaves, and the log says so. NOT_FOUND: he is none. UNAVAILABLE: perhaps he has left,
 * and the log hears of it later. */
MUST_CHECK enum status member_leave(struct group_state *group, const char *group_id,
                                    const char *user_id, struct error *err);

/* Who owns a group after its owner left: the oldest admin, else the oldest member, and a bot only
 * when there are no people; NULL when nobody is left. Pure. */
const struct member *members_successor(const struct group *group);

/* One of the group's members, as they are listed. */
MUST_CHECK enum status member_show(struct group_state *group, const struct group *members,
                                   const char *user_id, struct group_member_view *ret,
                                   struct error *err);

/* ---- roles.c */

http_handler handle_role;
http_handler handle_transfer;

/* ---- export.c, erase.c: data rights */

rpc_handler handle_export;
rpc_handler handle_erase;

/* ---- outbox.c */

/* The most changes of one group that may wait for the log; more are refused with UNAVAILABLE. The
 * filter of a commit says so by the index of the last, 'pending.63'. */
#define PENDING_MAX 64

struct outbox *outbox_new(struct group_state *group);
void outbox_free(struct outbox *outbox); /* NULL is fine */

/* Make sure that every change of the group up to rev is in the log. UNAVAILABLE: not within
 * timeout_ms; the changes stand, and the sweeper goes on with them. Any thread. */
MUST_CHECK enum status outbox_flush(struct outbox *outbox, const char *group_id, int64_t rev,
                                    int timeout_ms, struct error *err);

/* A worker: sends what others left. */
void outbox_sweep(void *state, struct service_context *context);

extern struct metrics group_metrics;

#endif
