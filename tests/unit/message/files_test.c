/* What a file is by its type, and what is read of what programs print about it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "services/message/file_look.h"
#include "services/message/file_sends.h"
#include "services/message/files.h"
#include "services/message/placeholder.h"

/* Each of them runs scripts, or may be taken for something that does. */
static void shows_nothing_that_could_run(void **state)
{
    static const char *const names[] = {
        "text/html",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "application/xml",
        "application/pdf",
        "text/plain",
        "text/css",
        "text/javascript",
        "application/javascript",
        "image/svg",
        "application/zip",
        "message/rfc822",
        "application/octet-stream",
        "",
        "text/html; charset=utf-8",
        "IMAGE/PNG",
        "multipart/related",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        const struct file_type *type = file_type_find(names[i]);

        assert_false(type->is_inline);
        assert_string_equal(type->kind, "file");
        assert_string_equal(type->mime_type, "application/octet-stream");
    }
}

static void knows_pictures_sounds_and_films(void **state)
{
    static const struct {
        const char *name;
        const char *kind;
        bool is_inline;
        bool has_position;
    } cases[] = {
        {"image/jpeg", "image", true, true},  {"image/png", "image", true, true},
        {"image/heic", "image", false, true}, {"audio/ogg", "voice", true, false},
        {"audio/mpeg", "voice", true, false}, {"video/mp4", "video", true, true},
        {"video/webm", "video", true, false}, {"video/quicktime", "video", false, true},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct file_type *type = file_type_find(cases[i].name);

        assert_string_equal(type->mime_type, cases[i].name);
        assert_string_equal(type->kind, cases[i].kind);
        assert_int_equal(type->is_inline, cases[i].is_inline);
        assert_int_equal(type->has_position, cases[i].has_position);
    }
}

