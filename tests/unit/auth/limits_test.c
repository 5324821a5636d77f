/* What addresses are counted by. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "services/auth/limits.h"

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
    char counted[LIMIT_ADDRESS_MAX];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        limit_address(cases[i].address, counted);
        assert_string_equal(counted, cases[i].counted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_an_ipv6_address_by_its_network_and_others_as_they_are),
    };

    return cmocka_run_group_tests_name("auth limits", tests, NULL, NULL);
}
