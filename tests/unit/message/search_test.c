#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "services/message/search_queue.h"
#include "services/message/terms.h"

/* ---- What the owner hands over */

static struct search_queue queue = SEARCH_QUEUE_INITIALIZER;

static struct search_news *take_one(void)
{
    struct search_news *news = search_queue_take(&queue, 0, 1);

    assert_non_null(news);
    assert_int_equal(HASH_COUNT(news), 1);
    return news;
}

static void news_of_several_batches_are_taken_as_one_without_a_gap(void **state)
{
    struct search_news *news = NULL;

    (void)state;
    (void)search_queue_take_sweep(&queue);
    search_news_add(&news, "c", 5, "c/five");
    search_news_add(&news, "c", 6, NULL); /* a system message */
    search_news_add_change(&news, "c", 2, "c/one");
    search_queue_add(&queue, news);
    news = NULL;
    search_news_add(&news, "c", 7, "c/seven");
    search_news_add_change(&news, "c", 3, NULL); /* a reaction */
    search_queue_add(&queue, news);

    news = take_one();
    assert_string_equal(news->conversation_id, "c");
    assert_int_equal(news->from_seq, 5);
    assert_int_equal(news->to_seq, 7);
    assert_int_equal(news->from_change, 2);
    assert_int_equal(news->to_change, 3);
    assert_int_equal(news->ids.n, 3);
    assert_false(news->has_gap);
    search_news_free(news);
    assert_null(search_queue_take(&queue, 0, 1));
    assert_false(search_queue_take_sweep(&queue));
}

static void what_comes_twice_counts_once_and_what_is_missing_is_a_gap(void **state)
{
    struct search_news *news = NULL;

    (void)state;
    search_news_add(&news, "c", 5, "c/five");
    search_news_add(&news, "c", 5, "c/five");
    search_news_add(&news, "c", 4, "c/four");
    search_queue_add(&queue, news);
    news = take_one();
    assert_int_equal(news->ids.n, 1);
    assert_false(news->has_gap);
    search_news_free(news);

    news = NULL;
    search_news_add(&news, "c", 5, "c/five");
    search_queue_add(&queue, news);
    news = NULL;
    search_news_add(&news, "c", 7, "c/seven"); /* six was another owner's */
    search_queue_add(&queue, news);
    news = take_one();
    assert_int_equal(news->to_seq, 7);
    assert_true(news->has_gap);
    search_news_free(news);
}

static void too_much_news_is_forgotten_and_a_sweep_is_due(void **state)
{
    struct search_news *news = NULL;
    char id[32];

    (void)state;
    for (int i = 1; i <= SEARCH_QUEUE_MAX; i++) {
        (void)snprintf(id, sizeof id, "c/%d", i); /* fits */
        search_news_add(&news, "c", i, id);
    }
    search_queue_add(&queue, news);
    assert_null(search_queue_take(&queue, 0, 1));
    assert_true(search_queue_take_sweep(&queue));
    assert_false(search_queue_take_sweep(&queue));
}

static void conversations_are_taken_in_the_order_of_their_coming(void **state)
{
    struct search_news *news = NULL;

    (void)state;
    search_news_add(&news, "b", 1, "b/1");
    search_news_add(&news, "a", 1, "a/1");
    search_news_add(&news, "c", 1, "c/1");
    search_queue_add(&queue, news);
    for (const char *expected = "bac"; *expected; expected++) {
        news = take_one();
        assert_int_equal(news->conversation_id[0], *expected);
        search_news_free(news);
    }
}

/* ---- What is written of a message */

static struct terms_document terms_for(int64_t msg_type, const char *content)
{
    struct message_document message = {
        .id = (char *)"c/m",
        .conversation_id = (char *)"c",
        .seq = 7,
        .from_user_id = (char *)"u",
        .msg_type = msg_type,
        .content = {.text = (char *)content},
        .created_at = 1781870400123,
    };
    struct terms_document terms;

    terms_of(&message, &terms);
    return terms;
}

static void each_kind_is_found_by_what_people_read_of_it(void **state)
{
    static const struct {
        int64_t msg_type;
        const char *content;
        const char *terms;
    } cases[] = {
        {0, "{\"text\":\"Plans, plans and a plan\",\"reply_to\":\"x\"}", "a and plan"},
        {4, "{\"file_id\":\"f\",\"file_name\":\"Beach.jpg\",\"text\":\"no\"}", "beach jpg"},
        {7, "{\"file_name\":\"report 2026.pdf\"}", "2026 pdf report"},
        {8, "{\"title\":\"Caf\u00e9\",\"lng\":1.5,\"lat\":2}", "cafe"},
        {8, "{\"lng\":1.5,\"lat\":2}", ""},
        {9, "{\"text\":\"custom\"}", ""},
        {3, "{\"event\":\"group.joined\",\"text\":\"x\"}", ""},
        {0, "{}", ""}, /* recalled */
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct terms_document terms = terms_for(cases[i].msg_type, cases[i].content);
        char text[100] = "";

        for (size_t k = 0; k < terms.terms.n; k++) {
            strcat(text, k ? " " : "");
            strcat(text, terms.terms.items[k]);
        }
        assert_string_equal(text, cases[i].terms);
        record_clear(&terms_document_record, &terms);
    }
}

static void places_go_by_time_then_seq(void **state)
{
    struct message_document first = {.conversation_id = (char *)"c", .seq = 7, .created_at = 1000};
    struct message_document next = {.conversation_id = (char *)"c", .seq = 8, .created_at = 1000};
    struct message_document later = {.conversation_id = (char *)"b", .seq = 1, .created_at = 1001};
    struct message_document other = {.conversation_id = (char *)"b", .seq = 7, .created_at = 1000};

    (void)state;
    assert_true(terms_place(&first) < terms_place(&next));
    assert_true(terms_place(&next) < terms_place(&later));
    assert_true(terms_place(&first) != terms_place(&other));
    assert_true(terms_place_at(1000) <= terms_place(&first));
    assert_true(terms_place(&next) < terms_place_at(1001));
}

static void conversations_have_short_keys_of_their_own(void **state)
{
    char a[TERMS_KEY], b[TERMS_KEY];

    (void)state;
    terms_key("single:a:b", a);
    terms_key("single:a:c", b);
    assert_int_equal(strlen(a), TERMS_KEY - 1);
    assert_string_not_equal(a, b);
    terms_key("single:a:b", b);
    assert_string_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_of_several_batches_are_taken_as_one_without_a_gap),
        cmocka_unit_test(what_comes_twice_counts_once_and_what_is_missing_is_a_gap),
        cmocka_unit_test(too_much_news_is_forgotten_and_a_sweep_is_due),
        cmocka_unit_test(conversations_are_taken_in_the_order_of_their_coming),
        cmocka_unit_test(each_kind_is_found_by_what_people_read_of_it),
        cmocka_unit_test(places_go_by_time_then_seq),
        cmocka_unit_test(conversations_have_short_keys_of_their_own),
    };

    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
