#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/address.h"
#include "clients/cli/history.h"
#include "clients/cli/screen.h"
#include "clients/cli/session.h"

#define MESSAGE(id, content) \
    "{\"type\":1,\"message_id\":\"" id \
    "\",\"from\":\"user_a\",\"to\":\"user_b\",\"content\":" content \
    ",\"msg_type\":0,\"timestamp\":1,\"conversation_id\":\"single:user_a:user_b\"," \
    "\"seq\":1}"

static void makes_control_characters_visible_and_leaves_the_rest(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"plain, ümlaut, 日本, 🐚", "plain, ümlaut, 日本, 🐚"},
        {"\x1b[2J\a\x7f", "^[[2J^G^?"},
        {"a\nb\tc\r", "a\\nb c^M"},
        {"\xc2\x9b"
         "31m",
         "<U+009B>31m"},
        {"\xe2\x80\xaeright", "<U+202E>right"},
        {"\xe2\x80\xa8", "<U+2028>"},
        {"\xf3\xa0\x81\x81", "<U+E0041>"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(buffer_clear) struct buffer shown = {0};

        screen_add_harmless(&shown, cases[i].text, "\\n");
        assert_string_equal(buffer_text(&shown), cases[i].shown);
    }
}

static void reads_a_page_message_by_message(void **state)
{
    static const char page[] =
        "{\"other\":{\"messages\":[1]},\"note\":\"\\\"messages\\\":[\",\"messages\":[" MESSAGE(
            "m1",
            "{\"text\":\"a } ] \\\" \\\\\"}") "," MESSAGE("m2",
                                                          "{\"a\":[{\"b\":[]}]}") "],\"has_more\":true}";
    struct frame_message frame;
    struct error err;
    const char *rest;
    bool more = false;

    (void)state;
    assert_int_equal(history_open(page, &rest, &more, &err), STATUS_OK);
    assert_true(more);
    assert_true(history_next(&rest, &frame));
    assert_string_equal(frame.content.text, "{\"text\":\"a } ] \\\" \\\\\"}");
    record_clear(&frame_message_record, &frame);
    assert_true(history_next(&rest, &frame));
    assert_string_equal(frame.content.text, "{\"a\":[{\"b\":[]}]}");
    record_clear(&frame_message_record, &frame);
    assert_false(history_next(&rest, &frame));
}

static void passes_over_a_message_that_cannot_be_read(void **state)
{
    static const char page[] = "{\"messages\":[{\"type\":1}," MESSAGE(
        "m2", "{}") ","
                    "{\"type\":\"new\"}],\"has_more\":false}";
    struct frame_message frame;
    struct error err;
    const char *rest;
    bool more = true;

    (void)state;
    assert_int_equal(history_open(page, &rest, &more, &err), STATUS_OK);
    assert_false(more);
    assert_true(history_next(&rest, &frame));
    assert_string_equal(frame.message_id, "m2");
    record_clear(&frame_message_record, &frame);
    assert_false(history_next(&rest, &frame));
}

static void refuses_an_answer_that_is_no_history(void **state)
{
    const char *rest;
    struct error err;
    bool more;

    (void)state;
    assert_int_equal(history_open("{}", &rest, &more, &err), STATUS_UNAVAILABLE);
    assert_int_equal(history_open("{\"has_more\":false}", &rest, &more, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "the history has no messages");
}

static void takes_a_websocket_s_url_apart(void **state)
{
    static const struct {
        const char *url;
        const char *host; /* NULL: refused */
        const char *port;
        const char *path;
        bool tls;
    } cases[] = {
        {"ws://127.0.0.1:8080/ws", "127.0.0.1", "8080", "/ws", false},
        {"wss://chat.example/a/ws", "chat.example", "", "/a/ws", true},
        {"http://127.0.0.1/ws", NULL, NULL, NULL, false},
        {"", NULL, NULL, NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(address_clear) struct address address = {0};

        assert_int_equal(address_read(cases[i].url, &address), cases[i].host != NULL);
        if (!cases[i].host)
            continue;
        assert_string_equal(address.host, cases[i].host);
        assert_string_equal(address.port ? address.port : "", cases[i].port);
        assert_string_equal(address.path, cases[i].path);
        assert_int_equal(address.tls, cases[i].tls);
    }
}

static void says_what_a_message_holds(void **state)
{
    static const struct {
        int64_t msg_type;
        const char *content;
        const char *shown;
    } cases[] = {
        {MSG_TEXT, "{\"text\":\"hi\",\"at_all\":true}", "hi"},
        {MSG_FILE,
         "{\"file_id\":\"file_1\",\"file_name\":\"a.pdf\",\"file_type\":\"file\",\"file_size\":1023}",
         "[file a.pdf, 1023 bytes]"},
        {MSG_IMAGE,
         "{\"file_id\":\"file_1\",\"file_name\":\"a.jpg\",\"file_type\":\"image\",\"file_size\":1258291,"
         "\"width\":800,\"height\":600}",
         "[image a.jpg, 1.2 MiB, 800 x 600]"},
        {MSG_VOICE, "{\"file_id\":\"file_1\",\"file_type\":\"voice\",\"duration\":61500}",
         "[voice file_1, 62 s]"},
        {MSG_VIDEO, "{\"file_id\":\"file_1\",\"file_type\":\"video\",\"duration\":120000}",
         "[video file_1, 2 min]"},
        {MSG_LOCATION, "{\"title\":\"The teahouse\",\"lng\":8.5417,\"lat\":47.3769}",
         "[place The teahouse, 47.37690 8.54170]"},
        {MSG_CUSTOM, "{\"card\":1}", "{\"card\":1}"},
        {42, "{\"new\":true}", "{\"new\":true}"},
        {MSG_FILE, "{\"another\":1}", "{\"another\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(buffer_clear) struct buffer shown = {0};

        content_add(&shown, cases[i].msg_type, cases[i].content);
        assert_string_equal(buffer_text(&shown), cases[i].shown);
    }
}

static void remembers_the_numbers_of_the_messages_shown_last(void **state)
{
    static struct numbers numbers;
    struct frame_message frame = {.conversation_id = (char *)"group:g",
                                  .message_id = (char *)"first"};

    (void)state;
    for (int64_t seq = 1; seq <= NUMBERS; seq++) {
        char id[32];

        (void)snprintf(id, sizeof id, "message_%d", (int)seq);
        if (seq == 1)
            strcpy(id, "first");
        frame.message_id = id;
        frame.seq = seq;
        numbers_keep(&numbers, &frame);
        numbers_keep(&numbers, &frame); /* shown again, it takes no second place */
    }
    assert_int_equal(numbers_find(&numbers, "group:g", "first")->seq, 1);
    assert_null(numbers_find(&numbers, "group:h", "first"));
    frame = (struct frame_message){.conversation_id = (char *)"group:h",
                                   .message_id = (char *)"first",
                                   .seq = 7,
                                   .change_seq = 3};
    numbers_keep(&numbers, &frame);
    assert_null(numbers_find(&numbers, "group:g", "first"));
    assert_int_equal(numbers_find(&numbers, "group:h", "first")->change_seq, 3);
    numbers_clear(&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_control_characters_visible_and_leaves_the_rest),
        cmocka_unit_test(reads_a_page_message_by_message),
        cmocka_unit_test(passes_over_a_message_that_cannot_be_read),
        cmocka_unit_test(refuses_an_answer_that_is_no_history),
        cmocka_unit_test(takes_a_websocket_s_url_apart),
        cmocka_unit_test(says_what_a_message_holds),
        cmocka_unit_test(remembers_the_numbers_of_the_messages_shown_last),
    };

    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
