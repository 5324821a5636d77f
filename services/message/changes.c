#include "changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "references.h"

/* Each type of frame beside its kind in the store and the frame that tells of it. */
static const struct {
    int64_t type;
    const char *kind;
    const struct record *frame;
} kinds[] = {
    {FRAME_RECALL, CHANGE_RECALL, &frame_recalled_record},
    {FRAME_EDIT, CHANGE_EDIT, &frame_edited_record},
    {FRAME_REACTION, CHANGE_REACTION, &frame_reacted_record},
    {FRAME_PIN, CHANGE_PIN, &frame_pinned_record},
};

static size_t index_of_type(int64_t type)
{
    size_t i = 0;

    while (i + 1 < N_ELEMENTS(kinds) && kinds[i].type != type)
        i++;
    return i;
}

static size_t index_of_kind(const char *kind)
{
    size_t i = 0;

    while (i + 1 < N_ELEMENTS(kinds) && strcmp(kinds[i].kind, kind) != 0)
        i++;
    return i;
}

static bool is(const struct change_document *change, const char *kind)
{
    return strcmp(change->kind, kind) == 0;
}

/* ---- Reactions and pins: sets of texts */

static char *reaction_text(const char *emoji, const char *user_id)
{
    struct buffer text = {0};

    buffer_printf(&text, "%s %s", emoji, user_id);
    return buffer_take(&text);
}

static bool reaction_is(const char *reaction, const char *emoji)
{
    size_t n = strlen(emoji);

    return strncmp(reaction, emoji, n) == 0 && reaction[n] == ' ';
}

int64_t change_count_reactions(const struct message_document *message, const char *emoji)
{
    int64_t n = 0;

    for (size_t i = 0; i < message->reactions.n; i++)
        n += reaction_is(message->reactions.items[i], emoji);
    return n;
}

/* Only the first of each emoji counts. */
static size_t count_emojis(const struct message_document *message)
{
    size_t n = 0;

    for (size_t i = 0; i < message->reactions.n; i++) {
        size_t length = strcspn(message->reactions.items[i], " ") + 1;
        size_t k = 0;

        while (strncmp(message->reactions.items[k], message->reactions.items[i], length) != 0)
            k++;
        n += k == i;
    }
    return n;
}

static void set_text(struct strings *set, const char *text, bool is_in)
{
    if (!is_in)
        strings_remove(set, text);
    else if (!strings_has(set, text))
        strings_add(set, text);
}

/* ---- Judging */

static enum status judge_recall(const struct command *command,
                                const struct message_document *message,
                                const struct row_document *row, int64_t now, struct error *err)
{
    if (command->is_administrator || (row && row_is_admin(row)))
        return STATUS_OK;
    if (strcmp(message->from_user_id, command->user_id) != 0)
        return error_set(err, STATUS_FORBIDDEN, "only its sender%s may recall a message",
                         row ? " and the group's admins" : "");
    if (!message->recalled_at && now - message->created_at > RECALL_MS)
        return error_set(err, STATUS_FORBIDDEN, "a message can be recalled for 24 hours");
    return STATUS_OK;
}

/* *ret_content is the new one in our form, NULL when it is the old one. */
static enum status judge_edit(const struct command *command, const struct message_document *message,
                              const struct row_document *row, char **ret_content, struct error *err)
{
    struct json content = {memory_text(command->frame.change.content.text)};
    enum status s;

    if (strcmp(message->from_user_id, command->user_id) != 0)
        s = error_set(err, STATUS_FORBIDDEN, "only its sender may edit a message");
    else if (message->msg_type != MSG_TEXT && message->msg_type != MSG_CUSTOM)
        s = error_set(err, STATUS_FORBIDDEN, "only text and custom messages can be edited");
    else
        s = content_check(message->msg_type, &content, err);
    if (s == STATUS_OK)
        s = references_check(message->msg_type, content.text, row, err);
    if (s == STATUS_OK && strcmp(content.text, message->content.text) != 0)
        *ret_content = TAKE(content.text);
    free(content.text);
    return s;
}

static enum status judge_reaction(const struct command *command,
                                  const struct message_document *message, bool *ret_is_so,
                                  struct error *err)
{
    const struct frame_change *change = &command->frame.change;
    CLEANUP(free) char *text = reaction_text(change->emoji, command->user_id);

    *ret_is_so = strings_has(&message->reactions, text) != change->removed;
    if (*ret_is_so || change->removed)
        return STATUS_OK;
    if (message->reactions.n >= REACTIONS_MAX)
        return error_set(err, STATUS_FORBIDDEN, "a message has at most %d reactions",
                         REACTIONS_MAX);
    if (change_count_reactions(message, change->emoji) == 0 && count_emojis(message) >= EMOJIS_MAX)
        return error_field(err, STATUS_FORBIDDEN, "emoji", "a message has at most %d emojis",
                           EMOJIS_MAX);
    return STATUS_OK;
}

static enum status judge_pin(const struct command *command,
                             const struct conversation_document *conversation, bool *ret_is_so,
                             struct error *err)
{
    const struct frame_change *change = &command->frame.change;

