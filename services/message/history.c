/* History: pages of a conversation, and single messages, as far as the caller may read them. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pages.h"
#include "wire/internal.h"

#define USER_TIMEOUT_MS 2000

/* Nothing was said yet: is there somebody to say it to? */
static enum status check_user(struct message_state *message, const char *user_id, struct error *err)
{
    struct user_ids ids = {0};
    struct accounts accounts = {0};
    enum status s;

    strings_add(&ids.user_ids, user_id);
    s = rpc_call(message->user_rpc, RPC_USER_FIND, &user_ids_record, &ids, &accounts_record,
                 &accounts, USER_TIMEOUT_MS, err);
    if (s == STATUS_OK && accounts.accounts.n == 0)
        s = error_set(err, STATUS_NOT_FOUND, "there is no such user");
    record_clear(&user_ids_record, &ids);
    record_clear(&accounts_record, &accounts);
    return s;
}

enum status handle_private_history(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err)
{
    const struct private_history_query *query = request;
    CLEANUP(readable_clear) struct readable readable = {0};
    char conversation_id[CONVERSATION_ID_MAX];
    int64_t at;
    enum status s = page_check(&query->page, &at, err);

    if (s != STATUS_OK)
        return s;
    conversation_id_single(call->user_id, query->user_id, conversation_id);
    s = readable_load(state, conversation_id, call->user_id, &readable, err);
    if (s == STATUS_NOT_FOUND)
        return check_user(state, query->user_id, err);
    return s == STATUS_OK ? page_read(state, &readable, &query->page, at, reply, err) : s;
}

enum status handle_group_history(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    const struct group_history_query *query = request;
    CLEANUP(readable_clear) struct readable readable = {0};
    char conversation_id[CONVERSATION_ID_MAX];
    int64_t at;
    enum status s = page_check(&query->page, &at, err);

    if (s != STATUS_OK)
        return s;
    conversation_id_group(query->group_id, conversation_id);
    s = readable_load(state, conversation_id, call->user_id, &readable, err);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no such group");
    return s == STATUS_OK ? page_read(state, &readable, &query->page, at, reply, err) : s;
}

enum status handle_message(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    const struct message_path *path = request;
    CLEANUP(readable_clear) struct readable readable = {0};
    struct message_document message;
    enum status s = readable_load(state, path->conversation_id, call->user_id, &readable, err);

    if (s == STATUS_OK)
        s = readable_find_one(state, &readable, path->message_id, &message, err);
    if (s != STATUS_OK)
        return s;
    message_to_view(&message, reply);
    record_clear(&message_document_record, &message);
    return STATUS_OK;
}
