/* Sockets that come and go, and sessions that end. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/log.h"
#include "router.h"

/* A socket's token is checked in a loop, and its arrival told here a moment later. A session that
 * ended in between would leave a socket that nobody closes: so ends are remembered until every
 * arrival that was checked before them must have come. */
#define RECENT_MS 10000

struct recent {
    char id[ID_MAX]; /* a session's or a user's */
    int64_t at;
    UT_hash_handle hh;
};

static void remember_end(struct router *router, const char *id)
{
    struct recent *recent, *next;

    HASH_ITER(hh, router->recent, recent, next) {
        if (router->now - recent->at < RECENT_MS && strcmp(recent->id, id) != 0)
            continue;
        HASH_DEL(router->recent, recent);
        free(recent);
    }
    recent = memory_new(sizeof *recent);
    memcpy(recent->id, id, strnlen(id, sizeof recent->id - 1));
    recent->at = router->now;
    HASH_ADD_STR(router->recent, id, recent);
}

static bool has_just_ended(const struct router *router, const char *id)
{
    struct recent *recent;

    HASH_FIND_STR(router->recent, id, recent);
    return recent && router->now - recent->at < RECENT_MS;
}

void sessions_clear(struct router *router)
{
    struct recent *recent, *next;

    HASH_ITER(hh, router->recent, recent, next) {
        HASH_DEL(router->recent, recent);
        free(recent);
    }
}

static void tell_presence(struct router *router, enum letter_kind kind, const struct seat *seat)
{
    struct letter *letter = letter_new(kind);

    strcpy(letter->user_id, seat->user->id);
    strcpy(letter->session_id, seat->session_id);
    letters_add(&router->presence, letter);
}

static enum status check(struct router *router, const struct letter *letter, struct error *err)
{
    const struct user *user = registry_find_user(&router->registry, slice_of(letter->user_id));

    if (!router->is_connected || has_just_ended(router, letter->session_id) ||
        has_just_ended(router, letter->user_id)) /* if it has: a new attempt is refused for good */
        return error_set(err, STATUS_UNAVAILABLE, "not ready to serve you yet; try again");
    if (user && user->n_seats >= SOCKETS_PER_USER)
        return error_set(err, STATUS_TOO_FAST, "at most %d sockets of one user", SOCKETS_PER_USER);
    if (registry_address_count(&router->registry, letter->address) >= SOCKETS_PER_ADDRESS)
        return error_set(err, STATUS_TOO_FAST, "at most %d sockets of one address",
                         SOCKETS_PER_ADDRESS);
    return STATUS_OK;
}

void sessions_open(struct router *router, const struct letter *letter)
{
    struct user *user;
    struct seat *seat;
    struct error err;

    if (check(router, letter, &err) != STATUS_OK) {
        ws_outbox_refuse(router->outbox, letter->connection_id, &err, RETRY_AFTER_S);
        return;
    }
    user = registry_get_user(&router->registry, letter->user_id);
    seat = registry_seat_new(&router->registry, user, letter->connection_id, letter->session_id,
                             letter->address);
    tell_presence(router, LETTER_ONLINE, seat);
    if (user->state == USER_LIVE) { /* another device, or back within LINGER_MS */
        ws_outbox_accept(router->outbox, seat->id);
        seat->is_accepted = true;
    } else {
        subscriptions_want(router, user);
    }
}

void sessions_close(struct router *router, const struct letter *letter)
{
    struct seat *seat = registry_find_seat(&router->registry, letter->connection_id);

    if (!seat)
        return; /* was refused here */
    tell_presence(router, LETTER_OFFLINE, seat);
    registry_seat_free(&router->registry, seat, router->now);
}

static void end(struct router *router, const struct seat *seat, const char *reason)
{
    /* 1008 when someone took the session from its user, 4401 at its end. */
    int code = strcmp(reason, "banned") == 0 ? WS_CODE_POLICY : WS_CODE_SESSION_ENDED;
    struct error err;

    ws_outbox_close(router->outbox, seat->id, code, reason);
    error_set(&err, STATUS_UNAUTHENTICATED, "the session has ended");
    if (!seat->is_accepted)
        ws_outbox_refuse(router->outbox, seat->id, &err, 0);
}

void sessions_end(struct router *router, const struct letter *letter)
{
    struct user *user = registry_find_user(&router->registry, slice_of(letter->user_id));

    remember_end(router, *letter->session_id ? letter->session_id : letter->user_id);
    for (size_t i = 0; user && i < user->n_seats; i++)
        if (!*letter->session_id || strcmp(user->seats[i]->session_id, letter->session_id) == 0)
            end(router, user->seats[i], letter->reason);
}

#define SESSIONS_PER_QUESTION 5000

/* Ends may have passed us by: ask about every session that has a socket. */
void sessions_check_all(struct router *router)
{
    struct letter *question = NULL;
    struct seat *seat, *next;

    HASH_ITER(hh, router->registry.seats, seat, next) {
        if (!question)
            question = letter_new(LETTER_CHECK_SESSIONS);
        strings_add(&question->ids, seat->session_id);
        if (question->ids.n == SESSIONS_PER_QUESTION)
            letters_add(&router->lookups, TAKE(question));
    }
    if (question)
        letters_add(&router->lookups, question);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void sessions_end_all(struct router *router, const struct letter *letter)
{
    const struct strings *ids = &letter->ids;
    struct seat *seat, *next;

    if (ids->n == 0)
        return;
    qsort(ids->items, ids->n, sizeof *ids->items, compare);
    HASH_ITER(hh, router->registry.seats, seat, next) {
        const char *id = seat->session_id;

        if (bsearch(&id, ids->items, ids->n, sizeof *ids->items, compare))
            end(router, seat, "session ended");
    }
}
