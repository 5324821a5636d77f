/* message: keeps conversations and their history. */

#include "blob/blob.h"
#include "files.h"
#include "message.h"
#include "sync_states.h"
#include "terms.h"
#include "vanished.h"
#include "wire/file_api.h"
#include "wire/forward.h"
#include "wire/internal.h"
#include "wire/marks.h"
#include "wire/moderation.h"
#include "wire/overview.h"
#include "wire/retention.h"
#include "wire/search_api.h"
#include "wire/sync_api.h"

static const struct http_route routes[] = {
    {"GET", "/api/conversations", HTTP_USER, &conversations_query_record, &conversations_record,
     .handle = handle_conversations},
    {"PATCH", "/api/conversations/{conversation_id}", HTTP_USER, &conversation_change_record,
     &conversation_item_record, .handle = handle_conversation_change, .pace = HTTP_MESSAGES},
    {"DELETE", "/api/conversations/{conversation_id}", HTTP_USER, &conversation_path_record,
     &conversation_item_record, .handle = handle_conversation_hide, .pace = HTTP_MESSAGES},
    {"GET", "/api/conversations/{conversation_id}/messages/{message_id}/receipts", HTTP_USER,
     &receipts_query_record, &receipts_record, .handle = handle_receipts},
    {"GET", "/api/sync", HTTP_USER, &sync_query_record, &sync_page_record, .handle = handle_sync},
    {"GET", "/api/messages/search", HTTP_USER, &search_query_record, &search_page_record,
     .handle = handle_message_search, .pace = HTTP_SEARCHES},
    {"GET", "/api/messages/private/{user_id}", HTTP_USER, &private_history_query_record,
     &history_record, .handle = handle_private_history},
    {"GET", "/api/messages/group/{group_id}", HTTP_USER, &group_history_query_record,
     &history_record, .handle = handle_group_history},
    {"GET", "/api/conversations/{conversation_id}/messages/{message_id}", HTTP_USER,
     &message_path_record, &frame_message_record, .handle = handle_message},
    {"PATCH", "/api/conversations/{conversation_id}/messages/{message_id}", HTTP_USER,
     &message_edit_record, &message_changed_record, .handle = handle_edit, .pace = HTTP_MESSAGES},
    {"DELETE", "/api/conversations/{conversation_id}/messages/{message_id}", HTTP_USER,
     &message_delete_record, &message_changed_record, .handle = handle_delete,
     .pace = HTTP_MESSAGES},
    {"POST", "/api/conversations/{conversation_id}/messages/{message_id}/forward", HTTP_USER,
     &message_forward_record, &message_sent_record, .handle = handle_forward,
     .pace = HTTP_MESSAGES},
    {"POST", "/api/conversations/{conversation_id}/messages/{message_id}/reactions", HTTP_USER,
     &message_react_record, &message_changed_record, .handle = handle_react, .pace = HTTP_MESSAGES},
    {"DELETE", "/api/conversations/{conversation_id}/messages/{message_id}/reactions", HTTP_USER,
     &message_react_record, &message_changed_record, .handle = handle_unreact,
     .pace = HTTP_MESSAGES},
    {"PUT", "/api/conversations/{conversation_id}/messages/{message_id}/pin", HTTP_USER,
     &message_path_record, &message_changed_record, .handle = handle_pin, .pace = HTTP_MESSAGES},
    {"DELETE", "/api/conversations/{conversation_id}/messages/{message_id}/pin", HTTP_USER,
     &message_path_record, &message_changed_record, .handle = handle_unpin, .pace = HTTP_MESSAGES},
    {"PUT", "/api/conversations/{conversation_id}/timer", HTTP_USER, &timer_record, &timer_record,
     .handle = handle_timer, .pace = HTTP_MESSAGES},
    {"POST", "/api/messages", HTTP_USER, &frame_send_record, &message_sent_record,
     .handle = handle_send, .pace = HTTP_MESSAGES, .services = true},
    {"POST", "/api/files", HTTP_USER, NULL, &content_file_record, .handle = handle_file_upload,
     .upload = files_admit},
    {"GET", "/api/files/{file_id}", HTTP_USER, &file_path_record, NULL, .handle = handle_file},
    {"GET", "/api/files/{file_id}/thumbnail", HTTP_USER, &file_path_record, NULL,
     .handle = handle_thumbnail},
};

static const struct rpc_method methods[] = {
    {RPC_MESSAGE_EXPORT, &export_query_record, &export_page_record, handle_export},
    {RPC_MESSAGE_ERASE, &erase_record, &erased_record, handle_erase},
    {RPC_MESSAGE_GROUPS, &user_ids_record, &users_groups_record, handle_groups},
    {RPC_MESSAGE_AVATAR, &user_avatar_record, &nothing_record, handle_avatar},
    {RPC_MESSAGE_FELLOWS, &fellows_query_record, &user_ids_record, handle_fellows},
    {RPC_MESSAGE_LOOK_UP, &admin_message_query_record, &admin_message_record, handle_look_up},
    {RPC_MESSAGE_RECALL, &admin_message_path_record, &message_changed_record,
     handle_administrators_recall},
    {RPC_MESSAGE_FIGURES, &nothing_record, &message_figures_record, handle_figures},
    {RPC_MESSAGE_PEERS, &peers_query_record, &peers_record, handle_peers},
};

