#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/temporary.h"
#include "token/digest.h"

static void has_no_name_and_keeps_what_is_written(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    struct stat file;
    char text[16] = "";
    struct error err;

    (void)state;
    assert_int_equal(temporary_open(&fd, &err), STATUS_OK);
    assert_int_equal(temporary_write(fd, "ab", 2, &err), STATUS_OK);
    assert_int_equal(temporary_write(fd, "c", 1, &err), STATUS_OK);
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(file.st_nlink, 0);
    assert_int_equal(pread(fd, text, sizeof text - 1, 0), 3);
    assert_string_equal(text, "abc");
}

/* The example of FIPS 180-2, from the beginning wherever the file's place is. */
static void is_summed_up_by_its_content(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    char digest[DIGEST_MAX];
    struct error err;

    (void)state;
    assert_int_equal(temporary_open(&fd, &err), STATUS_OK);
    assert_int_equal(temporary_write(fd, "abc", 3, &err), STATUS_OK);
    assert_int_equal(digest_of_file(fd, digest, &err), STATUS_OK);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(digest_of_file(-1, digest, &err), STATUS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_no_name_and_keeps_what_is_written),
        cmocka_unit_test(is_summed_up_by_its_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
