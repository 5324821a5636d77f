#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "services/message/references.h"

#define REPLY "message_0000000001"

static void finds_what_a_text_refers_to(void **state)
{
    static const struct {
        const char *content;
        bool refers;
    } cases[] = {
        {"{\"text\":\"hi\"}", false},
        {"{\"text\":\"x\",\"at_all\":true}", true},
        {"{\"text\":\"x,\",\"at_user_ids\":[\"u\"]}", true},
        {"{\"text\":\"x\",\"at_user_ids\":[\"u\"],\"at_all\":true,\"reply_to\":\"" REPLY "\"}",
         true},
        {"{\"text\":\"x\",\"reply_to\":\"" REPLY "\"}", true},
        {"{\"text\":\"\\\",\\\"at_all\\\":true\"}", false},
        {"{\"text\":\",\\\"reply_to\\\":\\\"x\\\"\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct content_text text = {0};

        assert_int_equal(references_find(MSG_TEXT, cases[i].content, &text), cases[i].refers);
        record_clear(&content_text_record, &text);
        assert_false(references_find(MSG_CUSTOM, cases[i].content, &text));
    }
}

/* A send of "user_a" that says content, in group_g or to user_b. */
static void send(struct command *ret, bool in_group, const char *content)
{
    static char user_id[] = "user_a";

    memset(ret, 0, sizeof *ret);
    ret->kind = COMMAND_SEND;
    memcpy(ret->user_id, user_id, sizeof user_id);
    strcpy(ret->conversation_id, in_group ? "group:group_g" : "single:user_a:user_b");
    ret->frame.record = &frame_send_record;
    ret->frame.send.content.text = memory_text(content);
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
        {NULL, false, STATUS_INVALID},
    };
    const struct conversation_document conversation = {.last_seq = 9};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct row_document row = {.role = (char *)cases[i].role};
        struct command command;
        struct error err = {0};

        send(&command, cases[i].in_group, "{\"text\":\"x\",\"at_all\":true}");
        assert_int_equal(
            references_check(&command, cases[i].in_group ? &row : NULL, &conversation, NULL, &err),
            cases[i].status);
        assert_string_equal(err.field, cases[i].status == STATUS_OK ? "" : "content.at_all");
        command_clear(&command);
    }
}

static void an_answer_is_to_what_the_sender_sees(void **state)
{
    char hidden[] = "user_a";
    char *hidden_for[] = {hidden};
    struct span spans[] = {{.from_seq = 3, .to_seq = 5}, {.from_seq = 8}};
    const struct row_document row = {.spans = {spans, 2}};
    const struct conversation_document conversation = {.last_seq = 20, .first_seq = 4};
    static const struct {
        int64_t seq;
        bool hidden;
        enum status status;
    } cases[] = {
        {0, false, STATUS_INVALID}, /* there is none */
        {3, false, STATUS_INVALID}, /* retention took it */
        {4, false, STATUS_OK},      {4, true, STATUS_INVALID},
        {6, false, STATUS_INVALID}, /* he was away */
        {9, false, STATUS_OK},
    };
    struct command command;

    (void)state;
    send(&command, true, "{\"text\":\"x\",\"reply_to\":\"" REPLY "\"}");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct message_document message = {
            .seq = cases[i].seq, .hidden_for = {hidden_for, cases[i].hidden ? 1 : 0}};
        struct error err = {0};

        assert_int_equal(
            references_check(&command, &row, &conversation, cases[i].seq ? &message : NULL, &err),
            cases[i].status);
        assert_string_equal(err.field, cases[i].status == STATUS_OK ? "" : "content.reply_to");
    }
    command_clear(&command);
}

static void what_is_answered_is_looked_up_in_the_same_conversation(void **state)
{
    struct command command;
    char *id;

    (void)state;
    send(&command, true, "{\"text\":\"x\",\"reply_to\":\"" REPLY "\"}");
    id = references_reply_id(&command);
    assert_string_equal(id, "group:group_g/" REPLY);
    free(id);
    command_clear(&command);
    send(&command, true, "{\"text\":\"x\"}");
    assert_null(references_reply_id(&command));
    command_clear(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_text_refers_to),
        cmocka_unit_test(only_owner_and_admins_name_everybody),
        cmocka_unit_test(an_answer_is_to_what_the_sender_sees),
        cmocka_unit_test(what_is_answered_is_looked_up_in_the_same_conversation),
    };

    return cmocka_run_group_tests_name("references", tests, NULL, NULL);
}
