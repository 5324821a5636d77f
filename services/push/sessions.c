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
    char id[ID_MAX]; /* of the session */
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

    if (!router->is_connected || atomic_load(&router->push->lets_nobody_in) ||
        has_just_ended(router, letter->session_id))
        /* if it has: a new attempt is refused for good */
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
    seat->edge = letter->edge;
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
    if (seat->is_leaving)
        atomic_fetch_sub(&router->push->leaving, 1);
    registry_seat_free(&router->registry, seat, router->now);
}

/* ---- Ends */

/* 4401 for a session at its end, 1008 when somebody or something took it away: a program must not
 * simply come back then. */
static int close_code(const char *reason)
{
    bool is_its_end = strcmp(reason, END_LOGOUT) == 0 || strcmp(reason, END_EXPIRED) == 0;

    return is_its_end ? WS_CODE_SESSION_ENDED : WS_CODE_POLICY;
}

static void close_seat(struct router *router, const struct seat *seat, const char *reason)
{
    struct error err;

    error_set(&err, STATUS_UNAUTHENTICATED, "the session has ended");
    if (seat->is_accepted)
        ws_outbox_close(router->outbox, seat->id, close_code(reason), reason);
    else
        ws_outbox_refuse(router->outbox, seat->id, &err, 0);
}

/* All the user's devices are told, last of all the one that it is about. The same end may be told
 * twice: by its event, and by the answer after a reconnect. */
static void end_session(struct router *router, struct user *user, const char *session_id,
                        const char *reason)
{
    const struct system_content content = {
        .event = (char *)"session.ended",
        .session_id = (char *)session_id,
        .reason = (char *)reason,
    };

    if (has_just_ended(router, session_id))
        return;
    remember_end(router, session_id);
    if (!user)
        return;
    fanout_system(router, user, &content);
    for (size_t i = 0; i < user->n_seats; i++)
        if (strcmp(user->seats[i]->session_id, session_id) == 0)
            close_seat(router, user->seats[i], reason);
}

void sessions_end(struct router *router, const struct letter *letter)
{
    end_session(router, registry_find_user(&router->registry, slice_of(letter->user_id)),
                letter->session_id, letter->reason);
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
    return strcmp(((const struct session_end *)a)->session_id,
                  ((const struct session_end *)b)->session_id);
}

void sessions_end_all(struct router *router, const struct letter *letter)
{
    const struct list *ends = &letter->ends.ends;
    struct seat *seat, *next;

    if (ends->n == 0)
        return;
    qsort(ends->items, ends->n, sizeof(struct session_end), compare);
    HASH_ITER(hh, router->registry.seats, seat, next) {
        const struct session_end key = {.session_id = seat->session_id};
        const struct session_end *end = bsearch(&key, ends->items, ends->n, sizeof key, compare);

        if (end)
            end_session(router, seat->user, end->session_id, end->reason);
    }
}
