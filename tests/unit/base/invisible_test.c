#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/invisible.h"
#include "base/utf8.h"

static void each_character_deceives_as_much_as_it_does(void **state)
{
    static const struct {
        const char *text;
        enum invisible is;
    } cases[] = {
        {"a", INVISIBLE_NOT},           {"ü", INVISIBLE_NOT},
        {"日", INVISIBLE_NOT},          {"🐚", INVISIBLE_NOT},
        {" ", INVISIBLE_BLANK},         {"\u00a0", INVISIBLE_BLANK},
        {"\u2800", INVISIBLE_BLANK},    {"\u3000", INVISIBLE_BLANK},
        {"\u3164", INVISIBLE_BLANK},    {"\u200d", INVISIBLE_BLANK},
        {"\ufe0f", INVISIBLE_BLANK},    {"\u200b", INVISIBLE_HIDDEN},
        {"\u2060", INVISIBLE_HIDDEN},   {"\u2064", INVISIBLE_HIDDEN},
        {"\u200e", INVISIBLE_MARK},     {"\u061c", INVISIBLE_MARK},
        {"\u2028", INVISIBLE_MARK},     {"\u2029", INVISIBLE_MARK},
        {"\ufeff", INVISIBLE_MARK},     {"\U000e0000", INVISIBLE_MARK},
        {"\U000e007f", INVISIBLE_MARK}, {"\U000e0080", INVISIBLE_NOT},
        {"\u202a", INVISIBLE_TURNS},    {"\u202e", INVISIBLE_TURNS},
        {"\u2066", INVISIBLE_TURNS},    {"\u2069", INVISIBLE_TURNS},
        {"\xc2\x9b", INVISIBLE_TURNS},  {"\U0010ffff", INVISIBLE_NOT},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const char *text = cases[i].text;
        uint32_t character = utf8_next(&text);

        assert_int_equal(*text, '\0');
        if (invisible_find(character) != cases[i].is)
            fail_msg("U+%04X is %d", character, invisible_find(character));
    }
}

static void characters_are_read_one_by_one(void **state)
{
    const char *text = "aß\u2028🐚";

    (void)state;
    assert_int_equal(utf8_next(&text), 'a');
    assert_int_equal(utf8_next(&text), 0xdf);
    assert_int_equal(utf8_next(&text), 0x2028);
    assert_int_equal(utf8_next(&text), 0x1f41a);
    assert_int_equal(*text, '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_character_deceives_as_much_as_it_does),
        cmocka_unit_test(characters_are_read_one_by_one),
    };

    return cmocka_run_group_tests_name("invisible", tests, NULL, NULL);
}
