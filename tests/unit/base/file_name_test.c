#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/file_name.h"
#include "base/utf8.h"

static void keeps_of_a_name_what_is_one(void **state)
{
    static const struct {
        const char *given;
        const char *kept;
    } cases[] = {
        {"a.txt", "a.txt"},
        {"\xe5\x9b\xbe\xe7\x89\x87 1.png", "\xe5\x9b\xbe\xe7\x89\x87 1.png"},
        {"../../etc/passwd", "passwd"},
        {"C:\\temp\\a.txt", "a.txt"},
        {"a/", "file"},
        {"..", "file"},
        {".bashrc", "bashrc"},
        {"  a", "a"},
        {"a\r\nb\x7f.txt", "ab.txt"},
        {"a\"*:<>?|b", "ab"},
        {"a\xe2\x80\xaegnp.exe", "agnp.exe"}, /* U+202E turns what follows around */
        {"a\xe2\x80\x8b.txt", "a.txt"},       /* U+200B has no width */
        {"\xff.txt", "file"},
        {"", "file"},
        {NULL, "file"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(free) char *kept = file_name_clean(cases[i].given);

        assert_string_equal(kept, cases[i].kept);
    }
}

static void keeps_the_end_of_a_long_name(void **state)
{
    char name[1200] = "";
    CLEANUP(free) char *kept = NULL;

    (void)state;
    for (int i = 0; i < 300; i++)
        strcat(name, "\xe5\x9b\xbe");
    strcat(name, ".jpg");
    kept = file_name_clean(name);
    assert_int_equal(utf8_length(kept, strlen(kept)), FILE_NAME_MAX);
    assert_string_equal(kept + strlen(kept) - 4, ".jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_of_a_name_what_is_one),
        cmocka_unit_test(keeps_the_end_of_a_long_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
