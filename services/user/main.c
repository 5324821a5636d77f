/* user: profiles, and who may write to whom. */

#include <string.h>

#include "user.h"

static struct user_state user_state = {.directory = DIRECTORY_INITIALIZER};

static const struct field config_fields[] = {
    FIELD(struct user_config, friend_policy, .def = "approve",
          .about = "how people become friends: approve (the one who is asked says yes) or open (at "
                   "once, and by a first message)"),
    FIELD(struct user_config, stranger_messages, .def = "allow",
          .about = "may people who are no friends write to each other: allow or deny"),
};
const struct record user_config_record = RECORD("user.config", struct user_config, config_fields);

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static enum status check_config(const void *own_config, struct buffer *faults)
{
    const struct user_config *config = own_config;
    size_t before = faults->length;

    if (!is_one_of(config->friend_policy, "approve", "open"))
        buffer_add_text(faults, "FRIEND_POLICY: must be approve or open\n");
    if (!is_one_of(config->stranger_messages, "allow", "deny"))
        buffer_add_text(faults, "STRANGER_MESSAGES: must be allow or deny\n");
    return faults->length == before ? STATUS_OK : STATUS_INVALID;
}

static const struct http_route routes[] = {
    {"GET", "/api/users/me", HTTP_USER, NULL, &user_own_record, .handle = handle_me},
    {"PATCH", "/api/users/me", HTTP_USER, &user_change_record, &user_own_record,
     .handle = handle_change},
    {"GET", "/api/users/{user_id}", HTTP_USER, &user_path_record, &user_profile_record,
     .handle = handle_person},
    {"GET", "/api/users", HTTP_USER, &user_search_record, &user_list_record,
     .handle = handle_search},
    {"GET", "/api/presence", HTTP_USER, &presence_query_record, &presence_list_record,
     .handle = handle_presence},
    {"GET", "/api/friends", HTTP_USER, &friend_page_record, &friend_list_record,
     .handle = handle_friends},
    {"DELETE", "/api/friends/{user_id}", HTTP_USER, &user_path_record, NULL,
     .handle = handle_remove_friend},
    {"PATCH", "/api/friends/{user_id}", HTTP_USER, &friend_change_record, NULL,
     .handle = handle_remark},
    {"POST", "/api/friend_requests", HTTP_USER, &friend_ask_record, &friend_request_record,
     .handle = handle_ask},
    {"GET", "/api/friend_requests", HTTP_USER, &friend_request_query_record,
     &friend_request_list_record, .handle = handle_requests},
    {"POST", "/api/friend_requests/{request_id}/accept", HTTP_USER, &friend_request_path_record,
     &friend_request_record, .handle = handle_accept},
    {"POST", "/api/friend_requests/{request_id}/reject", HTTP_USER, &friend_request_path_record,
     NULL, .handle = handle_reject},
    {"DELETE", "/api/friend_requests/{request_id}", HTTP_USER, &friend_request_path_record, NULL,
     .handle = handle_withdraw},
    {"GET", "/api/blocks", HTTP_USER, &friend_page_record, &block_list_record,
     .handle = handle_blocks},
    {"POST", "/api/blocks", HTTP_USER, &block_create_record, &block_item_record,
     .handle = handle_block},
    {"DELETE", "/api/blocks/{user_id}", HTTP_USER, &user_path_record, NULL,
     .handle = handle_unblock},
};

static const struct rpc_method methods[] = {
    {RPC_USER_MAY_WRITE, &pairs_record, &pair_answers_record, handle_may_write},
    {RPC_USER_FIND, &user_ids_record, &accounts_record, handle_find},
    {RPC_USER_AVATAR, &account_query_record, &user_avatar_record, handle_avatar},
    {RPC_USER_EXPORT, &export_query_record, &export_page_record, handle_export},
    {RPC_USER_ERASE, &erase_record, &erased_record, handle_erase},
};

static const struct service_event events[] = {
    {EVENT_USER_REGISTERED, &account_record, directory_hear},
};

static void missed(void *state)
{
    directory_missed(state);
}

static const struct worker workers[] = {
    {"presence", presence_run},
    {"sweeper", presence_sweep_run},
    {"directory", directory_run},
};

static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct user_state *user = state;
    enum status s = STATUS_OK;

    user->config = context->own_config;
    user->store = context->store;
    user->cache = context->cache;
    user->ask = context->ask;
    user->identity = context->identity;
    if (!user->auth)
        s = rpc_client_open(context->config->auth_rpc, context->rpc_key, &user->auth, err);
    if (s == STATUS_OK && !user->message)
        s = rpc_client_open(context->config->message_rpc, context->rpc_key, &user->message, err);
    if (s == STATUS_OK)
        s = search_prepare(user, err);
    if (s == STATUS_OK)
        s = relations_prepare(user, err);
    if (s == STATUS_OK)
        s = erase_prepare(user, err);
    return s;
}

static void stop(void *state)
{
    struct user_state *user = state;

    rpc_client_close(user->auth);
    rpc_client_close(user->message);
}

static const struct service user = {
    .name = "user",
    .uses = USES_BUS | USES_STORE | USES_CACHE | USES_IDENTITY | USES_ASK,
    .config = &user_config_record,
    .check_config = check_config,
    .state = &user_state,
    .start = start,
    .stop = stop,
    .routes = routes,
    .n_routes = N_ELEMENTS(routes),
    .methods = methods,
    .n_methods = N_ELEMENTS(methods),
    .events = events,
    .n_events = N_ELEMENTS(events),
    .missed = missed,
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
    .serves_http = true,
};

int main(int argc, char **argv)
{
    return service_run(&user, argc, argv);
}
