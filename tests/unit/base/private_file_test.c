#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Nobody writes into the pipe: who opened it as a file would wait for ever. */
static void is_read_only_when_it_is_a_file_that_is_ours(void **state)
{
    static const struct {
        const char *name;
        enum status status;
        const char *why;
    } cases[] = {
        {"good", STATUS_OK, ""},
        {"open", STATUS_INVALID, "others may read it"},
        {"pipe", STATUS_INVALID, "is not a file"},
        {".", STATUS_INVALID, "is not a file"},
        {"none", STATUS_NOT_FOUND, "No such file"},
    };
    char folder[] = "/tmp/parley-private-XXXXXX";
    int folder_fd, fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
    fd = openat(folder_fd, "good", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "secret", 6), 6);
    close(fd);
    close(openat(folder_fd, "open", O_WRONLY | O_CREAT, 0604));
    assert_int_equal(mkfifoat(folder_fd, "pipe", 0600), 0);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char text[4];
        size_t n = 0;
        struct error err = {0};

        assert_int_equal(
            private_file_read(folder_fd, cases[i].name, text, sizeof text, &n, NULL, &err),
            cases[i].status);
        assert_non_null(strstr(err.text, cases[i].why));
        if (cases[i].status == STATUS_OK) {
            assert_int_equal(n, 4);
            assert_memory_equal(text, "secr", 4);
        }
        (void)unlinkat(folder_fd, cases[i].name, 0); /* not ".", which is none */
    }
    close(folder_fd);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ours_alone_or_roots_who_lets_our_group_read),
        cmocka_unit_test(is_read_only_when_it_is_a_file_that_is_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
