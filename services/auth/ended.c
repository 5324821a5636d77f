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

/* All that is read of a session to tell of it. */
struct ended {
    char *id;
    char *user_id;
    char *end_reason;
};

static const struct field ended_fields[] = {
    FIELD_NAMED(struct ended, id, "_id"),
    FIELD(struct ended, user_id),
    FIELD(struct ended, end_reason),
};
static const struct record ended_record = RECORD("auth.ended", struct ended, ended_fields);

struct id {
    char *id;
};

static const struct field id_fields[] = {
    FIELD_NAMED(struct id, id, "_id"),
};
static const struct record id_record = RECORD("auth.id", struct id, id_fields);

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

/* What a crash, or a broker that was away, left unsaid. */
static void sweep(struct auth_state *auth)
{
    static const struct store_find how = {.sort = "{'ended_at': 1}", .limit = SWEEP_MAX};
    struct list sessions = {0};
    int64_t now = clock_now();
    struct ended *items;
    enum status s;

    if (!ask_is_connected(auth->context->ask))
        return;
    s = store_find(auth->store, SESSIONS, &how, &ended_record, &sessions, NULL,
                   "{'ended_at': {'$gt': %ld, '$lt': %ld}, 'announced': false}", now - KEPT_MS,
                   now - SWEEP_AFTER_MS);
    items = sessions.items;
    for (size_t i = 0; i < sessions.n; i++) {
        if (s == STATUS_OK && !auth->context->stopping) /* else in a second, again */
            ended_announce(auth, items[i].user_id, items[i].id, items[i].end_reason);
        record_clear(&ended_record, &items[i]);
    }
    free(items);
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

/* Frees found as it goes. */
static void move_ids(struct list *found, struct strings *ret)
{
    struct id *items = found->items;

    for (size_t i = 0; i < found->n; i++) {
        strings_add(ret, items[i].id);
        record_clear(&id_record, &items[i]);
    }
    free(items);
}

enum status handle_restrictions(void *state, const void *request, void *reply, struct error *err)
{
    static const struct store_find how = {.sort = "{'ended_at': -1}", .limit = TOLD_MAX};
    struct auth_state *auth = state;
    struct restrictions *restrictions = reply;
    struct list found = {0};
    enum status s;

    (void)request;
    s = store_find(auth->store, SESSIONS, &how, &id_record, &found, err,
                   "{'ended_at': {'$gt': %ld}}", clock_now() - TOLD_MS);
    move_ids(&found, &restrictions->session_ids);
    return s;
}

/* `a` is a text, `item` one of a list of texts. */
static int compare(const void *a, const void *item)
{
    return strcmp(a, *(char *const *)item);
}

/* Append those of asked that are not among alive, which is sorted. */
static void add_others(const struct strings *asked, const struct strings *alive,
                       struct strings *ret)
{
    for (size_t i = 0; i < asked->n; i++)
        if (!alive->n || !bsearch(asked->items[i], alive->items, alive->n, sizeof(char *), compare))
            strings_add(ret, asked->items[i]);
}

/* What is not there has ended too: long ago, or it never was. */
enum status handle_check_sessions(void *state, const void *request, void *reply, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}"};
    struct auth_state *auth = state;
    const struct session_ids *asked = request;
    struct session_ids *ended = reply;
    struct strings alive = {0};
    struct list found = {0};
    enum status s;

    s = store_find(auth->store, SESSIONS, &how, &id_record, &found, err,
                   "{'_id': {'$in': %p}, 'ended_at': 0, 'seen_at': {'$gt': %ld}}",
                   (const void *)&asked->session_ids, clock_now() - SESSION_MS);
    move_ids(&found, &alive);
    if (s == STATUS_OK)
        add_others(&asked->session_ids, &alive, &ended->session_ids);
    strings_clear(&alive);
    return s;
}
