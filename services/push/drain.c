/* Sockets that are to go although this process stays for a while: all of them before it is ended, or
 * those that came over an edge that is about to end. nginx would cut them without a close frame: it
 * does not speak WebSocket, it only passes bytes on. So it marks the way (X-Edge), and we say the
 * last words through it. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/log.h"
#include "router.h"

/* FNV-1a, 64 bits. */
uint64_t drain_edge(const char *name)
{
    uint64_t hash = 14695981039346656037U;

    if (!name || !*name)
        return 0;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211U;
    return hash;
}

void drain_begin(void *state, const char *edge)
{
    struct push_state *push = state;
    struct letter *letter = letter_new(LETTER_DRAIN);

    if (!edge)
        atomic_store(&push->lets_nobody_in, true);
    letter->edge = drain_edge(edge);
    atomic_fetch_add(&push->leaving, 1); /* the drain itself, until the router has seen it */
    mailbox_put_one(&push->to_router, letter);
}

bool drain_is_done(void *state)
{
    struct push_state *push = state;

    return atomic_load(&push->leaving) == 0;
}

/* ---- In the router */

/* What an edge had taken before it was told to quit may reach us after we looked: then its socket would
 * keep the edge for ever. So long after the others' time we look again. */
#define LATE_MS 1000

struct departure {
    struct departure *next;
    uint64_t edge;    /* 0: all */
    bool looks_again; /* the drain is not over with this one */
    int64_t from;
    int64_t ms;
    size_t n;
    size_t done;
    uint64_t ids[];
};

static void depart(struct router *router, uint64_t edge, int64_t ms, bool looks_again)
{
    size_t most = HASH_COUNT(router->registry.seats);
    struct departure *departure = memory_new(sizeof *departure + most * sizeof *departure->ids);
    struct seat *seat, *next;

    departure->edge = edge;
    departure->looks_again = looks_again;
    departure->from = router->now;
    departure->ms = ms;
    HASH_ITER(hh, router->registry.seats, seat, next) {
        if (seat->is_leaving || (edge && seat->edge != edge))
            continue;
        seat->is_leaving = true;
        departure->ids[departure->n++] = seat->id;
    }
    log_info("sockets leave", LOG_NUMBER("sockets", (int64_t)departure->n));
    /* With the last look the drain itself counts no more. */
    atomic_fetch_add(&router->push->leaving, (long long)departure->n - !looks_again);
    departure->next = router->departures;
    router->departures = departure;
}

void drain_start(struct router *router, const struct letter *letter)
{
    depart(router, letter->edge, router->push->context->config->drain_seconds * 1000,
           letter->edge != 0);
}

static void send_away(struct router *router, uint64_t id)
{
    const struct seat *seat = registry_find_seat(&router->registry, id);
    struct error err;

    if (!seat)
        return; /* it went by itself */
    if (seat->is_accepted) {
        ws_outbox_leave(router->outbox, id);
        return;
    }
    error_set(&err, STATUS_UNAVAILABLE, "going away; try again");
    ws_outbox_refuse(router->outbox, id, &err, RETRY_AFTER_S);
}

/* As many as the time that has passed asks for. */
void drain_turn(struct router *router)
{
    struct departure **at = &router->departures;

    while (*at) {
        struct departure *departure = *at;
        int64_t passed = router->now - departure->from;
        size_t wanted = departure->n;

        if (passed < departure->ms)
            wanted = (size_t)((int64_t)departure->n * passed / departure->ms);
        while (departure->done < wanted)
            send_away(router, departure->ids[departure->done++]);
        if (departure->done < departure->n ||
            (departure->looks_again && passed < departure->ms + LATE_MS)) {
            at = &departure->next;
            continue;
        }
        *at = departure->next;
        if (departure->looks_again)
            depart(router, departure->edge, 0, false);
        free(departure);
    }
}

void drain_clear(struct router *router)
{
    while (router->departures) {
        struct departure *departure = router->departures;

        router->departures = departure->next;
        free(departure);
    }
}
