/* Service accounts: programs that write to people, and the tokens by which they are known. */

#include "admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "data_rights.h"
#include "wire/service_api.h"
#include "wire/shown.h"

#define TOTAL_MAX 10000 /* as with the other lists of administrators */

static const struct field listed_fields[] = {
    FIELD_NAMED(struct service_account, user_id, "_id"),
    FIELD(struct service_account, username),
    FIELD(struct service_account, nickname),
    FIELD(struct service_account, bot),
    FIELD(struct service_account, created_at),
};
static const struct record listed_record =
    RECORD("auth.listed_service", struct service_account, listed_fields);

/* ---- Their tokens */

static enum status store_token(struct auth_state *auth, const struct account_document *account,
                               const char *token, const char *session_id, struct error *err)
{
    char hash[REFRESH_HASH_MAX];
    int64_t now = clock_now();
    const struct session_document session = {
        .id = (char *)session_id, /* only read, as the rest */
        .user_id = account->id,
        .family_hash = hash,
        .created_at = now,
        .seen_at = now,
        .service = true,
    };

    refresh_token_hash(token, hash);
    return store_insert(auth->store, SESSIONS, &session_document_record, &session, err);
}

/* The new one is stored before the old one ends: a crash in between leaves both, which the next call
 * ends. What was stored is looked at once more, as at any log-in: the account may be gone by now. */
static enum status make_token(struct auth_state *auth, const struct account_document *account,
                              struct service_created *ret, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document after = {0};
    char session_id[ID_MAX];
    char token[SERVICE_TOKEN_MAX];
    enum status s;

    service_token_new(token);
    id_new(SESSION_PREFIX, session_id);
    s = store_token(auth, account, token, session_id, err);
    if (s == STATUS_OK)
        s = sessions_end_all(auth, account->id, session_id, END_REPLACED, err);
    if (s == STATUS_OK)
        s = account_find(auth, account->id, &after, err);
    if (s == STATUS_OK && (after.deleted_at > 0 || account_is_banned(&after, clock_now())))
        s = session_end(auth, account->id, session_id, END_ADMIN, err) == STATUS_OK
                ? error_set(err, STATUS_CONFLICT, "the account is banned or deleted")
                : STATUS_UNAVAILABLE;
    if (s == STATUS_OK)
        ret->token = memory_text(token);
    return s;
}

static void show(const struct account_document *account, struct service_created *ret)
{
    const struct service_account shown = {.user_id = account->id,
                                          .username = account->username,
                                          .nickname = account->nickname,
                                          .bot = account->bot,
                                          .created_at = account->created_at};

    ret->service = memory_new(sizeof shown);
    record_copy(&service_account_record, &shown, ret->service);
}

/* ---- Made */

static enum status run_new(struct auth_state *auth, const struct account_document *target,
                           const void *request, void *reply, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s;

    (void)request;
    record_copy(&account_document_record, target, &account);
    s = account_create(auth, &account, err);
    if (s == STATUS_OK)
        s = make_token(auth, &account, reply, err);
    if (s == STATUS_OK)
        show(&account, reply);
    return s;
}

enum status handle_new_service(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct service_new *wanted = request;
    const struct admin_action action = {.name = "services.create",
                                        .right = RIGHT_SERVICES_MANAGE,
                                        .reason = wanted->reason,
                                        .run = run_new};
    CLEANUP(account_document_clear) struct account_document account = {.bot = true};
    char user_id[ID_MAX];
    enum status s = STATUS_OK;

    id_new("user_", user_id);
    account.id = memory_text(user_id);
    account.username = username_lower(wanted->username);
    account.nickname = memory_text(wanted->nickname ? wanted->nickname : account.username);
    account.role = memory_text(ROLE_SERVICE);
    if (wanted->nickname)
        s = shown_check_line(wanted->nickname, "nickname", err);
    if (s == STATUS_OK)
        s = account_check_name(state, account.username, err);
    return s == STATUS_OK ? admin_act_on(state, call, &action, &account, request, reply, err) : s;
}

/* ---- Their lives */

/* Any other account is no service, and is not told apart from one that does not exist. */
static enum status act_on_service(struct auth_state *auth, struct call *call,
                                  const struct admin_action *action, const void *request,
                                  void *reply, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document service = {0};
    enum status s = account_find(auth, action->user_id, &service, err);

    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && strcmp(service.role, ROLE_SERVICE) != 0))
        return error_set(err, STATUS_NOT_FOUND, "there is no such service");
    return s == STATUS_OK ? admin_act_on(auth, call, action, &service, request, reply, err) : s;
}

