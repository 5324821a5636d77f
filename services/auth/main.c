/* auth: who is who. */

#include "auth.h"
#include "blob/blob.h"

#include <stdlib.h>

#include "admin.h"
#include "data_rights.h"
#include "keys.h"
#include "oauth.h"
#include "wire/message_api.h"
#include "wire/moderation.h"
#include "wire/overview.h"
#include "wire/service_api.h"
#include "wire/session_api.h"

static struct auth_state auth_state = {.hashing = HASHING_INITIALIZER};

static enum status check_config(const void *own_config, struct buffer *faults)
{
    const struct auth_config *config = own_config;
    CLEANUP(oauth_settings_clear) struct oauth_settings settings = {0};

    enum status s = first_admin_check(config, faults);
    enum status oauth = oauth_settings_read(config->oauth_file, &settings, faults);

    return s == STATUS_OK ? oauth : s;
}

static const struct http_route routes[] = {
    {"POST", "/api/register", HTTP_PUBLIC, &auth_register_record, &auth_registered_record,
     .handle = handle_register},
    {"POST", "/api/login", HTTP_PUBLIC, &auth_login_record, &auth_session_record,
     .handle = handle_login},
    {"POST", "/api/refresh", HTTP_PUBLIC, &auth_refresh_record, &auth_session_record,
     .handle = handle_refresh},
    {"POST", "/api/logout", HTTP_USER, &session_logout_record, NULL, .handle = handle_logout},
    {"GET", "/api/sessions", HTTP_USER, &session_page_record, &session_list_record,
     .handle = handle_sessions},
    {"DELETE", "/api/sessions/{session_id}", HTTP_USER, &session_path_record, NULL,
     .handle = handle_end_session},
    {"POST", "/api/password", HTTP_USER, &session_password_record, NULL,
     .handle = handle_change_password},
    {"GET", "/api/oauth", HTTP_PUBLIC, NULL, &oauth_providers_record,
     .handle = handle_oauth_providers},
    {"GET", "/api/oauth/{provider}", HTTP_PUBLIC, &oauth_start_record, NULL,
     .handle = handle_oauth_start},
    {"GET", "/api/oauth/{provider}/callback", HTTP_PUBLIC, &oauth_callback_record,
     &auth_session_record, .handle = handle_oauth_callback},
    {"POST", "/api/oauth/{provider}/link", HTTP_USER, &oauth_link_record, &oauth_url_record,
     .handle = handle_oauth_link},
    {"GET", "/api/identities", HTTP_USER, NULL, &oauth_identities_record,
     .handle = handle_identities},
    {"DELETE", "/api/identities/{provider}", HTTP_USER, &oauth_unlink_record, NULL,
     .handle = handle_unlink},
    {"GET", "/.well-known/jwks.json", HTTP_PUBLIC, NULL, &auth_jwks_record, .handle = handle_jwks,
     .raw = true},

    {"GET", "/v1/admin/overview", HTTP_USER, NULL, &admin_overview_record,
     .handle = handle_admin_overview, .right = RIGHT_OVERVIEW_READ},
    {"GET", "/v1/admin/users", HTTP_USER, &admin_users_query_record, &admin_users_record,
     .handle = handle_admin_users, .right = RIGHT_USERS_READ},
    {"GET", "/v1/admin/users/{user_id}", HTTP_USER, &admin_user_path_record, &admin_account_record,
     .handle = handle_admin_user, .right = RIGHT_USERS_READ},
    {"GET", "/v1/admin/users/{user_id}/sessions", HTTP_USER, &admin_sessions_query_record,
     &admin_sessions_record, .handle = handle_admin_sessions, .right = RIGHT_USERS_READ},
    {"POST", "/v1/admin/users/{user_id}/ban", HTTP_USER, &admin_ban_record, &admin_user_record,
     .handle = handle_ban, .right = RIGHT_USERS_BAN},
    {"POST", "/v1/admin/users/{user_id}/unban", HTTP_USER, &admin_reason_record, &admin_user_record,
     .handle = handle_unban, .right = RIGHT_USERS_BAN},
    {"POST", "/v1/admin/users/{user_id}/mute", HTTP_USER, &admin_mute_record, &admin_user_record,
     .handle = handle_mute, .right = RIGHT_USERS_MUTE},
    {"POST", "/v1/admin/users/{user_id}/unmute", HTTP_USER, &admin_reason_record,
     &admin_user_record, .handle = handle_unmute, .right = RIGHT_USERS_MUTE},
    {"POST", "/v1/admin/users/{user_id}/logout", HTTP_USER, &admin_reason_record,
     &admin_user_record, .handle = handle_force_logout, .right = RIGHT_USERS_LOGOUT},
    {"POST", "/v1/admin/users/{user_id}/password", HTTP_USER, &admin_password_record,
     &admin_user_record, .handle = handle_reset_password, .right = RIGHT_USERS_PASSWORD},
    {"PUT", "/v1/admin/users/{user_id}/role", HTTP_USER, &admin_role_record, &admin_user_record,
     .handle = handle_set_role, .right = RIGHT_USERS_ROLE},
    {"POST", "/v1/admin/users/{user_id}/export", HTTP_USER, &admin_reason_record, NULL,
     .handle = handle_admin_export, .right = RIGHT_USERS_EXPORT},
    {"POST", "/v1/admin/users/{user_id}/delete", HTTP_USER, &admin_reason_record, NULL,
     .handle = handle_admin_delete, .right = RIGHT_USERS_DELETE},
    {"GET", "/v1/admin/services", HTTP_USER, &service_page_record, &service_list_record,
     .handle = handle_services, .right = RIGHT_SERVICES_READ},
    {"POST", "/v1/admin/services", HTTP_USER, &service_new_record, &service_created_record,
     .handle = handle_new_service, .right = RIGHT_SERVICES_MANAGE},
    {"POST", "/v1/admin/services/{user_id}/token", HTTP_USER, &admin_reason_record,
     &service_created_record, .handle = handle_new_service_token, .right = RIGHT_SERVICES_MANAGE},
    {"DELETE", "/v1/admin/services/{user_id}", HTTP_USER, &admin_reason_record, NULL,
     .handle = handle_end_service, .right = RIGHT_SERVICES_MANAGE},
    {"GET", "/v1/admin/messages/{conversation_id}/{message_id}", HTTP_USER,
     &admin_message_query_record, &admin_message_record, .handle = handle_admin_message,
     .right = RIGHT_MESSAGES_READ},
    {"DELETE", "/v1/admin/messages/{conversation_id}/{message_id}", HTTP_USER,
     &admin_message_path_record, &message_changed_record, .handle = handle_admin_recall,
     .right = RIGHT_MESSAGES_RECALL},
    {"GET", "/v1/admin/audit", HTTP_USER, &audit_query_record, &audit_page_record,
     .handle = handle_audit, .right = RIGHT_AUDIT_READ},
    {"GET", "/api/account/export", HTTP_USER, NULL, NULL, .handle = handle_export},
    {"POST", "/api/account/delete", HTTP_USER, &account_delete_record, NULL,
     .handle = handle_delete_account},
};

