/* What push's threads hand each other. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/memory.h"
#include "services/push/push.h"
#include "wire/envelope.h"

static void hands_letters_over_in_order(void **state)
{
    struct mailbox mailbox;
    struct letters letters = {0};
    struct letter *letter;

    (void)state;
    assert_int_equal(mailbox_init(&mailbox, NULL), STATUS_OK);
    for (uint64_t i = 1; i <= 3; i++) {
        letter = letter_new(LETTER_CLOSED);
        letter->connection_id = i;
        mailbox_put_one(&mailbox, letter);
    }
    assert_int_equal(mailbox.n, 3);
    mailbox_take(&mailbox, 10000, &letters);
    assert_int_equal(mailbox.n, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        letter = letters_take(&letters);
        assert_int_equal(letter->connection_id, i);
        letter_free(letter);
    }
    assert_null(letters_take(&letters));
    mailbox_put_one(&mailbox, letter_new(LETTER_CLOSED)); /* is freed with it */
    mailbox_clear(&mailbox);
}

static void *put_many(void *context)
{
    for (int i = 0; i < 1000; i++)
        mailbox_put_one(context, letter_new(LETTER_CLOSED));
    return NULL;
}

static void loses_no_wake_up(void **state)
{
    struct mailbox mailbox;
    pthread_t threads[3];
    size_t n = 0;

    (void)state;
    assert_int_equal(mailbox_init(&mailbox, NULL), STATUS_OK);
    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, put_many, &mailbox);
    while (n < N_ELEMENTS(threads) * 1000) {
        struct letters letters = {0};

        mailbox_take(&mailbox, 10000, &letters);
        assert_true(letters.n > 0); /* or it slept through one */
        n += letters.n;
        letters_clear(&letters);
    }
    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    mailbox_clear(&mailbox);
}

static void add_command(struct buffer *buffer, const char *payload, size_t length)
{
    envelope_add(buffer, &(struct envelope){.kind = ENVELOPE_FRAME, .payload = {payload, length}});
}

static void collects_what_waits_for_a_partition(void **state)
{
    struct outgoing outgoing;
    struct buffer commands[PARTITIONS] = {0};
    struct buffer taken[PARTITIONS] = {0};
    struct envelope envelope;
    struct slice rest;

    (void)state;
    assert_int_equal(outgoing_init(&outgoing, NULL), STATUS_OK);
    add_command(&commands[3], "one", 3);
    add_command(&commands[5], "other", 5);
    outgoing_put(&outgoing, commands);
    add_command(&commands[3], "two", 3);
    outgoing_put(&outgoing, commands);
    assert_int_equal(commands[3].length, 0);
    outgoing_take(&outgoing, taken);
    assert_int_equal(outgoing.bytes, taken[3].length + taken[5].length);
    rest = (struct slice){taken[3].data, taken[3].length};
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_true(slice_is(envelope.payload, "one"));
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_true(slice_is(envelope.payload, "two"));
    assert_int_equal(rest.length, 0);
    for (int i = 0; i < PARTITIONS; i++) {
        buffer_clear(&commands[i]);
        buffer_clear(&taken[i]);
    }
    outgoing_clear(&outgoing);
}

static void hands_over_what_friends_are_to_hear(void **state)
{
    const struct envelope event = {.kind = ENVELOPE_EVENT, .payload = slice_of("{}")};
    CLEANUP(buffer_clear) struct buffer taken = {0};
    struct outgoing outgoing;
    struct envelope envelope;
    struct slice rest;

    (void)state;
    assert_int_equal(outgoing_init(&outgoing, NULL), STATUS_OK);
    outgoing_put_presence(&outgoing, &event);
    outgoing_put_presence(&outgoing, &event);
    outgoing_take_presence(&outgoing, &taken);
    rest = (struct slice){taken.data, taken.length};
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_int_equal(envelope.kind, ENVELOPE_EVENT);
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_int_equal(rest.length, 0);
    outgoing_clear(&outgoing);
}

static void is_full_at_its_limit(void **state)
{
    struct outgoing outgoing = {.bytes = OUTGOING_MAX - 10};

    (void)state;
    assert_false(outgoing_is_full(&outgoing, 10));
    assert_true(outgoing_is_full(&outgoing, 11));
}

static void cuts_bodies_between_envelopes(void **state)
{
    CLEANUP(buffer_clear) struct buffer all = {0};
    CLEANUP(free) char *payload = memory_new(100000);
    struct slice rest;
    struct slice body;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 5; i++)
        add_command(&all, payload, 100000);
    rest = (struct slice){all.data, all.length};
    while ((body = outgoing_body(&rest)).length > 0) {
        struct envelope envelope;

        assert_true(body.length <= OUTGOING_BODY_MAX);
        while (envelope_next(&body, &envelope, NULL) == STATUS_OK)
            n++;
        assert_int_equal(body.length, 0);
    }
    assert_int_equal(n, 5);
}

static void takes_one_that_is_too_large_alone(void **state)
{
    CLEANUP(buffer_clear) struct buffer all = {0};
    CLEANUP(free) char *payload = memory_new(300000);
    struct slice rest;

    (void)state;
    add_command(&all, payload, 300000);
    add_command(&all, payload, 1);
    rest = (struct slice){all.data, all.length};
    assert_true(outgoing_body(&rest).length > 300000);
    assert_true(outgoing_body(&rest).length < 300);
    assert_int_equal(rest.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_letters_over_in_order),
        cmocka_unit_test(loses_no_wake_up),
        cmocka_unit_test(collects_what_waits_for_a_partition),
        cmocka_unit_test(hands_over_what_friends_are_to_hear),
        cmocka_unit_test(is_full_at_its_limit),
        cmocka_unit_test(cuts_bodies_between_envelopes),
        cmocka_unit_test(takes_one_that_is_too_large_alone),
    };

    return cmocka_run_group_tests_name("push queues", tests, NULL, NULL);
}
