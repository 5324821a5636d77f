#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/message/pages.h"

#define NONE -1

static void a_day_begins_where_its_clock_says(void **state)
{
    static const struct {
        const char *day;
        int64_t offset;
        int64_t at;
    } cases[] = {
        {"2026-11-21", 0, 1795219200000},
        {"2026-11-21", 480, 1795219200000 - 8 * 3600000},
        {"2026-11-21", -300, 1795219200000 + 5 * 3600000},
        {"2024-02-29", 0, 1709164800000},
        {"1969-12-31", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct history_page page = {
            .after_seq = NONE, .at = NONE, .day = (char *)cases[i].day, .offset = cases[i].offset};
        int64_t at;

        assert_int_equal(page_check(&page, &at, NULL), STATUS_OK);
        assert_int_equal(at, cases[i].at);
    }
}

static void what_cannot_be_answered_names_its_field(void **state)
{
    static char day[] = "2026-11-21", feb_30[] = "2026-02-30", letters[] = "today-----",
                feb_29[] = "2026-02-29", short_month[] = "2026-2-021";
    static const struct {
        struct history_page page;
        const char *field;
    } cases[] = {
        {{.after_seq = NONE, .at = NONE, .day = feb_30}, "day"},
        {{.after_seq = NONE, .at = NONE, .day = feb_29}, "day"},
        {{.after_seq = NONE, .at = NONE, .day = letters}, "day"},
        {{.after_seq = NONE, .at = NONE, .day = short_month}, "day"},
        {{.after_seq = 0, .at = NONE, .day = day}, "day"},
        {{.after_seq = NONE, .at = 5, .day = day}, "day"},
        {{.after_seq = NONE, .at = NONE, .last_seq = 4, .around_seq = 4}, "around_seq"},
        {{.after_seq = NONE, .at = 0, .around_seq = 4}, "around_seq"},
        {{.after_seq = 0, .at = 0}, "at"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error err = {0};
        int64_t at;

        assert_int_equal(page_check(&cases[i].page, &at, &err), STATUS_INVALID);
        assert_string_equal(err.field, cases[i].field);
    }
}

static void a_page_is_halved_and_full_if_it_can_be(void **state)
{
    static const struct {
        size_t limit, n_before, n_after, before;
    } cases[] = {
        {10, 11, 11, 5}, {9, 10, 10, 4}, {1, 2, 2, 0},    {1, 2, 0, 1},   {10, 2, 11, 2},
        {10, 11, 3, 7},  {10, 2, 3, 2},  {10, 11, 0, 10}, {10, 0, 11, 0}, {10, 11, 5, 5},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(page_divide(cases[i].limit, cases[i].n_before, cases[i].n_after),
                         cases[i].before);
}

static void one_reads_ones_spans_as_far_as_the_conversation_goes(void **state)
{
    static char id[] = "group:group_g";
    struct span spans[] = {
        {.from_seq = 1, .to_seq = 3}, {.from_seq = 5, .to_seq = 9}, {.from_seq = 12}};
    const struct row_document row = {.spans = {spans, 3}};
    static const struct {
        int64_t first_seq, last_seq;
        const char *seen; /* of 1 to 14 */
    } cases[] = {
        {0, 14, "xxx.xxxxx..xxx"},
        {0, 13, "xxx.xxxxx..xx."},
        {6, 8, ".....xxx......"},
        {10, 11, ".............."},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct conversation_document conversation = {
            .id = id, .first_seq = cases[i].first_seq, .last_seq = cases[i].last_seq};
        CLEANUP(readable_clear) struct readable readable;

        readable_init(&readable, &conversation, &row, "user_a");
        for (int64_t seq = 1; seq <= 14; seq++)
            assert_int_equal(readable_has(&readable, seq), cases[i].seen[seq - 1] == 'x');
    }
}

static void both_read_all_of_a_private_conversation(void **state)
{
    static char id[] = "single:user_a:user_b";
    const struct conversation_document conversation = {.id = id, .first_seq = 3, .last_seq = 7};
    CLEANUP(readable_clear) struct readable readable;

    (void)state;
    readable_init(&readable, &conversation, NULL, "user_a");
    assert_false(readable_has(&readable, 2));
    assert_true(readable_has(&readable, 3));
    assert_true(readable_has(&readable, 7));
    assert_false(readable_has(&readable, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_begins_where_its_clock_says),
        cmocka_unit_test(what_cannot_be_answered_names_its_field),
        cmocka_unit_test(a_page_is_halved_and_full_if_it_can_be),
        cmocka_unit_test(one_reads_ones_spans_as_far_as_the_conversation_goes),
        cmocka_unit_test(both_read_all_of_a_private_conversation),
    };

    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
