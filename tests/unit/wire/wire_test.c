#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "rpc/rpc.h"
#include "wire/envelope.h"
#include "wire/frames.h"
#include "wire/internal.h"
#include "wire/topology.h"

static void envelopes_come_out_as_they_went_in(void **state)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    const struct envelope first = {.kind = ENVELOPE_FRAME,
                                   .connection_id = 1ULL << 63,
                                   .seq = -1,
                                   .rev = 7,
                                   .node = slice_of("push-1"),
                                   .user_id = slice_of("user_a"),
                                   .users_out = slice_of("user_b,user_c"),
                                   .payload = slice_of("{}")};
    const struct envelope second = {.kind = ENVELOPE_ANSWER};
    struct envelope out;
    struct slice rest;

    (void)state;
    envelope_add(&body, &first);
    envelope_add(&body, &second);
    rest = (struct slice){body.data, body.length};
    assert_int_equal(envelope_next(&rest, &out, NULL), STATUS_OK);
    assert_int_equal(out.kind, ENVELOPE_FRAME);
    assert_true(out.connection_id == 1ULL << 63);
    assert_int_equal(out.seq, -1);
    assert_int_equal(out.rev, 7);
    assert_true(slice_is(out.node, "push-1"));
    assert_true(slice_is(out.users_out, "user_b,user_c"));
    assert_int_equal(out.session_id.length, 0);
    assert_true(slice_is(out.payload, "{}"));
    assert_int_equal(envelope_next(&rest, &out, NULL), STATUS_OK);
    assert_int_equal(out.kind, ENVELOPE_ANSWER);
    assert_int_equal(envelope_next(&rest, &out, NULL), STATUS_NOT_FOUND);
}

static void each_kind_of_envelope_goes_through_and_no_other(void **state)
{
    (void)state;
    for (int kind = 0; kind <= ENVELOPE_RECALL + 1; kind++) {
        CLEANUP(buffer_clear) struct buffer body = {0};
        const struct envelope envelope = {.kind = (enum envelope_kind)kind};
        struct envelope out;
        struct slice rest;
        bool is_known = kind >= ENVELOPE_FRAME && kind <= ENVELOPE_RECALL;

        envelope_add(&body, &envelope);
        rest = (struct slice){body.data, body.length};
        assert_int_equal(envelope_next(&rest, &out, NULL), is_known ? STATUS_OK : STATUS_INVALID);
    }
}

static void a_cut_envelope_is_refused_wherever_it_is_cut(void **state)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    const struct envelope envelope = {
        .kind = ENVELOPE_FRAME, .user_id = slice_of("user_a"), .payload = slice_of("{}")};
    struct error err;

    (void)state;
    envelope_add(&body, &envelope);
    for (size_t n = 1; n < body.length; n++) {
        struct slice rest = {body.data, n};
        struct envelope out;

        assert_int_equal(envelope_next(&rest, &out, &err), STATUS_INVALID);
    }
}

