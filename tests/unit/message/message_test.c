#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "services/message/command.h"
#include "services/message/ledger.h"

static const char alice[] = "user_a";

static void read_frame(struct command *command, const char *json)
{
    const struct envelope envelope = {
        .kind = ENVELOPE_FRAME, .user_id = slice_of(alice), .payload = slice_of(json)};

    command_init(command, &envelope, 3);
}

static void the_author_is_who_the_edge_verified(void **state)
{
    struct command command;
    struct message_document *message;

    (void)state;
    read_frame(&command, "{\"type\":1,\"from\":\"user_z\",\"message_id\":\"0123456789abcdef\","
                         "\"to\":\"user_b\",\"content\":{\"text\":\"hi\"}}");
    assert_int_equal(command.kind, COMMAND_SEND);
    assert_string_equal(command.conversation_id, "single:user_a:user_b");
    message = command_to_message(&command, 6, 4, 1000);
    assert_string_equal(message->from_user_id, alice);
    assert_string_equal(message->id, "single:user_a:user_b/0123456789abcdef");
    assert_string_equal(message_id_of(message), "0123456789abcdef");
    assert_int_equal(message->seq, 6);
    assert_int_equal(message->count, 5);
    record_clear(&message_document_record, message);
    free(message);
    command_clear(&command);
}

static void what_cannot_be_read_keeps_its_reason(void **state)
{
    static const struct {
        struct envelope envelope;
        const char *reason;
    } cases[] = {
        {{.kind = ENVELOPE_FRAME, .payload = {"{}", 2}}, "an envelope without its user"},
        {{.kind = ENVELOPE_DELIVER, .user_id = {"u", 1}}, "an envelope of a foreign kind"},
        {{.kind = ENVELOPE_FRAME, .user_id = {"u", 1}, .payload = {"{", 1}}, "not JSON at byte 1"},
        {{.kind = ENVELOPE_FRAME, .user_id = {"u", 1}, .payload = {"{\"type\":99}", 11}},
         "not a command for a partition"},
        {{.kind = ENVELOPE_CHANGE, .user_id = {"u", 1}, .payload = {"{}", 2}},
         "field 'group_id' is missing"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct command command;

        command_init(&command, &cases[i].envelope, 0);
        assert_int_equal(command.kind, COMMAND_UNREADABLE);
        assert_string_equal(command.error.text, cases[i].reason);
        command_clear(&command);
    }
}

static void a_change_of_members_becomes_a_system_message_that_does_not_count(void **state)
{
    static const char change[] =
        "{\"group_id\":\"group_1\",\"rev\":3,\"event\":\"group.joined\",\"user_id\":\"user_a\","
        "\"users_in\":[\"user_a\"],\"users_out\":[],\"bots_in\":[]}";
    const struct envelope envelope = {
        .kind = ENVELOPE_CHANGE, .user_id = slice_of(alice), .payload = slice_of(change)};
    struct command command;
    struct message_document *message;

    (void)state;
    command_init(&command, &envelope, 0);
    assert_int_equal(command.kind, COMMAND_MEMBERS);
    message = command_to_message(&command, 9, 4, 1000);
    assert_string_equal(message->id, "group:group_1/rev:3");
    assert_int_equal(message->count, 4);
    assert_int_equal(message->msg_type, MSG_SYSTEM);
    assert_int_equal(message->rev, 3);
    assert_string_equal(message->content.text,
                        "{\"event\":\"group.joined\",\"group_id\":\"group_1\","
                        "\"user_id\":\"user_a\",\"user_ids\":[\"user_a\"]}");
    record_clear(&message_document_record, message);
    free(message);
    command_clear(&command);
}

static void a_change_of_roles_says_who_is_what(void **state)
{
    static const char change[] =
        "{\"group_id\":\"group_1\",\"rev\":4,\"event\":\"group.role\",\"user_id\":\"user_a\","
        "\"roles\":[{\"user_id\":\"user_b\",\"role\":\"admin\"}]}";
    const struct envelope envelope = {
        .kind = ENVELOPE_CHANGE, .user_id = slice_of(alice), .payload = slice_of(change)};
    struct command command;
    struct message_document *message;

    (void)state;
    command_init(&command, &envelope, 0);
    message = command_to_message(&command, 9, 4, 1000);
    assert_string_equal(message->content.text,
                        "{\"event\":\"group.role\",\"group_id\":\"group_1\",\"user_id\":"
                        "\"user_a\",\"roles\":[{\"user_id\":\"user_b\",\"role\":\"admin\"}]}");
    record_clear(&message_document_record, message);
    free(message);
    command_clear(&command);
}

static void a_forwarded_message_is_a_send_that_names_its_first_author(void **state)
{
    static const char payload[] =
        "{\"message_id\":\"message_00000001\",\"group_id\":\"group_1\",\"msg_type\":9,"
        "\"content\":{\"any\":1},\"forwarded_from\":\"user_z\"}";
    const struct envelope envelope = {
        .kind = ENVELOPE_FORWARD, .user_id = slice_of(alice), .payload = slice_of(payload)};
    struct command command;
    struct message_document *message;

    (void)state;
    command_init(&command, &envelope, 0);
    assert_int_equal(command.kind, COMMAND_SEND);
    assert_string_equal(command.conversation_id, "group:group_1");
    message = command_to_message(&command, 9, 4, 1000);
    assert_string_equal(message->id, "group:group_1/message_00000001");
    assert_string_equal(message->from_user_id, alice);
    assert_string_equal(message->forwarded_from, "user_z");
    assert_string_equal(message->content.text, "{\"any\":1}");
    assert_int_equal(message->msg_type, MSG_CUSTOM);
    assert_int_equal(message->count, 5);
    record_clear(&message_document_record, message);
    free(message);
    command_clear(&command);
}

static void a_system_message_of_a_large_group_fits_into_a_frame(void **state)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct group_change change = {
        .group_id = (char[]){"group_1"},
        .rev = 1,
        .event = (char[]){"group.created"},
        .user_id = (char[]){"user_a"},
    };
    struct envelope envelope = {.kind = ENVELOPE_CHANGE, .user_id = slice_of(alice)};
    struct command command;
    struct message_document *message;

    (void)state;
    for (int i = 0; i < 2000; i++)
        strings_add(&change.users_in, "user_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    record_to_json(&group_change_record, &change, &json);
    envelope.payload = (struct slice){json.data, json.length};
    command_init(&command, &envelope, 0);
    assert_int_equal(command.kind, COMMAND_MEMBERS);
    message = command_to_message(&command, 1, 0, 1000);
    assert_true(strlen(message->content.text) < 8 * 1024);
    record_clear(&message_document_record, message);
    free(message);
    command_clear(&command);
    strings_clear(&change.users_in);
}

static void a_refusal_names_the_message_and_an_ack_its_place(void **state)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct message_document message = {
        .id = (char[]){"single:user_a:user_b/0123456789abcdef"},
        .conversation_id = (char[]){"single:user_a:user_b"},
        .seq = 5,
        .created_at = 1000,
    };
    struct command command;

    (void)state;
    read_frame(&command, "{\"type\":1,\"message_id\":\"0123456789abcdef\",\"to\":\"user_b\","
                         "\"content\":{\"text\":\"hi\"}}");
    command.message = &message;
    assert_true(command_answer(&command, &json));
    assert_string_equal(buffer_text(&json),
                        "{\"type\":30,\"message_id\":\"0123456789abcdef\",\"code\":0,"
                        "\"message\":\"success\",\"conversation_id\":\"single:user_a:user_b\","
                        "\"seq\":5,\"timestamp\":1000}");
    command_reset(&command);
    json.length = 0;
    (void)error_field(&command.error, STATUS_NOT_FOUND, "to", "there is no such user");
    assert_true(command_answer(&command, &json));
    assert_non_null(strstr(buffer_text(&json), "\"message_id\":\"0123456789abcdef\",\"code\":40401,"
                                               "\"message\":\"there is no such user\""));
    command_clear(&command);
}

