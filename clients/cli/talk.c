#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "commands.h"
#include "screen.h"

#define LIST_DEFAULT 20
#define LIST_MAX 100 /* the server's page */

/* ---- Finding groups */

/* Calls each for every group that one is a member of; stops when it returns true. */
static enum status for_my_groups(struct session *session,
                                 bool (*each)(const struct room *room, void *context),
                                 void *context, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    bool more = true;

    buffer_add_text(&path, "/api/groups/my?limit=100");
    while (more) {
        CLEANUP(rooms_clear) struct rooms rooms = {0};
        const struct room *room;
        enum status s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                                     (struct api_answer){&rooms_record, &rooms, NULL}, err);

        if (s != STATUS_OK)
            return s;
        room = rooms.groups.items;
        for (size_t i = 0; i < rooms.groups.n; i++)
            if (each(&room[i], context))
                return STATUS_OK;
        more = rooms.next_cursor != NULL;
        path.length = 0;
        buffer_add_text(&path, "/api/groups/my?limit=100&cursor=");
        if (more)
            api_add_escaped(&path, rooms.next_cursor);
    }
    return STATUS_OK;
}

struct room_query {
    const char *wanted; /* id or name */
    struct room found;
};

static bool is_wanted(const struct room *room, void *context)
{
    struct room_query *query = context;

    if (strcmp(room->group_id, query->wanted) != 0 &&
        (!room->name || strcmp(room->name, query->wanted) != 0))
        return false;
    record_copy(&room_record, room, &query->found);
    return true;
}

enum status group_find(struct session *session, const char *name, struct room *ret,
                       struct error *err)
{
    struct room_query query = {.wanted = name};
    enum status s = for_my_groups(session, is_wanted, &query, err);

    *ret = query.found;
    return s;
}

/* What was not shown yet is shown now, as far as it is a screenful; all of it is read then. */
static enum status choose(struct session *session, struct conversation *c, struct error *err)
{
    int64_t behind = c->unread > 0 ? c->seen - c->read_seq : 0;

    session->chosen = c;
    session->marks_due = true;
    screen_note("talking %s %s", c->is_group ? "in" : "to", c->name);
    c->unread = 0;
    if (behind <= 0)
        return STATUS_OK;
    return conversation_list(session, c, behind < LIST_DEFAULT ? behind : LIST_DEFAULT, err);
}

/* ---- The commands */

enum status run_to(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    enum status s = person_find(session, command_word(&args), &person, err);

    if (s != STATUS_OK)
        return s;
    return choose(session, conversation_of(session, false, person.user_id, person.username), err);
}

enum status run_join(struct session *session, char *args, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    CLEANUP(room_clear) struct room joined = {0};
    enum status s = group_find(session, args, &joined, err);

    if (s != STATUS_OK)
        return s;
    if (!joined.group_id) {
        buffer_add_text(&path, "/api/groups/");
        api_add_escaped(&path, args);
        buffer_add_text(&path, "/join");
        s = session_call(session, "POST", buffer_text(&path),
                         (struct api_ask){&nothing_asked_record, &(struct nothing_asked){0}},
                         (struct api_answer){&room_record, &joined, NULL}, err);
        if (s != STATUS_OK)
            return s;
    }
    return choose(session,
                  conversation_of(session, true, joined.group_id,
                                  joined.name ? joined.name : joined.group_id),
                  err);
}

enum status run_group(struct session *session, char *args, struct error *err)
{
    CLEANUP(room_clear) struct room made = {0};
    struct room_wanted wanted = {.name = command_word(&args)};
    enum status s = STATUS_OK;

    while (*args && s == STATUS_OK) {
        CLEANUP(person_clear) struct person person = {0};

        s = person_find(session, command_word(&args), &person, err);
        if (s == STATUS_OK)
            strings_add(&wanted.member_ids, person.user_id);
    }
    if (s == STATUS_OK)
        s = session_call(session, "POST", "/api/groups",
                         (struct api_ask){&room_wanted_record, &wanted},
                         (struct api_answer){&room_record, &made, NULL}, err);
    if (s == STATUS_OK) {
        screen_say("%s %s", made.group_id, wanted.name);
        s = choose(session, conversation_of(session, true, made.group_id, wanted.name), err);
    }
    strings_clear(&wanted.member_ids);
    return s;
}

/* ---- Names in a text: "@bob: tea?" */

