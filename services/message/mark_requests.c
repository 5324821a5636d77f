/* Marks over HTTP: what one keeps of a conversation, hiding it, deleting a message for oneself. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "conversations.h"

static enum status ask(struct message_state *message, struct call *call,
                       const struct user_mark *mark, struct frame_ack *ret, struct error *err)
{
    enum status s = conversation_id_check(mark->conversation_id, call->user_id, err);

    if (s != STATUS_OK)
        return s;
    return partition_ask(message, call, ENVELOPE_MARK, mark->conversation_id, &user_mark_record,
                         mark, ret, err);
}

/* The conversation as it is now: what was asked for is stored. */
static enum status answer(struct message_state *message, struct call *call,
                          const struct user_mark *mark, struct conversation_item *ret,
                          struct error *err)
{
    struct frame_ack ack = {0};
    enum status s = ask(message, call, mark, &ack, err);

    if (s == STATUS_OK)
        s = conversations_find(message, mark->conversation_id, call->user_id, ret, err);
    record_clear(&frame_ack_record, &ack);
    return s;
}

enum status handle_conversation_change(void *state, struct call *call, const void *request,
                                       void *reply, struct error *err)
{
    const struct conversation_change *change = request;
    const struct user_mark mark = {
        .conversation_id = change->conversation_id,
        .pinned = change->pinned,
        .muted = change->muted,
        .read_seq = change->read_seq,
        .draft = change->draft,
    };

    return answer(state, call, &mark, reply, err);
}

enum status handle_conversation_hide(void *state, struct call *call, const void *request,
                                     void *reply, struct error *err)
{
    const struct conversation_path *path = request;
    const struct user_mark mark = {.conversation_id = path->conversation_id, .hide = true};

    return answer(state, call, &mark, reply, err);
}

enum status mark_hide_message(struct message_state *message, struct call *call,
                              const char *conversation_id, const char *message_id,
                              struct message_changed *ret, struct error *err)
{
    const struct user_mark mark = {.conversation_id = (char *)conversation_id,
                                   .hide_message_id = (char *)message_id};
    struct frame_ack ack = {0};
    enum status s = ask(message, call, &mark, &ack, err);

    if (s != STATUS_OK)
        return s;
    ret->message_id = TAKE(ack.message_id);
    ret->conversation_id = TAKE(ack.conversation_id);
    ret->seq = ack.seq;
    record_clear(&frame_ack_record, &ack);
    return STATUS_OK;
}
