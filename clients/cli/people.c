#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "screen.h"

/* Finding people; friends, requests and blocks. */

/* ---- Finding */

enum status person_get(struct session *session, const char *user_id, struct person *ret,
                       struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_add_text(&path, "/api/users/");
    api_add_escaped(&path, user_id);
    return session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                        (struct api_answer){&person_record, ret, NULL}, err);
}

/* The search is by prefix and in order, so a name that is complete comes before those that only
 * begin with it. */
enum status person_find(struct session *session, const char *name, struct person *ret,
                        struct error *err)
{
    CLEANUP(people_clear) struct people people = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct person *person;
    enum status s;

    if (strncmp(name, "user_", 5) == 0)
        return person_get(session, name, ret, err);
    buffer_add_text(&path, "/api/users?limit=1&query=");
    api_add_escaped(&path, name);
    s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){&people_record, &people, NULL}, err);
    if (s != STATUS_OK)
        return s;
    person = people.users.items;
    if (people.users.n == 0 || !person->username || strcasecmp(person->username, name) != 0)
        return error_set(err, STATUS_NOT_FOUND, "there is no user '%s'", name);
    names_set(&session->names, person->user_id, person->username);
    *ret = *person;
    *person = (struct person){0};
    return STATUS_OK;
}

enum status for_people(struct session *session, const char *path, size_t list,
                       bool (*each)(const struct person *person, void *context), void *context,
                       struct error *err)
{
    CLEANUP(buffer_clear) struct buffer page = {0};
    bool more = true;

    buffer_add_text(&page, path);
    while (more) {
        CLEANUP(people_clear) struct people people = {0};
        const struct list *found = (const struct list *)((const char *)&people + list);
        const struct person *person;
        enum status s = session_call(session, "GET", buffer_text(&page), (struct api_ask){0},
                                     (struct api_answer){&people_record, &people, NULL}, err);

        if (s != STATUS_OK)
            return s;
        person = found->items;
        for (size_t i = 0; i < found->n; i++)
            if (each(&person[i], context))
                return STATUS_OK;
        more = people.next_cursor != NULL;
        page.length = 0;
        buffer_printf(&page, "%s&cursor=", path);
        if (more)
            api_add_escaped(&page, people.next_cursor);
    }
    return STATUS_OK;
}

/* A call about one user: DELETE /api/friends/{user_id}, say. */
static enum status call_about(struct session *session, const char *method, const char *path,
                              const char *id, const char *rest, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer whole = {0};

    buffer_add_text(&whole, path);
    api_add_escaped(&whole, id);
    buffer_add_text(&whole, rest);
    return session_call(session, method, buffer_text(&whole), (struct api_ask){0},
                        (struct api_answer){0}, err);
}

/* ---- Friends */

static bool say_friend(const struct person *person, void *context)
{
    const bool *only_online = context;
    CLEANUP(buffer_clear) struct buffer line = {0};
    const char *shown = person->remark && *person->remark ? person->remark : person->nickname;
    char time[TIME_TEXT_MAX];

    if (*only_online && !person->online)
        return false;
    buffer_printf(&line, "%s  %s  ", person->username ? person->username : person->user_id,
                  shown ? shown : "");
    if (person->online)
        buffer_add_text(&line, "online");
    else if (person->last_seen)
        buffer_printf(&line, "last seen %s", time_show(person->last_seen, time));
    else
        buffer_add_text(&line, "offline");
    if (person->unread_count)
        buffer_printf(&line, "  %" PRId64 " unread", person->unread_count);
    screen_say("%s", buffer_text(&line));
    return false;
}

static enum status say_friends(struct session *session, bool only_online, struct error *err)
{
    return for_people(session, "/api/friends?limit=100", offsetof(struct people, friends),
                      say_friend, &only_online, err);
}

enum status run_friends(struct session *session, char *args, struct error *err)
{
    (void)args;
    return say_friends(session, false, err);
}

enum status run_who(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    enum status s;

    if (!*args)
        return say_friends(session, true, err);
    s = person_find(session, command_word(&args), &person, err);
    return s == STATUS_OK ? profile_show(session, person.user_id, err) : s;
}

enum status run_add(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    CLEANUP(person_clear) struct person asked = {0};
    struct friend_wanted wanted;
    enum status s = person_find(session, command_word(&args), &person, err);

    if (s != STATUS_OK)
        return s;
    wanted = (struct friend_wanted){.user_id = person.user_id, .greeting = *args ? args : NULL};
    s = session_call(session, "POST", "/api/friend_requests",
                     (struct api_ask){&friend_wanted_record, &wanted},
                     (struct api_answer){&person_record, &asked, NULL}, err);
    if (s != STATUS_OK)
        return s;
    if (asked.status && strcmp(asked.status, "accepted") == 0)
        screen_note("%s is your friend", person.username);
    else
        screen_note("asked %s", person.username);
    return STATUS_OK;
}

