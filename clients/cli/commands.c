#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "screen.h"
#include "session.h"

#define LIST_DEFAULT 20
#define LIST_MAX 100 /* the server's page */

/* ---- Words */

/* Cut the first word off *rest; "" when there is none. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");

    *rest = end + strspn(end, " \t");
    *end = '\0';
    return word;
}

/* The password of the line, or typed unseen. The caller frees it. */
static enum status get_password(char *word, bool twice, char **ret, struct error *err)
{
    CLEANUP(free) char *first = NULL;
    CLEANUP(free) char *second = NULL;

    if (*word) {
        *ret = memory_text(word);
        return STATUS_OK;
    }
    if (!screen_is_terminal())
        return error_set(err, STATUS_INVALID, "the password is missing");
    first = screen_ask_secret("password: ");
    if (!first)
        return error_set(err, STATUS_INVALID, "no password, no log-in");
    if (twice) {
        second = screen_ask_secret("once more: ");
        if (!second || strcmp(first, second) != 0)
            return error_set(err, STATUS_INVALID, "these are not the same");
    }
    *ret = TAKE(first);
    return STATUS_OK;
}

/* ---- Finding people and groups */

static enum status get_person(struct session *session, const char *user_id, struct person *ret,
                              struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};

    buffer_add_text(&path, "/api/users/");
    api_add_escaped(&path, user_id);
    return session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                        (struct api_answer){&person_record, ret, NULL}, err);
}

/* A user by name (or by id). The search is by prefix and in order, so a name that is complete
 * comes before those that only begin with it. */
static enum status find_person(struct session *session, const char *name, struct person *ret,
                               struct error *err)
{
    CLEANUP(people_clear) struct people people = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    struct person *person;
    enum status s;

    if (strncmp(name, "user_", 5) == 0)
        return get_person(session, name, ret, err);
    buffer_add_text(&path, "/api/users?query=");
    api_add_escaped(&path, name);
    s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){&people_record, &people, NULL}, err);
    if (s != STATUS_OK)
        return s;
    person = people.users.items;
    for (size_t i = 0; i < people.users.n; i++) {
        if (!person[i].username || strcasecmp(person[i].username, name) != 0)
            continue;
        names_set(&session->names, person[i].user_id, person[i].username);
        *ret = person[i];
        person[i] = (struct person){0};
        return STATUS_OK;
    }
    return error_set(err, STATUS_NOT_FOUND, "there is no user '%s'", name);
}

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

static void choose(struct session *session, struct conversation *c)
{
    session->chosen = c;
    screen_note("talking %s %s", c->is_group ? "in" : "to", c->name);
}

/* ---- The commands: args is the rest of the line */

static enum status run_help(struct session *session, char *args, struct error *err);

static enum status run_register(struct session *session, char *args, struct error *err)
{
    CLEANUP(free) char *password = NULL;
    const char *name = next_word(&args);
    enum status s = get_password(next_word(&args), true, &password, err);

    if (s != STATUS_OK)
        return s;
    s = session_register(session, name, password, *args ? args : NULL, err);
    if (s == STATUS_OK)
        screen_note("registered %s; now: login %s", name, name);
    return s;
}

static enum status run_login(struct session *session, char *args, struct error *err)
{
    CLEANUP(free) char *password = NULL;
    const char *name = next_word(&args);
    enum status s;

    if (session_is_open(session))
        return error_set(err, STATUS_CONFLICT, "you are %s: logout first",
                         session->grant.username);
    s = get_password(next_word(&args), false, &password, err);
    if (s != STATUS_OK)
        return s;
    s = session_login(session, name, password, err);
    if (s == STATUS_OK)
        screen_note("logged in as %s", session->grant.username);
    return s;
}

static enum status run_logout(struct session *session, char *args, struct error *err)
{
    (void)args;
    (void)err;
    session_logout(session, true);
    screen_note("logged out");
    return STATUS_OK;
}

static enum status run_to(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person person = {0};
    enum status s = find_person(session, next_word(&args), &person, err);

    if (s != STATUS_OK)
        return s;
    choose(session, conversation_of(session, false, person.user_id, person.username));
    return STATUS_OK;
}

static enum status run_join(struct session *session, char *args, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    CLEANUP(room_clear) struct room joined = {0};
    struct room_query query = {.wanted = args};
    enum status s = for_my_groups(session, is_wanted, &query, err);

    if (s != STATUS_OK)
        return s;
    joined = query.found;
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
    choose(session, conversation_of(session, true, joined.group_id,
                                    joined.name ? joined.name : joined.group_id));
    return STATUS_OK;
}

static enum status run_group(struct session *session, char *args, struct error *err)
{
    CLEANUP(room_clear) struct room made = {0};
    struct room_wanted wanted = {.name = next_word(&args)};
    enum status s = STATUS_OK;

    while (*args && s == STATUS_OK) {
        CLEANUP(person_clear) struct person person = {0};

        s = find_person(session, next_word(&args), &person, err);
        if (s == STATUS_OK)
            strings_add(&wanted.member_ids, person.user_id);
    }
    if (s == STATUS_OK)
        s = session_call(session, "POST", "/api/groups",
                         (struct api_ask){&room_wanted_record, &wanted},
                         (struct api_answer){&room_record, &made, NULL}, err);
    if (s == STATUS_OK) {
        screen_say("%s %s", made.group_id, wanted.name);
        choose(session, conversation_of(session, true, made.group_id, wanted.name));
    }
    strings_clear(&wanted.member_ids);
    return s;
}

