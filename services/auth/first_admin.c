/* The first administrator: somebody must be able to make the others. */

#include "admin.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "common_passwords.h"
#include "log/log.h"

#define SYSTEM "system"

enum status first_admin_check(const struct auth_config *config, struct buffer *faults)
{
    struct error err;
    enum status s = STATUS_OK;

    if (!config->admin_username != !config->admin_password)
        s = error_set(&err, STATUS_INVALID, "ADMIN_USERNAME and ADMIN_PASSWORD belong together");
    else if (config->admin_username)
        s = password_is_uncommon(config->admin_password, config->admin_username, "ADMIN_PASSWORD",
                                 &err);
    if (s != STATUS_OK)
        buffer_printf(faults, "%s\n", err.text);
    return s;
}

static enum status audit_promotion(struct auth_state *auth, const struct account_document *account,
                                   struct error *err)
{
    CLEANUP(buffer_clear) struct buffer id = {0};
    struct audit_entry entry = {
        .actor_id = (char *)SYSTEM, /* only read, as the rest */
        .actor_username = (char *)SYSTEM,
        .actor_role = (char *)SYSTEM,
        .action = (char *)"users.role",
        .target_id = account->id,
        .target_username = account->username,
        .reason = (char *)"ADMIN_USERNAME at start",
        .details = (char *)"role=" ROLE_ADMIN,
    };

    /* Processes that start at once do it at once: of one promotion there is one entry. */
    buffer_printf(&id, "audit_%s_%lld", account->id, (long long)account->generation);
    entry.entry_id = buffer_text(&id);
    return audit_announce(auth, &entry, err);
}

/* The service starts all the same: others may be administrators. */
static void log_refusal(const char *username, const char *why)
{
    log_error("ADMIN_USERNAME is not made an administrator", LOG_TEXT("username", username),
              LOG_TEXT("reason", why));
}

/* The account that has that name is there; is it the operator's? */
static enum status promote(struct auth_state *auth, const struct account_document *account,
                           struct error *err)
{
    bool is_out = account->deleted_at > 0 || account_is_banned(account, clock_now());
    enum status s;

    if (strcmp(account->role, ROLE_ADMIN) == 0 && !is_out)
        return STATUS_OK; /* whatever its password is by now */
    if (account->bot || is_out ||
        !password_is(account->password_hash, auth->config->admin_password)) {
        log_refusal(
            account->username,
            "the account exists, and has another password, or is banned, deleted, or a bot");
        return STATUS_OK;
    }
    s = audit_promotion(auth, account, err);
    if (s == STATUS_OK)
        s = store_update(
            auth->store, ACCOUNTS, 0, NULL, err,
            "[{'_id': %s, 'role': {'$ne': %s}}, {'$set': {'role': %s, 'restricted_at': %ld, "
            "'restriction_announced': false}, '$inc': {'generation': 1}}]",
            account->id, ROLE_ADMIN, ROLE_ADMIN, clock_now());
    if (s != STATUS_OK)
        return s;
    restriction_announce(auth, account->id);
    log_info("ADMIN_USERNAME is an administrator now", LOG_TEXT("username", account->username));
    return STATUS_OK;
}

/* As a user: it is promoted like any other, so that the log has its entry. NAME_TAKEN: a replica
 * that starts beside us was faster, or nobody may be called so any more. */
static enum status make(struct auth_state *auth, const char *username, struct error *err)
{
    CLEANUP(account_document_clear) struct account_document account = {0};
    enum status s;

    s = password_new(auth, username, auth->config->admin_password, "ADMIN_PASSWORD",
                     &account.password_hash, err);
    if (s != STATUS_OK)
        return s;
    account.username = memory_text(username);
    account.nickname = memory_text(username);
    s = account_create(auth, &account, err);
    return s == STATUS_NAME_TAKEN ? STATUS_OK : s;
}

enum status first_admin_prepare(struct auth_state *auth, struct error *err)
{
    const struct auth_config *config = auth->config;
    CLEANUP(account_document_clear) struct account_document account = {0};
    CLEANUP(free) char *username = NULL;
    enum status s;

    if (!config->admin_username)
        return STATUS_OK;
    username = username_lower(config->admin_username);
    s = account_find_named(auth, username, &account, err);
    if (s == STATUS_NOT_FOUND) {
        s = make(auth, username, err);
        if (s == STATUS_OK)
            s = account_find_named(auth, username, &account, err);
    }
    if (s == STATUS_NOT_FOUND) {
        log_refusal(username, "the name was that of somebody who is gone");
        return STATUS_OK;
    }
    return s == STATUS_OK ? promote(auth, &account, err) : s;
}
