#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "commands.h"
#include "screen.h"

/* ---- Words */

/* Cut the first word off *rest; "" when there is none. */
char *command_word(char **rest)
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

/* ---- The commands: args is the rest of the line */

static enum status run_help(struct session *session, char *args, struct error *err);

static enum status run_register(struct session *session, char *args, struct error *err)
{
    CLEANUP(free) char *password = NULL;
    const char *name = command_word(&args);
    enum status s = get_password(command_word(&args), true, &password, err);

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
    const char *name = command_word(&args);
    enum status s;

    if (session_is_open(session))
        return error_set(err, STATUS_CONFLICT, "you are %s: logout first", session->grant.username);
    s = get_password(command_word(&args), false, &password, err);
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
    {"group", "<name> [user ...]", "make a group, with these users", run_group, .needs_args = true,
     .needs_login = true},
    {"groups", "", "the groups that you are in", run_groups, .needs_login = true},
    {"send", "<text>", "say something; a bot's commands too: send /help", run_send,
     .needs_args = true, .needs_login = true, .needs_chosen = true},
    {"listmsg", "[n]", "the newest messages of this conversation", run_listmsg, .needs_login = true,
     .needs_chosen = true},
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
    word = command_word(&args);
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