static void puts_files_into_messages_of_their_kind(void **state)
{
    static const struct {
        int64_t msg_type;
        const char *fits;
    } cases[] = {
        {MSG_IMAGE, "image"}, {MSG_VOICE, "voice video"}, /* WebM and MP4 hold either */
        {MSG_VIDEO, "video"}, {MSG_FILE, "image voice video file"}, {MSG_TEXT, ""},
    };
    static const char *const kinds[] = {"image", "voice", "video", "file"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (size_t j = 0; j < N_ELEMENTS(kinds); j++)
            assert_int_equal(file_kind_fits(cases[i].msg_type, kinds[j]),
                             strstr(cases[i].fits, kinds[j]) != NULL);
}

static void has_a_picture_for_every_kind(void **state)
{
    static const char *const kinds[] = {"image", "voice", "video", "file", "unknown"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
        const struct placeholder *placeholder = placeholder_get(kinds[i]);

        assert_string_equal(placeholder->kind, i < 4 ? kinds[i] : "file");
        assert_in_range(placeholder->end - placeholder->data, 100, 2000);
        assert_memory_equal(placeholder->data, "\x89PNG", 4);
    }
}

static void reads_measures_as_the_picture_is_shown(void **state)
{
    static const struct {
        const char *text;
        int64_t width;
        int64_t height;
    } cases[] = {
        {"width: 400\nheight: 300\n", 400, 300},
        {"x: 1\nwidth: 400\nheight: 300\norientation: 1\n", 400, 300},
        {"width: 400\nheight: 300\norientation: 6\n", 300, 400},
        {"width: 400\nheight: 300\norientation: 5", 300, 400},
        {"width: 400\nheight: 300\norientation: 4\n", 400, 300},
        {"width: 400\nheight: 300\nexif: width: 1\nwidth: 2\n", 400, 300},
        {"width: 0\nheight: 300\n", 0, 0},
        {"width: -4\nheight: 300\n", 0, 0},
        {"width: 99999999999999999999\nheight: 300\n", 0, 0},
        {"width: 400\n", 0, 0},
        {"", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t width = -1;
        int64_t height = -1;

        file_read_measures(cases[i].text, &width, &height);
        assert_int_equal(width, cases[i].width);
        assert_int_equal(height, cases[i].height);
    }
}

/* ---- Sends */

static struct file_document picture = {.id = (char *)"file_1",
                                       .user_id = (char *)"user_a",
                                       .file_name = (char *)"a.jpg",
                                       .file_size = 7,
                                       .file_type = (char *)"image",
                                       .mime_type = (char *)"image/jpeg",
                                       .width = 4,
                                       .height = 3};
static const struct list files = {&picture, 1};

static enum status judge(struct command *command, const char *user_id, int64_t msg_type,
                         const char *content)
{
    memset(command, 0, sizeof *command);
    command->kind = COMMAND_SEND;
    strcpy(command->user_id, user_id);
    command->frame.record = &frame_send_record;
    command->frame.send.msg_type = msg_type;
    command->frame.send.content.text = memory_text(content);
    return file_send_judge(&files, command);
}

static void takes_nobodys_word_for_what_a_file_is(void **state)
{
    struct command command;

    (void)state;
    assert_int_equal(judge(&command, "user_a", MSG_IMAGE,
                           "{\"file_id\":\"file_1\",\"file_name\":\"x\",\"file_size\":1,"
                           "\"mime_type\":\"text/html\",\"url\":\"//evil\",\"width\":9,"
                           "\"duration\":5}"),
                     STATUS_OK);
    assert_string_equal(command.frame.send.content.text,
                        "{\"file_id\":\"file_1\",\"file_name\":\"a.jpg\",\"file_size\":7,"
                        "\"file_type\":\"image\",\"mime_type\":\"image/jpeg\","
                        "\"url\":\"/api/files/file_1\","
                        "\"thumbnail_url\":\"/api/files/file_1/thumbnail\","
                        "\"width\":4,\"height\":3,\"duration\":5}");
    assert_int_equal(file_send_judge(&files, &command), STATUS_OK); /* the batch is repeated */
    command_clear(&command);
}

static void refuses_what_is_not_the_senders_or_of_another_kind(void **state)
{
    static const struct {
        const char *user_id;
        int64_t msg_type;
        const char *content;
        const char *field;
    } cases[] = {
        {"user_b", MSG_IMAGE, "{\"file_id\":\"file_1\"}", "content.file_id"},
        {"user_a", MSG_IMAGE, "{\"file_id\":\"file_2\"}", "content.file_id"},
        {"user_a", MSG_VIDEO, "{\"file_id\":\"file_1\"}", "msg_type"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct command command;

        assert_int_equal(judge(&command, cases[i].user_id, cases[i].msg_type, cases[i].content),
                         STATUS_INVALID);
        assert_string_equal(command.error.field, cases[i].field);
        command_clear(&command);
    }
}

/* The hot path: no query, and nothing read, for a batch without files. */
static void asks_nothing_about_a_batch_without_files(void **state)
{
    struct command command;
    struct list found = {0};
    struct error err;

    (void)state;
    assert_int_equal(judge(&command, "user_a", MSG_TEXT, "{\"text\":\"hi\"}"), STATUS_OK);
    assert_string_equal(command.frame.send.content.text, "{\"text\":\"hi\"}");
    assert_int_equal(file_sends_load(NULL, &command, 1, &found, &err), STATUS_OK);
    command_clear(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_nothing_that_could_run),
        cmocka_unit_test(knows_pictures_sounds_and_films),
        cmocka_unit_test(puts_files_into_messages_of_their_kind),
        cmocka_unit_test(has_a_picture_for_every_kind),
        cmocka_unit_test(reads_measures_as_the_picture_is_shown),
        cmocka_unit_test(takes_nobodys_word_for_what_a_file_is),
        cmocka_unit_test(refuses_what_is_not_the_senders_or_of_another_kind),
        cmocka_unit_test(asks_nothing_about_a_batch_without_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
