/* The thread that tells Redis who is here, and friends (by way of `user`) who came and went.
 * Nothing depends on it: without Redis only presence is unknown.
 *
 * A session is here from its first socket until GRACE_MS after its last: clients that only change
 * networks are back sooner, and nobody hears of it. What could not be written stays to be written.
 * What others of a user's sessions do on other nodes is Redis's to know: it answers whether a change
 * made him come or go altogether, and only that is told. */

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cache/presence.h"
#include "log/log.h"
#include "push.h"

#define GRACE_MS 5000 /* protocol.md */
#define GATHER_MS 250 /* comings and goings of a moment become one event */
#define BATCH 500
#define TURNS_MAX 100000 /* users whose change waits for a broker that is away */

enum stage {
    STAGE_FRESH,   /* to be written */
    STAGE_HERE,    /* written */
    STAGE_LEAVING, /* without a socket; written still */
};

struct present {
    char key[2 * ID_MAX]; /* user id, newline, session id */
    char user_id[ID_MAX];
    char session_id[ID_MAX];
    size_t n; /* sockets */
    enum stage stage;
    bool is_unsure; /* Redis may have heard of it, and did not answer */
    int64_t left_at;
    struct present *prev; /* in fresh or leaving */
    struct present *next;
    UT_hash_handle hh;
};

/* The last that is to be told of a user. */
struct turn {
    char user_id[ID_MAX];
    bool online;
    int64_t at; /* Unix ms */
    UT_hash_handle hh;
};

struct presence {
    struct push_state *push;
    struct cache *cache;
    char life[CACHE_LIFE_MAX];
    struct present *all;
    struct present *fresh;
    struct present *leaving; /* by left_at */
    struct turn *turns;
    int64_t turned_at; /* the oldest of turns */
    int64_t refresh_at;
    bool was_swept; /* we were taken for dead: what is not known as here must be told again */
    bool is_away;
};

/* What Redis is asked at once. */
struct batch {
    struct present *presents[BATCH];
    struct cache_session sessions[BATCH];
    size_t n;
};

static void batch_add(struct batch *batch, struct present *present)
{
    batch->presents[batch->n] = present;
    batch->sessions[batch->n++] = (struct cache_session){
        .user_id = present->user_id,
        .session_id = present->session_id,
    };
}

/* ---- To be told */

static void forget_turns(struct presence *presence)
{
    struct turn *turn, *next;

    HASH_ITER(hh, presence->turns, turn, next) {
        HASH_DEL(presence->turns, turn);
        free(turn);
    }
}

static void tell(struct presence *presence, const struct present *present, bool online)
{
    struct turn *turn;

    HASH_FIND_STR(presence->turns, present->user_id, turn);
    if (!turn) {
        if (HASH_COUNT(presence->turns) >= TURNS_MAX)
            forget_turns(presence); /* lists show how it is */
        if (!presence->turns)
            presence->turned_at = clock_monotonic();
        turn = memory_new(sizeof *turn);
        strcpy(turn->user_id, present->user_id);
        HASH_ADD_STR(presence->turns, user_id, turn);
    }
    turn->online = online;
    turn->at = clock_now() - (online ? 0 : clock_monotonic() - present->left_at);
}

/* One event of BATCH changes at most. */
static void publish_some(struct presence *presence)
{
    struct presence_change changes[BATCH];
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct presence_changes event = {.changes = {.items = changes}};
    struct turn *turn, *next;
    struct envelope envelope = {.kind = ENVELOPE_EVENT};

    for (turn = presence->turns; turn && event.changes.n < BATCH; turn = turn->hh.next)
        changes[event.changes.n++] = (struct presence_change){
            .user_id = turn->user_id, .online = turn->online, .timestamp = turn->at};
    record_to_json(&presence_changes_record, &event, &json);
    envelope.payload = (struct slice){json.data, json.length};
    outgoing_put_presence(&presence->push->outgoing, &envelope);
    HASH_ITER(hh, presence->turns, turn, next) {
        if (event.changes.n-- == 0)
            break;
        HASH_DEL(presence->turns, turn);
        free(turn);
    }
}

static void publish(struct presence *presence)
{
    bool is_due = HASH_COUNT(presence->turns) >= BATCH ||
                  clock_monotonic() - presence->turned_at >= GATHER_MS ||
                  atomic_load(&presence->push->context->stopping);

    while (presence->turns && is_due && atomic_load(&presence->push->is_publishing))
        publish_some(presence);
}

/* ---- To Redis */

/* Was it written? Failures are said once. */
static bool note(struct presence *presence, enum status s, const struct error *err)
{
    if (s != STATUS_OK && !presence->is_away)
        log_warn("presence is not written", LOG_TEXT("reason", err->text));
    presence->is_away = s != STATUS_OK;
    return s == STATUS_OK;
}

static bool write_come(struct presence *presence, struct batch *batch)
{
    struct error err;
    enum status s = cache_come(presence->cache, presence->life, batch->sessions, batch->n, &err);

    return note(presence, s, &err);
}

static void write_fresh(struct presence *presence)
{
    while (presence->fresh) {
        struct batch batch = {0};
        struct present *each;

        for (each = presence->fresh; each && batch.n < BATCH; each = each->next)
            batch_add(&batch, each);
        if (!write_come(presence, &batch)) {
            for (size_t i = 0; i < batch.n; i++)
                batch.presents[i]->is_unsure = true;
            return;
        }
        for (size_t i = 0; i < batch.n; i++) {
            DL_DELETE(presence->fresh, batch.presents[i]);
            batch.presents[i]->stage = STAGE_HERE;
            if (batch.sessions[i].has_turned || batch.presents[i]->is_unsure)
                tell(presence, batch.presents[i], true); /* rather twice than never */
            batch.presents[i]->is_unsure = false;
        }
    }
}

