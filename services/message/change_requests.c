/* Edits, recalls, reactions and pins over HTTP: the same frames, through the same partition. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message.h"

static enum status ask(struct message_state *message, struct call *call, const struct record *rec,
                       const struct frame_change *change, struct message_changed *ret,
                       struct error *err)
{
    struct frame_ack ack = {0};
    enum status s = frame_change_check(change, err);

    if (s == STATUS_OK)
        s = conversation_id_check(change->conversation_id, call->user_id, err);
    if (s == STATUS_OK)
        s = partition_ask(message, call, ENVELOPE_FRAME, change->conversation_id, rec, change, &ack,
                          err);
    if (s != STATUS_OK)
        return s;
    ret->message_id = TAKE(ack.message_id);
    ret->conversation_id = TAKE(ack.conversation_id);
    ret->seq = ack.seq;
    ret->change_seq = ack.change_seq;
    record_clear(&frame_ack_record, &ack);
    return STATUS_OK;
}

enum status handle_edit(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    const struct message_edit *edit = request;
    const struct frame_change change = {
        .type = FRAME_EDIT,
        .conversation_id = edit->conversation_id,
        .message_id = edit->message_id,
        .content = edit->content,
    };

    return ask(state, call, &frame_edit_record, &change, reply, err);
}

enum status handle_delete(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct message_delete *query = request;
    const struct frame_change change = {
        .type = FRAME_RECALL,
        .conversation_id = query->conversation_id,
        .message_id = query->message_id,
    };

    if (strcmp(query->scope, "all") == 0)
        return ask(state, call, &frame_recall_record, &change, reply, err);
    if (strcmp(query->scope, "me") == 0)
        return mark_hide_message(state, call, query->conversation_id, query->message_id, reply,
                                 err);
    return error_field(err, STATUS_INVALID, "scope", "field 'scope' must be me or all");
}

static enum status react(struct message_state *message, struct call *call,
                         const struct message_react *react, bool removed,
                         struct message_changed *ret, struct error *err)
{
    const struct frame_change change = {
        .type = FRAME_REACTION,
        .conversation_id = react->conversation_id,
        .message_id = react->message_id,
        .emoji = react->emoji,
        .removed = removed,
    };

    return ask(message, call, &frame_reaction_record, &change, ret, err);
}

enum status handle_react(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    return react(state, call, request, false, reply, err);
}

enum status handle_unreact(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    return react(state, call, request, true, reply, err);
}

static enum status pin(struct message_state *message, struct call *call,
                       const struct message_path *path, bool removed, struct message_changed *ret,
                       struct error *err)
{
    const struct frame_change change = {
        .type = FRAME_PIN,
        .conversation_id = path->conversation_id,
        .message_id = path->message_id,
        .removed = removed,
    };

    return ask(message, call, &frame_pin_record, &change, ret, err);
}

enum status handle_pin(void *state, struct call *call, const void *request, void *reply,
                       struct error *err)
{
    return pin(state, call, request, false, reply, err);
}

enum status handle_unpin(void *state, struct call *call, const void *request, void *reply,
                         struct error *err)
{
    return pin(state, call, request, true, reply, err);
}
