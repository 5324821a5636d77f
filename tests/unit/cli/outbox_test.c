#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "clients/cli/outbox.h"
#include "record/record.h"

/* The frame that goes out now, or "". */
static const char *frame_at(struct outbox *outbox, int64_t now, struct buffer *frame)
{
    frame->length = 0;
    return outbox_take_frame(outbox, now, frame) ? buffer_text(frame) : "";
}

static void add(struct outbox *outbox, bool in_group, const char *peer, const char *text)
{
    CLEANUP(buffer_clear) struct buffer content = {0};

    buffer_add_text(&content, "{\"text\":");
    json_add_string(&content, text);
    buffer_add_text(&content, "}");
    outbox_add(outbox, in_group, peer, 0, buffer_text(&content), text);
}

static void settle(struct outbox *outbox, const char *message_id)
{
    struct outgoing *sent = NULL;

    assert_true(outbox_settle(outbox, message_id, STATUS_OK, 0, &sent));
    outgoing_free(sent);
}

static void sends_the_next_only_when_the_one_before_is_acknowledged(void **state)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};
    struct outbox outbox = {0};
    struct outgoing *none = NULL;

    (void)state;
    add(&outbox, false, "user_b", "one \"quoted\"");
    add(&outbox, true, "group_g", "two");
    assert_non_null(strstr(frame_at(&outbox, 1, &frame), "{\"text\":\"one \\\"quoted\\\"\"}"));
    assert_non_null(strstr(buffer_text(&frame), "\"to\":\"user_b\""));
    assert_string_equal(frame_at(&outbox, 2, &frame), "");
    assert_false(outbox_settle(&outbox, "another", STATUS_OK, 3, &none));
    settle(&outbox, outbox.first->message_id);
    assert_non_null(strstr(frame_at(&outbox, 4, &frame), "\"group_id\":\"group_g\""));
    settle(&outbox, outbox.first->message_id);
    assert_null(outbox.last);
    assert_true(outbox_next(&outbox) == INT64_MAX);
}

static void sends_the_same_again_after_a_loss_or_when_no_ack_came(void **state)
{
    CLEANUP(buffer_clear) struct buffer first = {0};
    CLEANUP(buffer_clear) struct buffer again = {0};
    struct outbox outbox = {0};

    (void)state;
    add(&outbox, false, "user_b", "one");
    assert_string_not_equal(frame_at(&outbox, 1, &first), "");
    assert_string_equal(frame_at(&outbox, ACK_MS, &again), "");
    assert_string_equal(frame_at(&outbox, 1 + ACK_MS, &again), buffer_text(&first));
    outbox_again(&outbox);
    assert_string_equal(frame_at(&outbox, 2 + ACK_MS, &again), buffer_text(&first));
    settle(&outbox, outbox.first->message_id);
}

static void tries_again_what_was_refused_for_now_until_patience_ends(void **state)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};
    struct outbox outbox = {0};
    struct outgoing *failed = NULL;
    int64_t now = 1;
    int tries = 0;

    (void)state;
    add(&outbox, false, "user_b", "one");
    while (!failed) {
        assert_string_not_equal(frame_at(&outbox, now, &frame), "");
        tries++;
        if (!outbox_settle(&outbox, outbox.first->message_id, STATUS_UNAVAILABLE, now, &failed)) {
            assert_true(outbox_next(&outbox) > now);
            now = outbox_next(&outbox);
        }
    }
    assert_true(now > PATIENCE_MS && now < 2 * PATIENCE_MS);
    assert_in_range(tries, 5, 20);
    outgoing_free(failed);
}

static void gives_up_at_once_what_is_refused_for_good(void **state)
{
    CLEANUP(buffer_clear) struct buffer frame = {0};
    struct outbox outbox = {0};
    struct outgoing *failed = NULL;

    (void)state;
    add(&outbox, false, "user_b", "one");
    assert_string_not_equal(frame_at(&outbox, 1, &frame), "");
    assert_true(outbox_settle(&outbox, outbox.first->message_id, STATUS_NOT_FOUND, 2, &failed));
    assert_string_equal(failed->text, "one");
    outgoing_free(failed);
    assert_null(outbox_take(&outbox));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_the_next_only_when_the_one_before_is_acknowledged),
        cmocka_unit_test(sends_the_same_again_after_a_loss_or_when_no_ack_came),
        cmocka_unit_test(tries_again_what_was_refused_for_now_until_patience_ends),
        cmocka_unit_test(gives_up_at_once_what_is_refused_for_good),
    };

    return cmocka_run_group_tests_name("cli outbox", tests, NULL, NULL);
}
