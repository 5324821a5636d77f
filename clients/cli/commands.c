#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* ---- The commands: args is the rest of the line */

static enum status run_help(struct session *session, char *args, struct error *err);

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
    {"send", "<text>", "say something; @bob names him; to a bot: send /help", run_send,
     .needs_args = true, .needs_login = true, .needs_chosen = true},
    {"reply", "<number> <text>", "answer a message; its number stands before the name", run_reply,
     .needs_args = true, .needs_login = true, .needs_chosen = true},
    {"edit", "<number> <text>", "say it otherwise", run_edit, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"recall", "<number>", "take a message back, for everybody", run_recall, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"delete", "<number>", "remove it for yourself alone", run_delete, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"react", "<number> <emoji>", "put an emoji at a message", run_react, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"unreact", "<number> <emoji>", "take yours away", run_unreact, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"pin", "<number>", "pin a message for everybody", run_pin, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"unpin", "<number>", "and unpin it", run_unpin, .needs_args = true, .needs_login = true,
     .needs_chosen = true},
    {"pins", "", "what is pinned here", run_pins, .needs_login = true, .needs_chosen = true},
    {"forward", "<number> <user or group>", "pass a message on", run_forward, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"receipts", "<number>", "who has read a message of yours", run_receipts, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"upload", "<file>", "send a picture, or any other file", run_upload, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"download", "<number> [as]", "keep a message's file", run_download, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"search", "<words>", "what was said about it, in all conversations", run_search,
     .needs_args = true, .needs_login = true},
    {"chats", "", "your conversations", run_chats, .needs_login = true},
    {"unread", "", "those with something new", run_unread, .needs_login = true},
    {"pin-chat", "[off]", "keep this conversation above the others", run_pin_chat,
     .needs_login = true, .needs_chosen = true},
    {"mute-chat", "[off]", "do not show what comes while you talk elsewhere", run_mute_chat,
     .needs_login = true, .needs_chosen = true},
    {"hide", "", "take it off the list, until somebody writes", run_hide, .needs_login = true,
     .needs_chosen = true},
    {"timer", "<time>|off", "messages disappear: 30s, 5m, 1h, 7d", run_timer, .needs_args = true,
     .needs_login = true, .needs_chosen = true},
    {"listmsg", "[n]", "the newest messages of this conversation", run_listmsg, .needs_login = true,
     .needs_chosen = true},
    {"listuser", "", "who is in this conversation", run_listuser, .needs_login = true,
     .needs_chosen = true},
    {"who", "[user]", "the friends who are here; or somebody's profile", run_who,
     .needs_login = true},
    {"friends", "", "all of your friends", run_friends, .needs_login = true},
    {"add", "<user> [greeting]", "ask somebody to be your friend", run_add, .needs_args = true,
     .needs_login = true},
    {"requests", "", "who asks, and whom you asked", run_requests, .needs_login = true},
    {"accept", "<user>", "be friends with who asks", run_accept, .needs_args = true,
     .needs_login = true},
    {"reject", "<user>", "or not", run_reject, .needs_args = true, .needs_login = true},
    {"remove", "<user>", "end a friendship, or take back your request", run_remove,
     .needs_args = true, .needs_login = true},
    {"block", "<user>", "hear nothing more of somebody", run_block, .needs_args = true,
     .needs_login = true},
    {"unblock", "<user>", "hear of him again", run_unblock, .needs_args = true,
     .needs_login = true},
    {"blocks", "", "whom you block", run_blocks, .needs_login = true},
    {"profile", "[field] [value]", "show yours, or change it; no value removes it", run_profile,
     .needs_login = true},
    {"sessions", "", "where you are logged in", run_sessions, .needs_login = true},
    {"password", "[old] [new]", "change it; left out they are asked for, unseen", run_password,
     .needs_login = true, .secret = true},
    {"logout", "[session|everywhere]", "end this session, another one, or all", run_logout,
     .needs_login = true, .waits = true},
    {"quit", "", "leave", run_quit, .waits = true},
};

static enum status run_help(struct session *session, char *args, struct error *err)
{
    (void)session;
    (void)args;
    (void)err;
    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        screen_say("  %-9s %-29s %s", commands[i].name, commands[i].args, commands[i].help);
    return STATUS_OK;
}

/* "edit", or "/edit" as it is called in other clients. */
static const struct command *find_command(const char *line)
{
    const char *word = line + strspn(line, " \t");
    size_t n;

    word += *word == '/';
    n = strcspn(word, " \t");
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