static void hear_relation(void *state, const void *event)
{
    struct message_state *message = state;
    const struct user_relation *relation = event;

    permission_news_add(&message->news, relation->user_id, relation->other_id);
}

static void hear_owner(void *state, const void *event)
{
    struct message_state *message = state;

    share_hear(&message->share, event);
}

static void hear_missed(void *state)
{
    struct message_state *message = state;

    share_missed(&message->share);
    permission_news_add_all(&message->news);
}

static const struct service_event events[] = {
    {EVENT_USER_RELATION, &user_relation_record, hear_relation},
    {EVENT_MESSAGE_OWNER, &message_owner_record, hear_owner},
};

static const struct worker workers[] = {
    {"owner", owner_run},      {"inbound", inbound_run}, {"sweeper", sweeper_run},
    {"files", file_sweep_run}, {"indexer", indexer_run}, {"tally", tally_run},
};

static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct message_state *message = state;
    enum status s = STATUS_OK;

    message->context = context;
    message->config = context->own_config;
    message->store = context->store;
    if (!message->user_rpc)
        s = rpc_client_open(context->config->user_rpc, context->rpc_key, &message->user_rpc, err);
    if (s == STATUS_OK && !message->auth_rpc)
        s = rpc_client_open(context->config->auth_rpc, context->rpc_key, &message->auth_rpc, err);
    if (s == STATUS_OK && !message->blobs)
        s = blobs_open(context->config->mongodb_uri, &message->blobs, err);
    if (s == STATUS_OK)
        s = store_index(message->store, MESSAGES, "{'conversation_id': 1, 'seq': 1}", true, 0, err);
    if (s == STATUS_OK)
        s = store_index_sparse(message->store, MESSAGES, "{'expires_at': 1}", err);
    if (s == STATUS_OK)
        s = store_index(message->store, CHANGES, "{'message_id': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = store_index(message->store, CHANGES, "{'user_id': 1, '_id': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = store_index(message->store, CHANGES, "{'conversation_id': 1, 'change_seq': 1}", true, 0,
                        err);
    if (s == STATUS_OK)
        s = store_index(message->store, CONVERSATION_USERS, "{'user_id': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = store_index(message->store, CONVERSATION_USERS, "{'conversation_id': 1}", false, 0,
                        err);
    if (s == STATUS_OK)
        s = store_index(message->store, HIDDEN, "{'row_id': 1, 'version': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = vanished_index(message->store, err);
    if (s == STATUS_OK)
        s = sync_states_index(message->store, err);
    if (s == STATUS_OK)
        s = files_prepare(message, err);
    if (s == STATUS_OK)
        s = terms_prepare(message->store, err);
    if (s == STATUS_OK)
        s = share_open(&message->share, context->config->node_id, err);
    return s;
}

static void stop(void *state)
{
    struct message_state *message = state;

    rpc_client_close(message->user_rpc);
    rpc_client_close(message->auth_rpc);
    blobs_close(message->blobs);
    strings_clear(&message->news.pairs);
    search_queue_clear(&message->search_queue);
    share_close(&message->share);
}

static bool is_ready(void *state, struct buffer *why)
{
    struct message_state *message = state;

    /* Of more processes than partitions some hold none, and still serve requests. */
    if (atomic_load(&message->partitions) > 0 || atomic_load(&message->quota) == 0)
        return true;
    buffer_add_text(why, "partitions: none is ours yet\n");
    return false;
}

static const struct field config_fields[] = {
    FIELD(struct message_config, file_max_bytes, .min = 1, .max = 4 * 1024 * 1024 * 1024LL,
          .def = "104857600", .about = "the largest file that is taken, in bytes (100 MiB)"),
    FIELD(struct message_config, retention_days, .max = 36500, .def = "0",
          .about = "messages older than so many days are removed for good; 0: they stay"),
};
static const struct record config_record =
    RECORD("message.config", struct message_config, config_fields);

static int64_t upload_max(const void *own_config)
{
    const struct message_config *config = own_config;

    return config->file_max_bytes;
}

static struct message_state message_state = {.news = PERMISSION_NEWS_INITIALIZER,
                                             .search_queue = SEARCH_QUEUE_INITIALIZER,
                                             .share = SHARE_INITIALIZER,
                                             .quota = PARTITIONS};

static struct metrics *const all_metrics[] = {&message_metrics};

static const struct service message = {
    .name = "message",
    .uses = USES_BUS | USES_STORE | USES_CACHE | USES_IDENTITY | USES_ASK,
    .config = &config_record,
    .upload_max = upload_max,
    .state = &message_state,
    .start = start,
    .stop = stop,
    .is_ready = is_ready,
    .metrics = all_metrics,
    .n_metrics = N_ELEMENTS(all_metrics),
    .measure = message_measure,
    .routes = routes,
    .n_routes = N_ELEMENTS(routes),
    .methods = methods,
    .n_methods = N_ELEMENTS(methods),
    .events = events,
    .n_events = N_ELEMENTS(events),
    .missed = hear_missed,
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
    .serves_http = true,
};

int main(int argc, char **argv)
{
    return service_run(&message, argc, argv);
}
