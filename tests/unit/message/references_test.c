#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "services/message/references.h"

#define REPLY "message_0000000001"

static void finds_whom_a_text_names(void **state)
{
    static const struct {
        const char *content;
        bool names;
    } cases[] = {
        {"{\"text\":\"hi\"}", false},
        {"{\"text\":\"x\",\"at_all\":true}", true},
        {"{\"text\":\"x,\",\"at_user_ids\":[\"u\"]}", true},
        {"{\"text\":\"x\",\"at_user_ids\":[\"u\"],\"at_all\":true,\"reply_to\":\"" REPLY "\"}",
         true},
        {"{\"text\":\"x\",\"reply_to\":\"" REPLY "\"}", false},
        {"{\"text\":\"\\\",\\\"at_all\\\":true\"}", false},
        {"{\"text\":\",\\\"reply_to\\\":\\\"x\\\"\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct content_text text = {0};

        assert_int_equal(references_find(MSG_TEXT, cases[i].content, &text), cases[i].names);
        record_clear(&content_text_record, &text);
        assert_false(references_find(MSG_CUSTOM, cases[i].content, &text));
    }
}

static void only_owner_and_admins_name_everybody(void **state)
{
    static const struct {
        const char *role; /* NULL: the row knows of none */
        bool in_group;
        enum status status;
    } cases[] = {
        {"owner", true, STATUS_OK},         {"admin", true, STATUS_OK},
        {"member", true, STATUS_FORBIDDEN}, {NULL, true, STATUS_FORBIDDEN},
        {NULL, false, STATUS_OK},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct row_document row = {.role = (char *)cases[i].role};
        struct error err = {0};

        assert_int_equal(references_check(MSG_TEXT, "{\"text\":\"x\",\"at_all\":true}",
                                          cases[i].in_group ? &row : NULL, &err),
                         cases[i].status);
        assert_string_equal(err.field, cases[i].status == STATUS_OK ? "" : "content.at_all");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_whom_a_text_names),
        cmocka_unit_test(only_owner_and_admins_name_everybody),
    };

    return cmocka_run_group_tests_name("references", tests, NULL, NULL);
}