static void what_a_dead_owner_stored_is_published_again_once(void **state)
{
    struct conversation conversation = {.loaded_seq = 300};

    (void)state;
    assert_true(ledger_is_republish_due(&conversation, 300));
    assert_true(ledger_take_republish(&conversation, 300));
    assert_false(ledger_is_republish_due(&conversation, 300));
    assert_false(ledger_take_republish(&conversation, 300));
    assert_true(ledger_take_republish(&conversation, 299));
    assert_false(ledger_take_republish(&conversation, 301)); /* this owner's own */
    assert_false(ledger_take_republish(&conversation, 300 - REPUBLISH_MAX));
}

static void long_drafts_do_not_pile_up_in_memory(void **state)
{
    struct ledger ledger = {0};
    struct conversation *conversation = memory_new(sizeof *conversation);

    (void)state;
    conversation->doc.id = memory_text("group:group_a");
    HASH_ADD_KEYPTR(hh, ledger.conversations, conversation->doc.id, strlen(conversation->doc.id),
                    conversation);
    ledger.draft_bytes = LEDGER_DRAFT_BYTES_MAX;
    ledger_trim(&ledger);
    assert_non_null(ledger_find(&ledger, "group:group_a"));
    ledger.draft_bytes++;
    ledger_trim(&ledger);
    assert_null(ledger_find(&ledger, "group:group_a"));
    assert_true(ledger.draft_bytes == 0);
}

static void only_an_open_span_lets_one_write(void **state)
{
    struct row_document row = {0};
    struct span *span;

    (void)state;
    assert_null(row_find_open_span(&row));
    span = list_add(&row.spans, &span_record);
    span->from_seq = 3;
    assert_ptr_equal(row_find_open_span(&row), span);
    span->to_seq = 7;
    assert_null(row_find_open_span(&row));
    record_clear(&row_document_record, &row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_author_is_who_the_edge_verified),
        cmocka_unit_test(what_cannot_be_read_keeps_its_reason),
        cmocka_unit_test(a_change_of_members_becomes_a_system_message_that_does_not_count),
        cmocka_unit_test(a_change_of_roles_says_who_is_what),
        cmocka_unit_test(a_forwarded_message_is_a_send_that_names_its_first_author),
        cmocka_unit_test(a_system_message_of_a_large_group_fits_into_a_frame),
        cmocka_unit_test(a_refusal_names_the_message_and_an_ack_its_place),
        cmocka_unit_test(what_a_dead_owner_stored_is_published_again_once),
        cmocka_unit_test(long_drafts_do_not_pile_up_in_memory),
        cmocka_unit_test(only_an_open_span_lets_one_write),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
