#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/private_file.h"

#define SELF 10001
#define OTHER 10002

static void is_ours_alone_or_roots_who_lets_our_group_read(void **state)
{
    static const struct {
        uid_t owner;
        uid_t self;
        mode_t mode;
        bool good;
    } cases[] = {
        {SELF, SELF, 0600, true},  {SELF, SELF, 0400, true},   {SELF, SELF, 0640, false},
        {SELF, SELF, 0604, false}, {SELF, SELF, 0620, false},  {0, SELF, 0440, true},
        {0, SELF, 0640, true},     {0, SELF, 0660, false},     {0, SELF, 0650, false},
        {0, SELF, 0444, false},    {0, SELF, 0644, false},     {0, 0, 0600, true},
        {0, 0, 0640, false},       {OTHER, SELF, 0640, false}, {OTHER, SELF, 0600, true},
        {SELF, 0, 0640, false},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct stat info = {.st_uid = cases[i].owner, .st_mode = S_IFREG | cases[i].mode};

        assert_int_equal(private_file_is_good(&info, cases[i].self), cases[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ours_alone_or_roots_who_lets_our_group_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