#define NAME_MAX_LENGTH 32
#define MENTIONS_MAX 20 /* so many are looked up: a pasted list of addresses is not meant */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static enum status add_mention(struct session *session, const char *name,
                               struct content_text *content, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    struct conversation *c = session->chosen;
    enum status s;

    if (c->is_group && strcmp(name, "all") == 0) {
        content->at_all = true;
        return STATUS_OK;
    }
    if (!c->is_group) {
        if (strcasecmp(name, conversation_name(session, c)) == 0)
            strings_add(&content->at_user_ids, c->peer);
        return STATUS_OK;
    }
    s = person_find(session, name, &person, err);
    if (s == STATUS_OK)
        strings_add(&content->at_user_ids, person.user_id);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s; /* a word like any other */
}

/* The names in text that begin a word, without the dot that ends a sentence. */
static enum status add_mentions(struct session *session, const char *text,
                                struct content_text *content, struct error *err)
{
    enum status s = STATUS_OK;
    int left = MENTIONS_MAX;

    for (const char *at = strchr(text, '@'); at && left > 0 && s == STATUS_OK;
         at = strchr(at + 1, '@')) {
        size_t length = strspn(at + 1, NAME_CHARACTERS);
        char name[NAME_MAX_LENGTH + 1];

        while (length > 0 && at[length] == '.')
            length--;
        if (length == 0 || length > NAME_MAX_LENGTH || (at > text && !strchr(" \t\n(", at[-1])))
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)length, at + 1);
        s = add_mention(session, name, content, err);
        left--;
    }
    return s;
}

enum status send_text(struct session *session, const char *text, const char *reply_to,
                      struct error *err)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct content_text content = {.text = (char *)text, .reply_to = (char *)reply_to};
    enum status s;

    if (utf8_length(text, strlen(text)) > TEXT_MAX)
        return error_set(err, STATUS_INVALID, "a message has at most %d characters", TEXT_MAX);
    s = add_mentions(session, text, &content, err);
    if (s == STATUS_OK)
        record_to_json(&content_text_record, &content, &json);
    strings_clear(&content.at_user_ids);
    if (s != STATUS_OK)
        return s;
    outbox_add(&session->outbox, session->chosen->is_group, session->chosen->peer, MSG_TEXT,
               buffer_text(&json), text);
    return STATUS_OK;
}

enum status run_send(struct session *session, char *args, struct error *err)
{
    return send_text(session, args, NULL, err);
}

enum status run_listmsg(struct session *session, char *args, struct error *err)
{
    const char *word = command_word(&args);
    char *end;
    long n = strtol(word, &end, 10);

    if (!*word)
        n = LIST_DEFAULT;
    else if (*end || n < 1 || n > LIST_MAX)
        return error_set(err, STATUS_INVALID, "how many messages? 1 to %d", LIST_MAX);
    return conversation_list(session, session->chosen, n, err);
}

static void say_person(const struct person *person)
{
    screen_say("%s%s%s%s%s", person->username ? person->username : person->user_id,
               person->nickname && *person->nickname ? "  " : "",
               person->nickname ? person->nickname : "", person->role ? "  " : "",
               person->role ? person->role : "");
}

static bool say_member(const struct person *member, void *context)
{
    (void)context;
    say_person(member);
    return false;
}

static enum status list_members(struct session *session, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_add_text(&path, "/api/groups/");
    api_add_escaped(&path, session->chosen->peer);
    buffer_add_text(&path, "/members?limit=100");
    return for_people(session, buffer_text(&path), offsetof(struct people, members), say_member,
                      NULL, err);
}

enum status run_listuser(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person peer = {0};
    enum status s;

    (void)args;
    if (session->chosen->is_group)
        return list_members(session, err);
    s = person_get(session, session->chosen->peer, &peer, err);
    if (s != STATUS_OK)
        return s;
    screen_say("%s", session->grant.username);
    if (strcmp(session->chosen->peer, session->grant.user_id) != 0)
        say_person(&peer);
    return STATUS_OK;
}

static bool say_room(const struct room *room, void *context)
{
    (void)context;
    screen_say("%s %s", room->group_id, room->name ? room->name : "");
    return false;
}

enum status run_groups(struct session *session, char *args, struct error *err)
{
    (void)args;
    return for_my_groups(session, say_room, NULL, err);
}
