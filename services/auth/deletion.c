/* Deletions: asked for, and carried on by whichever auth process has time, until they are done. */

#include "admin.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "data_rights.h"
#include "log/log.h"

#define HOLD_MS 10000  /* who began it has this long to close the account himself */
#define CLAIM_MS 30000 /* longer than the longest question of a step */
#define RETRY_MS 2000
#define IDLE_MS 500

static const struct field deletion_fields[] = {
    FIELD_NAMED(struct deletion, id, "_id"), FIELD(struct deletion, requested_at),
    FIELD(struct deletion, steps),           FIELD(struct deletion, rounds),
    FIELD(struct deletion, attempts),        FIELD(struct deletion, claim),
    FIELD(struct deletion, due_at),          FIELD(struct deletion, finished_at),
};
const struct record deletion_record = RECORD("auth.deletion", struct deletion, deletion_fields);

enum status deletions_prepare(struct auth_state *auth, struct error *err)
{
    enum status s;

    s = store_index(auth->store, DELETIONS, "{'finished_at': 1, 'due_at': 1}", false, 0, err);
    if (s == STATUS_OK) /* the export asks by it, and the deletion */
        s = store_index(auth->store, SESSIONS, "{'user_id': 1, '_id': 1}", false, 0, err);
    return s;
}

/* ---- Asked for */

static enum status refuse_last(struct auth_state *auth, const char *user_id, struct error *err)
{
    enum status s = store_delete(auth->store, DELETIONS, NULL, err, "{'_id': %s}", user_id);

    return s == STATUS_OK ? error_set(err, STATUS_CONFLICT, "this is the last administrator") : s;
}

/* The job is stored first: what this process does not live to do, the worker does. */
enum status deletion_begin(struct auth_state *auth, const char *user_id, struct error *err)
{
    int64_t now = clock_now();
    enum status s;

    s = store_update(auth->store, DELETIONS, STORE_UPSERT, NULL, err,
                     "[{'_id': %s}, {'$setOnInsert': {'requested_at': %ld, 'steps': [], "
                     "'rounds': 0, 'attempts': 0, 'due_at': %ld, 'finished_at': 0}}]",
                     user_id, now, now + HOLD_MS);
    if (s == STATUS_OK)
        s = deletion_close(auth, user_id, err);
    if (s == STATUS_CONFLICT)
        return refuse_last(auth, user_id, err);
    if (s != STATUS_OK)
        return s;
    return store_update(auth->store, DELETIONS, 0, NULL, err,
                        "[{'_id': %s, 'attempts': 0}, {'$set': {'due_at': %ld}}]", user_id, now);
}

enum status handle_delete_account(void *state, struct call *call, const void *request, void *reply,
                                  struct error *err)
{
    struct auth_state *auth = state;
    const struct account_delete *wanted = request;
    enum status s = account_confirm(auth, call, wanted->password, err);

    (void)reply;
    if (s == STATUS_OK)
        s = deletion_begin(auth, call->user_id, err);
    if (s == STATUS_OK)
        login_clear_cookies(call);
    return s;
}

static enum status delete_target(struct auth_state *auth, const struct account_document *target,
                                 const void *request, void *reply, struct error *err)
{
    (void)request, (void)reply;
    if (target->bot)
        return error_set(err, STATUS_FORBIDDEN, "this is a bot, not somebody's account");
    return deletion_begin(auth, target->id, err);
}

enum status handle_admin_delete(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    const struct admin_reason *wanted = request;
    const struct admin_action action = {
        .name = "users.delete",
        .right = RIGHT_USERS_DELETE,
        .user_id = wanted->user_id,
        .reason = wanted->reason,
        .run = delete_target,
    };

    return admin_act(state, call, &action, request, reply, err);
}

/* ---- Carried out */

struct job {
    struct auth_state *auth;
    struct deletion deletion;
};

/* UNAVAILABLE also when somebody else has it by now. */
static enum status renew(const struct job *job, struct error *err)
{
    int64_t matched = 0;
    enum status s;

    s = store_update(job->auth->store, DELETIONS, 0, &matched, err,
                     "[{'_id': %s, 'claim': %s}, {'$set': {'due_at': %ld}}]", job->deletion.id,
                     job->deletion.claim, clock_now() + CLAIM_MS);
    if (s == STATUS_OK && matched == 0)
        return error_set(err, STATUS_UNAVAILABLE, "somebody else goes on with it");
    return s;
}

static bool is_done(const struct deletion *deletion, const char *step)
{
    for (size_t i = 0; i < deletion->steps.n; i++)
        if (strcmp(deletion->steps.items[i], step) == 0)
            return true;
    return false;
}

static enum status note_step(struct job *job, const char *step, struct error *err)
{
    strings_add(&job->deletion.steps, step);
    return store_update(job->auth->store, DELETIONS, 0, NULL, err,
                        "[{'_id': %s, 'claim': %s}, {'$addToSet': {'steps': %s}}]",
                        job->deletion.id, job->deletion.claim, step);
}

