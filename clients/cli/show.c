#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "screen.h"
#include "session.h"

/* What people call it, asked for when it is first needed. */
const char *conversation_name(struct session *session, struct conversation *c)
{
    CLEANUP(room_clear) struct room room = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct error ignored; /* its id will do */

    if (c->name)
        return c->name;
    if (!c->is_group)
        return session_name(session, c->peer);
    buffer_add_text(&path, "/api/groups/");
    api_add_escaped(&path, c->peer);
    if (session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){&room_record, &room, NULL}, &ignored) != STATUS_OK)
        return c->peer;
    c->name = room.name ? TAKE(room.name) : memory_text(c->peer);
    return c->name;
}

/* A group's name cannot leave its brackets: the rest of it would pass for somebody else's words. */
static void add_label(struct buffer *ret, const char *name)
{
    buffer_add_text(ret, "[");
    for (; *name; name++)
        buffer_add(ret, *name == ']' ? ")" : name, 1);
    buffer_add_text(ret, "] ");
}

const char *time_show(int64_t time_ms, char ret[TIME_TEXT_MAX])
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;

    if (!localtime_r(&seconds, &tm) || !strftime(ret, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm))
        *ret = '\0';
    return ret;
}

/* "2026-11-21 10:00:00 [conversation] " */
static void add_head(struct session *session, struct buffer *line, struct conversation *c,
                     int64_t time_ms)
{
    char time_text[TIME_TEXT_MAX];

    buffer_printf(line, "%s ", time_show(time_ms, time_text));
    if (c != session->chosen)
        add_label(line, conversation_name(session, c));
}

/* ---- What is told of a message besides its content: before the colon, where nobody's text is */

static void add_mark(struct buffer *marks, const char *text)
{
    buffer_printf(marks, "%s%s", marks->length ? ", " : "", text);
}

/* Reactions are others' words: they cannot end what they stand in. */
static void add_reactions(struct buffer *marks, const struct list *reactions)
{
    const struct reaction *reaction = reactions->items;

    for (size_t i = 0; i < reactions->n; i++) {
        buffer_add_text(marks, i ? " " : marks->length ? ", " : "");
        for (const char *p = reaction[i].emoji; *p; p++)
            buffer_add(marks, *p == '(' || *p == ')' ? "|" : p, 1);
        if (reaction[i].count > 1)
            buffer_printf(marks, " %" PRId64, reaction[i].count);
    }
}

static void add_reply(struct session *session, struct buffer *marks,
                      const struct frame_message *frame)
{
    struct content_text content;
    const struct number *answered;
    const char *json = frame->content.text;

    if (frame->msg_type != MSG_TEXT || !strstr(json, "\"reply_to\"") ||
        record_from_json(&content_text_record, json, strlen(json), &content, NULL) != STATUS_OK)
        return;
    if (content.reply_to) {
        answered = numbers_find(&session->numbers, frame->conversation_id, content.reply_to);
        add_mark(marks, "answers");
        if (answered)
            buffer_printf(marks, " #%" PRId64, answered->seq);
        else
            buffer_add_text(marks, " an older one");
    }
    record_clear(&content_text_record, &content);
}

/* " (edited, disappears 2026-11-21 11:00:00)" */
static void add_marks(struct session *session, struct buffer *line,
                      const struct frame_message *frame)
{
    CLEANUP(buffer_clear) struct buffer marks = {0};
    char time_text[TIME_TEXT_MAX];

    add_reply(session, &marks, frame);
    if (frame->forwarded_from) {
        add_mark(&marks, "forwarded from ");
        buffer_add_text(&marks, session_name(session, frame->forwarded_from));
    }
    if (frame->edited_at)
        add_mark(&marks, "edited");
    if (frame->expires_at) {
        add_mark(&marks, "disappears ");
        buffer_add_text(&marks, time_show(frame->expires_at, time_text));
    }
    add_reactions(&marks, &frame->reactions);
    if (marks.length)
        buffer_printf(line, " (%s)", buffer_text(&marks));
}

const char *receipt_mark(const struct conversation *c, int64_t seq)
{
    if (c->peer_read_seq >= seq)
        return " ✓✓";
    return c->peer_delivered_seq >= seq ? " ✓" : "";
}

void message_show(struct session *session, struct conversation *c,
                  const struct frame_message *frame)
{
    CLEANUP(buffer_clear) struct buffer line = {0};

    numbers_keep(&session->numbers, frame);
    add_head(session, &line, c, frame->timestamp);
    if (frame->msg_type == MSG_SYSTEM) {
        buffer_add_text(&line, "* ");
        content_add_system(session, &line, frame);
    } else {
        buffer_printf(&line, "#%" PRId64 " %s", frame->seq, session_name(session, frame->from));
        if (!c->is_group && strcmp(frame->from, session->grant.user_id) == 0)
            buffer_add_text(&line, receipt_mark(c, frame->seq));
        if (frame->recalled_at) {
            buffer_add_text(&line, " (taken back)");
        } else {
            add_marks(session, &line, frame);
            buffer_add_text(&line, ": ");
            content_add(&line, frame->msg_type, frame->content.text);
        }
    }
    screen_say("%s", buffer_text(&line));
}

void change_show(struct session *session, struct conversation *c,
                 const struct frame_changed *change)
{
    CLEANUP(buffer_clear) struct buffer line = {0};

    add_head(session, &line, c, change->timestamp);
    buffer_printf(&line, "* %s ",
                  change->from ? session_name(session, change->from) : "an administrator");
    if (change->type == FRAME_RECALL) {
        buffer_printf(&line, "took back #%" PRId64, change->seq);
    } else if (change->type == FRAME_EDIT) {
        buffer_printf(&line, "edited #%" PRId64 ": ", change->seq);
        content_add(&line, MSG_TEXT, change->content.text);
    } else if (change->type == FRAME_PIN) {
        buffer_printf(&line, "%s #%" PRId64, change->removed ? "unpinned" : "pinned", change->seq);
    } else {
        buffer_printf(&line, "%s to #%" PRId64 ": %s",
                      change->removed ? "no longer reacts" : "reacts", change->seq, change->emoji);
    }
    screen_say("%s", buffer_text(&line));
}

/* ---- What is no message */

void request_show(const char *name, const char *greeting)
{
    bool is_greeted = greeting && *greeting;

    screen_note("%s wants to be your friend%s%s (accept %s, or reject)", name,
                is_greeted ? ": " : "", is_greeted ? greeting : "", name);
}

void system_show(struct session *session, const struct system_content *content)
{
    const char *name = content->user_id ? session_name(session, content->user_id) : "somebody";

    if (strcmp(content->event, "friend.requested") == 0) {
        if (!content->direction || strcmp(content->direction, "outgoing") != 0) /* one's own */
            request_show(name, content->greeting);
    } else if (strcmp(content->event, "friend.accepted") == 0) {
        screen_note("%s is your friend now", name);
    } else if (strcmp(content->event, "friend.removed") == 0) {
        screen_note("%s is not your friend any more", name);
    } else if (strcmp(content->event, "session.ended") == 0) {
        screen_note("a session of yours has ended: %s", content->reason ? content->reason : "");
    } else {
        screen_note("%s%s%s", content->event, content->name ? " " : "",
                    content->name ? content->name : "");
    }
}

void presence_show(struct session *session, const struct frame_presence *frame)
{
    screen_note("%s is %s", session_name(session, frame->user_id),
                frame->online ? "online" : "offline");
}
