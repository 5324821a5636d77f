#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "services/message/permission.h"

/* What user would say, and what it was asked. */
static int64_t code;
static int calls;
static struct buffer asked; /* "message:a>b,a>c " … */
static void (*meanwhile)(void);

static enum status ask(void *context, const struct pairs *pairs, struct pair_answers *ret)
{
    const struct pair *pair = pairs->pairs.items;

    (void)context;
    calls++;
    if (code < 0)
        return STATUS_UNAVAILABLE;
    buffer_add_text(&asked, pairs->purpose);
    for (size_t i = 0; i < pairs->pairs.n; i++) {
        struct pair_answer *answer = list_add(&ret->answers, &pair_answer_record);

        buffer_printf(&asked, "%s%s>%s", i ? "," : ":", pair[i].from, pair[i].to);
        answer->code = code;
    }
    buffer_add_text(&asked, " ");
    if (meanwhile)
        meanwhile();
    return STATUS_OK;
}

static struct permission_news news = PERMISSION_NEWS_INITIALIZER;
static struct permissions permissions = {.ask = ask, .news = &news};

static int set_up(void **state)
{
    (void)state;
    code = 0;
    calls = 0;
    asked.length = 0;
    meanwhile = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    permissions_clear(&permissions);
    permission_news_add_all(&news);
    permissions_load(&permissions, NULL, 0);
    buffer_clear(&asked);
    return 0;
}

static struct command send_to(const char *from, const char *to)
{
    struct command command = {.kind = COMMAND_SEND, .frame.send.to = (char *)to};

    strcpy(command.user_id, from);
    return command;
}

static struct command typing_to(const char *from, const char *to)
{
    struct command command = {.kind = COMMAND_TYPING, .frame.typing.to = (char *)to};

    strcpy(command.user_id, from);
    return command;
}

static enum status try(struct command command)
{
    bool bot;
    struct error err;

    permissions_load(&permissions, &command, 1);
    return permissions_check(&permissions, &command, &bot, &err);
}

static void asks_once_for_all_that_is_unknown(void **state)
{
    const struct command commands[] = {
        send_to("a", "b"), typing_to("c", "b"), send_to("a", "c"), {.kind = COMMAND_MEMBERS}};

    (void)state;
    permissions_load(&permissions, commands, N_ELEMENTS(commands));
    permissions_load(&permissions, commands, N_ELEMENTS(commands));
    assert_string_equal(buffer_text(&asked), "message:a>b,a>c typing:c>b ");
}

static void asks_once_for_a_pair_and_never_for_who_is_muted(void **state)
{
    struct command commands[] = {send_to("a", "b"), send_to("m", "b"), send_to("a", "b")};

    (void)state;
    commands[1].muted_until = 1;
    permissions_load(&permissions, commands, N_ELEMENTS(commands));
    assert_string_equal(buffer_text(&asked), "message:a>b ");
}

static void what_is_known_for_a_message_is_known_for_typing(void **state)
{
    (void)state;
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    assert_int_equal(try(typing_to("a", "b")), STATUS_OK);
    assert_string_equal(buffer_text(&asked), "message:a>b ");
}

static void a_message_is_asked_for_even_when_typing_was(void **state)
{
    (void)state;
    assert_int_equal(try(typing_to("a", "b")), STATUS_OK);
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    assert_int_equal(try(typing_to("a", "b")), STATUS_OK);
    assert_string_equal(buffer_text(&asked), "typing:a>b message:a>b ");
}

static void refuses_with_what_user_says(void **state)
{
    static const struct {
        int64_t code;
        enum status status;
    } cases[] = {{40401, STATUS_NOT_FOUND},
                 {40302, STATUS_BLOCKED},
                 {40301, STATUS_FORBIDDEN},
                 {-1, STATUS_UNAVAILABLE}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        permissions_clear(&permissions);
        code = cases[i].code;
        assert_int_equal(try(send_to("a", "b")), cases[i].status);
    }
}

static void a_change_between_two_is_asked_about_again_both_ways(void **state)
{
    (void)state;
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    assert_int_equal(try(send_to("b", "a")), STATUS_OK);
    assert_int_equal(try(send_to("a", "c")), STATUS_OK);
    permission_news_add(&news, "b", "a");
    code = 40302;
    assert_int_equal(try(send_to("a", "b")), STATUS_BLOCKED);
    assert_int_equal(try(send_to("b", "a")), STATUS_BLOCKED);
    assert_int_equal(try(send_to("a", "c")), STATUS_OK);
    assert_int_equal(calls, 5);
}

static void block_meanwhile(void)
{
    permission_news_add(&news, "a", "b");
    code = 40302;
    meanwhile = NULL;
}

static void an_answer_that_was_on_its_way_when_it_changed_is_not_kept(void **state)
{
    (void)state;
    meanwhile = block_meanwhile;
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    assert_int_equal(try(send_to("a", "b")), STATUS_BLOCKED);
}

static void asks_for_all_again_when_events_may_have_been_missed(void **state)
{
    (void)state;
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    permission_news_add_all(&news);
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    assert_int_equal(calls, 2);
}

static void more_news_than_it_remembers_are_news_of_all(void **state)
{
    char id[16];

    (void)state;
    assert_int_equal(try(send_to("a", "b")), STATUS_OK);
    for (int i = 0; i < PERMISSION_NEWS_MAX; i++) {
        sprintf(id, "u%d", i);
        permission_news_add(&news, id, "x");
    }
    permission_news_add(&news, "a", "b");
    assert_int_equal(news.pairs.n, (size_t)2 * PERMISSION_NEWS_MAX);
    code = 40302;
    assert_int_equal(try(send_to("a", "b")), STATUS_BLOCKED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(asks_once_for_all_that_is_unknown),
        TEST(asks_once_for_a_pair_and_never_for_who_is_muted),
        TEST(what_is_known_for_a_message_is_known_for_typing),
        TEST(a_message_is_asked_for_even_when_typing_was),
        TEST(refuses_with_what_user_says),
        TEST(a_change_between_two_is_asked_about_again_both_ways),
        TEST(an_answer_that_was_on_its_way_when_it_changed_is_not_kept),
        TEST(asks_for_all_again_when_events_may_have_been_missed),
        TEST(more_news_than_it_remembers_are_news_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
