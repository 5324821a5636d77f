#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "services/user/search.h"
#include "token/base64.h"

static void a_place_comes_back_as_it_was(void **state)
{
    static const struct search_place places[] = {
        {.phase = SEARCH_USERNAMES, .name = (char *)"ann.a_-0"},
        {.phase = SEARCH_NICKNAMES, .name = (char *)"zoë: ß", .user_id = (char *)"user_01"},
        {.phase = SEARCH_NICKNAMES, .name = (char *)"", .user_id = (char *)"user_01"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(places); i++) {
        CLEANUP(free) char *cursor = search_place_write(&places[i]);
        CLEANUP(search_place_clear) struct search_place place;

        assert_int_equal(strspn(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789_-"),
                         strlen(cursor));
        assert_true(search_place_read(cursor, &place));
        assert_int_equal(place.phase, places[i].phase);
        assert_string_equal(place.name, places[i].name);
        if (places[i].user_id)
            assert_string_equal(place.user_id, places[i].user_id);
        else
            assert_null(place.user_id);
    }
}

static void what_is_no_place_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"", 0},      {"x", 1},       {"xanna", 5},      {"nuser_01", 8},
        {"u\xff", 2}, {"uan\0na", 6}, {"nuser:\xc3", 7}, {"ua\0", 3},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char cursor[32] = "";
        struct search_place place;

        base64_encode(cases[i].text, cases[i].length, cursor);
        assert_false(search_place_read(cursor, &place));
        assert_null(place.name);
        assert_null(place.user_id);
    }
    assert_false(search_place_read("a", &(struct search_place){0}));
    assert_false(search_place_read("dWE=", &(struct search_place){0}));
}

static void the_common_beginning_of_two_names_is_counted_in_bytes(void **state)
{
    static const struct {
        const char *username, *nickname_key;
        int64_t n;
    } cases[] = {
        {"anna", "anna", 4}, {"anna", "anna b", 4}, {"anna", "an", 2},
        {"anna", "", 0},     {"anna", "zoë", 0},    {"zo", "zoë", 2},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(search_common(cases[i].username, cases[i].nickname_key), cases[i].n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(the_common_beginning_of_two_names_is_counted_in_bytes),
    };

    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
