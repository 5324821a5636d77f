/* Identities at other providers: which account each leads to. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "oauth.h"

struct identity_document {
    char *id; /* "<provider>:<subject>" */
    char *user_id;
    char *provider;
    char *username; /* there */
    int64_t created_at;
    bool leaving; /* somebody is unlinking it */
};

static const struct field identity_fields[] = {
    FIELD_NAMED(struct identity_document, id, "_id"), FIELD(struct identity_document, user_id),
    FIELD(struct identity_document, provider),        FIELD(struct identity_document, username),
    FIELD(struct identity_document, created_at),      FIELD(struct identity_document, leaving),
};
static const struct record identity_record =
    RECORD("auth.identity_document", struct identity_document, identity_fields);

static inline void identity_clear_at(struct identity_document *identity)
{
    record_clear(&identity_record, identity);
}

/* One of each provider for a user: it is by the provider's name that he unlinks it. */
enum status identities_prepare(struct auth_state *auth, struct error *err)
{
    return store_index(auth->store, IDENTITIES, "{'user_id': 1, 'provider': 1}", true, 0, err);
}

static char *id_of(const struct provider *provider, const struct proof *proof)
{
    struct buffer id = {0};

    buffer_printf(&id, "%s:%s", provider->setting->name, proof->claims.sub);
    return buffer_take(&id);
}

static enum status find(struct auth_state *auth, const char *id, struct identity_document *ret,
                        struct error *err)
{
    return store_find_one(auth->store, IDENTITIES, &identity_record, ret, err, "{'_id': %s}", id);
}

static enum status add(struct auth_state *auth, struct provider *provider, struct proof *proof,
                       const char *user_id, struct error *err)
{
    CLEANUP(identity_clear)
    struct identity_document identity = {
        .id = id_of(provider, proof),
        .user_id = memory_text(user_id),
        .provider = memory_text(provider->setting->name),
        .username = identity_name(&proof->claims),
        .created_at = clock_now(),
    };

    return store_insert(auth->store, IDENTITIES, &identity_record, &identity, err);
}

/* ---- Log-in */

/* Under the id that the identity names. Others may be making it too, with the same names in the
 * same order: who comes later finds it stored. */
static enum status make_account(struct auth_state *auth, const char *user_id,
                                const struct id_token_claims *claims, struct error *err)
{
    CLEANUP(free) char *name = newcomer_name(claims);
    enum status s = STATUS_NAME_TAKEN;

    for (int n = 1; n <= NEWCOMER_NAMES_MAX && s == STATUS_NAME_TAKEN; n++) {
        CLEANUP(account_document_clear) struct account_document account = {0};

        account.id = memory_text(user_id);
        account.username = newcomer_name_numbered(name, n);
        account.nickname = newcomer_nickname(claims, account.username);
        s = account_create(auth, &account, err);
    }
    return s;
}

/* The identity is stored before its account, so that of two log-ins at once both make the same
 * account, and what a crash leaves between the two is finished by the next one. */
static enum status reserve(struct auth_state *auth, struct provider *provider, struct proof *proof,
                           struct identity_document *ret, struct error *err)
{
    CLEANUP(free) char *id = id_of(provider, proof);
    char user_id[ID_MAX];
    enum status s;

    id_new("user_", user_id);
    s = add(auth, provider, proof, user_id, err);
    if (s != STATUS_OK && s != STATUS_ID_TAKEN)
        return s;
    return find(auth, id, ret, err);
}

enum status identity_find_account(struct auth_state *auth, struct provider *provider,
                                  struct proof *proof, struct account_document *ret,
                                  struct error *err)
{
    CLEANUP(identity_clear) struct identity_document identity = {0};
    CLEANUP(free) char *id = id_of(provider, proof);
    enum status s = find(auth, id, &identity, err);

    if (s == STATUS_OK)
        s = account_find(auth, identity.user_id, ret, err);
    if (s != STATUS_NOT_FOUND)
        return s;
    s = provider_describe(provider, proof, err);
    if (s == STATUS_OK && !identity.id)
        s = reserve(auth, provider, proof, &identity, err);
    if (s == STATUS_OK)
        s = make_account(auth, identity.user_id, &proof->claims, err);
    if (s == STATUS_OK)
        s = account_find(auth, identity.user_id, ret, err);
    return s;
}

/* ---- Linking */

