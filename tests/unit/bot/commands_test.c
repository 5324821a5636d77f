#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/bot/bot.h"

static void answer(const char *text, struct buffer *ret)
{
    buffer_clear(ret);
    builtin_answer(text, ret);
    (void)buffer_text(ret);
}

static void finds_a_command_and_its_arguments(void **state)
{
    static const struct {
        const char *text;
        const char *name;
        const char *arguments;
    } cases[] = {
        {"/help", "/help", ""},
        {"/HELP", "/help", ""},
        {"  /roll  2d6 \n", "/roll", "2d6"},
        {"/echo a  b", "/echo", "a  b"},
        {"/echo\nnext line", "/echo", "next line"},
        {"/echoes", NULL, NULL},
        {"/ help", NULL, NULL},
        {"help", NULL, NULL},
        {"/", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(free) char *arguments = NULL;
        const struct command *command =
            command_find(builtin_commands, n_builtin_commands, cases[i].text, &arguments);

        if (!cases[i].name) {
            assert_null(command);
            continue;
        }
        assert_non_null(command);
        assert_string_equal(command->name, cases[i].name);
        assert_string_equal(arguments, cases[i].arguments);
    }
}

static void reads_dice_within_limits(void **state)
{
    static const struct {
        const char *text;
        int dice, sides; /* 0: refused */
    } cases[] = {
        {"", 1, 6},
        {"d20", 1, 20},
        {"2d6", 2, 6},
        {"100D1000", 100, 1000},
        {"1d2", 1, 2},
        {"0d6", 0, 0},
        {"101d6", 0, 0},
        {"1d1", 0, 0},
        {"1d1001", 0, 0},
        {"d", 0, 0},
        {"6", 0, 0},
        {"-1d6", 0, 0},
        {"1d6 ", 0, 0},
        {"1d-6", 0, 0},
        {"1d6d6", 0, 0},
        {"99999999999d6", 0, 0},
        {"1d99999999999999999999", 0, 0},
        {"2 d 6", 0, 0},
        {"２d6", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int dice = 0;
        int sides = 0;

        assert_int_equal(command_parse_dice(cases[i].text, &dice, &sides), cases[i].dice != 0);
        assert_int_equal(dice, cases[i].dice);
        assert_int_equal(sides, cases[i].sides);
    }
}

static void rolls_every_side_and_adds_up(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    bool seen[7] = {false};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int first, second, sum;

        answer("/roll 2d6", &text);
        assert_int_equal(sscanf(text.data, "2d6: %d + %d = %d", &first, &second, &sum), 3);
        assert_in_range(first, 1, 6);
        assert_in_range(second, 1, 6);
        assert_int_equal(first + second, sum);
        seen[first] = true;
    }
    for (int side = 1; side <= 6; side++)
        assert_true(seen[side]);
}

static void says_how_when_it_does_not_understand(void **state)
{
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"/nonsense", "do not know that command. /help"},
        {"/", "do not know that command. /help"},
        {"hello there", "only understand commands. /help"},
        {"", "only understand commands. /help"},
        {"/roll lots", "1 to 100 dice of 2 to 1000 sides"},
        {"/echo", "/echo text"},
        {"/help", "/roll [2d6]: I roll dice"},
        {"/time", " UTC ("},
    };
    CLEANUP(buffer_clear) struct buffer text = {0};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        answer(cases[i].text, &text);
        assert_non_null(strstr(text.data, cases[i].part));
    }
}

static void echoes_what_it_was_told(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};

    (void)state;
    answer("/echo  the sea 🌊  ", &text);
    assert_string_equal(text.data, "the sea 🌊");
}

/* The frame must pass the checks of any client's, and be the same however often it is made. */
static void answers_with_a_frame_that_depends_on_the_command_alone(void **state)
{
    struct stored_command command = {
        .bot_user_id = (char *)"user_01HUBOT",
        .message_id = (char *)"0123456789abcdef",
        .conversation_id = (char *)"group:group_01",
        .from = (char *)"user_01ALICE",
        .group_id = (char *)"group_01",
        .text = (char *)"/help",
        .seq = 7,
    };
    CLEANUP(buffer_clear) struct buffer first = {0};
    CLEANUP(buffer_clear) struct buffer again = {0};
    CLEANUP(frame_clear) struct frame frame = {0};
    struct error err;

    (void)state;
    reply_frame(&command, "answer", &first);
    reply_frame(&command, "answer", &again);
    assert_string_equal(buffer_text(&first), buffer_text(&again));
    assert_int_equal(frame_from_json(first.data, first.length, &frame, &err), STATUS_OK);
    assert_string_equal(frame.send.message_id, "hubot-reply-00000000000000000007");
    assert_string_equal(frame.send.group_id, "group_01");
    assert_null(frame.send.to);
    assert_non_null(strstr(frame.send.content.text, "\"reply_to\":\"0123456789abcdef\""));

    command.group_id = NULL;
    buffer_clear(&again);
    frame_clear(&frame);
    reply_frame(&command, "answer", &again);
    assert_int_equal(frame_from_json(again.data, again.length, &frame, &err), STATUS_OK);
    assert_string_equal(frame.send.to, "user_01ALICE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_command_and_its_arguments),
        cmocka_unit_test(reads_dice_within_limits),
        cmocka_unit_test(rolls_every_side_and_adds_up),
        cmocka_unit_test(says_how_when_it_does_not_understand),
        cmocka_unit_test(echoes_what_it_was_told),
        cmocka_unit_test(answers_with_a_frame_that_depends_on_the_command_alone),
    };

    return cmocka_run_group_tests_name("bot commands", tests, NULL, NULL);
}
