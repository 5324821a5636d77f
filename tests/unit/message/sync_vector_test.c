#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "services/message/sync_vector.h"

static const struct sync_known known = {"user_b", 7, 2, 3, 4, 5, 6};

static void finds_what_was_written(void **state)
{
    struct buffer text = {0};
    struct sync_vector vector;
    const struct sync_known *found;

    (void)state;
    sync_vector_add(&text, &known);
    sync_vector_add(&text, &(struct sync_known){"group:group_a", 9000000000000, 0, 0, 0, 0, 1});
    assert_int_equal(sync_vector_read(buffer_take(&text), &vector, NULL), STATUS_OK);
    found = sync_vector_find(&vector, "user_b");
    assert_non_null(found);
    assert_int_equal(found->last_seq, 7);
    assert_int_equal(found->round, 6);
    assert_false(sync_differs(found, &known));
    assert_int_equal(sync_vector_find(&vector, "group:group_a")->last_seq, 9000000000000);
    assert_null(sync_vector_find(&vector, "user_c"));
    sync_vector_clear(&vector);
}

static void an_empty_vector_knows_nothing(void **state)
{
    struct sync_vector vector;

    (void)state;
    assert_int_equal(sync_vector_read(memory_text(""), &vector, NULL), STATUS_OK);
    assert_null(sync_vector_find(&vector, "user_a"));
    sync_vector_clear(&vector);
}

static void refuses_what_it_did_not_write(void **state)
{
    static const char *const texts[] = {"user_a 1 2 3 4 5\n", "user_a 1 2 3 4 5 6 7\n",
                                        "user_a 1 2 3 x 5 6\n", " 1 2 3 4 5 6\n", "\n"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        struct sync_vector vector;
        struct error err = {0};

        assert_int_equal(sync_vector_read(memory_text(texts[i]), &vector, &err), STATUS_INTERNAL);
        assert_true(strncmp(err.text, "not a line of a vector", 22) == 0);
        sync_vector_clear(&vector);
    }
}

static void each_kind_of_news_makes_a_difference(void **state)
{
    struct sync_known news[] = {known, known, known, known, known};

    (void)state;
    news[0].last_seq++;
    news[1].change_seq++;
    news[2].version++;
    news[3].touched++;
    news[4].rev++;
    for (size_t i = 0; i < N_ELEMENTS(news); i++)
        assert_true(sync_differs(&known, &news[i]));
    assert_true(sync_differs(NULL, &(struct sync_known){0}));
}

static void a_page_that_was_given_is_no_news(void **state)
{
    struct sync_known now = known;

    (void)state;
    now.round++;
    assert_false(sync_differs(&known, &now));
}

static void a_conversation_is_named_by_the_other_or_the_group(void **state)
{
    static const char *const cases[][3] = {{"single:user_a:user_b", "user_a", "user_b"},
                                           {"single:user_a:user_b", "user_b", "user_a"},
                                           {"group:group_a", "user_a", "group:group_a"}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(free) char *key = sync_key(cases[i][0], cases[i][1]);

        assert_string_equal(key, cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_written),
        cmocka_unit_test(an_empty_vector_knows_nothing),
        cmocka_unit_test(refuses_what_it_did_not_write),
        cmocka_unit_test(each_kind_of_news_makes_a_difference),
        cmocka_unit_test(a_page_that_was_given_is_no_news),
        cmocka_unit_test(a_conversation_is_named_by_the_other_or_the_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
