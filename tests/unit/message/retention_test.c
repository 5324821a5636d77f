#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "services/message/retention.h"

#define DAY_MS (24LL * 3600 * 1000)

static void read_command(enum envelope_kind kind, const char *user_id, const char *json,
                         struct command *ret)
{
    const struct envelope envelope = {
        .kind = kind, .user_id = slice_of(user_id), .payload = slice_of(json)};

    command_init(ret, &envelope, 0);
}

static void a_timer_is_told_by_a_system_message_that_sets_it(void **state)
{
    struct conversation_document conversation = {.ttl = 5};
    struct command command;
    struct message_document *message;

    (void)state;
    read_command(ENVELOPE_TIMER, "user_b",
                 "{\"conversation_id\":\"single:user_a:user_b\",\"seconds\":60,"
                 "\"message_id\":\"0123456789abcdef\"}",
                 &command);
    assert_int_equal(command.kind, COMMAND_TIMER);
    assert_string_equal(command_recipient(&command), "user_a");
    message = command_to_message(&command, 3, 2, 1000);
    assert_int_equal(message->count, 2); /* it is no message of anybody's */
    assert_string_equal(message->to_user_id, "user_a");
    assert_string_equal(message->content.text,
                        "{\"event\":\"conversation.timer\",\"conversation_id\":"
                        "\"single:user_a:user_b\",\"user_id\":\"user_b\",\"seconds\":60}");
    timer_apply(message, &conversation);
    assert_int_equal(conversation.ttl, 60);
    message->msg_type = MSG_TEXT; /* the same words from a client are words */
    conversation.ttl = 5;
    timer_apply(message, &conversation);
    assert_int_equal(conversation.ttl, 5);
    record_clear(&message_document_record, message);
    free(message);
    command_clear(&command);
}

static void a_timer_of_others_or_without_an_id_is_unreadable(void **state)
{
    static const char *const payloads[] = {
        "{\"conversation_id\":\"single:user_a:user_b\",\"seconds\":60,"
        "\"message_id\":\"0123456789abcdef\"}",
        "{\"conversation_id\":\"single:user_a:user_c\",\"seconds\":60}",
        "{\"conversation_id\":\"single:user_a:user_c\",\"seconds\":31536001,"
        "\"message_id\":\"0123456789abcdef\"}",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(payloads); i++) {
        struct command command;

        read_command(ENVELOPE_TIMER, "user_c", payloads[i], &command);
        assert_int_equal(command.kind, COMMAND_UNREADABLE);
        command_clear(&command);
    }
}

static void a_message_ends_by_the_timer_or_by_what_is_too_old(void **state)
{
    static const struct {
        int64_t ttl;
        int64_t retention_days;
        int64_t end;
    } cases[] = {
        {0, 0, 0},
        {0, 30, 0}, /* the sweeper walks: no message carries that */
        {5, 0, 1000 + 5000},
        {5, 30, 1000 + 5000},
        {40LL * 24 * 3600, 30, 1000 + 30 * DAY_MS},
        {40LL * 24 * 3600, 0, 1000 + 40 * DAY_MS},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct conversation_document conversation = {.ttl = cases[i].ttl};

        assert_int_equal(timer_end(&conversation, cases[i].retention_days, 1000), cases[i].end);
    }
}

static void in_a_group_a_timer_is_for_owner_and_admins(void **state)
{
    const struct row_document admin = {.role = (char *)"admin"};
    const struct row_document member = {.role = (char *)"member"};
    struct error err;

    (void)state;
    assert_int_equal(timer_judge(NULL, &err), STATUS_OK); /* private */
    assert_int_equal(timer_judge(&admin, &err), STATUS_OK);
    assert_int_equal(timer_judge(&member, &err), STATUS_FORBIDDEN);
    assert_string_equal(err.text, "only the group's owner and admins set its timer");
}

static void what_has_expired_leaves_the_conversation_and_nothing_goes_back(void **state)
{
    struct conversation_document conversation = {.removed_seq = 4, .touched = 7};
    struct system_content content;
    struct command command;

    (void)state;
    strings_add(&conversation.pinned_ids, "m1");
    strings_add(&conversation.pinned_ids, "m2");
    read_command(ENVELOPE_EXPIRE, "",
                 "{\"conversation_id\":\"group:group_1\",\"message_ids\":[\"m2\",\"m3\"],"
                 "\"removed_seq\":3}",
                 &command);
    assert_int_equal(command.kind, COMMAND_EXPIRE);
    expire_apply(&command.expire, &conversation);
    assert_int_equal(conversation.pinned_ids.n, 1);
    assert_int_equal(conversation.removed_seq, 4);
    assert_int_equal(conversation.vanished_seq, 3);
    assert_int_equal(conversation.first_seq, 0);
    assert_int_equal(conversation.touched, 8); /* sync tells of it */
    expire_to_content(&command.expire, &content);
    assert_string_equal(content.event, "message.expired");
    assert_int_equal(content.message_ids.n, 2);
    command.expire.removed_seq = 5;
    command.expire.first_seq = 4;
    expire_apply(&command.expire, &conversation);
    assert_int_equal(conversation.first_seq, 4);
    assert_int_equal(conversation.vanished_seq, 3); /* age is no timer */
    expire_to_content(&command.expire, &content);
    assert_string_equal(content.event, "conversation.trimmed");
    assert_int_equal(content.message_ids.n, 0);
    command_clear(&command);
    record_clear(&conversation_document_record,
                 &(struct conversation_document){.pinned_ids = conversation.pinned_ids});
}

static void an_administrator_recalls_what_he_cannot_see_and_nothing_else(void **state)
{
    struct command command;

    (void)state;
    read_command(ENVELOPE_RECALL, "administrator",
                 "{\"type\":32,\"conversation_id\":\"single:user_a:user_b\",\"message_id\":\"m1\"}",
                 &command);
    assert_int_equal(command.kind, COMMAND_CHANGE);
    assert_true(command.is_administrator);
    assert_null(command_recipient(&command));
    assert_string_equal(command.document_id, "single:user_a:user_b/m1");
    command_clear(&command);
    read_command(ENVELOPE_RECALL, "administrator",
                 "{\"type\":37,\"conversation_id\":\"single:user_a:user_b\",\"message_id\":\"m1\"}",
                 &command);
    assert_int_equal(command.kind, COMMAND_UNREADABLE);
    command_clear(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_is_told_by_a_system_message_that_sets_it),
        cmocka_unit_test(a_timer_of_others_or_without_an_id_is_unreadable),
        cmocka_unit_test(a_message_ends_by_the_timer_or_by_what_is_too_old),
        cmocka_unit_test(in_a_group_a_timer_is_for_owner_and_admins),
        cmocka_unit_test(what_has_expired_leaves_the_conversation_and_nothing_goes_back),
        cmocka_unit_test(an_administrator_recalls_what_he_cannot_see_and_nothing_else),
    };

    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
