/* A username and a nickname for who comes by a provider. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "services/auth/oauth.h"
#include "wire/user_api.h"

static void a_name_is_brought_into_our_alphabet(void **state)
{
    static const struct {
        const char *username, *email, *name, *expected;
    } cases[] = {
        {"Anna_M.-1", NULL, NULL, "anna_m.-1"},
        {"\xef\xbc\xa1\xef\xbc\xae\xef\xbc\xae\xef\xbc\xa1", NULL, NULL, "anna"}, /* full width */
        {"anna@corp.example.com", NULL, NULL, "anna"},
        {NULL, "anna@corp.example.com", "Else", "anna"},
        {"an", "anna@corp.example.com", NULL, "anna"},
        {"\xe5\xae\x89\xe5\xa8\x9c", "a@corp.example.com", "Anna M", "anna-m"}, /* 安娜 */
        {NULL, NULL, "Anna  Maria M.", "anna--maria-m"},
        {"--anna--", NULL, NULL, "anna"},
        {"@@@", "@", ".", "user"},
        {NULL, NULL, NULL, "user"},
        {"", "", "", "user"},
        {"a/../../b\r\nc", NULL, NULL, "a....bc"},
        {"abcdefghijklmnopqrstuvwxyz0123456789", NULL, NULL, "abcdefghijklmnopqrstuvwxyz012345"},
        {"Deleted-One", "anna@example.com", NULL, "anna"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct id_token_claims claims = {.preferred_username = (char *)cases[i].username,
                                         .email = (char *)cases[i].email,
                                         .name = (char *)cases[i].name};
        CLEANUP(free) char *name = newcomer_name(&claims);

        assert_string_equal(name, cases[i].expected);
    }
}

static void a_taken_name_gets_a_suffix_that_fits(void **state)
{
    static const char longest[] = "abcdefghijklmnopqrstuvwxyz012345";
    CLEANUP(free) char *first = newcomer_name_numbered("anna", 1);
    CLEANUP(free) char *second = newcomer_name_numbered("anna", 2);
    CLEANUP(free) char *ninth = newcomer_name_numbered(longest, 9);
    CLEANUP(free) char *tenth = newcomer_name_numbered(longest, 10);
    CLEANUP(free) char *other = newcomer_name_numbered(longest, 10);

    (void)state;
    assert_string_equal(first, "anna");
    assert_string_equal(second, "anna-2");
    assert_string_equal(ninth, "abcdefghijklmnopqrstuvwxyz0123-9");
    assert_int_equal(strlen(tenth), USERNAME_MAX);
    assert_int_equal(strncmp(tenth, "abcdefghijklmnopqrstuvwxy-", 26), 0);
    assert_int_equal(strspn(tenth, USERNAME_ALPHABET), USERNAME_MAX);
    assert_string_not_equal(tenth, other);
}

static void a_nickname_is_one_that_can_be_shown(void **state)
{
    static const struct {
        const char *name, *expected;
    } cases[] = {
        {"Ännchen 🐚", "Ännchen 🐚"}, {NULL, "anna"},           {"", "anna"},
        {"a\nb", "anna"},           {"\xe2\x80\xae", "anna"}, {"   ", "anna"},
    };
    struct id_token_claims claims = {0};
    CLEANUP(buffer_clear) struct buffer longer = {0};
    CLEANUP(free) char *cut = NULL;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(free) char *name = NULL;

        claims.name = (char *)cases[i].name;
        name = newcomer_nickname(&claims, "anna");
        assert_string_equal(name, cases[i].expected);
    }
    for (int i = 0; i < 100; i++)
        buffer_add_text(&longer, "ä");
    claims.name = buffer_text(&longer);
    cut = newcomer_nickname(&claims, "anna");
    assert_int_equal(utf8_length(cut, strlen(cut)), NICKNAME_MAX);
}

static void the_name_of_an_identity_is_no_longer_than_its_list_shows(void **state)
{
    struct id_token_claims claims = {.email = (char *)"anna@example.com"};
    CLEANUP(buffer_clear) struct buffer longer = {0};
    CLEANUP(free) char *by_email = identity_name(&claims);
    CLEANUP(free) char *cut = NULL;

    (void)state;
    assert_string_equal(by_email, "anna@example.com");
    for (int i = 0; i < 300; i++)
        buffer_add_text(&longer, "ä");
    claims.preferred_username = buffer_text(&longer);
    cut = identity_name(&claims);
    assert_int_equal(utf8_length(cut, strlen(cut)), IDENTITY_NAME_MAX);
    assert_null(identity_name(&(struct id_token_claims){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_brought_into_our_alphabet),
        cmocka_unit_test(a_taken_name_gets_a_suffix_that_fits),
        cmocka_unit_test(a_nickname_is_one_that_can_be_shown),
        cmocka_unit_test(the_name_of_an_identity_is_no_longer_than_its_list_shows),
    };

    return cmocka_run_group_tests_name("names of newcomers", tests, NULL, NULL);
}
