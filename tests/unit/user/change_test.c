#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "wire/user_api.h"

#define NOW 1700000000000 /* 2023-11-14 */

static enum status check(const char *json, struct error *err)
{
    struct user_change change;
    enum status s;

    s = record_from_json(&user_change_record, json, strlen(json), &change, err);
    if (s == STATUS_OK)
        s = user_change_check(&change, NOW, err);
    record_clear(&user_change_record, &change);
    return s;
}

static void accepts_what_people_are_like(void **state)
{
    static const char *const cases[] = {
        "{}",
        "{\"nickname\":\"Zoë 🌊\"}",
        "{\"bio\":\"two\\nlines\\tand a tab\"}",
        ("{\"bio\":\"\",\"avatar\":\"\",\"gender\":\"\",\"birthday\":\"\",\"region\":\"\","
         "\"email\":\"\"}"),
        "{\"gender\":\"female\"}",
        "{\"birthday\":\"2000-02-29\"}",
        "{\"birthday\":\"1900-01-01\"}",
        "{\"avatar\":\"https://example.org/a.png?b=c\"}",
        "{\"avatar\":\"/api/files/file_01\"}",
        "{\"email\":\"a.b+c@mail.example.org\"}",
        "{\"shoe_size\":44}",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error err = {0};

        if (check(cases[i], &err) != STATUS_OK)
            fail_msg("%s: %s", cases[i], err.text);
    }
}

static void refuses_what_cannot_be_and_names_the_field(void **state)
{
    static const struct {
        const char *json;
        const char *field;
    } cases[] = {
        {"{\"nickname\":\"\"}", "nickname"},
        {"{\"nickname\":\"   \"}", "nickname"},
        {"{\"nickname\":\"a\\nb\"}", "nickname"},
        {"{\"nickname\":\"a\\u0007\"}", "nickname"},
        {"{\"nickname\":\"a\\u0085\"}", "nickname"},
        {"{\"nickname\":\"a\\u202eb\"}", "nickname"},
        {"{\"nickname\":7}", "nickname"},
        {"{\"bio\":\"\\u001b[2J\"}", "bio"},
        {"{\"gender\":\"cat\"}", "gender"},
        {"{\"birthday\":\"1990-02-30\"}", "birthday"},
        {"{\"birthday\":\"1990-13-01\"}", "birthday"},
        {"{\"birthday\":\"1990-1-1\"}", "birthday"},
        {"{\"birthday\":\"1899-12-31\"}", "birthday"},
        {"{\"birthday\":\"2023-11-15\"}", "birthday"},
        {"{\"birthday\":\"19900-1-01\"}", "birthday"},
        {"{\"birthday\":\"yesterday\"}", "birthday"},
        {"{\"avatar\":\"javascript:alert(1)\"}", "avatar"},
        {"{\"avatar\":\"//example.org/a.png\"}", "avatar"},
        {"{\"avatar\":\"https://example.org/a b\"}", "avatar"},
        {"{\"avatar\":\"https://example.org/\\\"onload\"}", "avatar"},
        {"{\"email\":\"nobody\"}", "email"},
        {"{\"email\":\"@example.org\"}", "email"},
        {"{\"email\":\"a@b\"}", "email"},
        {"{\"email\":\"a@b@example.org\"}", "email"},
        {"{\"email\":\"a b@example.org\"}", "email"},
        {"{\"email\":\"a@example..org\"}", "email"},
        {"{\"region\":\" \"}", "region"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error err = {0};

        if (check(cases[i].json, &err) != STATUS_INVALID)
            fail_msg("%s was accepted", cases[i].json);
        assert_string_equal(err.field, cases[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_people_are_like),
        cmocka_unit_test(refuses_what_cannot_be_and_names_the_field),
    };

    return cmocka_run_group_tests_name("user change", tests, NULL, NULL);
}
