/* What administrators do to messages: asked of `message`, in the name of who sent them. */

#include <stdio.h>

#include "admin.h"
#include "base/memory.h"
#include "wire/message_api.h"
#include "wire/moderation.h"

#define LOOK_UP_MS 2000
#define RECALL_WAIT_MS 7000 /* message waits 5 s for its partition */
#define DETAILS_MAX (CONVERSATION_ID_MAX + MESSAGE_ID_MAX + 1)

static enum status look_up(struct auth_state *auth, const struct admin_message_query *query,
                           struct admin_message *ret, struct error *err)
{
    return rpc_call(auth->message, RPC_MESSAGE_LOOK_UP, &admin_message_query_record, query,
                    &admin_message_record, ret, LOOK_UP_MS, err);
}

/* The action's user_id is found here. The log names the message by its place; what is in it is
 * nobody's business there. */
static enum status act(struct auth_state *auth, struct call *call,
                       const struct admin_message_query *query, struct admin_action *action,
                       const void *request, void *reply, struct error *err)
{
    struct admin_message found;
    char details[DETAILS_MAX];
    enum status s = look_up(auth, query, &found, err);

    if (s != STATUS_OK)
        return s;
    (void)snprintf(details, sizeof details, "%s/%s", query->conversation_id, query->message_id);
    action->details = details;
    action->user_id = ((const struct frame_message *)found.message)->from;
    s = admin_act(auth, call, action, request, reply, err);
    record_clear(&admin_message_record, &found);
    return s;
}

static enum status run_read(struct auth_state *auth, const struct account_document *target,
                            const void *request, void *reply, struct error *err)
{
    (void)target;
    return look_up(auth, request, reply, err);
}

enum status handle_admin_message(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    const struct admin_message_query *query = request;
    struct admin_action action = {.name = "messages.read",
                                  .right = RIGHT_MESSAGES_READ,
                                  .reason = query->reason,
                                  .to_oneself = true,
                                  .to_the_gone = true,
                                  .run = run_read};

    return act(state, call, query, &action, request, reply, err);
}

static enum status run_recall(struct auth_state *auth, const struct account_document *target,
                              const void *request, void *reply, struct error *err)
{
    (void)target;
    return rpc_call(auth->message, RPC_MESSAGE_RECALL, &admin_message_path_record, request,
                    &message_changed_record, reply, RECALL_WAIT_MS, err);
}

enum status handle_admin_recall(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    const struct admin_message_path *path = request;
    const struct admin_message_query query = {.conversation_id = path->conversation_id,
                                              .message_id = path->message_id,
                                              .reason = path->reason,
                                              .limit = 1};
    struct admin_action action = {.name = "messages.recall",
                                  .right = RIGHT_MESSAGES_RECALL,
                                  .reason = path->reason,
                                  .to_oneself = true,
                                  .to_the_gone = true,
                                  .run = run_recall};

    return act(state, call, &query, &action, request, reply, err);
}