static const struct rpc_method methods[] = {
    {RPC_AUTH_KEYS, &nothing_record, &keys_record, handle_keys},
    {RPC_AUTH_RESTRICTIONS, &nothing_record, &restrictions_record, handle_restrictions},
    {RPC_AUTH_CHECK_SESSIONS, &session_ids_record, &session_ends_record, handle_check_sessions},
    {RPC_AUTH_FIND_ACCOUNT, &account_query_record, &account_record, handle_find_account},
    {RPC_AUTH_FIND_ACCOUNTS, &user_ids_record, &accounts_record, handle_find_accounts},
    {RPC_AUTH_LIST_ACCOUNTS, &account_range_record, &accounts_record, handle_list_accounts},
    {RPC_AUTH_RENAME, &account_rename_record, &nothing_record, handle_rename},
    {RPC_AUTH_FIND_SERVICE, &service_query_record, &service_identity_record, handle_find_service},
};

static const struct worker workers[] = {
    {"ended", ended_run},
    {"keys", keys_run},
    {"deletion", deletion_run},
};

/* Those who have something of a user's. */
static enum status open_others(struct auth_state *auth, const struct service_context *context,
                               struct error *err)
{
    const struct service_config *config = context->config;
    const struct rpc_key *key = context->rpc_key;
    enum status s = rpc_client_open(config->user_rpc, key, &auth->user, err);

    if (s == STATUS_OK)
        s = rpc_client_open(config->group_rpc, key, &auth->group, err);
    if (s == STATUS_OK)
        s = rpc_client_open(config->message_rpc, key, &auth->message, err);
    if (s == STATUS_OK)
        s = blobs_open(config->mongodb_uri, &auth->blobs, err);
    return s;
}

/* Called again while MongoDB is away. */
static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct auth_state *auth = state;
    enum status s = STATUS_OK;

    auth->context = context;
    auth->config = context->own_config;
    auth->store = context->store;
    if (!auth->signer) {
        s = token_init(err);
        if (s == STATUS_OK)
            s = token_signer_open(auth->config->auth_key_file,
                                  auth->config->auth_key_lead_seconds * 1000, &auth->signer, err);
    }
    if (s == STATUS_OK)
        s = accounts_prepare(auth, err);
    if (s == STATUS_OK)
        s = sessions_prepare(auth, err);
    if (s == STATUS_OK)
        s = identities_prepare(auth, err);
    if (s == STATUS_OK && !auth->oauth)
        s = oauth_open(auth, err);
    if (s == STATUS_OK)
        s = audit_prepare(auth, err);
    if (s == STATUS_OK)
        s = admin_users_prepare(auth, err);
    if (s == STATUS_OK)
        s = deletions_prepare(auth, err);
    if (s == STATUS_OK && !auth->user)
        s = open_others(auth, context, err);
    if (s == STATUS_OK)
        s = first_admin_prepare(auth, err);
    return s;
}

static void stop(void *state)
{
    struct auth_state *auth = state;

    token_signer_close(auth->signer);
    oauth_close(auth->oauth);
    rpc_client_close(auth->user);
    rpc_client_close(auth->group);
    rpc_client_close(auth->message);
    blobs_close(auth->blobs);
}

static const struct service auth = {
    .name = "auth",
    .uses = USES_STORE | USES_CACHE | USES_IDENTITY | USES_ASK,
    .config = &auth_config_record,
    .check_config = check_config,
    .state = &auth_state,
    .start = start,
    .stop = stop,
    .routes = routes,
    .n_routes = N_ELEMENTS(routes),
    .methods = methods,
    .n_methods = N_ELEMENTS(methods),
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
    .serves_http = true,
};

int main(int argc, char **argv)
{
    int status;

    if (keys_command(argc, argv, &status))
        return status;
    return service_run(&auth, argc, argv);
}