    *ret_is_so = strings_has(&conversation->pinned_ids, change->message_id) != change->removed;
    if (!*ret_is_so && !change->removed && conversation->pinned_ids.n >= PINS_MAX)
        return error_set(err, STATUS_FORBIDDEN, "a conversation has at most %d pins", PINS_MAX);
    return STATUS_OK;
}

static struct change_document *change_new(const struct command *command,
                                          const struct message_document *message, int64_t now)
{
    const struct frame_change *frame = &command->frame.change;
    struct change_document *ret = memory_new(sizeof *ret);

    ret->conversation_id = memory_text(message->conversation_id);
    ret->kind = memory_text(kinds[index_of_type(frame->type)].kind);
    ret->message_id = memory_text(message->id);
    ret->seq = message->seq;
    if (!command->is_administrator) /* his name is in the log of administrators */
        ret->user_id = memory_text(command->user_id);
    ret->emoji = memory_text(frame->emoji);
    ret->removed = frame->removed;
    ret->created_at = now;
    return ret;
}

void change_free(struct change_document *change)
{
    if (change)
        record_clear(&change_document_record, change);
    free(change);
}

enum status change_judge(const struct command *command, const struct message_document *message,
                         const struct row_document *row,
                         const struct conversation_document *conversation, int64_t now,
                         struct change_document **ret, struct error *err)
{
    int64_t type = command->frame.change.type;
    char *content = NULL;
    bool is_so = false;
    enum status s = STATUS_OK;

    *ret = NULL;
    /* What he cannot see is not there. */
    if (!message || (!command->is_administrator &&
                     !message_is_seen(message, command->user_id, row, conversation)))
        return error_field(err, STATUS_NOT_FOUND, "message_id", "there is no such message");
    if (message->msg_type == MSG_SYSTEM)
        return error_field(err, STATUS_FORBIDDEN, "message_id",
                           "a system message cannot be changed");
    if (message->recalled_at && type != FRAME_RECALL)
        return error_field(err, STATUS_NOT_FOUND, "message_id", "the message was recalled");
    if (type == FRAME_RECALL) {
        s = judge_recall(command, message, row, now, err);
        is_so = message->recalled_at != 0;
    } else if (type == FRAME_EDIT) {
        s = judge_edit(command, message, row, &content, err);
        is_so = !content;
    } else if (type == FRAME_REACTION) {
        s = judge_reaction(command, message, &is_so, err);
    } else {
        s = judge_pin(command, conversation, &is_so, err);
    }
    if (s != STATUS_OK || is_so)
        return s;
    *ret = change_new(command, message, now);
    if (content)
        (*ret)->old_content.text = memory_text(message->content.text);
    (*ret)->content.text = content;
    return STATUS_OK;
}

/* ---- Carrying out */

static void apply_to_conversation(const struct change_document *change,
                                  struct conversation_document *conversation)
{
    const char *message_id = strchr(change->message_id, '/') + 1;

    conversation->change_seq = change->change_seq;
    if (is(change, CHANGE_PIN))
        set_text(&conversation->pinned_ids, message_id, !change->removed);
    if (!is(change, CHANGE_RECALL))
        return;
    set_text(&conversation->pinned_ids, message_id, false);
    if (change->seq > conversation->removed_seq)
        conversation->removed_seq = change->seq;
}

static void set_content(struct message_document *message, const char *content)
{
    free(message->content.text);
    message->content.text = memory_text(content);
}

static void apply_to_message(const struct change_document *change, struct message_document *message)
{
    CLEANUP(free) char *reaction = NULL;

    message->change_seq = change->change_seq;
    if (is(change, CHANGE_RECALL)) {
        message->recalled_at = change->created_at;
        set_content(message, "{}");
        strings_clear(&message->reactions);
    } else if (is(change, CHANGE_EDIT)) {
        message->edited_at = change->created_at;
        set_content(message, change->content.text);
    } else if (is(change, CHANGE_REACTION)) {
        reaction = reaction_text(change->emoji, change->user_id);
        set_text(&message->reactions, reaction, !change->removed);
    }
}

bool change_has_words(const struct change_document *change)
{
    return strcmp(change->kind, CHANGE_EDIT) == 0 || strcmp(change->kind, CHANGE_RECALL) == 0;
}

void change_apply(const struct change_document *change, struct message_document *message,
                  struct conversation_document *conversation)
{
    if (change->change_seq > conversation->change_seq)
        apply_to_conversation(change, conversation);
    if (change->change_seq > message->change_seq)
        apply_to_message(change, message);
}

/* ---- Telling */

const struct record *change_frame_record(const struct change_document *change)
{
    return kinds[index_of_kind(change->kind)].frame;
}

void change_to_frame(const struct change_document *change, const struct message_document *message,
                     struct frame_changed *ret)
{
    *ret = (struct frame_changed){
        .type = kinds[index_of_kind(change->kind)].type,
        .conversation_id = change->conversation_id,
        .message_id = (char *)message_id_of(message),
        .seq = change->seq,
        .from = change->user_id,
        .change_seq = change->change_seq,
        .timestamp = change->created_at,
        .content = change->content,
        .emoji = change->emoji,
        .removed = change->removed,
    };
    if (change->emoji)
        ret->count = change_count_reactions(message, change->emoji);
}
