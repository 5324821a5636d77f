/* Accounts: who there is. */

#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "data_rights.h"
#include "common_passwords.h"
#include "fold/fold.h"
#include "limits.h"
#include "log/log.h"
#include "wire/user_api.h"

#define HUBOT "hubot"

static const struct field account_fields[] = {
    FIELD_NAMED(struct account_document, id, "_id"),
    FIELD(struct account_document, username),
    FIELD(struct account_document, nickname),
    FIELD(struct account_document, password_hash, .secret = true),
    FIELD(struct account_document, role),
    FIELD(struct account_document, bot),
    FIELD(struct account_document, created_at),
    /* Absent until they are first set, also where they were not known yet. */
    FIELD(struct account_document, generation, .omit_zero = true),
    FIELD(struct account_document, banned, .omit_zero = true),
    FIELD(struct account_document, banned_until, .omit_zero = true),
    FIELD(struct account_document, ban_reason),
    FIELD(struct account_document, muted_until, .omit_zero = true),
    FIELD(struct account_document, mute_reason),
    FIELD(struct account_document, restricted_at, .omit_zero = true),
    FIELD(struct account_document, restriction_announced, .omit_zero = true),
    FIELD(struct account_document, deleted_at, .omit_zero = true),
    FIELD(struct account_document, ending_at, .omit_zero = true),
    FIELD(struct account_document, ending_reason),
    FIELD(struct account_document, ending_except),
};
const struct record account_document_record =
    RECORD("auth.account_document", struct account_document, account_fields);

char *username_lower(const char *username)
{
    char *folded = fold_name(username);

    return folded ? folded : memory_text(username); /* what is not UTF-8, nobody is called */
}

enum status account_find(struct auth_state *auth, const char *user_id, struct account_document *ret,
                         struct error *err)
{
    return store_find_one(auth->store, ACCOUNTS, &account_document_record, ret, err, "{'_id': %s}",
                          user_id);
}

enum status account_find_named(struct auth_state *auth, const char *username,
                               struct account_document *ret, struct error *err)
{
    CLEANUP(free) char *lower = username_lower(username);

    return store_find_one(auth->store, ACCOUNTS, &account_document_record, ret, err,
                          "{'username': %s}", lower);
}

bool account_is_banned(const struct account_document *account, int64_t now_ms)
{
    return account->banned && (account->banned_until == 0 || account->banned_until > now_ms);
}

/* Is it in by now, under this id? */
static bool is_stored(struct auth_state *auth, const struct account_document *account)
{
    CLEANUP(account_document_clear) struct account_document found = {0};

    return account_find(auth, account->id, &found, NULL) == STATUS_OK;
}

/* After an unknown outcome (a step-down, say) it is tried once more: our first try may then be what
 * has the name, and the user must not be told that somebody else took it. */
static enum status insert(struct auth_state *auth, const struct account_document *account,
                          struct error *err)
{
    enum status s = STATUS_UNAVAILABLE;

    for (int i = 0; i < 2 && s == STATUS_UNAVAILABLE; i++)
        s = store_insert(auth->store, ACCOUNTS, &account_document_record, account, err);
    if (s == STATUS_ID_TAKEN && is_stored(auth, account))
        return STATUS_OK;
    if (s == STATUS_ID_TAKEN)
        return error_field(err, STATUS_NAME_TAKEN, "username", "the username is taken");
    return s;
}

/* Nobody waits for this event: a profile that `user` does not have yet, it asks us for. */
static void announce(struct auth_state *auth, const struct account_document *account)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct account event = {.user_id = account->id,
                            .username = account->username,
                            .nickname = account->nickname,
                            .bot = account->bot,
                            .created_at = account->created_at};
    struct error err;

    if (!ask_is_connected(auth->context->ask))
        return;
    record_to_json(&account_record, &event, &json);
    if (ask_publish_event(auth->context->ask, EVENT_USER_REGISTERED, buffer_text(&json), &err) !=
        STATUS_OK)
        log_warn("registration not announced", LOG_TEXT("user_id", account->id),
                 LOG_TEXT("reason", err.text));
}

/* In its normal form: there a name may be shorter or longer than it was written. */
static enum status check_username(const char *username, struct error *err)
{
    size_t length = strlen(username);

