/* What everybody must refuse of a user: told to everybody at once, and to who asks. */

#include <stdlib.h>

#include "auth.h"
#include "base/clock.h"
#include "log/log.h"

/* As long as a token of an older generation may live, and a minute for clocks that differ. */
#define TOLD_MS ((TOKEN_SECONDS + 60) * INT64_C(1000))
#define TOLD_MAX 10000      /* the newest; the record's limit */
#define SWEEP_AFTER_MS 2000 /* younger ones are being announced by who made them */
#define SWEEP_MAX 200
#define ANNOUNCE_TRIES 5 /* each time but the last, somebody else restricted him once more */

/* All that is read of an account for it. */
static const struct field restricted_fields[] = {
    FIELD_NAMED(struct account_document, id, "_id"),
    FIELD(struct account_document, generation),
    FIELD(struct account_document, muted_until),
    FIELD(struct account_document, restricted_at),
};
static const struct record restricted_record =
    RECORD("auth.restricted", struct account_document, restricted_fields);

enum status restrictions_prepare(struct auth_state *auth, struct error *err)
{
    static const char *const indexes[] = {
        "{'muted_until': 1}",
        "{'restricted_at': 1}",
        "{'restriction_announced': 1, 'restricted_at': 1}",
    };
    enum status s = STATUS_OK;

    for (size_t i = 0; i < N_ELEMENTS(indexes) && s == STATUS_OK; i++)
        s = store_index(auth->store, ACCOUNTS, indexes[i], false, 0, err);
    return s;
}

/* ---- To everybody */

/* CONFLICT: what was published is not what is stored any more. */
static enum status announce(struct auth_state *auth, const struct account_document *account,
                            struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct user_restricted event = {.user_id = account->id,
                                          .generation = account->generation,
                                          .muted_until = account->muted_until};
    int64_t matched = 0;
    enum status s;

    record_to_json(&user_restricted_record, &event, &json);
    s = ask_publish_event(auth->context->ask, EVENT_USER_RESTRICTED, buffer_text(&json), err);
    if (s == STATUS_OK)
        s = store_update(auth->store, ACCOUNTS, 0, &matched, err,
                         "[{'_id': %s, 'restricted_at': %ld, 'generation': {'$in': [%ld, null]}, "
                         "'muted_until': {'$in': [%ld, null]}}, "
                         "{'$set': {'restriction_announced': true}}]",
                         account->id, account->restricted_at, account->generation,
                         account->muted_until);
    if (s == STATUS_OK && matched == 0)
        return error_set(err, STATUS_CONFLICT, "the account changed meanwhile");
    return s;
}

void restriction_announce(struct auth_state *auth, const char *user_id)
{
    struct account_document account;
    struct error err = {0};
    enum status s = STATUS_CONFLICT;

    if (!ask_is_connected(auth->context->ask))
        return; /* the worker comes back to it */
    /* Of two that announce at once, the one with the older state may be heard last: so until what
     * was published is what is stored. */
    for (int i = 0; i < ANNOUNCE_TRIES && s == STATUS_CONFLICT; i++) {
        account = (struct account_document){0};
        s = store_find_one(auth->store, ACCOUNTS, &restricted_record, &account, &err, "{'_id': %s}",
                           user_id);
        if (s == STATUS_OK)
            s = announce(auth, &account, &err);
        record_clear(&restricted_record, &account);
    }
    if (s != STATUS_OK)
        log_warn("restriction of a user not announced yet", LOG_TEXT("user_id", user_id),
                 LOG_TEXT("reason", err.text));
}

void restrictions_sweep(struct auth_state *auth)
{
    static const struct store_find how = {.sort = "{'restricted_at': 1}", .limit = SWEEP_MAX};
    struct list accounts = {0};
    struct account_document *items;
    enum status s;

    if (!ask_is_connected(auth->context->ask))
        return;
    s = store_find(auth->store, ACCOUNTS, &how, &restricted_record, &accounts, NULL,
                   "{'restriction_announced': false, 'restricted_at': {'$gt': 0, '$lt': %ld}}",
                   clock_now() - SWEEP_AFTER_MS);
    items = accounts.items;
    for (size_t i = 0; i < accounts.n; i++) {
        if (s == STATUS_OK && !auth->context->stopping) /* else in a second, again */
            restriction_announce(auth, items[i].id);
        record_clear(&restricted_record, &items[i]);
    }
    free(items);
}

/* ---- To who asks */

static enum status find_restricted(struct auth_state *auth, struct list *ret, struct error *err)
{
    static const struct field fields[] = {
        FIELD_NAMED(struct user_restricted, user_id, "_id"),
        FIELD(struct user_restricted, generation),
        FIELD(struct user_restricted, muted_until),
    };
    static const struct record record =
        RECORD("auth.account_restricted", struct user_restricted, fields);
    static const struct store_find how = {.sort = "{'restricted_at': -1}", .limit = TOLD_MAX};
    int64_t now = clock_now();

    return store_find(auth->store, ACCOUNTS, &how, &record, ret, err,
                      "{'$or': [{'muted_until': {'$gt': %ld}}, {'restricted_at': {'$gt': %ld}}]}",
                      now, now - TOLD_MS);
}

enum status handle_restrictions(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    struct restrictions *restrictions = reply;
    enum status s;

    (void)request;
    s = ended_find_recent(auth, &restrictions->session_ids, err);
    return s == STATUS_OK ? find_restricted(auth, &restrictions->users, err) : s;
}
