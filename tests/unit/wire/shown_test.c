#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "wire/shown.h"

#define BLANK "field 'name' is blank"
#define HIDDEN "field 'name' holds a character that cannot be shown"

static void check(enum status (*shown)(const char *, const char *, struct error *),
                  const char *text, const char *refusal)
{
    struct error err = {0};
    enum status s = shown(text, "name", &err);

    if (!refusal) {
        assert_int_equal(s, STATUS_OK);
        return;
    }
    assert_int_equal(s, STATUS_INVALID);
    assert_string_equal(err.field, "name");
    assert_string_equal(err.text, refusal);
}

static void a_name_is_something_to_see(void **state)
{
    static const char *const names[] = {
        "alice",           " a ",     "Zoë", "日本　語",     "a\u00a0b",
        "👩\u200d👩\u200d👧", "❤\ufe0f", "عمر", "علی\u200cرضا",
    };
    static const char *const blank[] = {
        "", " ", "\u00a0", "\u3000 \u3164", "\u2800", "\u200d", "\u200c", "\ufe0f\u2003",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        check(shown_check_line, names[i], NULL);
    for (size_t i = 0; i < N_ELEMENTS(blank); i++)
        check(shown_check_line, blank[i], BLANK);
}

static void nothing_hides_in_a_name(void **state)
{
    static const char *const texts[] = {
        "\x1b[2J", "a\nb",    "a\tb",    "a\x7f",       "a\xc2\x9b",  "al\u200bice", "\u200ea",
        "a\u200f", "\u2028x", "x\u2029", "\u202ecod",   "\u2060",     "a\u2064",     "\u2066a",
        "a\u2069", "\u061ca", "\ufeff",  "a\U000e0041", "\U000e0000", "a\u00ad",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        check(shown_check_line, texts[i], HIDDEN);
}

static void a_text_may_have_lines_and_joiners_but_does_not_turn_around(void **state)
{
    (void)state;
    check(shown_check_text, "", NULL);
    check(shown_check_text, "one\r\n\ttwo\u2028three \u200f\u200c", NULL);
    check(shown_check_text, "a\x1b", HIDDEN);
    check(shown_check_text, "a\x7f", HIDDEN);
    check(shown_check_text, "\u202e", HIDDEN);
    check(shown_check_text, "\u2067", HIDDEN);
    check(shown_check_text, "\xc2\x85", HIDDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_something_to_see),
        cmocka_unit_test(nothing_hides_in_a_name),
        cmocka_unit_test(a_text_may_have_lines_and_joiners_but_does_not_turn_around),
    };

    return cmocka_run_group_tests_name("shown", tests, NULL, NULL);
}