/* ---- Requests */

#define INCOMING "/api/friend_requests?limit=100&direction=incoming"
#define OUTGOING "/api/friend_requests?limit=100&direction=outgoing"

static bool say_request(const struct person *person, void *context)
{
    const char *what = context;
    const char *greeting = person->greeting ? person->greeting : "";

    screen_say("%s %s%s%s", what, person->username ? person->username : person->user_id,
               *greeting ? ": " : "", greeting);
    return false;
}

enum status run_requests(struct session *session, char *args, struct error *err)
{
    char from[] = "from", to[] = "to";
    enum status s =
        for_people(session, INCOMING, offsetof(struct people, requests), say_request, from, err);

    (void)args;
    if (s == STATUS_OK)
        s = for_people(session, OUTGOING, offsetof(struct people, requests), say_request, to, err);
    return s;
}

static bool mention_request(const struct person *person, void *context)
{
    (void)context;
    request_show(person->username ? person->username : person->user_id, person->greeting);
    return false;
}

void requests_mention(struct session *session)
{
    struct error err;

    if (for_people(session, INCOMING, offsetof(struct people, requests), mention_request, NULL,
                   &err) != STATUS_OK)
        screen_note("who wants to be your friend is unknown: %s", err.text);
}

struct request_query {
    const char *user_id;
    struct person found;
};

static bool is_with(const struct person *person, void *context)
{
    struct request_query *query = context;

    if (strcmp(person->user_id, query->user_id) != 0 || !person->request_id)
        return false;
    record_copy(&person_record, person, &query->found);
    return true;
}

/* Do something with the request that waits between us and *person, in the list at path. */
static enum status settle(struct session *session, const char *path, const struct person *person,
                          const char *method, const char *rest, struct error *err)
{
    struct request_query query = {.user_id = person->user_id};
    enum status s =
        for_people(session, path, offsetof(struct people, requests), is_with, &query, err);

    if (s == STATUS_OK && !query.found.request_id)
        s = error_set(err, STATUS_NOT_FOUND, "nothing of that kind with %s", person->username);
    if (s == STATUS_OK)
        s = call_about(session, method, "/api/friend_requests/", query.found.request_id, rest, err);
    record_clear(&person_record, &query.found);
    return s;
}

static enum status answer(struct session *session, char *args, const char *rest, const char *said,
                          struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    enum status s = person_find(session, command_word(&args), &person, err);

    if (s == STATUS_OK)
        s = settle(session, INCOMING, &person, "POST", rest, err);
    if (s == STATUS_OK)
        screen_note("%s %s", person.username, said);
    return s;
}

enum status run_accept(struct session *session, char *args, struct error *err)
{
    return answer(session, args, "/accept", "is your friend", err);
}

enum status run_reject(struct session *session, char *args, struct error *err)
{
    return answer(session, args, "/reject", "is rejected", err);
}

enum status run_remove(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    enum status s = person_find(session, command_word(&args), &person, err);

    if (s != STATUS_OK)
        return s;
    s = call_about(session, "DELETE", "/api/friends/", person.user_id, "", err);
    if (s == STATUS_NOT_FOUND)
        s = settle(session, OUTGOING, &person, "DELETE", "", err);
    if (s == STATUS_OK)
        screen_note("removed %s", person.username);
    return s;
}

/* ---- Blocks */

enum status run_block(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    struct friend_wanted unwanted;
    enum status s = person_find(session, command_word(&args), &person, err);

    if (s != STATUS_OK)
        return s;
    unwanted = (struct friend_wanted){.user_id = person.user_id};
    s = session_call(session, "POST", "/api/blocks",
                     (struct api_ask){&friend_wanted_record, &unwanted}, (struct api_answer){0},
                     err);
    if (s == STATUS_OK)
        screen_note("blocked %s", person.username);
    return s;
}

enum status run_unblock(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    enum status s = person_find(session, command_word(&args), &person, err);

    if (s == STATUS_OK)
        s = call_about(session, "DELETE", "/api/blocks/", person.user_id, "", err);
    if (s == STATUS_OK)
        screen_note("unblocked %s", person.username);
    return s;
}

static bool say_blocked(const struct person *person, void *context)
{
    (void)context;
    screen_say("%s  %s", person->username ? person->username : person->user_id,
               person->nickname ? person->nickname : "");
    return false;
}

enum status run_blocks(struct session *session, char *args, struct error *err)
{
    (void)args;
    return for_people(session, "/api/blocks?limit=100", offsetof(struct people, blocks),
                      say_blocked, NULL, err);
}