static enum status run_send(struct session *session, char *args, struct error *err)
{
    (void)err;
    outbox_add(&session->outbox, session->chosen->is_group, session->chosen->peer, args);
    return STATUS_OK;
}

static enum status run_listmsg(struct session *session, char *args, struct error *err)
{
    const char *word = next_word(&args);
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

static enum status list_members(struct session *session, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer start = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    bool more = true;

    buffer_add_text(&start, "/api/groups/");
    api_add_escaped(&start, session->chosen->peer);
    buffer_add_text(&start, "/members?limit=100");
    buffer_add_text(&path, buffer_text(&start));
    while (more) {
        CLEANUP(people_clear) struct people people = {0};
        const struct person *member;
        enum status s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                                     (struct api_answer){&people_record, &people, NULL}, err);

        if (s != STATUS_OK)
            return s;
        member = people.members.items;
        for (size_t i = 0; i < people.members.n; i++)
            say_person(&member[i]);
        more = people.next_cursor != NULL;
        path.length = 0;
        buffer_printf(&path, "%s&cursor=", buffer_text(&start));
        if (more)
            api_add_escaped(&path, people.next_cursor);
    }
    return STATUS_OK;
}

static enum status run_listuser(struct session *session, char *args, struct error *err)
{
    CLEANUP(person_clear) struct person peer = {0};
    enum status s;

    (void)args;
    if (session->chosen->is_group)
        return list_members(session, err);
    s = get_person(session, session->chosen->peer, &peer, err);
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

static enum status run_groups(struct session *session, char *args, struct error *err)
{
    (void)args;
    return for_my_groups(session, say_room, NULL, err);
}

static enum status run_quit(struct session *session, char *args, struct error *err)
{
    (void)session;
    (void)args;
    (void)err;
    return STATUS_OK; /* command_run() tells */
}

/* ---- The table */

static const struct command {
    const char *name;
    const char *args;
    const char *help;
    enum status (*run)(struct session *session, char *args, struct error *err);
    bool needs_args;
    bool needs_login;
    bool needs_chosen;
    bool secret; /* its line may hold a password */
    bool waits;  /* until all that was sent is settled */
} commands[] = {
    {"help", "", "this list", .run = run_help},
    {"register", "<name> [password] [nickname]", "make an account", run_register,
     .needs_args = true, .secret = true},
    {"login", "<name> [password]", "a password left out is asked for, unseen", run_login,
     .needs_args = true, .secret = true},
    {"to", "<user>", "talk to somebody", run_to, .needs_args = true, .needs_login = true},
    {"join", "<group>", "talk in a group; join it (by its id) if need be", run_join,
     .needs_args = true, .needs_login = true},
    {"group", "<name> [user ...]", "make a group, with these users", run_group,
     .needs_args = true, .needs_login = true},
    {"groups", "", "the groups that you are in", run_groups, .needs_login = true},
    {"send", "<text>", "say something; a bot's commands too: send /help", run_send,
     .needs_args = true, .needs_login = true, .needs_chosen = true},
    {"listmsg", "[n]", "the newest messages of this conversation", run_listmsg,
     .needs_login = true, .needs_chosen = true},
    {"listuser", "", "who is in this conversation", run_listuser, .needs_login = true,
     .needs_chosen = true},
    {"logout", "", "end the session", run_logout, .needs_login = true, .waits = true},
    {"quit", "", "leave", run_quit, .waits = true},
};

static enum status run_help(struct session *session, char *args, struct error *err)
{
    (void)session;
    (void)args;
    (void)err;
    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        screen_say("  %-8s %-29s %s", commands[i].name, commands[i].args, commands[i].help);
    return STATUS_OK;
}

static const struct command *find_command(const char *line)
{
    const char *word = line + strspn(line, " \t");
    size_t n = strcspn(word, " \t");

    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        if (strlen(commands[i].name) == n && strncmp(word, commands[i].name, n) == 0)
            return &commands[i];
    return NULL;
}

bool command_waits(const char *line)
{
    const struct command *command = find_command(line);

    return command && command->waits;
}

enum status command_run(struct session *session, char *line, bool *ret_quit, struct error *err)
{
    const struct command *command;
    size_t n = strlen(line);
    const char *word;
    char *args = line;

    if (n > 0 && line[n - 1] == '\r')
        line[n - 1] = '\0';
    command = find_command(line);
    if (!line[strspn(line, " \t")])
        return STATUS_OK;
    if (!command || !command->secret)
        screen_remember(line);
    word = next_word(&args);
    if (!command)
        return error_set(err, STATUS_INVALID,
                         "'%.40s' is no command (see help); to say something: send <text>", word);
    if (command->needs_args && !*args)
        return error_set(err, STATUS_INVALID, "usage: %s %s", command->name, command->args);
    if (command->needs_login && !session_is_open(session))
        return error_set(err, STATUS_UNAUTHENTICATED, "log in first: login <name>");
    if (command->needs_chosen && !session->chosen)
        return error_set(err, STATUS_INVALID, "to whom? to <user>, or join <group>");
    *ret_quit = command->run == run_quit;
    return command->run(session, args, err);
}
