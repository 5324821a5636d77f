#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- Users */

struct user *registry_find_user(struct registry *registry, struct slice user_id)
{
    struct user *user;

    HASH_FIND(hh, registry->users, user_id.data, user_id.length, user);
    return user;
}

struct user *registry_get_user(struct registry *registry, const char *user_id)
{
    struct user *user = registry_find_user(registry, slice_of(user_id));

    if (user)
        return user;
    user = memory_new(sizeof *user);
    strncat(user->id, user_id, sizeof user->id - 1);
    HASH_ADD_STR(registry->users, id, user);
    return user;
}

static void idle_add(struct registry *registry, struct user *user, int64_t now)
{
    user->left_at = now;
    user->next_idle = NULL;
    user->previous_idle = registry->last_idle;
    if (registry->last_idle)
        registry->last_idle->next_idle = user;
    else
        registry->first_idle = user;
    registry->last_idle = user;
}

static void idle_remove(struct registry *registry, struct user *user)
{
    if (!user->left_at)
        return;
    if (user->previous_idle)
        user->previous_idle->next_idle = user->next_idle;
    else
        registry->first_idle = user->next_idle;
    if (user->next_idle)
        user->next_idle->previous_idle = user->previous_idle;
    else
        registry->last_idle = user->previous_idle;
    user->previous_idle = user->next_idle = NULL;
    user->left_at = 0;
}

void registry_set_idle(struct registry *registry, struct user *user, int64_t now)
{
    idle_remove(registry, user);
    idle_add(registry, user, now);
}

void registry_user_free(struct registry *registry, struct user *user)
{
    idle_remove(registry, user);
    registry_leave_all(registry, user);
    HASH_DEL(registry->users, user);
    free(user->seats);
    free(user);
}

/* ---- Seats and addresses */

struct seat *registry_find_seat(struct registry *registry, uint64_t id)
{
    struct seat *seat;

    HASH_FIND(hh, registry->seats, &id, sizeof id, seat);
    return seat;
}

static struct address *find_address(struct registry *registry, const char *text)
{
    struct address *address;

    HASH_FIND_STR(registry->addresses, text, address);
    return address;
}

size_t registry_address_count(struct registry *registry, const char *text)
{
    const struct address *address = *text ? find_address(registry, text) : NULL;

    return address ? address->n : 0;
}

static struct address *address_take(struct registry *registry, const char *text)
{
    struct address *address = find_address(registry, text);

    if (!address) {
        address = memory_new(sizeof *address);
        strncat(address->text, text, sizeof address->text - 1);
        HASH_ADD_STR(registry->addresses, text, address);
    }
    address->n++;
    return address;
}

static void address_give_back(struct registry *registry, struct address *address)
{
    if (!address || --address->n > 0)
        return;
    HASH_DEL(registry->addresses, address);
    free(address);
}

struct seat *registry_seat_new(struct registry *registry, struct user *user, uint64_t id,
                               const char *session_id, const char *address)
{
    struct seat *seat = memory_new(sizeof *seat);

    seat->id = id;
    seat->user = user;
    strncat(seat->session_id, session_id, sizeof seat->session_id - 1);
    if (*address)
        seat->address = address_take(registry, address);
    idle_remove(registry, user);
    user->seats = memory_grow(user->seats, user->n_seats + 1, sizeof(struct seat *));
    user->seats[user->n_seats++] = seat;
    HASH_ADD(hh, registry->seats, id, sizeof seat->id, seat);
    return seat;
}

void registry_seat_free(struct registry *registry, struct seat *seat, int64_t now)
{
    struct user *user = seat->user;

    for (size_t i = 0; i < user->n_seats; i++)
        if (user->seats[i] == seat)
            user->seats[i--] = user->seats[--user->n_seats];
    if (user->n_seats == 0)
        idle_add(registry, user, now);
    address_give_back(registry, seat->address);
    HASH_DEL(registry->seats, seat);
    free(seat);
}

/* ---- Groups */

struct group *registry_find_group(struct registry *registry, struct slice group_id)
{
    struct group *group;

    HASH_FIND(hh, registry->groups, group_id.data, group_id.length, group);
    return group;
}

static struct group *get_group(struct registry *registry, const char *group_id)
{
    struct group *group = registry_find_group(registry, slice_of(group_id));

    if (group)
        return group;
    group = memory_new(sizeof *group);
    strncat(group->id, group_id, sizeof group->id - 1);
    HASH_ADD_STR(registry->groups, id, group);
    return group;
}

struct membership *registry_find_membership(const struct user *user, const char *group_id)
{
    struct membership *membership = user->memberships;

    while (membership && strcmp(membership->group->id, group_id) != 0)
        membership = membership->next;
    return membership;
}

static void list_group(struct registry *registry, struct group *group)
{
    if (group->is_listed)
        return;
    group->is_listed = true;
    group->next_listed = registry->listed;
    registry->listed = group;
}

struct group *registry_take_listed(struct registry *registry)
{
    struct group *group = registry->listed;

    if (group) {
        registry->listed = group->next_listed;
        group->is_listed = false;
    }
    return group;
}

void registry_group_free(struct registry *registry, struct group *group)
{
    HASH_DEL(registry->groups, group);
    free(group->members);
    free(group);
}

static void enter(struct registry *registry, struct membership *membership)
{
    struct group *group = membership->group;

    group->members = memory_grow(group->members, group->n_members + 1, sizeof(struct membership *));
    membership->place = group->n_members;
    group->members[group->n_members++] = membership;
    membership->is_in = true;
    list_group(registry, group);
}

static void leave(struct registry *registry, struct membership *membership)
{
    struct group *group = membership->group;
    struct membership *last = group->members[group->n_members - 1];

    group->members[membership->place] = last;
    last->place = membership->place;
    group->n_members--;
    membership->is_in = false;
    membership->wants_resync = false;
    list_group(registry, group);
}

bool registry_set_member(struct registry *registry, struct user *user, const char *group_id,
                         int64_t rev, int64_t from_seq, bool is_in)
{
    struct membership *membership = registry_find_membership(user, group_id);

    if (membership && membership->rev >= rev)
        return false;
    if (!membership) {
        membership = memory_new(sizeof *membership);
        membership->user = user;
        membership->group = get_group(registry, group_id);
        membership->group->n_known++;
        membership->next = user->memberships;
        user->memberships = membership;
    }
    membership->rev = rev;
    if (is_in)
        membership->from_seq = from_seq; /* a later stay, if he left meanwhile unheard */
    if (is_in && !membership->is_in)
        enter(registry, membership);
    else if (!is_in && membership->is_in)
        leave(registry, membership);
    return true;
}

void registry_leave_all(struct registry *registry, struct user *user)
{
    struct membership *membership;

    while ((membership = user->memberships)) {
        user->memberships = membership->next;
        if (membership->is_in)
            leave(registry, membership);
        membership->group->n_known--;
        list_group(registry, membership->group);
        free(membership);
    }
}

void registry_clear(struct registry *registry)
{
    struct seat *seat, *next_seat;
    struct user *user, *next_user;
    struct group *group, *next_group;

    HASH_ITER(hh, registry->seats, seat, next_seat) {
        registry_seat_free(registry, seat, 1);
    }
    HASH_ITER(hh, registry->users, user, next_user) {
        registry_user_free(registry, user);
    }
    HASH_ITER(hh, registry->groups, group, next_group) {
        registry_group_free(registry, group);
    }
}
