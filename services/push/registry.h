#ifndef PUSH_REGISTRY_H
#define PUSH_REGISTRY_H

#include <stdint.h>
#include <uthash.h>

#include "base/id.h"
#include "base/slice.h"
#include "ws/server.h"

/* Who is here: users, their sockets, the groups that they are in. The router's alone, without
 * locks and without I/O. */

enum user_state {
    USER_NEW,       /* to be subscribed */
    USER_LOOKED_UP, /* subscribed; the groups are asked for */
    USER_LIVE,
};

struct seat { /* a socket, as the router knows it */
    uint64_t id;
    struct user *user;
    struct address *address; /* NULL: not counted */
    char session_id[ID_MAX];
    bool is_accepted;
    bool is_leaving;   /* told to go, and counted as such */
    uint64_t edge;     /* that it came by, see drain_edge(); 0: none */
    UT_hash_handle hh; /* by id */
};

struct user {
    char id[ID_MAX];
    enum user_state state;
    bool is_queued;     /* in the list of those to be subscribed */
    bool is_subscribed; /* since this connection to the bus */
    bool wants_resync;  /* his sockets have missed something */
    int64_t left_at;    /* since when he has no socket; 0: he has */
    struct seat **seats;
    size_t n_seats;
    struct membership *memberships; /* list */
    struct user *next_queued;
    struct user *previous_idle; /* list of those without a socket, by left_at */
    struct user *next_idle;
    UT_hash_handle hh;
};

/* Also kept after leaving, with is_in false, to know by rev which change is old. */
struct membership {
    struct user *user;
    struct group *group;
    int64_t rev;
    int64_t from_seq;
    bool is_in;
    bool wants_resync; /* joined; told when the group is bound */
    size_t place;      /* in group->members, while is_in */
    struct membership *next;
};

struct group {
    char id[ID_MAX];
    bool is_bound;
    bool is_listed; /* in the list of those whose binding must be looked at */
    struct membership **members;
    size_t n_members;
    size_t n_known; /* memberships that name it, is_in or not */
    struct group *next_listed;
    UT_hash_handle hh;
};

struct address {
    char text[WS_ADDRESS_MAX];
    size_t n;
    UT_hash_handle hh;
};

struct registry {
    struct seat *seats;
    struct user *users;
    struct group *groups;
    struct address *addresses;
    struct group *listed; /* groups that somebody entered or left */
    struct user *first_idle;
    struct user *last_idle;
};

void registry_clear(struct registry *registry);

struct user *registry_find_user(struct registry *registry, struct slice user_id);
struct user *registry_get_user(struct registry *registry, const char *user_id); /* makes him */
struct group *registry_find_group(struct registry *registry, struct slice group_id);
struct seat *registry_find_seat(struct registry *registry, uint64_t id);

/* How many sockets are counted for that address. */
size_t registry_address_count(struct registry *registry, const char *address);

/* Give user a seat; address "" is not counted. */
struct seat *registry_seat_new(struct registry *registry, struct user *user, uint64_t id,
                               const char *session_id, const char *address);
/* Take it away; when it was the last, the user joins the idle list at the time now. */
void registry_seat_free(struct registry *registry, struct seat *seat, int64_t now);

/* Put a user without a seat at the end of the idle list. */
void registry_set_idle(struct registry *registry, struct user *user, int64_t now);

/* Forget a user who has no seat, and his memberships. */
void registry_user_free(struct registry *registry, struct user *user);
void registry_leave_all(struct registry *registry, struct user *user);

/* The next of the listed groups, or NULL. One that nobody knows and that is not bound any more is
 * to be freed. */
struct group *registry_take_listed(struct registry *registry);
void registry_group_free(struct registry *registry, struct group *group);

struct membership *registry_find_membership(const struct user *user, const char *group_id);
/* Put user into the group as of rev (or out of it), unless something as new is known: false. */
bool registry_set_member(struct registry *registry, struct user *user, const char *group_id,
                         int64_t rev, int64_t from_seq, bool is_in);

#endif
