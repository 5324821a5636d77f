#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "words/words.h"

/* "term@start+length" for each, and "~" before one that follows. */
static char *shown(const struct words *words)
{
    struct buffer text = {0};

    for (size_t i = 0; i < words->n; i++)
        buffer_printf(&text, "%s%s%s@%lld+%lld", i ? " " : "", words->items[i].follows ? "~" : "",
                      words->items[i].term, (long long)words->items[i].start,
                      (long long)words->items[i].length);
    return buffer_take(&text);
}

static void a_text_becomes_terms_with_their_places(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"Hello, world", "hello@0+5 world@7+5"},
        {"running runs RUN", "run@0+7 run@8+4 run@13+3"},
        {"The connections were connected", "the@0+3 connect@4+11 were@16+4 connect@21+9"},
        {"Anna's budget don\u2019t", "anna@0+6 budget@7+6 don't@14+5"},
        {"'quoted' it's'", "quot@1+6 it@9+4"},
        {"anna.b@example.com", "anna@0+4 b@5+1 exampl@7+7 com@15+3"},
        {"v2.10 mp3 2026-11-21", "v2@0+2 10@3+2 mp3@6+3 2026@10+4 11@15+2 21@18+2"},
        {"Stra\u00dfe ZOE\u0308 \uff21\uff22", "strass@0+6 zoe@7+4 ab@12+2"},
        {"\u041a\u043d\u0438\u0433\u0438 \u043a\u043d\u0438\u0433\u0443", /* Russian, two cases */
         "\u043a\u043d\u0438\u0433@0+5 \u043a\u043d\u0438\u0433@6+5"},
        {"\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c3@0+4"},
        {"東京大学", "東京@0+2 ~京大@1+2 ~大学@2+2 東@0+1 京@1+1 大@2+1 学@3+1"},
        {"カタカナ", "カタ@0+2 ~タカ@1+2 ~カナ@2+2"},
        {"ﾊﾟﾊﾟ", "パパ@0+4"},
        {"猫", "猫@0+1"},
        {"は", "は@0+1"},
        {"한국어", "한국@0+2 ~국어@1+2"},
        {"\u1112\u1161\u11ab", "한@0+3"}, /* one syllable in parts */
        {"ภาษา", "ภา@0+2 ~าษ@1+2 ~ษา@2+2"},
        {"iPhone手机3月", "iphon@0+6 手机@6+2 手@6+1 机@7+1 3@8+1 月@9+1"},
        {"日本 日本", "日本@0+2 日@0+1 本@1+1 日本@3+2 日@3+1 本@4+1"},
        {"🎉 ok 👍🏽", "ok@2+2"},
        {"co\u00adop", "coop@0+5"},
        {"\u0301", ""},
        {"...", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(words_clear) struct words words;
        CLEANUP(free) char *text = NULL;

        words_of_text(cases[i].text, &words);
        text = shown(&words);
        assert_string_equal(text, cases[i].words);
    }
}

static void a_query_has_single_characters_only_where_they_stand_alone(void **state)
{
    CLEANUP(words_clear) struct words words;
    CLEANUP(free) char *text = NULL;

    (void)state;
    words_of_query("東京大 猫", &words);
    text = shown(&words);
    assert_string_equal(text, "東京@0+2 ~京大@1+2 猫@4+1");
}

static void what_is_not_utf8_has_no_words(void **state)
{
    static const char *const bad[] = {"a\xff", "\xed\xa0\x80", NULL};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct words words;

        words_of_text(bad[i], &words);
        assert_int_equal(words.n, 0);
        assert_null(words.items);
    }
}

