#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "services/message/changes.h"

#define NOW 1000000000LL

/* A message of "user_a" in a group, as the store has it. */
struct scene {
    struct command command;
    struct message_document message;
    struct conversation_document conversation;
    struct row_document row;
    struct error err;
};

static void scene_init(struct scene *scene, const char *user_id, const char *role)
{
    struct span *span;

    memset(scene, 0, sizeof *scene);
    (void)snprintf(scene->command.user_id, sizeof scene->command.user_id, "%s", user_id);
    scene->command.kind = COMMAND_CHANGE;
    scene->message.id = memory_text("group:g/0123456789abcdef");
    scene->message.conversation_id = memory_text("group:g");
    scene->message.from_user_id = memory_text("user_a");
    scene->message.content.text = memory_text("{\"text\":\"one\"}");
    scene->message.seq = 7;
    scene->message.created_at = NOW;
    scene->row.role = memory_text(role);
    span = list_add(&scene->row.spans, &span_record);
    span->from_seq = 5;
}

static void scene_clear(struct scene *scene)
{
    command_clear(&scene->command);
    record_clear(&message_document_record, &scene->message);
    record_clear(&conversation_document_record, &scene->conversation);
    record_clear(&row_document_record, &scene->row);
}

/* Judge, and apply what comes of it; was it a change? */
static enum status change(struct scene *scene, const char *frame, int64_t now, bool *ret_is_change)
{
    struct change_document *made = NULL;
    enum status s;

    frame_clear(&scene->command.frame);
    assert_int_equal(frame_from_json(frame, strlen(frame), &scene->command.frame, &scene->err),
                     STATUS_OK);
    s = change_judge(&scene->command, &scene->message, &scene->row, &scene->conversation, now,
                     &made, &scene->err);
    if (made) {
        made->change_seq = scene->conversation.change_seq + 1;
        change_apply(made, &scene->message, &scene->conversation);
    }
    *ret_is_change = made != NULL;
    change_free(made);
    return s;
}

#define FRAME(type, more) \
    "{\"type\":" #type ",\"conversation_id\":\"group:g\",\"message_id\":\"0123456789abcdef\"" more \
    "}"
#define RECALL FRAME(32, "")
#define EDIT FRAME(34, ",\"content\":{\"text\":\"two\"}")
#define REACT FRAME(35, ",\"emoji\":\"x\"")
#define PIN FRAME(37, "")