    if (length < USERNAME_MIN || length > USERNAME_MAX ||
        strspn(username, USERNAME_ALPHABET) != length)
        return error_field(err, STATUS_INVALID, "username",
                           "field 'username' must have %d to %d characters of a-z, 0-9, '_', '.' "
                           "and '-'",
                           USERNAME_MIN, USERNAME_MAX);
    return STATUS_OK;
}

/* Before the dear hash is made for a name that is taken. */
static enum status check_free(struct auth_state *auth, const char *username, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document taken = {0};
    enum status s = account_find_named(auth, username, &taken, err);

    if (s == STATUS_OK)
        return error_field(err, STATUS_NAME_TAKEN, "username", "the username is taken");
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status account_check_name(struct auth_state *auth, const char *username, struct error *err)
{
    enum status s = check_username(username, err);

    return s == STATUS_OK ? check_free(auth, username, err) : s;
}

enum status account_create(struct auth_state *auth, struct account_document *account,
                           struct error *err)
{
    char user_id[ID_MAX];
    enum status s;

    if (!account->id) {
        id_new("user_", user_id);
        account->id = memory_text(user_id);
    }
    if (!account->role)
        account->role = memory_text(ROLE_USER);
    account->created_at = clock_now();
    s = deletion_check_name(auth, account->username, err);
    if (s == STATUS_OK)
        s = insert(auth, account, err);
    if (s == STATUS_OK)
        announce(auth, account);
    return s;
}

/* The cheap checks first; the dear hash last. */
static enum status prepare_account(struct auth_state *auth, struct call *call,
                                   const struct auth_register *wanted, struct account_document *ret,
                                   struct error *err)
{
    enum status s = auth_register_check(wanted, err);

    ret->username = username_lower(wanted->username);
    ret->nickname = memory_text(wanted->nickname ? wanted->nickname : ret->username);
    if (s == STATUS_OK)
        s = account_check_name(auth, ret->username, err);
    if (s == STATUS_OK)
        s = password_is_uncommon(wanted->password, ret->username, "password", err);
    if (s == STATUS_OK)
        s = limit_count(auth->context, call, &limit_address_registrations, NULL, err);
    if (s != STATUS_OK)
        return s;
    return password_new(auth, ret->username, wanted->password, "password", &ret->password_hash,
                        err);
}

enum status handle_register(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    struct auth_state *auth = state;
    struct auth_registered *registered = reply;
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s;

    s = prepare_account(auth, call, request, &account, err);
    if (s == STATUS_OK)
        s = account_create(auth, &account, err);
    if (s != STATUS_OK)
        return s;
    registered->user_id = memory_text(account.id);
    registered->username = memory_text(account.username);
    registered->nickname = memory_text(account.nickname);
    return STATUS_OK;
}

enum status handle_find_account(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct account_query *query = request;
    struct account *account = reply;
    CLEANUP(account_document_clear) struct account_document found = {0};
    enum status s;

    if (!query->user_id == !query->username)
        return error_set(err, STATUS_INVALID, "one of user_id and username");
    s = query->user_id ? account_find(auth, query->user_id, &found, err)
                       : account_find_named(auth, query->username, &found, err);
    if (s != STATUS_OK)
        return s;
    account->user_id = TAKE(found.id);
    account->username = TAKE(found.username);
    account->nickname = TAKE(found.nickname);
    account->bot = found.bot;
    account->deleted = found.deleted_at > 0;
    account->created_at = found.created_at;
    return STATUS_OK;
}

/* Two replicas that start at once both try, and the index lets one. */
static enum status make_hubot(struct auth_state *auth, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document found = {0};
    char user_id[ID_MAX];
    struct account_document hubot = {
        .id = user_id,
        .username = (char *)HUBOT, /* only read */
        .nickname = (char *)"Hubot",
        .role = (char *)ROLE_USER,
        .bot = true,
        .created_at = clock_now(),
    };
    enum status s = account_find_named(auth, HUBOT, &found, err);

    if (s != STATUS_NOT_FOUND)
        return s;
    id_new("user_", user_id);
    s = insert(auth, &hubot, err);
    return s == STATUS_NAME_TAKEN ? STATUS_OK : s;
}

enum status accounts_prepare(struct auth_state *auth, struct error *err)
{
    enum status s = store_index(auth->store, ACCOUNTS, "{'username': 1}", true, 0, err);

    if (s == STATUS_OK)
        s = store_index(auth->store, ACCOUNTS, "{'ending_at': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = restrictions_prepare(auth, err);
    return s == STATUS_OK ? make_hubot(auth, err) : s;
}
