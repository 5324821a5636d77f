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

/* The users' names but except's, as a list after before; nothing when there are none. */
static void add_names(struct session *session, struct buffer *ret, const char *before,
                      const struct strings *user_ids, const char *except)
{
    for (size_t i = 0; i < user_ids->n; i++) {
        if (except && strcmp(user_ids->items[i], except) == 0)
            continue;
        buffer_printf(ret, "%s%s", before, session_name(session, user_ids->items[i]));
        before = ", ";
    }
}

/* "bob, carol joined", "alice made the group: bob, carol", "alice left" */
static void add_system(struct session *session, struct buffer *ret,
                       const struct frame_message *frame)
{
    struct system_content content = {0};
    const char *actor = frame->from;
    const char *event = "changed something";

    if (record_from_json(&system_content_record, frame->content.text, strlen(frame->content.text),
                         &content, NULL) != STATUS_OK) {
        buffer_add_text(ret, frame->content.text);
        return;
    }
    if (content.user_id)
        actor = content.user_id;
    if (content.event)
        event = content.event;
    if (strcmp(event, "group.created") == 0) {
        buffer_printf(ret, "%s made the group", session_name(session, actor));
        add_names(session, ret, ": ", &content.user_ids, actor);
    } else {
        if (content.user_ids.n > 0)
            add_names(session, ret, "", &content.user_ids, NULL);
        else
            buffer_add_text(ret, session_name(session, actor));
        buffer_printf(ret, " %s", strncmp(event, "group.", 6) == 0 ? event + 6 : event);
    }
    record_clear(&system_content_record, &content);
}

static void add_content(struct buffer *ret, const struct frame_message *frame)
{
    struct content_text content = {0};

    if (frame->msg_type == MSG_TEXT &&
        record_from_json(&content_text_record, frame->content.text, strlen(frame->content.text),
                         &content, NULL) == STATUS_OK) {
        buffer_add_text(ret, content.text);
        record_clear(&content_text_record, &content);
    } else {
        buffer_add_text(ret, frame->content.text); /* a place, a card: as it was sent */
    }
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

/* 2026-11-21 10:00:00 [conversation] alice: hi */
void message_show(struct session *session, struct conversation *c,
                  const struct frame_message *frame)
{
    CLEANUP(buffer_clear) struct buffer line = {0};
    char time_text[TIME_TEXT_MAX];

    buffer_printf(&line, "%s ", time_show(frame->timestamp, time_text));
    if (c != session->chosen)
        add_label(&line, conversation_name(session, c));
    if (frame->msg_type == MSG_SYSTEM) {
        buffer_add_text(&line, "* ");
        add_system(session, &line, frame);
    } else {
        buffer_printf(&line, "%s: ", session_name(session, frame->from));
        add_content(&line, frame);
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
