/* Ended sessions: told to everybody at once, and to who asks. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"

/* As long as a token of theirs may live, and a minute for clocks that differ. */
#define TOLD_MS ((TOKEN_SECONDS + 60) * INT64_C(1000))
#define TOLD_MAX 20000 /* of them the newest; the record's limit */
#define KEPT_MS (24 * 3600 * INT64_C(1000))
#define SWEEP_MS 1000
#define SWEEP_AFTER_MS 2000 /* younger ones are being announced by who ended them */
#define SWEEP_MAX 200
#define CLEAN_MS (10 * 60 * 1000)

/* ---- To everybody */

void ended_announce(struct auth_state *auth, const char *user_id, const char *session_id,
                    const char *reason)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct session_ended event = {.user_id = (char *)user_id, /* only read */
                                  .session_id = (char *)session_id,
                                  .reason = (char *)reason};
    struct error err;
    enum status s;

    if (!ask_is_connected(auth->context->ask))
        return; /* the worker comes back to it */
    record_to_json(&session_ended_record, &event, &json);
    s = ask_publish_event(auth->context->ask, EVENT_SESSION_ENDED, buffer_text(&json), &err);
    if (s == STATUS_OK)
        s = store_update(auth->store, SESSIONS, 0, NULL, &err,
                         "[{'_id': %s}, {'$set': {'announced': true}}]", session_id);
    if (s != STATUS_OK)
        log_warn("end of a session not announced yet", LOG_TEXT("session_id", session_id),
                 LOG_TEXT("reason", err.text));
}

static void sessions_clear(struct list *sessions)
{
    struct session_document *items = sessions->items;

    for (size_t i = 0; i < sessions->n; i++)
        record_clear(&session_document_record, &items[i]);
    free(sessions->items);
}

static void sessions_clear_at(struct list *sessions)
{
    sessions_clear(sessions);
}

/* What a crash, or a broker that was away, left unsaid. */
static void sweep(struct auth_state *auth)
{
    static const struct store_find how = {.sort = "{'ended_at': 1}", .limit = SWEEP_MAX};
    CLEANUP(sessions_clear) struct list sessions = {0};
    const struct session_document *items;
    int64_t now = clock_now();

    if (!ask_is_connected(auth->context->ask) ||
        store_find(auth->store, SESSIONS, &how, &session_document_record, &sessions, NULL,
                   "{'ended_at': {'$gt': %ld, '$lt': %ld}, 'announced': false}", now - KEPT_MS,
                   now - SWEEP_AFTER_MS) != STATUS_OK)
        return; /* in a second, again */
    items = sessions.items;
    for (size_t i = 0; i < sessions.n && !auth->context->stopping; i++)
        ended_announce(auth, items[i].user_id, items[i].id, items[i].end_reason);
}

/* In place of a TTL index, which wants dates (docs/decisions/0041). */
static void clean(struct auth_state *auth)
{
    int64_t now = clock_now();
    struct error err;

    if (store_delete(auth->store, SESSIONS, NULL, &err, "{'seen_at': {'$lt': %ld}}",
                     now - SESSION_MS) != STATUS_OK ||
        store_delete(auth->store, SESSIONS, NULL, &err, "{'ended_at': {'$gt': 0, '$lt': %ld}}",
                     now - KEPT_MS) != STATUS_OK)
        log_warn("old sessions not deleted", LOG_TEXT("reason", err.text));
}

void ended_run(void *state, struct service_context *context)
{
    struct auth_state *auth = state;
    int64_t clean_at = clock_monotonic();

    while (!context->stopping) {
        nanosleep(&(struct timespec){.tv_sec = SWEEP_MS / 1000}, NULL);
        sweep(auth);
        if (clock_monotonic() < clean_at)
            continue;
        clean(auth);
        clean_at = clock_monotonic() + CLEAN_MS;
    }
}

/* ---- To who asks */

enum status handle_ended_sessions(void *state, const void *request, void *reply, struct error *err)
{
    static const struct store_find how = {.sort = "{'ended_at': -1}", .limit = TOLD_MAX};
    struct auth_state *auth = state;
    struct session_ids *ids = reply;
    CLEANUP(sessions_clear) struct list sessions = {0};
    const struct session_document *items;
    enum status s;

    (void)request;
    s = store_find(auth->store, SESSIONS, &how, &session_document_record, &sessions, err,
                   "{'ended_at': {'$gt': %ld}}", clock_now() - TOLD_MS);
    if (s != STATUS_OK)
        return s;
    items = sessions.items;
    for (size_t i = 0; i < sessions.n; i++)
        strings_add(&ids->session_ids, items[i].id);
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct session_document *)a)->id,
                  ((const struct session_document *)b)->id);
}

static bool is_alive(const struct list *alive, char *session_id)
{
    const struct session_document key = {.id = session_id};

    return alive->n && bsearch(&key, alive->items, alive->n, sizeof key, compare);
}

/* What is not there has ended too: long ago, or never was. */
enum status handle_check_sessions(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct session_ids *asked = request;
    struct session_ids *ended = reply;
    CLEANUP(sessions_clear) struct list alive = {0};
    enum status s;

    s = store_find(auth->store, SESSIONS, &(struct store_find){0}, &session_document_record, &alive,
                   err, "{'_id': {'$in': %p}, 'ended_at': 0, 'seen_at': {'$gt': %ld}}",
                   (const void *)&asked->session_ids, clock_now() - SESSION_MS);
    if (s != STATUS_OK)
        return s;
    if (alive.n)
        qsort(alive.items, alive.n, sizeof(struct session_document), compare);
    for (size_t i = 0; i < asked->session_ids.n; i++)
        if (!is_alive(&alive, asked->session_ids.items[i]))
            strings_add(&ended->session_ids, asked->session_ids.items[i]);
    return STATUS_OK;
}
