/* Passwords and refresh tokens. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "token/token.h"

static struct error err;

static void knows_a_password_by_its_hash_alone(void **state)
{
    char hash[PASSWORD_HASH_MAX];
    char other[PASSWORD_HASH_MAX];

    (void)state;
    assert_int_equal(password_hash("correct horse", hash, &err), STATUS_OK);
    assert_int_equal(password_hash("correct horse", other, &err), STATUS_OK);
    assert_string_not_equal(hash, other); /* salted */
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_true(password_is(hash, "correct horse"));
    assert_false(password_is(hash, "Correct horse"));
    assert_false(password_is(hash, ""));
    assert_false(password_is("nonsense", "correct horse"));
    assert_false(password_is("", ""));
}

/* Generous: it is about an order of magnitude, not about a busy machine. */
static void takes_as_long_for_nobody_as_for_somebody(void **state)
{
    char hash[PASSWORD_HASH_MAX];
    int64_t somebody = 0;
    int64_t nobody = 0;

    (void)state;
    assert_int_equal(password_hash("correct horse", hash, &err), STATUS_OK);
    for (int i = 0; i < 10; i++) {
        int64_t start = clock_monotonic();

        assert_false(password_is(hash, "wrong horse"));
        somebody += clock_monotonic() - start;
        start = clock_monotonic();
        assert_false(password_is(NULL, "wrong horse"));
        nobody += clock_monotonic() - start;
    }
    assert_true(nobody * 3 > somebody && somebody * 3 > nobody);
}

static void derives_the_same_successor_from_the_same_key_only(void **state)
{
    char folder[] = "/tmp/refresh_test_XXXXXX";
    struct token_signer *signers[2];
    char files[2][64];
    char token[REFRESH_TOKEN_MAX];
    char successors[TOKEN_KEYS_MAX][REFRESH_TOKEN_MAX];
    char one[REFRESH_TOKEN_MAX];
    char two[REFRESH_TOKEN_MAX];
    char family[REFRESH_HASH_MAX];

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        (void)snprintf(files[i], sizeof files[i], "%s/%d.pem", folder, i);
        assert_int_equal(token_signer_open(files[i], TOKEN_KEY_LEAD_MS, &signers[i], &err),
                         STATUS_OK);
    }
    refresh_token_new(token);
    assert_int_equal(strlen(token), 43);
    assert_int_equal(refresh_token_derive(signers[0], token, successors), 1);
    strcpy(one, successors[0]);
    assert_int_equal(refresh_token_derive(signers[0], token, successors), 1);
    strcpy(two, successors[0]);
    assert_string_equal(one, two);
    assert_int_equal(strlen(one), 43);
    assert_int_equal(refresh_token_derive(signers[1], token, successors), 1);
    strcpy(two, successors[0]);
    assert_string_not_equal(one, two);
    assert_memory_equal(one, token, 16); /* the family */
    assert_memory_equal(two, token, 16);
    assert_true(refresh_token_family(token, family));
    assert_true(refresh_token_family(one, two));
    assert_string_equal(family, two);
    refresh_token_hash(token, two);
    assert_string_not_equal(one, two);
    for (int i = 0; i < 2; i++) {
        token_signer_close(signers[i]);
        assert_int_equal(unlink(files[i]), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void makes_refresh_tokens_that_differ(void **state)
{
    char one[REFRESH_TOKEN_MAX];
    char two[REFRESH_TOKEN_MAX];

    (void)state;
    refresh_token_new(one);
    refresh_token_new(two);
    assert_string_not_equal(one, two);
}

static void finds_no_family_in_other_texts(void **state)
{
    static const char *const texts[] = {
        "",
        "session",
        "0123456789012345678901234567890123456789012",
        "012345678901234567890123456789012345678901234567890",
    };
    char family[REFRESH_HASH_MAX];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_int_equal(refresh_token_family(texts[i], family),
                         strlen(texts[i]) == REFRESH_TOKEN_LENGTH);
}

static int begin(void **state)
{
    (void)state;
    return token_init(&err) != STATUS_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_password_by_its_hash_alone),
        cmocka_unit_test(takes_as_long_for_nobody_as_for_somebody),
        cmocka_unit_test(derives_the_same_successor_from_the_same_key_only),
        cmocka_unit_test(makes_refresh_tokens_that_differ),
        cmocka_unit_test(finds_no_family_in_other_texts),
    };

    return cmocka_run_group_tests_name("password", tests, begin, NULL);
}
