#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/memory.h"
#include "wire/egg.h"
#include "wire/frames.h"

#define FILE_ID "file_01K9Q4M7ZT3N6P8R2V5X7YABCD"

static void each_body_becomes_ours(void **state)
{
    static const struct {
        const char *body;
        int64_t msg_type;
        const char *content;
    } cases[] = {
        {"{\"type\":\"txt\",\"msg\":\"hi\"}", MSG_TEXT, "{\"text\":\"hi\"}"},
        {"{\"msg\":\"a \\\"quote\\\"\",\"type\":\"text\"}", MSG_TEXT,
         "{\"text\":\"a \\\"quote\\\"\"}"},
        {"{\"type\":\"img\",\"url\":\"/api/files/" FILE_ID "\",\"w\":3,\"h\":4,\"size\":5}",
         MSG_IMAGE, "{\"file_id\":\"" FILE_ID "\",\"width\":3,\"height\":4}"},
        {"{\"type\":\"image\",\"url\":\"http://127.0.0.1:8080/api/files/" FILE_ID "\"}", MSG_IMAGE,
         "{\"file_id\":\"" FILE_ID "\"}"},
        {"{\"type\":\"video\",\"url\":\"https://a.example/api/files/" FILE_ID "?t=1#x\"}",
         MSG_VIDEO, "{\"file_id\":\"" FILE_ID "\"}"},
        {"{\"type\":\"loc\",\"title\":\"x\",\"lng\":1,\"lat\":2}", MSG_LOCATION,
         "{\"type\":\"loc\",\"title\":\"x\",\"lng\":1,\"lat\":2}"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json content = {memory_text(cases[i].body)};
        int64_t msg_type = MSG_TEXT;

        assert_int_equal(egg_translate(&msg_type, &content, NULL), STATUS_OK);
        assert_int_equal(msg_type, cases[i].msg_type);
        assert_string_equal(content.text, cases[i].content);
        free(content.text);
    }
}

static void what_is_no_such_body_stays(void **state)
{
    static const struct {
        int64_t msg_type;
        const char *content;
    } cases[] = {
        {MSG_TEXT, "{\"text\":\"hi\"}"},
        {MSG_TEXT, "{\"text\":\"hi\",\"type\":\"txt\",\"msg\":\"x\"}"},
        {MSG_TEXT, "{\"type\":\"smell\",\"msg\":\"x\"}"},
        {MSG_TEXT, "{\"type\":7,\"msg\":\"x\"}"},
        {MSG_TEXT, "{\"inner\":{\"type\":\"txt\"}}"},
        {MSG_CUSTOM, "{\"type\":\"txt\",\"msg\":\"x\"}"},
        {MSG_LOCATION, "{\"type\":\"txt\",\"msg\":\"x\"}"},
        {MSG_IMAGE, "{\"type\":\"txt\",\"msg\":\"x\"}"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json content = {memory_text(cases[i].content)};
        int64_t msg_type = cases[i].msg_type;

        assert_int_equal(egg_translate(&msg_type, &content, NULL), STATUS_OK);
        assert_int_equal(msg_type, cases[i].msg_type);
        assert_string_equal(content.text, cases[i].content);
        free(content.text);
    }
}

static void a_bad_body_names_its_field(void **state)
{
    static const struct {
        const char *body;
        const char *field;
    } cases[] = {
        {"{\"type\":\"txt\"}", "msg"},
        {"{\"type\":\"txt\",\"msg\":\"\"}", "msg"},
        {"{\"type\":\"img\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"" FILE_ID "\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"/api/files/\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"/api/files/../x\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"/api/files/" FILE_ID "/thumbnail\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"http://a.example\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"ftp://a.example/api/files/" FILE_ID "\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"http://a.example/x/api/files/" FILE_ID "\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"/api/files/" FILE_ID FILE_ID "\"}", "url"},
        {"{\"type\":\"img\",\"url\":\"/api/files/" FILE_ID "\",\"w\":-1}", "w"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct json content = {memory_text(cases[i].body)};
        int64_t msg_type = MSG_TEXT;
        struct error err = {0};

        assert_int_equal(egg_translate(&msg_type, &content, &err), STATUS_INVALID);
        assert_string_equal(err.field, cases[i].field);
        free(content.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_body_becomes_ours),
        cmocka_unit_test(what_is_no_such_body_stays),
        cmocka_unit_test(a_bad_body_names_its_field),
    };

    return cmocka_run_group_tests_name("egg", tests, NULL, NULL);
}
