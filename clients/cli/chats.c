#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "commands.h"
#include "screen.h"

#define LAST_MAX 60 /* characters */

/* Conversations as a whole: the list of them, and what one sets for one's own. */

/* ---- The list */

/* "  2026-11-21 10:00:00 bob: what was said last", its first line, and not all of a long one. */
static void add_last(struct session *session, struct buffer *line,
                     const struct frame_message *message)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    char time_text[TIME_TEXT_MAX];
    const char *end;

    buffer_printf(line, "  %s ", time_show(message->timestamp, time_text));
    if (message->msg_type == MSG_SYSTEM) {
        content_add_system(session, &text, message);
    } else {
        buffer_printf(line, "%s", session_name(session, message->from));
        if (message->recalled_at) {
            buffer_add_text(line, " (taken back)");
            return;
        }
        buffer_add_text(line, ": ");
        content_add(&text, message->msg_type, message->content.text);
    }
    end = buffer_text(&text);
    for (int i = 0; i < LAST_MAX && *end && *end != '\n'; i++)
        utf8_next(&end);
    buffer_add(line, buffer_text(&text), (size_t)(end - buffer_text(&text)));
    if (*end)
        buffer_add_text(line, "…");
}

/* "bob  3 unread, you are named, pinned, muted  2026-11-21 10:00:00 bob: tea?" */
static void say_chat(struct session *session, const struct chat *chat)
{
    CLEANUP(buffer_clear) struct buffer line = {0};
    struct conversation *c = conversation_find(session, chat->conversation_id);
    const struct person *peer = chat->peer;
    const struct room *group = chat->group;
    const struct {
        bool is_so;
        const char *word;
    } words[] = {
        {chat->mentioned, "you are named"}, {chat->pinned, "pinned"}, {chat->muted, "muted"}};
    const char *before = ", ";

    if (c)
        buffer_printf(&line, "%s", conversation_name(session, c));
    else if (peer)
        buffer_add_text(&line, peer->username ? peer->username : peer->user_id);
    else if (group)
        buffer_add_text(&line, group->name ? group->name : group->group_id);
    buffer_printf(&line, "  %" PRId64 " unread", chat->unread_count);
    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        if (words[i].is_so)
            buffer_printf(&line, "%s%s", before, words[i].word);
    if (chat->last_message)
        add_last(session, &line, chat->last_message);
    screen_say("%s", buffer_text(&line));
}

static enum status list_chats(struct session *session, bool only_unread, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    bool more = true;

    buffer_add_text(&path, "/api/conversations?limit=100");
    while (more) {
        CLEANUP(chats_clear) struct chats chats = {0};
        const struct chat *chat;
        enum status s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                                     (struct api_answer){&chats_record, &chats, NULL}, err);

        if (s != STATUS_OK)
            return s;
        chat = chats.conversations.items;
        for (size_t i = 0; i < chats.conversations.n; i++)
            if (!only_unread || chat[i].unread_count > 0 || chat[i].mentioned)
                say_chat(session, &chat[i]);
        more = chats.next_cursor != NULL;
        path.length = 0;
        buffer_add_text(&path, "/api/conversations?limit=100&cursor=");
        if (more)
            api_add_escaped(&path, chats.next_cursor);
    }
    return STATUS_OK;
}

enum status run_chats(struct session *session, char *args, struct error *err)
{
    (void)args;
    return list_chats(session, false, err);
}

enum status run_unread(struct session *session, char *args, struct error *err)
{
    (void)args;
    return list_chats(session, true, err);
}

/* ---- Settings of the chosen one */

static enum status call(struct session *session, const char *method, const char *rest,
                        struct api_ask ask, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_add_text(&path, "/api/conversations/");
    api_add_escaped(&path, session->chosen->id);
    buffer_add_text(&path, rest);
    return session_call(session, method, buffer_text(&path), ask, (struct api_answer){0}, err);
}

/* "" or "on", or "off". */
static enum status read_switch(const char *word, bool *ret, struct error *err)
{
    *ret = strcmp(word, "off") != 0;
    if (*word && strcmp(word, "on") != 0 && *ret)
        return error_set(err, STATUS_INVALID, "on, or off?");
    return STATUS_OK;
}

static enum status set(struct session *session, const struct chat_change *change, struct error *err)
{
    return call(session, "PATCH", "", (struct api_ask){&chat_change_record, change}, err);
}

enum status run_pin_chat(struct session *session, char *args, struct error *err)
{
    struct chat_change change = {.pinned.is_set = true};
    enum status s = read_switch(command_word(&args), &change.pinned.value, err);

    if (s == STATUS_OK)
        s = set(session, &change, err);
    if (s == STATUS_OK)
        screen_note("%s", change.pinned.value ? "it stands above the others" : "it is one of all");
    return s;
}

enum status run_mute_chat(struct session *session, char *args, struct error *err)
{
    struct chat_change change = {.muted.is_set = true};
    enum status s = read_switch(command_word(&args), &change.muted.value, err);

    if (s == STATUS_OK)
        s = set(session, &change, err);
    if (s != STATUS_OK)
        return s;
    session->chosen->muted = change.muted.value;
    screen_note("%s", change.muted.value ? "what comes is only counted, while you are elsewhere"
                                         : "what comes is shown at once");
    return STATUS_OK;
}

enum status run_hide(struct session *session, char *args, struct error *err)
{
    enum status s;

    (void)args;
    s = call(session, "DELETE", "", (struct api_ask){0}, err);
    if (s != STATUS_OK)
        return s;
    session->chosen = NULL;
    screen_note("it is off the list, until somebody writes in it");
    return STATUS_OK;
}

/* "30s", "5m", "1h", "7d", "off" */
static enum status read_duration(const char *word, int64_t *ret, struct error *err)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    long long n = strtoll(word, &end, 10);

    *ret = 0;
    if (strcmp(word, "off") == 0)
        return STATUS_OK;
    for (size_t i = 0; i < N_ELEMENTS(units); i++)
        if (n > 0 && n <= 1000000 && strcmp(end, units[i].unit) == 0) {
            *ret = n * units[i].seconds;
            return STATUS_OK;
        }
    return error_set(err, STATUS_INVALID, "after how long? 30s, 5m, 1h, 7d, or off");
}

enum status run_timer(struct session *session, char *args, struct error *err)
{
    struct timer_wanted timer = {0};
    enum status s = read_duration(command_word(&args), &timer.seconds, err);

    if (s == STATUS_OK)
        s = call(session, "PUT", "/timer", (struct api_ask){&timer_wanted_record, &timer}, err);
    return s;
}

/* ---- What is pinned in it */

static enum status show_pinned(struct session *session, const char *message_id, struct error *err)
{
    struct frame_message message = {0};
    const struct frame_message named = {.conversation_id = session->chosen->id,
                                        .message_id = (char *)message_id};
    enum status s = message_call(session, "GET", &named, "", (struct api_ask){0},
                                 (struct api_answer){&any_message_record, &message, NULL}, err);

    if (s == STATUS_OK)
        message_show(session, session->chosen, &message);
    record_clear(&any_message_record, &message);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s; /* of before one came, or deleted for oneself */
}

enum status run_pins(struct session *session, char *args, struct error *err)
{
    const struct strings *pinned = &session->chosen->pinned;
    enum status s = STATUS_OK;

    (void)args;
    for (size_t i = 0; i < pinned->n && s == STATUS_OK; i++)
        s = show_pinned(session, pinned->items[i], err);
    return s;
}
