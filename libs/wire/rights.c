#include "wire/rights.h"

#include <string.h>

#include "base/base.h"

static const char *const names[RIGHT_COUNT] = {[RIGHT_NONE] = "",
#define X(name, text) [RIGHT_##name] = text,
                                               RIGHT_LIST(X)
#undef X
};

#define BIT(right) (1U << RIGHT_##right)

static const struct {
    const char *role;
    unsigned rights;
} roles[] = {
    {ROLE_USER, 0},
    {ROLE_MODERATOR, BIT(OVERVIEW_READ) | BIT(USERS_READ) | BIT(USERS_BAN) | BIT(USERS_MUTE) |
                         BIT(USERS_LOGOUT) | BIT(MESSAGES_RECALL)},
    {ROLE_ADMIN, ~0U},
};

const char *right_name(enum right right)
{
    return names[right];
}

int role_rank(const char *role)
{
    for (int i = 0; i < (int)N_ELEMENTS(roles); i++)
        if (strcmp(roles[i].role, role) == 0)
            return i;
    return -1;
}

bool role_has(const char *role, enum right right)
{
    int rank = role_rank(role);

    return rank >= 0 && (roles[rank].rights & 1U << right);
}
