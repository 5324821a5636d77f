#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands.h"
#include "screen.h"

/* What is done with a message that was shown: it is named by its number, in the chosen
 * conversation. */

enum status message_pick(struct session *session, char **args, struct frame_message *ret,
                         struct error *err)
{
    const char *word = command_word(args);
    char *end;
    long long seq;

    word += *word == '#';
    seq = strtoll(word, &end, 10);
    if (*end || seq < 1)
        return error_set(err, STATUS_INVALID,
                         "which message? its number stands before the name: #%s",
                         *word ? word : "7");
    return conversation_pick(session, session->chosen, seq, ret, err);
}

enum status message_call(struct session *session, const char *method,
                         const struct frame_message *message, const char *rest, struct api_ask ask,
                         struct api_answer answer, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_add_text(&path, "/api/conversations/");
    api_add_escaped(&path, message->conversation_id);
    buffer_add_text(&path, "/messages/");
    api_add_escaped(&path, message->message_id);
    buffer_add_text(&path, rest);
    return session_call(session, method, buffer_text(&path), ask, answer, err);
}

/* Pick the message, and make a call of it that needs no body. */
static enum status call_plain(struct session *session, char *args, const char *method,
                              const char *rest, struct error *err)
{
    struct frame_message message = {0};
    enum status s = message_pick(session, &args, &message, err);

    if (s == STATUS_OK)
        s = message_call(session, method, &message, rest, (struct api_ask){0},
                         (struct api_answer){0}, err);
    record_clear(&any_message_record, &message);
    return s;
}

enum status run_recall(struct session *session, char *args, struct error *err)
{
    return call_plain(session, args, "DELETE", "?scope=all", err);
}

enum status run_pin(struct session *session, char *args, struct error *err)
{
    return call_plain(session, args, "PUT", "/pin", err);
}

enum status run_unpin(struct session *session, char *args, struct error *err)
{
    return call_plain(session, args, "DELETE", "/pin", err);
}

enum status run_delete(struct session *session, char *args, struct error *err)
{
    enum status s = call_plain(session, args, "DELETE", "?scope=me", err);

    if (s == STATUS_OK)
        screen_note("you do not see it any more; the others do");
    return s;
}

/* A new text with the old one's mentions and what it answers. */
static enum status edit(struct session *session, const struct frame_message *message,
                        const char *text, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct content_text content;
    struct change_wanted wanted;
    const char *old = message->content.text;

    if (message->msg_type != MSG_TEXT ||
        record_from_json(&content_text_record, old, strlen(old), &content, NULL) != STATUS_OK)
        return error_set(err, STATUS_INVALID, "only a text can be edited");
    free(content.text);
    content.text = memory_text(text);
    record_to_json(&content_text_record, &content, &json);
    record_clear(&content_text_record, &content);
    wanted = (struct change_wanted){.content = {.text = buffer_text(&json)}};
    return message_call(session, "PATCH", message, "",
                        (struct api_ask){&edit_wanted_record, &wanted}, (struct api_answer){0},
                        err);
}

enum status run_edit(struct session *session, char *args, struct error *err)
{
    struct frame_message message = {0};
    enum status s = message_pick(session, &args, &message, err);

    if (s == STATUS_OK && !*args)
        s = error_set(err, STATUS_INVALID, "what is it to say? edit <number> <text>");
    if (s == STATUS_OK)
        s = edit(session, &message, args, err);
    record_clear(&any_message_record, &message);
    return s;
}

enum status run_reply(struct session *session, char *args, struct error *err)
{
    struct frame_message message = {0};
    enum status s = message_pick(session, &args, &message, err);

    if (s == STATUS_OK && !*args)
        s = error_set(err, STATUS_INVALID, "what is the answer? reply <number> <text>");
    if (s == STATUS_OK)
        s = send_text(session, args, message.message_id, err);
    if (s == STATUS_OK)
        numbers_keep(&session->numbers, &message); /* one's own line says what it answers */
    record_clear(&any_message_record, &message);
    return s;
}

enum status run_react(struct session *session, char *args, struct error *err)
{
    struct frame_message message = {0};
    struct change_wanted wanted = {0};
    enum status s = message_pick(session, &args, &message, err);

    wanted.emoji = command_word(&args);
    if (s == STATUS_OK)
        s = message_call(session, "POST", &message, "/reactions",
                         (struct api_ask){&reaction_wanted_record, &wanted}, (struct api_answer){0},
                         err);
    record_clear(&any_message_record, &message);
    return s;
}

enum status run_unreact(struct session *session, char *args, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer rest = {0};
    struct frame_message message = {0};
    enum status s = message_pick(session, &args, &message, err);

    buffer_add_text(&rest, "/reactions?emoji=");
    api_add_escaped(&rest, command_word(&args));
    if (s == STATUS_OK)
        s = message_call(session, "DELETE", &message, buffer_text(&rest), (struct api_ask){0},
                         (struct api_answer){0}, err);
    record_clear(&any_message_record, &message);
    return s;
}

/* To a friend, by name; or into one of one's groups. */
enum status run_forward(struct session *session, char *args, struct error *err)
{
    CLEANUP(room_clear) struct room room = {0};
    CLEANUP(person_clear) struct person person = {0};
    struct frame_message message = {0};
    char message_id[ID_MAX];
    struct forward_wanted wanted = {.message_id = message_id};
    enum status s = message_pick(session, &args, &message, err);

    if (s == STATUS_OK)
        s = group_find(session, args, &room, err);
    if (s == STATUS_OK && !room.group_id)
        s = person_find(session, args, &person, err);
    id_new("", message_id);
    wanted.to = person.user_id;
    wanted.group_id = room.group_id;
    if (s == STATUS_OK)
        s = message_call(session, "POST", &message, "/forward",
                         (struct api_ask){&forward_wanted_record, &wanted}, (struct api_answer){0},
                         err);
    record_clear(&any_message_record, &message);
    return s;
}

/* "bob has read it, carol not yet" */
enum status run_receipts(struct session *session, char *args, struct error *err)
{
    CLEANUP(receipts_clear) struct receipts receipts = {0};
    struct frame_message message = {0};
    const struct receipt *receipt;
    enum status s = message_pick(session, &args, &message, err);

    if (s == STATUS_OK)
        s = message_call(session, "GET", &message, "/receipts?limit=100", (struct api_ask){0},
                         (struct api_answer){&receipts_record, &receipts, NULL}, err);
    receipt = receipts.receipts.items;
    for (size_t i = 0; i < receipts.receipts.n; i++)
        screen_say("%s  %s", session_name(session, receipt[i].user_id),
                   receipt[i].read        ? "has read it"
                   : receipt[i].delivered ? "has it"
                                          : "not yet");
    record_clear(&any_message_record, &message);
    return s;
}
