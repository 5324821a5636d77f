#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/key.h"
#include "rpc/message.h"
#include "tests/support/keys.h"

static void says_what_is_wrong_with_a_key_file(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *reason;
    } cases[] = {
        {keys_digits, 0644, "others may read it"},
        {keys_digits, 0604, "others may read it"},
        {keys_digits, 0620, "others may read it"},
        {"", 0600, "must hold 64 hex digits"},
        {"0001", 0600, "must hold 64 hex digits"},
        {"x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600,
         "must hold 64 hex digits"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00", 0600,
         "must hold 64 hex digits"},
    };
    char path[] = "/tmp/parley-rpc-key-XXXXXX";
    struct rpc_key *key = NULL;
    struct error err;

    (void)state;
    close(mkstemp(path));
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        keys_write(path, cases[i].text, cases[i].mode);
        assert_int_equal(rpc_key_read(path, &key, &err), STATUS_INVALID);
        if (!strstr(err.text, cases[i].reason))
            fail_msg("%s", err.text);
        assert_non_null(strstr(err.text, path));
    }
    unlink(path);
    assert_int_equal(rpc_key_read(path, &key, &err), STATUS_INVALID);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(rpc_key_read("/tmp", &key, &err), STATUS_INVALID);
    assert_null(key);
    rpc_key_free(keys_read("000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f\n"));
}

#define NOW INT64_C(1700000000000)

static enum status read_seal(const struct rpc_key *key, struct slice message, int64_t now_ms,
                             struct slice *ret_content)
{
    struct seal seal;

    return seal_read(key, SEAL_QUESTION, now_ms, message, &seal, ret_content, NULL);
}

static void takes_a_seal_only_as_it_was_made(void **state)
{
    struct rpc_key *key = keys_read(keys_digits), *other = keys_another();
    struct seal seal = seal_new_question();
    char message[SEAL_BYTES + 5];
    const struct slice whole = {message, sizeof message};
    struct slice content;

    (void)state;
    seal.time = NOW;
    memcpy(message + SEAL_BYTES, "hello", 5);
    seal_write(key, &seal, message, sizeof message);
    assert_int_equal(read_seal(key, whole, NOW, &content), STATUS_OK);
    assert_true(slice_is(content, "hello"));
    assert_int_equal(read_seal(other, whole, NOW, &content), STATUS_UNAUTHENTICATED);
    assert_int_equal(seal_read(key, SEAL_ANSWER, NOW, whole, &seal, &content, NULL),
                     STATUS_UNAUTHENTICATED);
    for (size_t n = 0; n < sizeof message; n++)
        assert_int_equal(read_seal(key, (struct slice){message, n}, NOW, &content),
                         STATUS_UNAUTHENTICATED);
    for (size_t i = 0; i < sizeof message * 8; i++) {
        message[i / 8] ^= (char)(1 << i % 8);
        assert_int_equal(read_seal(key, whole, NOW, &content), STATUS_UNAUTHENTICATED);
        assert_int_equal(content.length, 0);
        message[i / 8] ^= (char)(1 << i % 8);
    }
    rpc_key_free(key);
    rpc_key_free(other);
}

static void takes_a_seal_only_within_its_minute(void **state)
{
    static const struct {
        int64_t time;
        enum status status;
    } cases[] = {
        {NOW - SEAL_AGE_MAX_MS, STATUS_OK},
        {NOW + SEAL_AGE_MAX_MS, STATUS_OK},
        {NOW - SEAL_AGE_MAX_MS - 1, STATUS_EXPIRED},
        {NOW + SEAL_AGE_MAX_MS + 1, STATUS_EXPIRED},
        {INT64_MIN, STATUS_EXPIRED},
        {INT64_MAX, STATUS_EXPIRED},
        {0, STATUS_EXPIRED},
    };
    struct rpc_key *key = keys_read(keys_digits);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct seal seal = seal_new_question();
        char message[SEAL_BYTES];
        struct slice content;

        seal.time = cases[i].time;
        seal_write(key, &seal, message, sizeof message);
        assert_int_equal(read_seal(key, (struct slice){message, sizeof message}, NOW, &content),
                         cases[i].status);
    }
    rpc_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong_with_a_key_file),
        cmocka_unit_test(takes_a_seal_only_as_it_was_made),
        cmocka_unit_test(takes_a_seal_only_within_its_minute),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