/* UNAVAILABLE when it has to stop before the step is done. */
static enum status take_step(struct job *job, const struct deletion_step *step, struct error *err)
{
    bool done = false;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && !done) {
        if (job->auth->context->stopping)
            return error_set(err, STATUS_UNAVAILABLE, "the service stops");
        s = renew(job, err);
        if (s == STATUS_OK)
            s = step->run(job->auth, job->deletion.id, &done, err);
    }
    return s == STATUS_OK ? note_step(job, step->name, err) : s;
}

static enum status end_round(const struct job *job, struct error *err)
{
    int64_t now = clock_now();
    int64_t rounds = job->deletion.rounds + 1;
    bool is_last = rounds == DELETION_ROUNDS;

    return store_update(job->auth->store, DELETIONS, 0, NULL, err,
                        "[{'_id': %s, 'claim': %s}, {'$set': {'steps': [], 'rounds': %ld, "
                        "'due_at': %ld, 'finished_at': %ld}, '$unset': {'claim': ''}}]",
                        job->deletion.id, job->deletion.claim, rounds, now + DELETION_SETTLE_MS,
                        is_last ? now : 0);
}

static enum status go_through(struct job *job, struct error *err)
{
    enum status s = STATUS_OK;

    for (size_t i = 0; s == STATUS_OK && i < n_deletion_steps; i++)
        if (!is_done(&job->deletion, deletion_steps[i].name))
            s = take_step(job, &deletion_steps[i], err);
    return s == STATUS_OK ? end_round(job, err) : s;
}

/* A job whose account does not exist, or may not go, is none. */
static void drop(const struct job *job, const struct error *why)
{
    struct error err;

    log_warn("deletion dropped", LOG_TEXT("user_id", job->deletion.id),
             LOG_TEXT("reason", why->text));
    if (store_delete(job->auth->store, DELETIONS, NULL, &err, "{'_id': %s, 'claim': %s}",
                     job->deletion.id, job->deletion.claim) != STATUS_OK)
        log_warn("deletion not dropped yet", LOG_TEXT("reason", err.text));
}

static void carry_on(struct job *job)
{
    struct error err;
    enum status s = go_through(job, &err);
    bool is_closed = is_done(&job->deletion, "closed") || job->deletion.rounds > 0;

    if (s == STATUS_OK) {
        log_info("account deleted", LOG_TEXT("user_id", job->deletion.id),
                 LOG_NUMBER("round", job->deletion.rounds + 1));
        return;
    }
    if (!is_closed && (s == STATUS_NOT_FOUND || s == STATUS_CONFLICT)) {
        drop(job, &err);
        return;
    }
    log_warn("deletion goes on later", LOG_TEXT("user_id", job->deletion.id),
             LOG_TEXT("reason", err.text));
    /* What this fails to say, the end of the claim says. */
    if (store_update(job->auth->store, DELETIONS, 0, NULL, &err,
                     "[{'_id': %s, 'claim': %s}, {'$set': {'due_at': %ld}}]", job->deletion.id,
                     job->deletion.claim, clock_now() + RETRY_MS) != STATUS_OK)
        log_warn("deletion still claimed", LOG_TEXT("reason", err.text));
}

/* One that is due, which is ours until the claim ends; false: there is none. */
static bool claim(struct auth_state *auth, struct deletion *ret)
{
    int64_t now = clock_now();
    char id[ID_MAX];

    id_new("claim_", id);
    return store_find_and_update(auth->store, DELETIONS, &deletion_record, ret, NULL,
                                 "[{'finished_at': 0, 'due_at': {'$lte': %ld}}, {'$set': "
                                 "{'claim': %s, 'node': %s, 'due_at': %ld}, "
                                 "'$inc': {'attempts': 1}}]",
                                 now, id, auth->context->config->node_id,
                                 now + CLAIM_MS) == STATUS_OK;
}

/* What the process had in hand that had our name before us. Unsaid, it only takes longer. */
static void release(struct auth_state *auth)
{
    struct error err;

    if (store_update(auth->store, DELETIONS, STORE_MANY, NULL, &err,
                     "[{'finished_at': 0, 'node': %s, 'claim': {'$exists': true}}, "
                     "{'$set': {'due_at': 0}, '$unset': {'claim': ''}}]",
                     auth->context->config->node_id) != STATUS_OK)
        log_warn("deletions not released", LOG_TEXT("reason", err.text));
}

void deletion_run(void *state, struct service_context *context)
{
    struct job job = {.auth = state};

    release(job.auth);
    while (!context->stopping) {
        if (!claim(job.auth, &job.deletion)) {
            nanosleep(&(struct timespec){.tv_nsec = IDLE_MS * 1000000L}, NULL);
            continue;
        }
        carry_on(&job);
        record_clear(&deletion_record, &job.deletion);
    }
}