static enum status run_token(struct auth_state *auth, const struct account_document *target,
                             const void *request, void *reply, struct error *err)
{
    enum status s;

    (void)request;
    if (account_is_banned(target, clock_now()))
        return error_set(err, STATUS_CONFLICT, "the account is banned");
    s = make_token(auth, target, reply, err);
    if (s == STATUS_OK)
        show(target, reply);
    return s;
}

enum status handle_new_service_token(void *state, struct call *call, const void *request,
                                     void *reply, struct error *err)
{
    const struct admin_reason *why = request;
    const struct admin_action action = {.name = "services.token",
                                        .right = RIGHT_SERVICES_MANAGE,
                                        .user_id = why->user_id,
                                        .reason = why->reason,
                                        .run = run_token};

    return act_on_service(state, call, &action, request, reply, err);
}

/* As any account goes: what it wrote stays, under the name of somebody who is gone. */
static enum status run_end(struct auth_state *auth, const struct account_document *target,
                           const void *request, void *reply, struct error *err)
{
    (void)request;
    (void)reply;
    return deletion_begin(auth, target->id, err);
}

enum status handle_end_service(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct admin_reason *why = request;
    const struct admin_action action = {.name = "services.end",
                                        .right = RIGHT_SERVICES_MANAGE,
                                        .user_id = why->user_id,
                                        .reason = why->reason,
                                        .run = run_end};

    return act_on_service(state, call, &action, request, reply, err);
}

#define SERVICES "'role': %s, 'deleted_at': {'$not': {'$gt': 0}}"

enum status handle_services(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    struct auth_state *auth = state;
    const struct service_page *page = request;
    struct service_list *list = reply;
    const struct store_find how = {.sort = "{'username': 1}", .limit = page->limit + 1};
    struct service_account *services;
    enum status s;

    (void)call;
    s = store_count(auth->store, ACCOUNTS, TOTAL_MAX, &list->total, err, "{" SERVICES "}",
                    ROLE_SERVICE);
    if (s == STATUS_OK)
        s = store_find(auth->store, ACCOUNTS, &how, &listed_record, &list->services, err,
                       "{" SERVICES ", 'username': {'$gt': %s}}", ROLE_SERVICE,
                       page->cursor ? page->cursor : "");
    if (s != STATUS_OK || list->services.n <= (size_t)page->limit)
        return s;
    services = list->services.items; /* the last one only told that it is there */
    record_clear(&service_account_record, &services[--list->services.n]);
    list->next_cursor = memory_text(services[list->services.n - 1].username);
    return STATUS_OK;
}

/* ---- Asked for, by who is given a token or reads a message of theirs */

static enum status refuse(struct error *err)
{
    return error_set(err, STATUS_UNAUTHENTICATED, "this is no service that may act");
}

static enum status find_session(struct auth_state *auth, const char *token_hash,
                                struct session_document *ret, struct error *err)
{
    enum status s =
        store_find_one(auth->store, SESSIONS, &session_document_record, ret, err,
                       "{'family_hash': %s, 'service': true, 'ended_at': 0}", token_hash);

    return s == STATUS_NOT_FOUND ? refuse(err) : s;
}

enum status handle_find_service(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct service_query *query = request;
    struct service_identity *identity = reply;
    CLEANUP(session_document_clear) struct session_document session = {0};
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s = STATUS_OK;

    if (!query->token_hash == !query->username)
        return error_set(err, STATUS_INVALID, "one of token_hash and username");
    if (query->token_hash)
        s = find_session(auth, query->token_hash, &session, err);
    if (s == STATUS_OK)
        s = session.user_id ? account_find(auth, session.user_id, &account, err)
                            : account_find_named(auth, query->username, &account, err);
    if (s == STATUS_NOT_FOUND)
        return refuse(err);
    if (s != STATUS_OK)
        return s;
    if (strcmp(account.role, ROLE_SERVICE) != 0 || account.deleted_at > 0 ||
        account_is_banned(&account, clock_now()))
        return refuse(err);
    identity->user_id = TAKE(account.id);
    identity->username = TAKE(account.username);
    identity->session_id = TAKE(session.id);
    identity->generation = account.generation;
    return STATUS_OK;
}
