/* Archives: read back by libzip's own reader and by unzip's rules for names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zip.h>

#include "archive/archive.h"

#define PIECE 100000
#define PIECES 60 /* many times what is held in memory */

static void add(struct archive *archive, const char *name, const char *text)
{
    assert_int_equal(archive_begin(archive, name, NULL), STATUS_OK);
    assert_int_equal(archive_add(archive, text, strlen(text), NULL), STATUS_OK);
}

/* Takes fd. */
static zip_t *read_back(int fd)
{
    char path[64];
    int code = 0;
    zip_t *zip;

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
    assert_int_equal(code, 0);
    assert_non_null(zip);
    (void)close(fd);
    return zip;
}

static void check(zip_t *zip, const char *name, const char *text)
{
    char found[100] = "";
    zip_file_t *file = zip_fopen(zip, name, 0);

    assert_non_null(file);
    assert_int_equal(zip_fread(file, found, sizeof found - 1), strlen(text));
    assert_string_equal(found, text);
    assert_int_equal(zip_fclose(file), 0);
}

static void keeps_every_file_under_its_name(void **state)
{
    struct archive *archive;
    zip_t *zip;
    int fd;

    (void)state;
    assert_int_equal(archive_new(&archive, NULL), STATUS_OK);
    add(archive, "README.txt", "hello");
    add(archive, "empty.json", "");
    add(archive, "messages/single_a_b.json", "[1]");
    assert_int_equal(archive_finish(archive, &fd, NULL), STATUS_OK);
    archive_free(archive);
    zip = read_back(fd);
    assert_int_equal(zip_get_num_entries(zip, 0), 3);
    check(zip, "README.txt", "hello");
    check(zip, "empty.json", "");
    check(zip, "messages/single_a_b.json", "[1]");
    zip_discard(zip);
}

static void holds_more_than_it_keeps_in_memory_and_shrinks_it(void **state)
{
    struct archive *archive;
    char *piece = malloc(PIECE);
    struct stat file;
    zip_file_t *read;
    zip_t *zip;
    int fd;

    (void)state;
    assert_int_equal(archive_new(&archive, NULL), STATUS_OK);
    assert_int_equal(archive_begin(archive, "big", NULL), STATUS_OK);
    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, PIECE);
        assert_int_equal(archive_add(archive, piece, PIECE, NULL), STATUS_OK);
    }
    assert_int_equal(archive_finish(archive, &fd, NULL), STATUS_OK);
    archive_free(archive);
    assert_int_equal(fstat(fd, &file), 0);
    assert_in_range(file.st_size, 1, PIECE);
    assert_int_equal(file.st_nlink, 0);
    zip = read_back(fd);
    read = zip_fopen(zip, "big", 0);
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(zip_fread(read, piece, PIECE), PIECE);
        assert_int_equal(piece[0], 'a' + i % 26);
        assert_int_equal(piece[PIECE - 1], 'a' + i % 26);
    }
    assert_int_equal(zip_fclose(read), 0);
    zip_discard(zip);
    free(piece);
}

static void refuses_a_name_that_leads_elsewhere(void **state)
{
    static const char *const names[] = {
        "", "/etc/passwd", "../a", "a/../b", "a/./b", "a//b", "a/", ".hidden", "a\\b", "c:d", "é",
    };
    struct archive *archive;
    struct error err;

    (void)state;
    assert_int_equal(archive_new(&archive, NULL), STATUS_OK);
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        assert_int_equal(archive_begin(archive, names[i], &err), STATUS_INTERNAL);
        assert_non_null(strstr(err.text, "is no name for an archive's file"));
    }
    archive_free(archive);
}

static void refuses_the_same_name_twice(void **state)
{
    struct archive *archive;
    int fd = -1;

    (void)state;
    assert_int_equal(archive_new(&archive, NULL), STATUS_OK);
    add(archive, "a", "1");
    add(archive, "a", "2");
    assert_int_equal(archive_finish(archive, &fd, NULL), STATUS_INTERNAL);
    assert_int_equal(fd, -1);
    archive_free(archive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_file_under_its_name),
        cmocka_unit_test(holds_more_than_it_keeps_in_memory_and_shrinks_it),
        cmocka_unit_test(refuses_a_name_that_leads_elsewhere),
        cmocka_unit_test(refuses_the_same_name_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