static enum status judge_taken(struct auth_state *auth, const char *id, const char *user_id,
                               struct error *err)
{
    CLEANUP(identity_clear) struct identity_document there = {0};
    enum status s = find(auth, id, &there, err);

    if (s == STATUS_OK && strcmp(there.user_id, user_id) == 0)
        return STATUS_OK; /* it is linked already */
    if (s == STATUS_OK)
        return error_set(err, STATUS_CONFLICT, "this identity leads to another account already");
    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_CONFLICT,
                         "another identity of this provider leads to the account: unlink it first");
    return s;
}

enum status identity_link(struct auth_state *auth, struct provider *provider, struct proof *proof,
                          const char *user_id, struct error *err)
{
    CLEANUP(free) char *id = id_of(provider, proof);
    enum status s = provider_describe(provider, proof, err); /* for the list of one's identities */

    if (s == STATUS_OK)
        s = add(auth, provider, proof, user_id, err);
    return s == STATUS_ID_TAKEN ? judge_taken(auth, id, user_id, err) : s;
}

enum status identities_forget(struct auth_state *auth, const char *user_id, struct error *err)
{
    return store_delete(auth->store, IDENTITIES, NULL, err, "{'user_id': %s}", user_id);
}

/* ---- The list */

enum status handle_identities(void *state, struct call *call, const void *request, void *reply,
                              struct error *err)
{
    static const struct store_find how = {.sort = "{'created_at': 1}", .limit = PROVIDERS_MAX * 2};
    struct auth_state *auth = state;
    struct oauth_identities *list = reply;
    struct list found = {0};
    struct identity_document *items;
    enum status s;

    (void)request;
    s = store_find(auth->store, IDENTITIES, &how, &identity_record, &found, err, "{'user_id': %s}",
                   call->user_id);
    items = found.items;
    for (size_t i = 0; i < found.n; i++) {
        struct oauth_identity *identity = list_add(&list->identities, &oauth_identity_record);

        identity->provider = TAKE(items[i].provider);
        identity->username = TAKE(items[i].username);
        identity->created_at = items[i].created_at;
        record_clear(&identity_record, &items[i]);
    }
    free(found.items);
    list->total = (int64_t)list->identities.n;
    return s;
}

/* ---- Unlinking */

static enum status mark(struct auth_state *auth, const char *id, bool leaving, struct error *err)
{
    return store_update(auth->store, IDENTITIES, 0, NULL, err,
                        "[{'_id': %s}, {'$set': {'leaving': %d}}]", id, leaving);
}

/* Is there another way in? An identity that is leaving is none: of two that are unlinked at once,
 * neither counts on the other. */
static enum status check_other_way(struct auth_state *auth, const char *user_id, const char *id,
                                   struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    int64_t n = 0;
    enum status s = account_find(auth, user_id, &account, err);

    if (s != STATUS_OK || account.password_hash)
        return s;
    s = store_count(auth->store, IDENTITIES, 1, &n, err,
                    "{'user_id': %s, '_id': {'$ne': %s}, 'leaving': false}", user_id, id);
    if (s == STATUS_OK && n == 0)
        return error_set(err, STATUS_CONFLICT,
                         "it is the only way into the account: set a password first");
    return s;
}

/* It is marked, then looked at, then deleted. What a crash leaves marked still logs in, and can be
 * unlinked again. */
enum status handle_unlink(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    struct auth_state *auth = state;
    const struct oauth_unlink *unlink = request;
    CLEANUP(identity_clear) struct identity_document identity = {0};
    struct error unmarked;
    enum status s;

    (void)reply;
    s = store_find_one(auth->store, IDENTITIES, &identity_record, &identity, err,
                       "{'user_id': %s, 'provider': %s}", call->user_id, unlink->provider);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "no identity of this provider leads to your account");
    if (s == STATUS_OK)
        s = mark(auth, identity.id, true, err);
    if (s != STATUS_OK)
        return s;
    s = check_other_way(auth, call->user_id, identity.id, err);
    if (s == STATUS_OK)
        return store_delete(auth->store, IDENTITIES, NULL, err, "{'_id': %s, 'user_id': %s}",
                            identity.id, call->user_id);
    if (mark(auth, identity.id, false, &unmarked) != STATUS_OK)
        log_warn("identity stays marked as leaving", LOG_TEXT("user_id", call->user_id),
                 LOG_TEXT("reason", unmarked.text));
    return s;
}