static void who_may_do_what_and_until_when(void **state)
{
    static const struct {
        const char *user_id;
        const char *role;
        const char *frame;
        int64_t after;
        enum status expected;
    } cases[] = {
        {"user_a", "member", RECALL, RECALL_MS, STATUS_OK},
        {"user_a", "member", RECALL, RECALL_MS + 1, STATUS_FORBIDDEN},
        {"user_b", "member", RECALL, 0, STATUS_FORBIDDEN},
        {"user_b", "admin", RECALL, 10 * RECALL_MS, STATUS_OK},
        {"user_b", "owner", RECALL, 10 * RECALL_MS, STATUS_OK},
        {"user_a", "member", EDIT, 10 * RECALL_MS, STATUS_OK},
        {"user_b", "owner", EDIT, 0, STATUS_FORBIDDEN},
        {"user_b", "member", REACT, 10 * RECALL_MS, STATUS_OK},
        {"user_b", "member", PIN, 10 * RECALL_MS, STATUS_OK},
        {"user_a", "member", FRAME(34, ",\"content\":{\"text\":\"t\",\"at_all\":true}"), 0,
         STATUS_FORBIDDEN},
        {"user_a", "admin", FRAME(34, ",\"content\":{\"text\":\"t\",\"at_all\":true}"), 0,
         STATUS_OK},
        {"user_a", "member", FRAME(34, ",\"content\":{\"text\":\"\"}"), 0, STATUS_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct scene scene;
        bool is_change;

        scene_init(&scene, cases[i].user_id, cases[i].role);
        assert_int_equal(change(&scene, cases[i].frame, NOW + cases[i].after, &is_change),
                         cases[i].expected);
        assert_int_equal(is_change, cases[i].expected == STATUS_OK);
        scene_clear(&scene);
    }
}

static void what_one_cannot_see_is_not_there(void **state)
{
    struct scene scene;
    bool is_change;

    (void)state;
    scene_init(&scene, "user_b", "owner");
    scene.message.seq = 4; /* before his time */
    assert_int_equal(change(&scene, REACT, NOW, &is_change), STATUS_NOT_FOUND);
    scene.message.seq = 7;
    strings_add(&scene.message.hidden_for, "user_b");
    assert_int_equal(change(&scene, RECALL, NOW, &is_change), STATUS_NOT_FOUND);
    strings_clear(&scene.message.hidden_for);
    scene.conversation.first_seq = 8; /* gone by age */
    assert_int_equal(change(&scene, PIN, NOW, &is_change), STATUS_NOT_FOUND);
    scene.conversation.first_seq = 0;
    scene.message.msg_type = MSG_SYSTEM;
    assert_int_equal(change(&scene, RECALL, NOW, &is_change), STATUS_FORBIDDEN);
    scene_clear(&scene);
}

static void the_same_again_is_no_change(void **state)
{
    static const char *const frames[] = {EDIT, REACT, PIN, RECALL};
    struct scene scene;

    (void)state;
    scene_init(&scene, "user_a", "member");
    for (size_t i = 0; i < N_ELEMENTS(frames); i++) {
        bool is_change;

        assert_int_equal(change(&scene, frames[i], NOW, &is_change), STATUS_OK);
        assert_true(is_change);
        assert_int_equal(change(&scene, frames[i], NOW, &is_change), STATUS_OK);
        assert_false(is_change);
    }
    assert_int_equal(scene.conversation.change_seq, N_ELEMENTS(frames));
    scene_clear(&scene);
}

static void a_recall_leaves_the_place_and_nothing_in_it(void **state)
{
    struct scene scene;
    bool is_change;

    (void)state;
    scene_init(&scene, "user_a", "member");
    assert_int_equal(change(&scene, REACT, NOW, &is_change), STATUS_OK);
    assert_int_equal(change(&scene, PIN, NOW, &is_change), STATUS_OK);
    assert_int_equal(change(&scene, RECALL, NOW + 5, &is_change), STATUS_OK);
    assert_string_equal(scene.message.content.text, "{}");
    assert_int_equal(scene.message.recalled_at, NOW + 5);
    assert_int_equal(scene.message.reactions.n, 0);
    assert_int_equal(scene.conversation.pinned_ids.n, 0);
    assert_int_equal(scene.conversation.removed_seq, 7);
    scene_clear(&scene);
}

/* A former owner may have carried out a part: the message, but not the conversation. */
static void a_change_that_is_half_in_is_completed(void **state)
{
    struct change_document recall = {.kind = (char *)CHANGE_RECALL,
                                     .message_id = (char *)"group:g/0123456789abcdef",
                                     .change_seq = 3,
                                     .seq = 7,
                                     .created_at = NOW};
    struct scene scene;

    (void)state;
    scene_init(&scene, "user_a", "member");
    scene.message.change_seq = 3;
    scene.conversation.change_seq = 2;
    strings_add(&scene.conversation.pinned_ids, "0123456789abcdef");
    change_apply(&recall, &scene.message, &scene.conversation);
    assert_string_equal(scene.message.content.text, "{\"text\":\"one\"}"); /* as it was found */
    assert_int_equal(scene.conversation.change_seq, 3);
    assert_int_equal(scene.conversation.removed_seq, 7);
    assert_int_equal(scene.conversation.pinned_ids.n, 0);
    scene_clear(&scene);
}

static void reactions_and_emojis_have_their_limits(void **state)
{
    struct scene scene;
    char text[40];
    bool is_change;

    (void)state;
    scene_init(&scene, "user_b", "member");
    for (int i = 0; i < EMOJIS_MAX; i++) {
        (void)snprintf(text, sizeof text, "e%d user_%d", i, i);
        strings_add(&scene.message.reactions, text);
    }
    assert_int_equal(change(&scene, REACT, NOW, &is_change), STATUS_FORBIDDEN);
    assert_string_equal(scene.err.text, "a message has at most 20 emojis");
    assert_int_equal(change(&scene, FRAME(35, ",\"emoji\":\"e3\""), NOW, &is_change), STATUS_OK);
    assert_int_equal(change_count_reactions(&scene.message, "e3"), 2);
    for (int i = (int)scene.message.reactions.n; i < REACTIONS_MAX; i++) {
        (void)snprintf(text, sizeof text, "e1 user_%d", 1000 + i);
        strings_add(&scene.message.reactions, text);
    }
    assert_int_equal(change(&scene, FRAME(35, ",\"emoji\":\"e1\""), NOW, &is_change),
                     STATUS_FORBIDDEN);
    assert_string_equal(scene.err.text, "a message has at most 1000 reactions");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_do_what_and_until_when),
        cmocka_unit_test(what_one_cannot_see_is_not_there),
        cmocka_unit_test(the_same_again_is_no_change),
        cmocka_unit_test(a_recall_leaves_the_place_and_nothing_in_it),
        cmocka_unit_test(a_change_that_is_half_in_is_completed),
        cmocka_unit_test(reactions_and_emojis_have_their_limits),
    };

    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
