/* A message as its readers get it. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "message.h"

void message_to_frame(const struct message_document *message, struct frame_message *ret)
{
    *ret = (struct frame_message){
        .type = message->group_id ? FRAME_GROUP : FRAME_PRIVATE,
        .message_id = (char *)message_id_of(message),
        .from = message->from_user_id,
        .to = message->to_user_id,
        .group_id = message->group_id,
        .content = message->content,
        .msg_type = message->msg_type,
        .timestamp = message->created_at,
        .conversation_id = message->conversation_id,
        .seq = message->seq,
        .expires_at = message->expires_at,
        .forwarded_from = message->forwarded_from,
    };
}

static struct reaction *find_reaction(struct list *reactions, const char *emoji, size_t length)
{
    struct reaction *all = reactions->items;

    for (size_t i = 0; i < reactions->n; i++)
        if (strlen(all[i].emoji) == length && strncmp(all[i].emoji, emoji, length) == 0)
            return &all[i];
    return NULL;
}

/* "<emoji> <user_id>" each, in the order of their coming. */
static void fill_reactions(const struct strings *texts, struct list *ret)
{
    for (size_t i = 0; i < texts->n; i++) {
        const char *text = texts->items[i];
        size_t length = strcspn(text, " ");
        struct reaction *reaction = find_reaction(ret, text, length);

        if (!reaction) {
            reaction = list_add(ret, &reaction_record);
            reaction->emoji = memory_text_n(text, length);
        }
        reaction->count++;
        if (reaction->user_ids.n < REACTION_USERS_MAX)
            strings_add(&reaction->user_ids, text + length + 1);
    }
}

void message_to_view(const struct message_document *message, struct frame_message *ret)
{
    struct frame_message frame;

    message_to_frame(message, &frame);
    frame.from_user_id = message->from_user_id;
    frame.to_user_id = message->to_user_id;
    frame.created_at = message->created_at;
    frame.edited_at = message->edited_at;
    frame.recalled_at = message->recalled_at;
    frame.change_seq = message->change_seq;
    record_copy(&frame_message_record, &frame, ret);
    fill_reactions(&message->reactions, &ret->reactions);
}
