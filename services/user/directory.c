/* Everybody, copied from auth. */

#include "directory.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "log/log.h"
#include "user.h"

#define DIRECTORY "directory"
#define PULL_MS 30000
#define AGAIN_MS 1000 /* after a failure */
#define PAGE 500      /* accounts of half a KiB: far below RPC_MESSAGE_MAX */
#define PULL_TIMEOUT_MS 5000
#define REGISTERED_MAX 1000 /* that wait for the store; more are asked for instead */

/* Ids are made by several processes, and an account may be stored long after its id was made: so
 * each look begins a minute before the newest that was seen. */
#define OVERLAP_MS 60000

/* How far we have come, in the collection `directory`, the document "accounts". */
struct mark {
    int64_t created_at; /* of the newest account */
};

static const struct field mark_fields[] = {
    FIELD(struct mark, created_at),
};
static const struct record mark_record = RECORD("directory", struct mark, mark_fields);

/* ---- What auth tells (in identity's thread) */

void directory_hear(void *state, const void *event)
{
    struct directory *directory = &((struct user_state *)state)->directory;

    pthread_mutex_lock(&directory->lock);
    if (directory->registered.n < REGISTERED_MAX)
        record_copy(&account_record, event, list_add(&directory->registered, &account_record));
    else
        directory->missed = true;
    pthread_cond_signal(&directory->changed);
    pthread_mutex_unlock(&directory->lock);
}

void directory_missed(struct user_state *user)
{
    pthread_mutex_lock(&user->directory.lock);
    user->directory.missed = true;
    pthread_cond_signal(&user->directory.changed);
    pthread_mutex_unlock(&user->directory.lock);
}

/* Wait a second at most. *ret is what was told; true when auth is to be asked. */
static bool wait_for_news(struct directory *directory, struct accounts *ret)
{
    struct timespec until;
    bool missed;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    pthread_mutex_lock(&directory->lock);
    if (!directory->registered.n && !directory->missed)
        (void)pthread_cond_clockwait(&directory->changed, &directory->lock, CLOCK_MONOTONIC,
                                     &until); /* for whatever reason it returns, we look */
    ret->accounts = directory->registered;
    missed = directory->missed;
    directory->registered = (struct list){0};
    directory->missed = false;
    pthread_mutex_unlock(&directory->lock);
    return missed;
}

/* ---- What we ask for */

static enum status find_mark(struct user_state *user, struct mark *ret, struct error *err)
{
    enum status s =
        store_find_one(user->store, DIRECTORY, &mark_record, ret, err, "{'_id': 'accounts'}");

    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* Those that come after *after, and go on from the last of them. */
static enum status pull_page(struct user_state *user, char after[ID_MAX], bool *ret_done,
                             struct error *err)
{
    const struct account_range range = {.after = *after ? after : NULL, .limit = PAGE};
    CLEANUP(accounts_clear) struct accounts page = {0};
    const struct account *last;
    enum status s;

    s = rpc_call(user->auth, RPC_AUTH_LIST_ACCOUNTS, &account_range_record, &range,
                 &accounts_record, &page, PULL_TIMEOUT_MS, err);
    if (s == STATUS_OK)
        s = profiles_keep(user, &page.accounts, err);
    *ret_done = page.accounts.n < PAGE;
    if (s != STATUS_OK || page.accounts.n == 0)
        return s;
    last = &((struct account *)page.accounts.items)[page.accounts.n - 1];
    (void)snprintf(after, ID_MAX, "%s", last->user_id);
    return store_update(user->store, DIRECTORY, STORE_UPSERT, NULL, err,
                        "[{'_id': 'accounts'}, {'$max': {'created_at': %ld}}]", last->created_at);
}

static enum status pull(struct user_state *user, const struct service_context *context,
                        struct error *err)
{
    struct mark mark = {0};
    char after[ID_MAX] = "";
    bool done = false;
    enum status s = find_mark(user, &mark, err);

    if (mark.created_at > OVERLAP_MS)
        id_first("user_", mark.created_at - OVERLAP_MS, after);
    while (s == STATUS_OK && !done && !context->stopping)
        s = pull_page(user, after, &done, err);
    return s;
}

/* ---- The worker */

void directory_run(void *state, struct service_context *context)
{
    struct user_state *user = state;
    int64_t pull_at = 0;
    bool failing = false, folded = false;
    struct error err;

    while (!context->stopping) {
        CLEANUP(accounts_clear) struct accounts registered = {0};
        bool missed = wait_for_news(&user->directory, &registered);
        enum status s = profiles_keep(user, &registered.accounts, &err);

        if (s == STATUS_OK && !folded) {
            s = profiles_fold(user, &context->stopping, &err);
            folded = s == STATUS_OK;
        }
        if (s == STATUS_OK && (missed || clock_monotonic() >= pull_at)) {
            s = pull(user, context, &err);
            pull_at = clock_monotonic() + PULL_MS;
        }
        if (s != STATUS_OK) {
            if (!failing)
                log_warn("directory not up to date", LOG_TEXT("reason", err.text));
            pull_at = clock_monotonic() + AGAIN_MS;
        }
        failing = s != STATUS_OK;
    }
}