static void partitions_never_move(void **state)
{
    static const struct {
        const char *conversation_id;
        int partition;
    } cases[] = {
        {"", 5},
        {"group:group_1", 13},
        {"single:user_a:user_b", 6},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(
            topology_partition(cases[i].conversation_id, strlen(cases[i].conversation_id)),
            cases[i].partition);
}

static enum status read_frame(const char *json, struct frame *ret, struct error *err)
{
    return frame_from_json(json, strlen(json), ret, err);
}

static void a_frame_becomes_normal(void **state)
{
    static const struct {
        const char *json;
        int64_t msg_type;
        const char *to;
        const char *group_id;
        const char *content;
    } cases[] = {
        {"{\"type\":0,\"to\":\"u\",\"content\":{\"text\":\"hi\",\"x\":1}}", MSG_TEXT, "u", NULL,
         "{\"text\":\"hi\"}"},
        {"{\"type\":1,\"to\":\"u\",\"content\":{\"text\":\"hi\",\"at_all\":false}}", MSG_TEXT, "u",
         NULL, "{\"text\":\"hi\"}"},
        {"{\"type\":2,\"to\":\"g\",\"content\":{\"text\":\"hi\",\"at_all\":true}}", MSG_TEXT, NULL,
         "g", "{\"text\":\"hi\",\"at_all\":true}"},
        {"{\"type\":2,\"to\":\"g\",\"group_id\":\"g\",\"content\":{\"text\":\"hi\"}}", MSG_TEXT,
         NULL, "g", "{\"text\":\"hi\"}"},
        {"{\"type\":8,\"group_id\":\"g\",\"content\":{\"title\":\"x\",\"lng\":120.19,"
         "\"lat\":-30.5}}",
         MSG_LOCATION, NULL, "g", "{\"title\":\"x\",\"lng\":120.19,\"lat\":-30.5}"},
        {"{\"type\":9,\"to\":\"u\",\"content\":{ \"big\":12345678901234567890 }}", MSG_CUSTOM, "u",
         NULL, "{\"big\":12345678901234567890}"},
        {"{\"type\":1,\"msg_type\":9,\"to\":\"u\",\"content\":{}}", MSG_CUSTOM, "u", NULL, "{}"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(frame_clear) struct frame frame;

        assert_int_equal(read_frame(cases[i].json, &frame, NULL), STATUS_OK);
        assert_ptr_equal(frame.record, &frame_send_record);
        assert_int_equal(frame.send.msg_type, cases[i].msg_type);
        assert_string_equal(frame.send.content.text, cases[i].content);
        if (cases[i].to)
            assert_string_equal(frame.send.to, cases[i].to);
        else
            assert_null(frame.send.to);
        if (cases[i].group_id)
            assert_string_equal(frame.send.group_id, cases[i].group_id);
        else
            assert_null(frame.send.group_id);
    }
}

static void a_bad_frame_names_its_field(void **state)
{
    static const struct {
        const char *json;
        const char *field;
    } cases[] = {
        {"[]", ""},
        {"{}", "type"},
        {"{\"type\":\"1\"}", "type"},
        {"{\"type\":3,\"to\":\"u\",\"content\":{\"text\":\"hi\"}}", "type"},
        {"{\"type\":77}", "type"},
        {"{\"type\":1,\"content\":{\"text\":\"hi\"}}", "to"},
        {"{\"type\":2,\"content\":{\"text\":\"hi\"}}", "group_id"},
        {"{\"type\":1,\"to\":\"u\",\"group_id\":\"g\",\"content\":{\"text\":\"x\"}}", "group_id"},
        {"{\"type\":0,\"to\":\"u\",\"group_id\":\"g\",\"content\":{\"text\":\"x\"}}", "to"},
        {"{\"type\":2,\"to\":\"h\",\"group_id\":\"g\",\"content\":{\"text\":\"x\"}}", "to"},
        {"{\"type\":1,\"to\":\"a/b\",\"content\":{\"text\":\"x\"}}", "to"},
        {"{\"type\":1,\"to\":\"u\"}", "content"},
        {"{\"type\":1,\"to\":\"u\",\"content\":\"hi\"}", "content"},
        {"{\"type\":1,\"to\":\"u\",\"content\":{}}", "content.text"},
        {"{\"type\":1,\"to\":\"u\",\"content\":{\"text\":\"\"}}", "content.text"},
        {"{\"type\":1,\"to\":\"u\",\"content\":{\"text\":\"x\",\"at_user_ids\":[3]}}",
         "content.at_user_ids"},
        {"{\"type\":1,\"to\":\"u\",\"msg_type\":3,\"content\":{}}", "msg_type"},
        {"{\"type\":1,\"to\":\"u\",\"msg_type\":4,\"content\":{}}", "content.file_id"},
        {"{\"type\":8,\"to\":\"u\",\"content\":{\"title\":\"x\",\"lng\":181,\"lat\":0}}",
         "content.lng"},
        {"{\"type\":1,\"to\":\"u\",\"message_id\":\"short\",\"content\":{\"text\":\"x\"}}",
         "message_id"},
        {"{\"type\":30,\"conversation_id\":\"c\",\"seq\":0}", "seq"},
        {"{\"type\":33}", "to"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(frame_clear) struct frame frame;
        struct error err;

        assert_int_equal(read_frame(cases[i].json, &frame, &err), STATUS_INVALID);
        assert_string_equal(err.field, cases[i].field);
    }
}

static void a_refused_frame_keeps_its_message_id_for_the_answer(void **state)
{
    CLEANUP(frame_clear) struct frame frame;

    (void)state;
    assert_int_equal(
        read_frame("{\"type\":1,\"message_id\":\"0123456789abcdef\",\"content\":3}", &frame, NULL),
        STATUS_INVALID);
    assert_string_equal(frame.send.message_id, "0123456789abcdef");
}

static void a_custom_message_has_16_kib_at_most(void **state)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct error err;

    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        CLEANUP(frame_clear) struct frame frame;
        enum status s;

        json.length = 0;
        buffer_add_text(&json, "{\"type\":9,\"to\":\"u\",\"content\":{\"k\":\"");
        for (int i = 0; i < CUSTOM_MAX - 8 + extra; i++)
            buffer_add(&json, "x", 1);
        buffer_add_text(&json, "\"}}");
        s = frame_from_json(json.data, json.length, &frame, &err);
        assert_int_equal(s, extra ? STATUS_INVALID : STATUS_OK);
    }
    assert_string_equal(err.field, "content");
}

static void a_private_conversation_names_its_two_in_one_order(void **state)
{
    char ab[CONVERSATION_ID_MAX];
    char ba[CONVERSATION_ID_MAX];

    (void)state;
    conversation_id_single("user_a", "user_b", ab);
    conversation_id_single("user_b", "user_a", ba);
    assert_string_equal(ab, "single:user_a:user_b");
    assert_string_equal(ba, ab);
    assert_true(conversation_id_has(ab, "user_a"));
    assert_true(conversation_id_has(ab, "user_b"));
    assert_false(conversation_id_has(ab, "user_"));
    assert_false(conversation_id_has(ab, "user_a:user_b"));
    assert_false(conversation_id_has("group:user_a", "user_a"));
}

static void our_own_faults_are_not_explained_to_clients(void **state)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct error err = {.status = STATUS_INTERNAL, .text = "mongod said: secret"};

    (void)state;
    frame_refuse(NULL, &err, &json);
    assert_null(strstr(buffer_text(&json), "secret"));
    assert_non_null(strstr(buffer_text(&json), "\"message_id\":null,\"code\":50001"));
}

