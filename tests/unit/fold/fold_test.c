#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/memory.h"
#include "fold/fold.h"

static void names_that_look_the_same_fold_to_the_same(void **state)
{
    static const struct {
        const char *text, *folded;
    } cases[] = {
        {"anna", "anna"},
        {"Anna", "anna"},
        {"ＡＮＮＡ", "anna"},
        {"Straße", "strasse"},
        {"STRASSE", "strasse"},
        {"STRA\u1e9eE", "strasse"},
        {"\u0130stanbul", "i\u0307stanbul"}, /* İ keeps its dot in every language but Turkish */
        {"\u0131", "\u0131"},
        {"Zoe\u0308", "zo\u00eb"}, /* a combining mark and the composed letter */
        {"ZO\u00cb", "zo\u00eb"},
        {"q\u0307\u0323", "q\u0323\u0307"}, /* marks in any order */
        {"q\u0323\u0307", "q\u0323\u0307"},
        {"\u1112\u1161\u11ab", "\ud55c"}, /* Hangul in parts */
        {"한", "한"},
        {"ﾊﾝｶｸ", "ハンカク"},
        {"ﬁn", "fin"},
        {"ΟΔΟΣ", "οδοσ"},
        {"οδος", "οδοσ"},
        {"K\u212a", "kk"}, /* the Kelvin sign */
        {"x²", "x2"},
        {"🐚", "🐚"},
        {"☺\ufe0f", "☺"},
        {"می\u200cخواهم", "میخواهم"},
        {"co\u00adop", "coop"},
        {"\u200b\u2060", ""},
        {"", ""},
        {"\U0010ffff", "\U0010ffff"}, /* assigned to nobody */
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *folded = fold_name(cases[i].text);
        char *again = fold_name(folded);

        assert_non_null(folded);
        assert_string_equal(folded, cases[i].folded);
        assert_string_equal(again, folded);
        free(folded);
        free(again);
    }
}

static void what_is_not_utf8_has_no_folded_form(void **state)
{
    static const char *const bad[] = {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_null(fold_name(bad[i]));
    assert_null(fold_name(NULL));
}

static void long_texts_are_folded_whole(void **state)
{
    enum { BYTES = 10 * 1024 };
    char *upper = memory_new(BYTES + 1);
    char *wide = memory_new(BYTES + 1);
    char *folded;

    (void)state;
    memset(upper, 'A', BYTES);
    folded = fold_name(upper);
    assert_int_equal(strlen(folded), BYTES);
    assert_int_equal(strspn(folded, "a"), BYTES);
    free(folded);

    /* U+FDFA, three bytes, becomes eighteen characters: none becomes more. */
    for (size_t i = 0; i + 3 <= BYTES; i += 3)
        memcpy(wide + i, "\ufdfa", 3);
    folded = fold_name(wide);
    assert_int_equal(strlen(folded), BYTES / 3 * 33);
    free(folded);
    free(upper);
    free(wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_look_the_same_fold_to_the_same),
        cmocka_unit_test(what_is_not_utf8_has_no_folded_form),
        cmocka_unit_test(long_texts_are_folded_whole),
    };

    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
