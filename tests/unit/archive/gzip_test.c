#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/gzip.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "token/digest.h"

#define SIZE (300 * 1024) /* more than the buffers */

static struct error err;

static char *content(void)
{
    char *ret = memory_new(SIZE);

    for (size_t i = 0; i < SIZE; i++)
        ret[i] = (char)(i * i >> 7); /* not too easy to compress */
    return ret;
}

/* A file with the content in it, at its beginning. */
static int written(void)
{
    CLEANUP(free) char *data = content();
    struct gzip *gzip = NULL;
    int fd = -1;

    assert_int_equal(temporary_open(&fd, &err), STATUS_OK);
    assert_int_equal(gzip_write_open(dup(fd), &gzip, &err), STATUS_OK);
    assert_int_equal(gzip_write(gzip, data, 1000, &err), STATUS_OK);
    assert_int_equal(gzip_write(gzip, "", 0, &err), STATUS_OK);
    assert_int_equal(gzip_write(gzip, data + 1000, SIZE - 1000, &err), STATUS_OK);
    assert_int_equal(gzip_finish(gzip, &err), STATUS_OK);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Read it to its end in pieces of 1000 and the rest; what the last call said. */
static enum status read_back(int fd)
{
    CLEANUP(gzip_close) struct gzip *gzip = NULL;
    CLEANUP(free) char *expected = content();
    char piece[1024];
    bool more = true;
    size_t n = 0;
    enum status s;

    assert_int_equal(gzip_read_open(fd, &gzip, &err), STATUS_OK);
    while ((s = gzip_read(gzip, piece, sizeof piece, &more, &err)) == STATUS_OK && more) {
        assert_true(n + sizeof piece <= SIZE);
        assert_memory_equal(piece, expected + n, sizeof piece);
        n += sizeof piece;
    }
    if (s == STATUS_OK)
        assert_int_equal(n, SIZE);
    return s;
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    assert_int_equal(read_back(written()), STATUS_OK);
}

static void notices_that_a_file_was_cut(void **state)
{
    int fd = written();
    struct stat file;

    (void)state;
    assert_int_equal(fstat(fd, &file), 0);
    assert_true(file.st_size < SIZE);
    assert_int_equal(ftruncate(fd, file.st_size - 9), 0);
    assert_int_equal(read_back(fd), STATUS_INVALID);
    assert_string_equal(err.text, "it is damaged or cut");
}

/* In its checksum, so that all of it is read as it was before. */
static void notices_that_a_file_was_changed(void **state)
{
    int fd = written();
    struct stat file;
    char byte;

    (void)state;
    assert_int_equal(fstat(fd, &file), 0);
    assert_int_equal(pread(fd, &byte, 1, file.st_size - 7), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, file.st_size - 7), 1);
    assert_int_equal(read_back(fd), STATUS_INVALID);
}

static void pieces_have_the_digest_of_the_whole(void **state)
{
    CLEANUP(digest_free) struct digest *digest = digest_new();
    CLEANUP(temporary_close) int fd = -1;
    char whole[DIGEST_MAX];
    char pieces[DIGEST_MAX];

    (void)state;
    assert_int_equal(temporary_open(&fd, &err), STATUS_OK);
    assert_int_equal(temporary_write(fd, "hello world", 11, &err), STATUS_OK);
    assert_int_equal(digest_of_file(fd, whole, &err), STATUS_OK);
    digest_add(digest, "hello", 5);
    digest_add(digest, "", 0);
    digest_add(digest, " world", 6);
    digest_end(digest, pieces);
    assert_string_equal(pieces, whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(notices_that_a_file_was_cut),
        cmocka_unit_test(notices_that_a_file_was_changed),
        cmocka_unit_test(pieces_have_the_digest_of_the_whole),
    };

    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
