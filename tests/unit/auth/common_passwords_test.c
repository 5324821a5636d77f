/* Which passwords are refused before anybody guesses them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "services/auth/common_passwords.h"

#define LIST "services/auth/common_passwords.txt"

static struct error err;

static enum status check(const char *password, const char *username)
{
    return password_is_uncommon(password, username, "password", &err);
}

static void refuses_every_password_of_the_list_which_is_sorted(void **state)
{
    FILE *list = fopen(LIST, "r");
    char line[128];
    char before[128] = "";
    int n = 0;

    (void)state;
    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        assert_true(strcmp(before, line) < 0);
        assert_true(strlen(line) >= 8);
        if (check(line, "ada") == STATUS_OK)
            fail_msg("'%s' passes", line);
        strcpy(before, line);
        n++;
    }
    (void)fclose(list);
    assert_int_equal(n, 8346);
}

static void refuses_them_in_any_case_and_with_something_around_them(void **state)
{
    static const char *const passwords[] = {
        "PASSWORD", "pAssWord", "password!!", "1password", "...password2026", "ｐａｓｓｗｏｒｄ",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(passwords); i++) {
        assert_int_equal(check(passwords[i], "ada"), STATUS_INVALID);
        assert_string_equal(err.text,
                            "field 'password' is one of the most common passwords: choose another");
        assert_string_equal(err.field, "password");
    }
}

static void refuses_the_username_and_little_more(void **state)
{
    static const struct {
        const char *username;
        const char *password;
    } cases[] = {
        {"annaqibelle.x", "annaqibelle.x"}, {"annaqibelle.x", "ANNAQIBELLE.X"},
        {"annaqibelle.x", "x.ellebiqanna"}, {"annaqibelle", "annaqibelle2026!"},
        {"annaqibelle", "**ellebiqanna**"}, {"annaqibelle99", "annaqibelle_1"},
        {"20261121", "20261121"},           {"ada", "ada12345"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        if (check(cases[i].password, cases[i].username) == STATUS_OK)
            fail_msg("%s takes %s", cases[i].username, cases[i].password);
        assert_string_equal(err.text,
                            "field 'password' is hardly more than the username: choose another");
    }
}

static void takes_what_is_neither(void **state)
{
    static const struct {
        const char *username;
        const char *password;
    } cases[] = {
        {"ada", "correct horse battery"}, {"ada", "adamant-7-coats"}, {"x-1", "x-mas 2026 x"},
        {"12345", "98765432-1"},          {"ada", "пароль-密码-🐚"},   {"ada", "8 chars!"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(check(cases[i].password, cases[i].username), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_every_password_of_the_list_which_is_sorted),
        cmocka_unit_test(refuses_them_in_any_case_and_with_something_around_them),
        cmocka_unit_test(refuses_the_username_and_little_more),
        cmocka_unit_test(takes_what_is_neither),
    };

    return cmocka_run_group_tests_name("auth common passwords", tests, NULL, NULL);
}
