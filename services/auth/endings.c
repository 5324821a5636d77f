/* The ends of many sessions: all of a user's, and those that nobody used any more. */

#include <stdlib.h>

#include "auth.h"
#include "base/clock.h"
#include "log/log.h"

#define SWEEP_AFTER_MS 2000 /* younger ones are being carried out by who made them */
#define SWEEP_MAX 200
#define SLACK_MS 1000 /* clocks of replicas differ, and the update takes a moment */

/* What an account says of sessions that are to end, see account_document. */
static const struct field ending_fields[] = {
    FIELD_NAMED(struct account_document, id, "_id"),
    FIELD(struct account_document, ending_at),
    FIELD(struct account_document, ending_reason),
    FIELD(struct account_document, ending_except),
};
static const struct record ending_record =
    RECORD("auth.ending", struct account_document, ending_fields);

static enum status end_all(struct auth_state *auth, const char *user_id, const char *except,
                           const char *reason, int64_t begun_before, struct error *err)
{
    enum status s;

    s = store_update(auth->store, SESSIONS, STORE_MANY, NULL, err,
                     "[{'user_id': %s, 'ended_at': 0, '_id': {'$ne': %s}, "
                     "'created_at': {'$lt': %ld}}, {'$set': "
                     "{'ended_at': %ld, 'end_reason': %s, 'announced': false}}]",
                     user_id, except, begun_before, clock_now(), reason);
    if (s == STATUS_OK)
        ended_announce_all(auth, user_id);
    return s;
}

/* A later one, that came meanwhile, stays. */
static enum status forget_ending(struct auth_state *auth, const char *user_id, int64_t ending_at,
                                 struct error *err)
{
    return store_update(auth->store, ACCOUNTS, 0, NULL, err,
                        "[{'_id': %s, 'ending_at': %ld}, {'$set': {'ending_at': 0}}]", user_id,
                        ending_at);
}

enum status sessions_end_all(struct auth_state *auth, const char *user_id, const char *except,
                             const char *reason, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s;

    s = store_find_one(auth->store, ACCOUNTS, &ending_record, &account, err, "{'_id': %s}",
                       user_id);
    if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        s = end_all(auth, user_id, except, reason, INT64_MAX, err);
    if (s == STATUS_OK && account.ending_at > 0)
        s = forget_ending(auth, user_id, account.ending_at, err);
    return s;
}

/* What a crash left undone. Who has logged in since then has been let in anew, and stays. */
static void carry_out(struct auth_state *auth, const struct account_document *account)
{
    struct error err;
    enum status s = end_all(auth, account->id, account->ending_except, account->ending_reason,
                            account->ending_at + SLACK_MS, &err);

    if (s == STATUS_OK)
        s = forget_ending(auth, account->id, account->ending_at, &err);
    if (s != STATUS_OK)
        log_warn("sessions of a user not ended yet", LOG_TEXT("user_id", account->id),
                 LOG_TEXT("reason", err.text));
}

void endings_sweep(struct auth_state *auth)
{
    static const struct store_find how = {.sort = "{'ending_at': 1}", .limit = SWEEP_MAX};
    struct list accounts = {0};
    struct account_document *items;
    enum status s;

    s = store_find(auth->store, ACCOUNTS, &how, &ending_record, &accounts, NULL,
                   "{'ending_at': {'$gt': 0, '$lt': %ld}}", clock_now() - SWEEP_AFTER_MS);
    items = accounts.items;
    for (size_t i = 0; i < accounts.n; i++) {
        if (s == STATUS_OK && !auth->context->stopping) /* else in a second, again */
            carry_out(auth, &items[i]);
        record_clear(&ending_record, &items[i]);
    }
    free(items);
}

enum status sessions_expire(struct auth_state *auth, struct error *err)
{
    int64_t now = clock_now();

    return store_update(
        auth->store, SESSIONS, STORE_MANY, NULL, err,
        "[{'seen_at': {'$lt': %ld}, 'ended_at': 0, 'service': {'$ne': true}}, {'$set': "
        "{'ended_at': %ld, 'end_reason': %s, 'announced': false}}]",
        now - SESSION_MS, now, END_EXPIRED);
}
