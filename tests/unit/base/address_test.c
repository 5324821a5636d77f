#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/base.h"

static void finds_addresses_in_networks(void **state)
{
    static const char list[] = "127.0.0.0/8, ::1,10.1.0.0/20,203.0.113.7,fd00::/8";

    (void)state;
    assert_true(address_is_listed(list, "127.9.8.7"));
    assert_true(address_is_listed(list, "::ffff:127.0.0.1"));
    assert_true(address_is_listed(list, "::1"));
    assert_true(address_is_listed(list, "10.1.15.255"));
    assert_true(address_is_listed(list, "203.0.113.7"));
    assert_true(address_is_listed(list, "fd12::1"));
    assert_false(address_is_listed(list, "10.1.16.0"));
    assert_false(address_is_listed(list, "203.0.113.8"));
    assert_false(address_is_listed(list, "::2"));
    assert_false(address_is_listed(list, "anna"));
    assert_false(address_is_listed(list, ""));
    assert_false(address_is_listed("", "127.0.0.1"));
    assert_true(address_is_listed("0.0.0.0/0", "8.8.8.8"));
    assert_false(address_is_listed("0.0.0.0/0", "::2"));
    assert_true(address_is_listed("::/0", "8.8.8.8"));
}

static void tells_a_list_that_cannot_be_read(void **state)
{
    (void)state;
    assert_true(address_list_is_good(""));
    assert_true(address_list_is_good("127.0.0.1, fd00::/8"));
    assert_false(address_list_is_good("127.0.0.1/33"));
    assert_false(address_list_is_good("localhost"));
    assert_false(address_list_is_good("::1/129"));
    assert_false(address_list_is_good("10.0.0.0/"));
    assert_false(address_list_is_good("10.0.0.0/2147483647"));
    assert_false(address_list_is_good("10.0.0.0/-1"));
}

static void counts_an_ipv6_address_by_its_network_and_others_as_they_are(void **state)
{
    static const struct {
        const char *address;
        const char *counted;
    } cases[] = {
        {"203.0.113.7", "203.0.113.7"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"2001:db8:1:2::", "2001:db8:1:2::"},
        {"2001:DB8:1:2::9", "2001:db8:1:2::"},
        {"2001:db8:1:3::9", "2001:db8:1:3::"},
        {"::ffff:203.0.113.7", "::ffff:203.0.113.7"},
        {"::1", "::"},
        {"unknown", "unknown"},
        {"", ""},
    };
    char counted[ADDRESS_MAX];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        address_network(cases[i].address, counted);
        assert_string_equal(counted, cases[i].counted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_addresses_in_networks),
        cmocka_unit_test(tells_a_list_that_cannot_be_read),
        cmocka_unit_test(counts_an_ipv6_address_by_its_network_and_others_as_they_are),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
