/* Texts that nobody guesses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token/secret.h"

static void makes_secrets_that_fit_into_a_url_and_differ(void **state)
{
    char one[SECRET_MAX];
    char two[SECRET_MAX];

    (void)state;
    secret_new(one);
    secret_new(two);
    assert_int_equal(strlen(one), SECRET_LENGTH);
    assert_int_equal(
        strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        SECRET_LENGTH);
    assert_string_not_equal(one, two);
}

static void makes_keys_of_64_hex_digits_that_differ(void **state)
{
    char one[SECRET_HEX_MAX];
    char two[SECRET_HEX_MAX];

    (void)state;
    secret_new_hex(one);
    secret_new_hex(two);
    assert_int_equal(strlen(one), SECRET_HEX_MAX - 1);
    assert_int_equal(strspn(one, "0123456789abcdef"), SECRET_HEX_MAX - 1);
    assert_string_not_equal(one, two);
}

static void hashes_a_password_as_rabbitmq_does(void **state)
{
    char hash[SECRET_BROKER_HASH_MAX];
    char other[SECRET_BROKER_HASH_MAX];

    (void)state;
    secret_broker_hash("auth", "correct-horse", hash);
    /* base64(salt + sha256(salt + password)), by Python's hashlib */
    assert_string_equal(hash, "CGkr9mCGC9zRIg96lY4c1eUqH3UPx4+ZvRorelg9G42yIhzE");
    secret_broker_hash("bot", "correct-horse", other);
    assert_string_not_equal(hash, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_secrets_that_fit_into_a_url_and_differ),
        cmocka_unit_test(makes_keys_of_64_hex_digits_that_differ),
        cmocka_unit_test(hashes_a_password_as_rabbitmq_does),
    };

    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
