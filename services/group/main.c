/* group: groups and who is in them. */

#include "group.h"

static struct group_state group_state;

static const struct http_route routes[] = {
    {"POST", "/api/groups", HTTP_USER, &group_create_record, &group_view_record,
     .handle = handle_create},
    {"GET", "/api/groups/my", HTTP_USER, &group_page_record, &group_list_record,
     .handle = handle_mine},
    {"GET", "/api/groups/{group_id}", HTTP_USER, &group_path_record, &group_view_record,
     .handle = handle_get},
    {"POST", "/api/groups/{group_id}/join", HTTP_USER, &group_path_record, &group_view_record,
     .handle = handle_join},
    {"POST", "/api/groups/{group_id}/leave", HTTP_USER, &group_path_record, NULL,
     .handle = handle_leave},
    {"GET", "/api/groups/{group_id}/members", HTTP_USER, &group_members_page_record,
     &group_member_list_record, .handle = handle_members},
    {"PUT", "/api/groups/{group_id}/members/{user_id}/role", HTTP_USER, &group_role_change_record,
     &group_member_view_record, .handle = handle_role},
    {"POST", "/api/groups/{group_id}/transfer", HTTP_USER, &group_transfer_record,
     &group_view_record, .handle = handle_transfer},
};

static const struct rpc_method methods[] = {
    {RPC_GROUP_EXPORT, &export_query_record, &export_page_record, handle_export},
    {RPC_GROUP_ERASE, &erase_record, &erased_record, handle_erase},
};

static const struct worker workers[] = {
    {"outbox", outbox_sweep},
};

static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct group_state *group = state;
    enum status s = STATUS_OK;

    group->context = context;
    group->store = context->store;
    if (!group->outbox)
        group->outbox = outbox_new(group);
    if (!group->user)
        s = rpc_client_open(context->config->user_rpc, context->rpc_key, &group->user, err);
    if (s == STATUS_OK)
        s = groups_prepare(group, err);
    return s;
}

static void stop(void *state)
{
    struct group_state *group = state;

    rpc_client_close(group->user);
    outbox_free(group->outbox);
}

static struct metrics *const all_metrics[] = {&group_metrics};

static const struct service group = {
    .name = "group",
    .uses = USES_STORE | USES_IDENTITY | USES_ASK,
    .state = &group_state,
    .start = start,
    .stop = stop,
    .metrics = all_metrics,
    .n_metrics = N_ELEMENTS(all_metrics),
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
    return service_run(&group, argc, argv);
}
