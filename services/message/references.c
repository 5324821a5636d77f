#include "references.h"

#include <string.h>

/* Content is in our own form by now: outside of a text, and nowhere in one, a quote follows a comma
 * and is followed by a member's name. */
static bool may_refer(const char *content)
{
    return strstr(content, ",\"at_") || strstr(content, ",\"reply_to\":");
}

bool references_find(int64_t msg_type, const char *content, struct content_text *ret)
{
    return msg_type == MSG_TEXT && may_refer(content) &&
           record_from_json(&content_text_record, content, strlen(content), ret, NULL) == STATUS_OK;
}

static bool of_command(const struct command *command, struct content_text *ret)
{
    return command->kind == COMMAND_SEND &&
           references_find(command->frame.send.msg_type, command->frame.send.content.text, ret);
}

char *references_reply_id(const struct command *command)
{
    struct content_text text;
    char *id = NULL;

    if (!of_command(command, &text))
        return NULL;
    if (text.reply_to)
        id = message_document_id(command->conversation_id, text.reply_to);
    record_clear(&content_text_record, &text);
    return id;
}

enum status references_check_at_all(const struct row_document *row, struct error *err)
{
    if (!row)
        return error_field(err, STATUS_INVALID, "content.at_all",
                           "field 'content.at_all' has no meaning in private");
    if (!row_is_admin(row))
        return error_field(err, STATUS_FORBIDDEN, "content.at_all",
                           "field 'content.at_all' is for the group's owner and admins");
    return STATUS_OK;
}

enum status references_check(const struct command *command, const struct row_document *row,
                             const struct conversation_document *conversation,
                             const struct message_document *reply, struct error *err)
{
    struct content_text text;
    enum status s = STATUS_OK;

    if (!of_command(command, &text))
        return STATUS_OK;
    if (text.at_all)
        s = references_check_at_all(row, err);
    if (s == STATUS_OK && text.reply_to &&
        (!reply || !message_is_seen(reply, command->user_id, row, conversation)))
        s = error_field(err, STATUS_INVALID, "content.reply_to",
                        "field 'content.reply_to' names no message of this conversation");
    record_clear(&content_text_record, &text);
    return s;
}
