/* Against a real replica set: the one of STORE_TEST_URI, and without it only what needs none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "blob/blob.h"
#include "store/store.h"
#include "token/digest.h"

#define LONG (600 * 1024) /* three chunks */

static struct blobs *blobs;
static struct store *store;
static struct error err;

static void need_server(void)
{
    if (!blobs)
        skip();
}

/* A file of that size that nobody else has, and its key; the caller closes it. */
static int new_file(size_t size, char key[DIGEST_MAX])
{
    char *bytes = memory_new(size + ID_MAX);
    int fd = -1;

    id_new("test_", bytes);
    for (size_t i = strlen(bytes); i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    assert_int_equal(temporary_open(&fd, &err), STATUS_OK);
    assert_int_equal(temporary_write(fd, bytes, size, &err), STATUS_OK);
    assert_int_equal(digest_of_file(fd, key, &err), STATUS_OK);
    free(bytes);
    return fd;
}

static int64_t count(const char *collection, const char *key)
{
    int64_t n = -1;

    assert_int_equal(store_count(store, collection, 100, &n, &err, "{'filename': %s}", key),
                     STATUS_OK);
    return n;
}

static int64_t count_chunks(void)
{
    int64_t n = -1;

    assert_int_equal(store_count(store, "fs.chunks", 10000, &n, &err, "{}"), STATUS_OK);
    return n;
}

static void keeps_bytes_and_gives_any_run_of_them(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    CLEANUP(blob_close) struct blob *blob = NULL;
    CLEANUP(free) char *expected = NULL;
    CLEANUP(free) char *got = NULL;
    char key[DIGEST_MAX];
    size_t done = 0;
    size_t n;

    (void)state;
    need_server();
    fd = new_file(LONG, key);
    expected = memory_new(LONG);
    got = memory_new(LONG);
    assert_int_equal(pread(fd, expected, LONG, 0), LONG);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    assert_int_equal(blob_open(blobs, key, &blob, &err), STATUS_OK);
    assert_int_equal(blob_size(blob), LONG);
    for (n = 1; n > 0; done += n)
        assert_int_equal(blob_read(blob, (int64_t)done, got + done, LONG - done + 1, &n, &err),
                         STATUS_OK);
    assert_int_equal(done, LONG);
    assert_memory_equal(got, expected, LONG);
    assert_int_equal(blob_read(blob, 300000, got, 10, &n, &err), STATUS_OK);
    assert_int_equal(n, 10);
    assert_memory_equal(got, expected + 300000, 10);
    assert_int_equal(blob_read(blob, LONG, got, 10, &n, &err), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(blob_remove(blobs, key, clock_now() + 1000, &err), STATUS_OK);
}

static void keeps_the_same_once(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    char key[DIGEST_MAX];

    (void)state;
    need_server();
    fd = new_file(10, key);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    assert_int_equal(count("fs.files", key), 1);
    assert_int_equal(blob_remove(blobs, key, clock_now() + 1000, &err), STATUS_OK);
    assert_int_equal(count("fs.files", key), 0);
}

static void removes_all_of_one_that_was_not_put_lately(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    CLEANUP(blob_close) struct blob *blob = NULL;
    char key[DIGEST_MAX];
    int64_t before;
    int64_t chunks;
    char byte;
    size_t n;

    (void)state;
    need_server();
    chunks = count_chunks();
    before = clock_now() - 1;
    fd = new_file(LONG, key);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    assert_int_equal(blob_remove(blobs, key, before, &err), STATUS_OK);
    assert_int_equal(blob_open(blobs, key, &blob, &err), STATUS_OK);
    assert_int_equal(blob_remove(blobs, key, clock_now() + 1000, &err), STATUS_OK);
    assert_int_equal(count_chunks(), chunks);
    assert_int_equal(blob_read(blob, 0, &byte, 1, &n, &err), STATUS_NOT_FOUND);
    blob_close(TAKE(blob));
    assert_int_equal(blob_open(blobs, key, &blob, &err), STATUS_NOT_FOUND);
    assert_int_equal(blob_remove(blobs, key, clock_now() + 1000, &err), STATUS_OK);
}

static void lists_what_was_not_put_lately(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    struct strings keys = {0};
    char key[DIGEST_MAX];
    char before[DIGEST_MAX];

    (void)state;
    need_server();
    fd = new_file(10, key);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    memcpy(before, key, sizeof before);
    before[DIGEST_LENGTH - 1]--;
    assert_int_equal(blob_list(blobs, before, clock_now() + 1000, 1, &keys, &err), STATUS_OK);
    assert_int_equal(keys.n, 1);
    assert_string_equal(keys.items[0], key);
    strings_clear(&keys);
    assert_int_equal(blob_list(blobs, before, 1, 1, &keys, &err), STATUS_OK);
    assert_int_equal(keys.n, 0);
    assert_int_equal(blob_remove(blobs, key, clock_now() + 1000, &err), STATUS_OK);
}

/* What a process that died in the middle of a put leaves: nobody finds it, and it goes. */
static void sweeps_up_what_is_half_there(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    CLEANUP(blob_close) struct blob *blob = NULL;
    char key[DIGEST_MAX];
    int64_t chunks;

    (void)state;
    need_server();
    chunks = count_chunks();
    fd = new_file(LONG, key);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    assert_int_equal(store_update(store, "fs.files", 0, NULL, &err,
                                  "[{'filename': %s}, {'$set': {'incomplete_at': %ld}}]", key,
                                  (int64_t)1000),
                     STATUS_OK);
    assert_int_equal(blob_open(blobs, key, &blob, &err), STATUS_NOT_FOUND);
    assert_int_equal(blob_sweep(blobs, 500, &err), STATUS_OK);
    assert_int_equal(count("fs.files", key), 1);
    assert_int_equal(blob_sweep(blobs, 2000, &err), STATUS_OK);
    assert_int_equal(count("fs.files", key), 0);
    assert_int_equal(count_chunks(), chunks);
}

static void measures_what_it_keeps(void **state)
{
    CLEANUP(temporary_close) int fd = -1;
    char key[DIGEST_MAX];
    int64_t n, bytes, n_after, bytes_after;

    (void)state;
    need_server();
    fd = new_file(LONG, key);
    assert_int_equal(blobs_measure(blobs, &n, &bytes, &err), STATUS_OK);
    assert_int_equal(blob_put(blobs, key, fd, &err), STATUS_OK);
    assert_int_equal(blobs_measure(blobs, &n_after, &bytes_after, &err), STATUS_OK);
    assert_int_equal(n_after, n + 1);
    assert_in_range(bytes_after - bytes, LONG, LONG + 1000);
    assert_int_equal(blob_remove(blobs, key, clock_now() + 1000, &err), STATUS_OK);
}

static void knows_only_mongodb_as_yet(void **state)
{
    struct blobs *none = NULL;

    (void)state;
    assert_int_equal(blobs_open("s3://bucket", &none, &err), STATUS_INVALID);
    assert_null(none);
}

static int open_all(void **state)
{
    const char *uri = getenv("STORE_TEST_URI");

    (void)state;
    if (!uri || !*uri)
        return 0;
    if (store_open(uri, &store, &err) != STATUS_OK || blobs_open(uri, &blobs, &err) != STATUS_OK ||
        blobs_prepare(blobs, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    blobs_close(blobs);
    store_close(store);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_bytes_and_gives_any_run_of_them),
        cmocka_unit_test(keeps_the_same_once),
        cmocka_unit_test(removes_all_of_one_that_was_not_put_lately),
        cmocka_unit_test(lists_what_was_not_put_lately),
        cmocka_unit_test(sweeps_up_what_is_half_there),
        cmocka_unit_test(measures_what_it_keeps),
        cmocka_unit_test(knows_only_mongodb_as_yet),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