static void long_texts_and_long_words_are_cut_at_whole_characters(void **state)
{
    enum { CHARACTERS = WORDS_TEXT_MAX + 100 };
    CLEANUP(words_clear) struct words words;
    CLEANUP(words_clear) struct words many;
    CLEANUP(free) char *text = memory_new(CHARACTERS * 2 + 1);

    (void)state;
    for (size_t i = 0; i < CHARACTERS; i++)
        memcpy(text + 2 * i, "\u03bb", 2);
    words_of_text(text, &words);
    assert_int_equal(words.n, 1);
    assert_int_equal(words.items[0].length, WORDS_TEXT_MAX);
    assert_int_equal(strlen(words.items[0].term), WORDS_TERM_MAX);

    for (size_t i = 0; i < CHARACTERS; i++)
        memcpy(text + 2 * i, " b", 2);
    words_of_text(text, &many);
    assert_int_equal(many.n, WORDS_TEXT_MAX / 2);
}

static void reducing_leaves_each_term_once_and_the_first_of_too_many(void **state)
{
    CLEANUP(words_clear) struct words words;
    CLEANUP(words_clear) struct words none;

    (void)state;
    words_of_text("d c b a b c d", &words);
    words_reduce(&words, 100);
    assert_int_equal(words.n, 4);
    assert_string_equal(words.items[0].term, "a");
    words_reduce(&words, 2);
    assert_int_equal(words.n, 2);
    assert_string_equal(words.items[0].term, "c");
    assert_string_equal(words.items[1].term, "d");
    words_of_text("", &none);
    words_reduce(&none, 2);
    assert_int_equal(none.n, 0);
}

static void a_query_is_found_where_all_its_words_stand(void **state)
{
    static const struct {
        const char *query, *text, *places; /* NULL: not found */
    } cases[] = {
        {"connect", "Connections: connected", "0+11 13+9"},
        {"budget plan", "the plan of the budgets", "4+4 16+7"},
        {"budget plan", "the plan", NULL},
        {"東京大学", "ここは東京大学です", "3+4"},
        {"東京大学", "東京 京大 大学", NULL}, /* its pairs, but apart */
        {"猫", "黒猫が好き", "1+1"},
        {"は", "は、", "0+1"},
        {"한국 hello", "Hello 한국어", "0+5 6+2"},
        {"na", "na na", "0+2 3+2"},
        {"zurich", "in Z\u00fcrich, Zu\u0308rich", "3+6 11+7"},
        {"h\u00f4tel", "Hotel", "0+5"},
        {"ab", "\U0001f389\uff21\uff22", "1+2"},
        {"日日", "日日日", "0+3"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(words_clear) struct words query;
        CLEANUP(words_clear) struct words text;
        CLEANUP(buffer_clear) struct buffer found = {0};
        CLEANUP(free) struct words_place *places = NULL;
        size_t n = 0;
        bool matched;

        words_of_query(cases[i].query, &query);
        words_of_text(cases[i].text, &text);
        matched = words_match(&query, &text, 10, &places, &n);
        for (size_t k = 0; k < n; k++)
            buffer_printf(&found, "%s%lld+%lld", k ? " " : "", (long long)places[k].start,
                          (long long)places[k].length);
        assert_int_equal(matched, cases[i].places != NULL);
        assert_string_equal(buffer_text(&found), cases[i].places ? cases[i].places : "");
    }
}

static void places_are_at_most_as_many_as_wanted(void **state)
{
    CLEANUP(words_clear) struct words query;
    CLEANUP(words_clear) struct words text;
    CLEANUP(free) struct words_place *places = NULL;
    size_t n = 0;

    (void)state;
    words_of_query("a", &query);
    words_of_text("a a a a", &text);
    assert_true(words_match(&query, &text, 3, &places, &n));
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_becomes_terms_with_their_places),
        cmocka_unit_test(a_query_has_single_characters_only_where_they_stand_alone),
        cmocka_unit_test(what_is_not_utf8_has_no_words),
        cmocka_unit_test(long_texts_and_long_words_are_cut_at_whole_characters),
        cmocka_unit_test(reducing_leaves_each_term_once_and_the_first_of_too_many),
        cmocka_unit_test(a_query_is_found_where_all_its_words_stand),
        cmocka_unit_test(places_are_at_most_as_many_as_wanted),
    };

    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
