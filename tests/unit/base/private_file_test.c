#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
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

/* ---- Written */

static struct {
    char path[32];
    int fd;
} folder;

static int set_up(void **state)
{
    (void)state;
    strcpy(folder.path, "/tmp/parley-private-XXXXXX");
    assert_non_null(mkdtemp(folder.path));
    folder.fd = open(folder.path, O_RDONLY | O_DIRECTORY);
    return 0;
}

/* Of what is left, only what was asked for: no draft. */
static int tear_down(void **state)
{
    (void)state;
    (void)unlinkat(folder.fd, "file", 0);
    close(folder.fd);
    assert_int_equal(rmdir(folder.path), 0);
    return 0;
}

static void expect_file(const char *wanted)
{
    char text[16] = "";
    struct stat info;
    size_t n;

    assert_int_equal(private_file_read(folder.fd, "file", text, sizeof text - 1, &n, &info, NULL),
                     STATUS_OK);
    assert_string_equal(text, wanted);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void is_written_for_us_alone_over_what_others_could_read(void **state)
{
    (void)state;
    close(openat(folder.fd, "file", O_WRONLY | O_CREAT, 0604));
    assert_int_equal(private_file_write(folder.fd, "file", slice_of("first"), NULL, NULL),
                     STATUS_OK);
    expect_file("first");
    assert_int_equal(private_file_write(folder.fd, "file", slice_of("2nd"), NULL, NULL), STATUS_OK);
    expect_file("2nd");
}

/* Who has the old one open reads it to its end. */
static void takes_the_place_of_the_old_one_and_does_not_write_into_it(void **state)
{
    char text[4] = "";
    int fd;

    (void)state;
    assert_int_equal(private_file_write(folder.fd, "file", slice_of("old"), NULL, NULL), STATUS_OK);
    fd = openat(folder.fd, "file", O_RDONLY);
    assert_int_equal(private_file_write(folder.fd, "file", slice_of("new"), NULL, NULL), STATUS_OK);
    assert_int_equal(read(fd, text, 3), 3);
    assert_string_equal(text, "old");
    close(fd);
}

static void is_made_once_and_the_first_stays(void **state)
{
    (void)state;
    assert_int_equal(private_file_make(folder.fd, "file", slice_of("first"), NULL), STATUS_OK);
    assert_int_equal(private_file_make(folder.fd, "file", slice_of("second"), NULL), STATUS_OK);
    expect_file("first");
}

static void is_found_by_its_whole_path_too(void **state)
{
    char path[48];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/file", folder.path);
    assert_int_equal(private_file_write(AT_FDCWD, path, slice_of("text"), NULL, NULL), STATUS_OK);
    expect_file("text");
}

static void belongs_to_whom_it_is_to(void **state)
{
    struct stat owner = {.st_uid = OTHER, .st_gid = OTHER};

    (void)state;
    if (geteuid() != 0) { /* then we may give it to ourselves only */
        owner.st_uid = geteuid();
        owner.st_gid = getegid();
    }
    assert_int_equal(private_file_write(folder.fd, "file", slice_of("text"), &owner, NULL),
                     STATUS_OK);
    assert_int_equal(fstatat(folder.fd, "file", &owner, 0), 0);
    assert_int_equal(owner.st_uid, geteuid() == 0 ? OTHER : geteuid());
}

static void leaves_nothing_of_what_it_cannot_put_there_and_says_why(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(mkdirat(folder.fd, "file", 0700), 0);
    assert_int_equal(private_file_write(folder.fd, "file", slice_of("text"), NULL, &err),
                     STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "Is a directory");
    assert_int_equal(unlinkat(folder.fd, "file", AT_REMOVEDIR), 0);
    assert_int_equal(private_file_make(folder.fd, "none/file", slice_of("text"), &err),
                     STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_ours_alone_or_roots_who_lets_our_group_read),
        cmocka_unit_test(is_read_only_when_it_is_a_file_that_is_ours),
        cmocka_unit_test_setup_teardown(is_written_for_us_alone_over_what_others_could_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(takes_the_place_of_the_old_one_and_does_not_write_into_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_made_once_and_the_first_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_found_by_its_whole_path_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(belongs_to_whom_it_is_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_nothing_of_what_it_cannot_put_there_and_says_why,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
