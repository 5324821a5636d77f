#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "services/message/marks.h"
#include "services/message/unread.h"

/* The row of "user_b" in a conversation of 20 messages, 17 of which count. */
struct scene {
    struct row_document row;
    struct conversation_document conversation;
};

static void scene_init(struct scene *scene, bool is_group)
{
    memset(scene, 0, sizeof *scene);
    scene->conversation.id = memory_text(is_group ? "group:g" : "single:user_a:user_b");
    scene->conversation.group_id = memory_text(is_group ? "g" : NULL);
    scene->conversation.last_seq = 20;
    scene->conversation.count = 17;
    scene->row.user_id = memory_text("user_b");
}

static void scene_clear(struct scene *scene)
{
    record_clear(&row_document_record, &scene->row);
    record_clear(&conversation_document_record, &scene->conversation);
}

static void add_span(struct scene *scene, int64_t from_seq, int64_t to_seq)
{
    struct span *span = list_add(&scene->row.spans, &span_record);

    *span = (struct span){from_seq, to_seq};
}

static void nobody_reads_past_what_was_said(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, false);
    assert_int_equal(mark_reach(&scene.row, &scene.conversation, 7), 7);
    assert_int_equal(mark_reach(&scene.row, &scene.conversation, INT64_MAX), 20);
    scene_clear(&scene);
}

static void nobody_reads_what_he_may_not_see(void **state)
{
    static const struct {
        int64_t seq;
        int64_t reach;
    } cases[] = {{2, 0}, {3, 3}, {5, 5}, {8, 5}, {9, 9}, {21, 20}};
    struct scene scene;

    (void)state;
    scene_init(&scene, true);
    add_span(&scene, 3, 5);
    add_span(&scene, 9, 0);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(mark_reach(&scene.row, &scene.conversation, cases[i].seq), cases[i].reach);
    ((struct span *)scene.row.spans.items)[1].to_seq = 12; /* and left again */
    assert_int_equal(mark_reach(&scene.row, &scene.conversation, 20), 12);
    scene_clear(&scene);
}

static void counts_follow_without_asking_where_they_can(void **state)
{
    static const struct {
        int64_t read_seq;
        int64_t read_count;
        int64_t seq;
        int64_t count; /* -1: MongoDB knows */
    } cases[] = {
        {0, 0, 20, 17},   /* all */
        {0, 0, 10, -1},   /* some of those between do not count */
        {10, 7, 15, 12},  /* all after 10 do */
        {15, 17, 18, 17}, /* none after 15 does */
        {10, 9, 15, -1},
    };
    struct scene scene;

    (void)state;
    scene_init(&scene, false);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t count = -1;

        scene.row.read_seq = cases[i].read_seq;
        scene.row.read_count = cases[i].read_count;
        assert_int_equal(mark_count(&scene.row, &scene.conversation, cases[i].seq, &count),
                         cases[i].count >= 0);
        assert_int_equal(count, cases[i].count);
    }
    scene_clear(&scene);
}

static void unread_is_counted_once_something_unread_has_gone(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, false);
    scene.row.read_seq = 10;
    scene.row.read_count = 9;
    assert_int_equal(unread_of(&scene.conversation, &scene.row), 8);
    scene.conversation.removed_seq = scene.row.hidden_seq = 10;
    assert_true(unread_is_exact(&scene.conversation, &scene.row));
    scene.conversation.removed_seq = 11;
    assert_false(unread_is_exact(&scene.conversation, &scene.row));
    scene.conversation.removed_seq = 0;
    scene.row.hidden_seq = 12;
    assert_false(unread_is_exact(&scene.conversation, &scene.row));
    scene.conversation.count = 5000;
    assert_int_equal(unread_of(&scene.conversation, &scene.row), UNREAD_MAX);
    scene_clear(&scene);
}

static void init_command(struct command *command, enum envelope_kind kind, const char *payload)
{
    const struct envelope envelope = {
        .kind = kind, .user_id = slice_of("user_b"), .payload = slice_of(payload)};

    command_init(command, &envelope, 0);
}

static void receipts_and_settings_are_marks(void **state)
{
    static const struct {
        enum envelope_kind kind;
        const char *payload;
        bool is_receipt;
        bool is_answered; /* over HTTP one waits for it */
    } cases[] = {
        {ENVELOPE_FRAME, "{\"type\":31,\"conversation_id\":\"single:user_a:user_b\",\"seq\":3}",
         true, false},
        {ENVELOPE_FRAME, "{\"type\":30,\"conversation_id\":\"single:user_a:user_b\",\"seq\":3}",
         true, false},
        {ENVELOPE_FRAME, "{\"type\":31,\"conversation_id\":\"single:user_b:user_b\",\"seq\":3}",
         false, false},
        {ENVELOPE_FRAME, "{\"type\":31,\"conversation_id\":\"group:g\",\"seq\":3}", false, false},
        {ENVELOPE_MARK, "{\"conversation_id\":\"single:user_a:user_b\",\"read_seq\":3}", true,
         true},
        {ENVELOPE_MARK, "{\"conversation_id\":\"single:user_a:user_b\",\"hide\":true}", false,
         true},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct command command;
        struct buffer answer = {0};

        init_command(&command, cases[i].kind, cases[i].payload);
        assert_int_equal(command.kind, COMMAND_MARK);
        assert_int_equal(command_is_receipt(&command), cases[i].is_receipt);
        assert_int_equal(command_answer(&command, &answer), cases[i].is_answered);
        buffer_clear(&answer);
        command_clear(&command);
    }
}

static void nobody_marks_what_is_not_his(void **state)
{
    struct command command;

    (void)state;
    init_command(&command, ENVELOPE_MARK,
                 "{\"conversation_id\":\"single:user_a:user_c\",\"pinned\":true}");
    assert_int_equal(command.kind, COMMAND_UNREADABLE);
    assert_int_equal(command.error.status, STATUS_NOT_FOUND);
    command_clear(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_reads_past_what_was_said),
        cmocka_unit_test(nobody_reads_what_he_may_not_see),
        cmocka_unit_test(counts_follow_without_asking_where_they_can),
        cmocka_unit_test(unread_is_counted_once_something_unread_has_gone),
        cmocka_unit_test(receipts_and_settings_are_marks),
        cmocka_unit_test(nobody_marks_what_is_not_his),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
