#ifndef BOT_BOT_H
#define BOT_BOT_H

#include <stdatomic.h>

#include "service/service.h"
#include "wire/frames.h"
#include "wire/internal.h"

/* bot: hubot, who answers commands. `message` publishes each message that a bot must see, the
 * worker (inbox.c) finds the command (commands.c), runs it (builtin.c) and sends the answer the way
 * that every message goes (reply.c). */
struct bot_state {
    struct service_context *context;
    struct rpc_client *auth;
    char hubot_id[ID_MAX]; /* the only bot that there is so far */
    atomic_bool connected;
};

enum { BOT_COMMANDS };
enum bot_outcome { BOT_ANSWERED, BOT_REFUSED, BOT_RETRIED, BOT_PARKED };
extern struct metrics bot_metrics;

/* ---- commands.c: pure */

struct command {
    const char *name;  /* "/roll" */
    const char *usage; /* "/roll [2d6]" */
    const char *about;
    /* Append the answer. arguments is what follows the name, without spaces around it. */
    void (*run)(const char *arguments, struct buffer *ret);
};

/* Find the command that text begins with: its name ends at a space or the end, and case does not
 * count. *ret_arguments is the caller's to free. NULL: text is no known command. */
const struct command *command_find(const struct command *commands, size_t n, const char *text,
                                   char **ret_arguments);

/* "2d6": n dice of that many sides; "" is 1d6, "d20" one die. False when it is anything else. */
#define DICE_MAX 100
#define SIDES_MIN 2
#define SIDES_MAX 1000
bool command_parse_dice(const char *text, int *ret_dice, int *ret_sides);

/* ---- builtin.c */

extern const struct command builtin_commands[];
extern const size_t n_builtin_commands;

/* Append the answer to text, which is never empty; a hint when it is no command. */
void builtin_answer(const char *text, struct buffer *ret);

/* ---- profile.c: REST */

http_handler handle_bot;

/* ---- reply.c */

/* The frame that answers a command, as JSON. Its message_id follows from the command's seq, so
 * that a command which is delivered twice is answered once. Pure. */
void reply_frame(const struct stored_command *command, const char *text, struct buffer *ret);

/* Send the answer as the bot and wait until it is stored. What message refuses for good is a
 * refusal's status (NOT_FOUND: no longer a member); UNAVAILABLE: try again. */
MUST_CHECK enum status reply_send(struct bot_state *bot, const struct stored_command *command,
                                  const char *text, struct error *err);

/* ---- inbox.c: the worker */

void inbox_run(void *state, struct service_context *context);

#endif