static void forget(struct presence *presence, struct present *present)
{
    HASH_DEL(presence->all, present);
    free(present);
}

static bool has_left(const struct present *present)
{
    return present && clock_monotonic() - present->left_at >= GRACE_MS;
}

static void write_left(struct presence *presence)
{
    while (has_left(presence->leaving)) {
        struct batch batch = {0};
        struct present *each;
        struct error err;
        enum status s;

        for (each = presence->leaving; has_left(each) && batch.n < BATCH; each = each->next)
            batch_add(&batch, each);
        s = cache_go(presence->cache, presence->life, batch.sessions, batch.n, &err);
        if (!note(presence, s, &err))
            return;
        for (size_t i = 0; i < batch.n; i++) {
            if (batch.sessions[i].has_turned)
                tell(presence, batch.presents[i], false);
            DL_DELETE(presence->leaving, batch.presents[i]);
            forget(presence, batch.presents[i]);
        }
    }
}

/* Where Redis was emptied this brings all back, and tells nobody: they did not go. */
static bool refresh_batch(struct presence *presence, struct batch *batch)
{
    if (batch->n > 0 && !write_come(presence, batch))
        return false;
    for (size_t i = 0; i < batch->n && presence->was_swept; i++)
        if (batch->sessions[i].has_turned)
            tell(presence, batch->presents[i], true);
    batch->n = 0;
    return true;
}

static bool refresh_life(struct presence *presence)
{
    struct push_state *push = presence->push;
    bool was_swept = false;
    struct error err;
    enum status s = cache_set_life(presence->cache, presence->life, push->context->config->listen,
                                   (int64_t)ws_server_sockets(push->server), &was_swept, &err);

    presence->was_swept = presence->was_swept || was_swept;
    return note(presence, s, &err);
}

static void refresh(struct presence *presence)
{
    struct batch batch = {0};
    struct present *present;

    if (clock_monotonic() < presence->refresh_at)
        return;
    presence->refresh_at = clock_monotonic() + 1000; /* if it fails */
    if (!refresh_life(presence))
        return;
    for (present = presence->all; present; present = present->hh.next) {
        if (present->stage == STAGE_FRESH)
            continue;
        batch_add(&batch, present);
        if (batch.n == BATCH && !refresh_batch(presence, &batch))
            return;
    }
    if (!refresh_batch(presence, &batch))
        return;
    presence->was_swept = false;
    presence->refresh_at = clock_monotonic() + CACHE_REFRESH_MS;
}

/* ---- From the router */

static struct present *find(struct presence *presence, const struct letter *letter)
{
    char key[2 * ID_MAX] = "";
    struct present *present;

    strcat(strcat(strcat(key, letter->user_id), "\n"), letter->session_id);
    HASH_FIND_STR(presence->all, key, present);
    if (present || letter->kind == LETTER_OFFLINE)
        return present;
    present = memory_new(sizeof *present);
    strcpy(present->key, key);
    strcpy(present->user_id, letter->user_id);
    strcpy(present->session_id, letter->session_id);
    HASH_ADD_STR(presence->all, key, present);
    DL_APPEND(presence->fresh, present);
    return present;
}

static void count(struct presence *presence, const struct letter *letter)
{
    struct present *present = find(presence, letter);

    if (letter->kind == LETTER_ONLINE) {
        present->n++;
        if (present->stage == STAGE_LEAVING) {
            DL_DELETE(presence->leaving, present);
            present->stage = present->is_unsure ? STAGE_FRESH : STAGE_HERE;
            if (present->is_unsure)
                DL_APPEND(presence->fresh, present);
        }
        return;
    }
    if (!present || --present->n > 0)
        return;
    if (present->stage == STAGE_FRESH)
        DL_DELETE(presence->fresh, present);
    if (present->stage == STAGE_FRESH && !present->is_unsure) { /* Redis never heard of it */
        forget(presence, present);
        return;
    }
    present->stage = STAGE_LEAVING;
    present->left_at = clock_monotonic();
    DL_APPEND(presence->leaving, present);
}

static void read_letters(struct presence *presence, int wait_ms)
{
    struct letters letters = {0};
    struct letter *letter;

    mailbox_take(&presence->push->to_presence, wait_ms, &letters);
    while ((letter = letters_take(&letters))) {
        count(presence, letter);
        letter_free(letter);
    }
}

/* ---- */

static void end(struct presence *presence)
{
    struct present *present, *next;

    read_letters(presence, 0);
    /* Should this fail, what is left expires. */
    if (refresh_life(presence))
        (void)!cache_end_life(presence->cache, presence->life, GRACE_MS, NULL);
    HASH_ITER(hh, presence->all, present, next) {
        forget(presence, present);
    }
    forget_turns(presence);
    free(presence);
}

void presence_run(void *state, struct service_context *context)
{
    struct push_state *push = state;
    struct presence *presence = memory_new(sizeof *presence);

    presence->push = push;
    presence->cache = context->cache;
    cache_life_new(context->config->node_id, presence->life);
    while (!atomic_load(&push->is_drained)) {
        refresh(presence);
        write_fresh(presence);
        write_left(presence);
        publish(presence);
        read_letters(presence, presence->turns ? GATHER_MS / 2 : GATHER_MS);
    }
    end(presence);
}
