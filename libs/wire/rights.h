#ifndef WIRE_RIGHTS_H
#define WIRE_RIGHTS_H

#include <stdbool.h>

/* Who may do what on the paths under /v1/admin: each such route names a right (libs/http refuses a
 * table in which one does not), and each role has a set of them. */

#define ROLE_USER "user"
#define ROLE_MODERATOR "moderator"
#define ROLE_ADMIN "admin"
#define ROLE_SERVICE \
    "service" /* a program's account: it has no rights, and only the routes that say so */

#define RIGHT_LIST(X) \
    X(OVERVIEW_READ, "overview.read") \
    X(USERS_READ, "users.read") \
    X(USERS_BAN, "users.ban") \
    X(USERS_MUTE, "users.mute") \
    X(USERS_LOGOUT, "users.logout") \
    X(USERS_PASSWORD, "users.password") \
    X(USERS_ROLE, "users.role") \
    X(USERS_EXPORT, "users.export") \
    X(USERS_DELETE, "users.delete") \
    X(MESSAGES_READ, "messages.read") \
    X(MESSAGES_RECALL, "messages.recall") \
    X(AUDIT_READ, "audit.read") \
    X(SERVICES_READ, "services.read") \
    X(SERVICES_MANAGE, "services.manage")

enum right {
    RIGHT_NONE, /* of routes for everybody */
#define X(name, text) RIGHT_##name,
    RIGHT_LIST(X)
#undef X
        RIGHT_COUNT
};

/* "users.ban"; "" for RIGHT_NONE. Static. */
const char *right_name(enum right right);

/* Has the role that right? A role that we do not know has none. */
bool role_has(const char *role, enum right right);

/* user 0, moderator 1, admin 2; -1: no role of ours. Nobody acts upon his equals or betters, but
 * admins upon everyone. */
int role_rank(const char *role);

#endif
