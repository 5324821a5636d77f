#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "bot.h"

static bool is_space(char c)
{
    return isspace((unsigned char)c);
}

static char *trimmed(const char *text)
{
    size_t n;

    while (is_space(*text))
        text++;
    n = strlen(text);
    while (n > 0 && is_space(text[n - 1]))
        n--;
    return memory_text_n(text, n);
}

const struct command *command_find(const struct command *commands, size_t n, const char *text,
                                   char **ret_arguments)
{
    while (is_space(*text))
        text++;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(commands[i].name);

        if (strncasecmp(text, commands[i].name, length) != 0)
            continue;
        if (text[length] != '\0' && !is_space(text[length]))
            continue;
        *ret_arguments = trimmed(text + length);
        return &commands[i];
    }
    return NULL;
}

/* Digits up to four: no number that long is allowed, and none shorter overflows. */
static const char *take_number(const char *at, int *ret)
{
    const char *start = at;

    *ret = 0;
    while (isdigit((unsigned char)*at) && at - start < 4)
        *ret = *ret * 10 + (*at++ - '0');
    return at;
}

bool command_parse_dice(const char *text, int *ret_dice, int *ret_sides)
{
    const char *at = text;
    int dice = 1;
    int sides = 6;

    if (*text) {
        if (isdigit((unsigned char)*at))
            at = take_number(at, &dice);
        if (*at != 'd' && *at != 'D')
            return false;
        at = take_number(at + 1, &sides);
    }
    if (*at || dice < 1 || dice > DICE_MAX || sides < SIDES_MIN || sides > SIDES_MAX)
        return false;
    *ret_dice = dice;
    *ret_sides = sides;
    return true;
}
