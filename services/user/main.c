/* user: profiles, and who may write to whom. */

#include "user.h"

static struct user_state user_state;

static const struct http_route routes[] = {
    {"GET", "/api/users/me", HTTP_USER, NULL, &user_own_record, .handle = handle_me},
    {"PATCH", "/api/users/me", HTTP_USER, &user_change_record, &user_own_record,
     .handle = handle_change},
    {"GET", "/api/users/{user_id}", HTTP_USER, &user_path_record, &user_profile_record,
     .handle = handle_person},
    {"GET", "/api/users", HTTP_USER, &user_search_record, &user_list_record,
     .handle = handle_search},
};

static const struct rpc_method methods[] = {
    {RPC_USER_MAY_WRITE, &pairs_record, &pair_answers_record, handle_may_write},
    {RPC_USER_FIND, &user_ids_record, &accounts_record, handle_find},
};

static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct user_state *user = state;
    enum status s = STATUS_OK;

    user->store = context->store;
    if (!user->auth)
        s = rpc_client_open(context->config->auth_rpc, &user->auth, err);
    return s;
}

static void stop(void *state)
{
    struct user_state *user = state;

    rpc_client_close(user->auth);
}

static const struct service user = {
    .name = "user",
    .uses = USES_STORE | USES_IDENTITY,
    .state = &user_state,
    .start = start,
    .stop = stop,
    .routes = routes,
    .n_routes = N_ELEMENTS(routes),
    .methods = methods,
    .n_methods = N_ELEMENTS(methods),
    .serves_http = true,
};

int main(int argc, char **argv)
{
    return service_run(&user, argc, argv);
}
