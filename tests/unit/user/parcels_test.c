#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/user/parcels.h"
#include "wire/envelope.h"

/* What was delivered, by node. */
static struct {
    size_t messages;
    size_t envelopes;
    size_t users;
    size_t largest;
    char last_node[16];
    char last_users[64];
    enum status status;
} got;

static size_t count_users(struct slice list)
{
    size_t n = list.length > 0;

    for (size_t i = 0; i < list.length; i++)
        n += list.data[i] == ',';
    return n;
}

static enum status take(void *context, const char *node, struct slice body, struct error *err)
{
    struct envelope envelope;

    assert_ptr_equal(context, &got);
    got.messages++;
    if (body.length > got.largest)
        got.largest = body.length;
    (void)snprintf(got.last_node, sizeof got.last_node, "%s", node);
    while (envelope_next(&body, &envelope, NULL) == STATUS_OK) {
        size_t n = count_users(envelope.users_in);

        assert_int_equal(envelope.kind, ENVELOPE_USERS);
        assert_in_range(n, 1, PARCEL_USERS_MAX);
        got.envelopes++;
        got.users += n;
        (void)snprintf(got.last_users, sizeof got.last_users, "%.*s", (int)envelope.users_in.length,
                       envelope.users_in.data);
    }
    assert_int_equal(body.length, 0);
    return got.status == STATUS_OK ? STATUS_OK : error_set(err, got.status, "away");
}

static int set_up(void **state)
{
    (void)state;
    memset(&got, 0, sizeof got);
    return 0;
}

static void names_those_who_get_a_frame_once_per_node(void **state)
{
    struct parcels parcels = {.deliver = take, .context = &got};
    const struct slice frame = slice_of("{}");

    (void)state;
    parcels_add(&parcels, "push-1", "anna", frame);
    parcels_add(&parcels, "push-2", "ben", frame);
    parcels_add(&parcels, "push-2", "carl", frame);
    parcels_close(&parcels, frame);
    assert_int_equal(got.messages, 0);
    assert_int_equal(parcels_send(&parcels, STATUS_OK, NULL), STATUS_OK);
    assert_int_equal(got.messages, 2);
    assert_int_equal(got.envelopes, 2);
    assert_string_equal(got.last_node, "push-2");
    assert_string_equal(got.last_users, "ben,carl");
}

static void cuts_long_lists_of_people(void **state)
{
    struct parcels parcels = {.deliver = take, .context = &got};
    const struct slice frame = slice_of("{}");

    (void)state;
    for (int i = 0; i < 2 * PARCEL_USERS_MAX + 1; i++)
        parcels_add(&parcels, "push-1", "anna", frame);
    parcels_close(&parcels, frame);
    assert_int_equal(parcels_send(&parcels, STATUS_OK, NULL), STATUS_OK);
    assert_int_equal(got.messages, 1);
    assert_int_equal(got.envelopes, 3);
    assert_int_equal(got.users, 2 * PARCEL_USERS_MAX + 1);
}

static void puts_a_thousand_frames_for_one_into_few_messages(void **state)
{
    struct parcels parcels = {.deliver = take, .context = &got};
    char text[300] = {0};
    const struct slice frame = {text, sizeof text};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        parcels_add(&parcels, "push-1", "anna", frame);
        parcels_close(&parcels, frame);
    }
    assert_int_equal(parcels_send(&parcels, STATUS_OK, NULL), STATUS_OK);
    assert_int_equal(got.envelopes, 1000);
    assert_int_equal(got.messages, 2);
    assert_in_range(got.largest, PARCEL_BYTES_MAX / 2, PARCEL_BYTES_MAX);
}

static void nothing_is_sent_for_nobody(void **state)
{
    struct parcels parcels = {.deliver = take, .context = &got};

    (void)state;
    parcels_close(&parcels, slice_of("{}"));
    assert_int_equal(parcels_send(&parcels, STATUS_OK, NULL), STATUS_OK);
    assert_int_equal(got.messages, 0);
}

static void tells_what_failed(void **state)
{
    struct parcels parcels = {.deliver = take, .context = &got};
    struct error err;

    (void)state;
    got.status = STATUS_UNAVAILABLE;
    parcels_add(&parcels, "push-1", "anna", slice_of("{}"));
    parcels_add(&parcels, "push-2", "anna", slice_of("{}"));
    parcels_close(&parcels, slice_of("{}"));
    assert_int_equal(parcels_send(&parcels, STATUS_OK, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "away");
    assert_int_equal(got.messages, 1); /* not again and again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(names_those_who_get_a_frame_once_per_node, set_up),
        cmocka_unit_test_setup(cuts_long_lists_of_people, set_up),
        cmocka_unit_test_setup(puts_a_thousand_frames_for_one_into_few_messages, set_up),
        cmocka_unit_test_setup(nothing_is_sent_for_nobody, set_up),
        cmocka_unit_test_setup(tells_what_failed, set_up),
    };

    return cmocka_run_group_tests_name("user parcels", tests, NULL, NULL);
}
