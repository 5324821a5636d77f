#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "bot.h"

static void run_help(const char *arguments, struct buffer *ret)
{
    (void)arguments;
    buffer_add_text(ret, "I am hubot. I know:");
    for (size_t i = 0; i < n_builtin_commands; i++)
        buffer_printf(ret, "\n%s: %s", builtin_commands[i].usage, builtin_commands[i].about);
}

static void run_echo(const char *arguments, struct buffer *ret)
{
    buffer_add_text(ret, *arguments ? arguments : "Nothing to repeat: /echo text");
}

static void run_time(const char *arguments, struct buffer *ret)
{
    time_t now = (time_t)(clock_now() / 1000);
    char spoken[64];
    char written[32];
    struct tm utc;

    (void)arguments;
    (void)gmtime_r(&now, &utc);
    (void)strftime(spoken, sizeof spoken, "%A, %d %B %Y, %H:%M:%S UTC", &utc);
    (void)strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%SZ", &utc);
    buffer_printf(ret, "It is %s (%s).", spoken, written);
}

/* 0 … n − 1, each as likely as the others: what is past the last whole multiple of n is drawn
 * again. */
static unsigned draw(unsigned n)
{
    unsigned limit = UINT32_MAX - UINT32_MAX % n;
    uint32_t number;

    do {
        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
            abort(); /* cannot happen below 256 bytes once the system is up */
    } while (number >= limit);
    return number % n;
}

static void run_roll(const char *arguments, struct buffer *ret)
{
    int dice;
    int sides;
    int sum = 0;

    if (!command_parse_dice(arguments, &dice, &sides)) {
        buffer_printf(ret, "I roll 1 to %d dice of %d to %d sides: /roll 2d6", DICE_MAX, SIDES_MIN,
                      SIDES_MAX);
        return;
    }
    buffer_printf(ret, "%dd%d: ", dice, sides);
    for (int i = 0; i < dice; i++) {
        int die = 1 + (int)draw((unsigned)sides);

        sum += die;
        buffer_printf(ret, "%s%d", i ? " + " : "", die);
    }
    if (dice > 1)
        buffer_printf(ret, " = %d", sum);
}

const struct command builtin_commands[] = {
    {"/help", "/help", "what I can do", run_help},
    {"/echo", "/echo text", "I say it again", run_echo},
    {"/time", "/time", "the time in UTC", run_time},
    {"/roll", "/roll [2d6]", "I roll dice", run_roll},
};
const size_t n_builtin_commands = N_ELEMENTS(builtin_commands);

void builtin_answer(const char *text, struct buffer *ret)
{
    CLEANUP(free) char *arguments = NULL;
    const struct command *command =
        command_find(builtin_commands, n_builtin_commands, text, &arguments);

    if (command)
        command->run(arguments, ret);
    else if (text[strspn(text, " \t\r\n")] == '/')
        buffer_add_text(ret, "I do not know that command. /help shows those that I know.");
    else
        buffer_add_text(ret, "I only understand commands. /help shows those that I know.");
}
