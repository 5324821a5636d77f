#include "service/refusals.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"

struct ended {
    char id[ID_MAX]; /* a session's */
    int64_t at;
    UT_hash_handle hh;
};

struct restricted {
    char user_id[ID_MAX];
    int64_t generation;
    int64_t muted_until;
    int64_t at;
    UT_hash_handle hh;
};

static void forget_end(struct refusals *refusals, struct ended *ended)
{
    HASH_DEL(refusals->ended, ended);
    free(ended);
}

static void forget_user(struct refusals *refusals, struct restricted *restricted)
{
    HASH_DEL(refusals->restricted, restricted);
    free(restricted);
}

void refusals_clear(struct refusals *refusals)
{
    struct ended *ended, *next;
    struct restricted *restricted, *next_restricted;

    HASH_ITER(hh, refusals->ended, ended, next)
        forget_end(refusals, ended);
    HASH_ITER(hh, refusals->restricted, restricted, next_restricted)
        forget_user(refusals, restricted);
}

void refusals_end_session(struct refusals *refusals, const char *session_id, int64_t now)
{
    struct ended *ended, *next;

    if (strlen(session_id) >= sizeof ended->id)
        return; /* none of ours */
    HASH_FIND_STR(refusals->ended, session_id, ended);
    if (ended)
        forget_end(refusals, ended);
    HASH_ITER(hh, refusals->ended, ended, next) {
        if (ended->at > now - REFUSALS_MS && HASH_COUNT(refusals->ended) < REFUSALS_MAX)
            break;
        forget_end(refusals, ended);
    }
    ended = memory_new(sizeof *ended);
    strcpy(ended->id, session_id);
    ended->at = now;
    HASH_ADD_STR(refusals->ended, id, ended);
}

static void forget_old_users(struct refusals *refusals, int64_t now)
{
    struct restricted *restricted, *next;

    HASH_ITER(hh, refusals->restricted, restricted, next) {
        bool is_full = HASH_COUNT(refusals->restricted) > REFUSALS_MAX;

        if (restricted->at > now - REFUSALS_MS && !is_full)
            break;
        if (restricted->muted_until <= now || is_full)
            forget_user(refusals, restricted);
    }
}

void refusals_restrict(struct refusals *refusals, const struct user_restricted *told, int64_t now)
{
    struct restricted *restricted;

    if (strlen(told->user_id) >= sizeof restricted->user_id)
        return; /* none of ours */
    HASH_FIND_STR(refusals->restricted, told->user_id, restricted);
    if (restricted && restricted->generation > told->generation)
        return;
    if (!restricted)
        restricted = memory_new(sizeof *restricted);
    else
        HASH_DEL(refusals->restricted, restricted);
    strcpy(restricted->user_id, told->user_id);
    restricted->generation = told->generation;
    restricted->muted_until = told->muted_until;
    restricted->at = now;
    HASH_ADD_STR(refusals->restricted, user_id, restricted);
    forget_old_users(refusals, now);
}

void refusals_restrict_all(struct refusals *refusals, const struct user_restricted *users, size_t n,
                           int64_t now)
{
    struct restricted *restricted, *next;

    HASH_ITER(hh, refusals->restricted, restricted, next)
        restricted->muted_until = 0;
    for (size_t i = 0; i < n; i++)
        refusals_restrict(refusals, &users[i], now);
}

enum status refusals_check(const struct refusals *refusals, const struct token_claims *claims,
                           struct error *err)
{
    struct ended *ended;
    struct restricted *restricted;

    HASH_FIND_STR(refusals->ended, claims->session_id, ended);
    if (ended)
        return error_set(err, STATUS_UNAUTHENTICATED, "this session has ended");
    HASH_FIND_STR(refusals->restricted, claims->user_id, restricted);
    if (restricted && claims->generation < restricted->generation)
        return error_set(err, STATUS_EXPIRED, "the token is out of date: refresh it");
    return STATUS_OK;
}

int64_t refusals_muted_until(const struct refusals *refusals, const char *user_id, int64_t now)
{
    struct restricted *restricted;

    HASH_FIND_STR(refusals->restricted, user_id, restricted);
    return restricted && restricted->muted_until > now ? restricted->muted_until : 0;
}