/* Or no service would ever be ready again. */
static void the_fullest_list_of_restrictions_fits_into_an_answer(void **state)
{
    const struct field *session_ids = &restrictions_record.fields[0];
    const struct field *users = &restrictions_record.fields[1];
    CLEANUP(buffer_clear) struct buffer text = {0};
    struct restrictions full = {0};
    struct user_restricted *items = memory_new((size_t)users->max * sizeof *items);

    (void)state;
    assert_string_equal(session_ids->name, "session_ids");
    for (int64_t i = 0; i < session_ids->max; i++)
        strings_add(&full.session_ids, "session_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    for (int64_t i = 0; i < users->max; i++)
        items[i] =
            (struct user_restricted){.user_id = memory_text("user_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
                                     .generation = 1000,
                                     .muted_until = INT64_C(9000000000000000)};
    full.users = (struct list){items, (size_t)users->max};
    record_to_json(&restrictions_record, &full, &text);
    assert_in_range(text.length, 1, RPC_MESSAGE_MAX - 8192);
    record_clear(&restrictions_record, &full);
}

static void a_list_may_be_named_with_escapes(void **state)
{
    static const char json[] =
        "{\"purpose\":\"message\",\"p\\u0061irs\":[{\"from\":\"a\",\"to\":\"b\"}]}";
    struct pairs pairs;

    (void)state;
    assert_int_equal(record_from_json(&pairs_record, json, strlen(json), &pairs, NULL), STATUS_OK);
    assert_int_equal(pairs.pairs.n, 1);
    record_clear(&pairs_record, &pairs);
}

/* Deeper ones could be sent, but not be read again inside a page of a history. */
static void a_card_nests_as_deep_as_a_history_can_show(void **state)
{
    static const struct {
        int levels; /* of the content: its own braces are one */
        enum status status;
    } cases[] = {{24, STATUS_OK}, {25, STATUS_INVALID}, {31, STATUS_INVALID}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(buffer_clear) struct buffer json = {0};
        CLEANUP(buffer_clear) struct buffer page = {0};
        struct error err = {0};
        struct frame frame;

        buffer_add_text(&json, "{\"type\":9,\"message_id\":\"0123456789abcdef\",\"to\":\"user_b\","
                               "\"content\":{\"a\":");
        for (int k = 1; k < cases[i].levels; k++)
            buffer_add_text(&json, "[");
        for (int k = 1; k < cases[i].levels; k++)
            buffer_add_text(&json, "]");
        buffer_add_text(&json, "}}");
        assert_int_equal(frame_from_json(json.data, json.length, &frame, &err), cases[i].status);
        if (cases[i].status != STATUS_OK) {
            assert_string_equal(err.field, "content");
            frame_clear(&frame);
            continue;
        }
        buffer_printf(&page, "{\"code\":0,\"data\":{\"messages\":[{\"content\":%s}]}}",
                      frame.send.content.text);
        assert_int_equal(json_check(page.data, page.length, NULL), STATUS_OK);
        frame_clear(&frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fullest_list_of_restrictions_fits_into_an_answer),
        cmocka_unit_test(a_list_may_be_named_with_escapes),
        cmocka_unit_test(a_card_nests_as_deep_as_a_history_can_show),
        cmocka_unit_test(envelopes_come_out_as_they_went_in),
        cmocka_unit_test(each_kind_of_envelope_goes_through_and_no_other),
        cmocka_unit_test(a_cut_envelope_is_refused_wherever_it_is_cut),
        cmocka_unit_test(partitions_never_move),
        cmocka_unit_test(a_frame_becomes_normal),
        cmocka_unit_test(a_bad_frame_names_its_field),
        cmocka_unit_test(a_refused_frame_keeps_its_message_id_for_the_answer),
        cmocka_unit_test(a_custom_message_has_16_kib_at_most),
        cmocka_unit_test(a_private_conversation_names_its_two_in_one_order),
        cmocka_unit_test(our_own_faults_are_not_explained_to_clients),
    };

    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
