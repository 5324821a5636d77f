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

static enum status publish(struct auth_state *auth, const struct ended *ended, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct session_ended event = {
        .user_id = ended->user_id, .session_id = ended->id, .reason = ended->end_reason};

    record_to_json(&session_ended_record, &event, &json);
    return ask_publish_event(auth->context->ask, EVENT_SESSION_ENDED, buffer_text(&json), err);
}

void ended_announce(struct auth_state *auth, const char *user_id, const char *session_id,
                    const char *reason)
{
    const struct ended ended = {.id = (char *)session_id, /* only read, as the rest */
                                .user_id = (char *)user_id,
                                .end_reason = (char *)reason};
    struct error err;
    enum status s;

    if (!ask_is_connected(auth->context->ask))
        return; /* the worker comes back to it */
    s = publish(auth, &ended, &err);
    if (s == STATUS_OK)
        s = store_update(auth->store, SESSIONS, 0, NULL, &err,
                         "[{'_id': %s}, {'$set': {'announced': true}}]", session_id);
    if (s != STATUS_OK)
        log_warn("end of a session not announced yet", LOG_TEXT("session_id", session_id),
                 LOG_TEXT("reason", err.text));
}

/* What a search that ended with s has found; it is freed here. What fails stays as it is, for the
 * worker. */
static void announce_found(struct auth_state *auth, enum status s, struct list *found)
{
    struct ended *items = found->items;
    struct strings told = {0};
    struct error err = {.text = "the store did not answer"};

    for (size_t i = 0; i < found->n; i++) {
        if (s == STATUS_OK && !auth->context->stopping) {
            s = publish(auth, &items[i], &err);
            strings_add(&told, items[i].id); /* of no use unless all is well */
        }
        record_clear(&ended_record, &items[i]);
    }
    free(items);
    if (s == STATUS_OK && told.n)
        s = store_update(auth->store, SESSIONS, STORE_MANY, NULL, &err,
                         "[{'_id': {'$in': %p}}, {'$set': {'announced': true}}]",
                         (const void *)&told);
    strings_clear(&told);
    if (s != STATUS_OK && found->n)
        log_warn("ends of sessions not announced yet", LOG_TEXT("reason", err.text));
}

void ended_announce_all(struct auth_state *auth, const char *user_id)
{
    static const struct store_find how = {.limit = SESSIONS_MAX * 2};
    struct list sessions = {0};
    enum status s;

    if (!ask_is_connected(auth->context->ask))
        return; /* the worker comes back to it */
    s = store_find(auth->store, SESSIONS, &how, &ended_record, &sessions, NULL,
                   "{'user_id': %s, 'ended_at': {'$gt': 0}, 'announced': false}", user_id);
    announce_found(auth, s, &sessions);
}

/* What a crash, or a broker that was away, left unsaid. */
static void sweep(struct auth_state *auth)
{
    static const struct store_find how = {.sort = "{'ended_at': 1}", .limit = SWEEP_MAX};
    struct list sessions = {0};
    int64_t now = clock_now();
    enum status s;

    if (!ask_is_connected(auth->context->ask))
        return;
    s = store_find(auth->store, SESSIONS, &how, &ended_record, &sessions, NULL,
                   "{'ended_at': {'$gt': %ld, '$lt': %ld}, 'announced': false}", now - KEPT_MS,
                   now - SWEEP_AFTER_MS);
    announce_found(auth, s, &sessions);
}

/* In place of a TTL index, which wants dates (docs/decisions/0041). A socket may still be open on a
 * session that expires: it ends as any other, and is deleted once everybody knows. */
static void clean(struct auth_state *auth)
{
    struct error err;

    if (sessions_expire(auth, &err) != STATUS_OK ||
        store_delete(auth->store, SESSIONS, NULL, &err, "{'ended_at': {'$gt': 0, '$lt': %ld}}",
                     clock_now() - KEPT_MS) != STATUS_OK)
        log_warn("old sessions not ended or deleted", LOG_TEXT("reason", err.text));
}

void ended_run(void *state, struct service_context *context)
{
    struct auth_state *auth = state;
    int64_t clean_at = clock_monotonic();

    while (!context->stopping) {
        nanosleep(&(struct timespec){.tv_sec = SWEEP_MS / 1000}, NULL);
        endings_sweep(auth);
        sweep(auth);
        restrictions_sweep(auth);
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

enum status ended_find_recent(struct auth_state *auth, struct strings *ret, struct error *err)
{
    static const struct store_find how = {.sort = "{'ended_at': -1}", .limit = TOLD_MAX};
    struct list found = {0};
    enum status s;

    s = store_find(auth->store, SESSIONS, &how, &id_record, &found, err,
                   "{'ended_at': {'$gt': %ld}}", clock_now() - TOLD_MS);
    move_ids(&found, ret);
    return s;
}

/* All that is read of a session to know whether it has ended. */
struct standing {
    char *id;
    int64_t seen_at;
    int64_t ended_at;
    char *end_reason;
};

static const struct field standing_fields[] = {
    FIELD_NAMED(struct standing, id, "_id"),
    FIELD(struct standing, seen_at),
    FIELD(struct standing, ended_at),
    FIELD(struct standing, end_reason),
};
static const struct record standing_record =
    RECORD("auth.standing", struct standing, standing_fields);

static int compare(const void *id, const void *standing)
{
    return strcmp(id, ((const struct standing *)standing)->id);
}

/* Why it has ended, or NULL. What is not there (NULL) was ended long ago, or never was. */
static const char *reason_of(const struct standing *standing)
{
    if (standing && standing->ended_at)
        return standing->end_reason ? standing->end_reason : END_EXPIRED;
    return standing && standing->seen_at > clock_now() - SESSION_MS ? NULL : END_EXPIRED;
}

enum status handle_check_sessions(void *state, const void *request, void *reply, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}"};
    struct auth_state *auth = state;
    const struct strings *asked = &((const struct session_ids *)request)->session_ids;
    struct session_ends *ends = reply;
    struct list found = {0};
    struct standing *standings;
    enum status s;

    s = store_find(auth->store, SESSIONS, &how, &standing_record, &found, err,
                   "{'_id': {'$in': %p}}", (const void *)asked);
    standings = found.items;
    for (size_t i = 0; s == STATUS_OK && i < asked->n; i++) {
        const char *reason = reason_of(
            found.n ? bsearch(asked->items[i], standings, found.n, sizeof *standings, compare)
                    : NULL);
        struct session_end *end;

        if (!reason)
            continue;
        end = list_add(&ends->ends, &session_end_record);
        end->session_id = memory_text(asked->items[i]);
        end->reason = memory_text(reason);
    }
    list_clear(&found, &standing_record);
    return s;
}
