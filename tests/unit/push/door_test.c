#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/push/push.h"

static void knows_an_origin_only_as_a_whole(void **state)
{
    static const char list[] = "http://127.0.0.1:8080, https://chat.example";

    (void)state;
    assert_true(door_is_listed(list, "http://127.0.0.1:8080"));
    assert_true(door_is_listed(list, "https://chat.example"));
    assert_false(door_is_listed(list, "https://chat.example:444"));
    assert_false(door_is_listed(list, "https://chat.example.evil"));
    assert_false(door_is_listed(list, "https://chat"));
    assert_false(door_is_listed(list, "http://127.0.0.1:80"));
    assert_false(door_is_listed(list, ""));
    assert_false(door_is_listed("", "null"));
}

static void reads_public_url_as_rest_does(void **state)
{
    (void)state;
    assert_true(door_is_listed("https://Chat.example/, http://a", "https://chat.example"));
    assert_false(door_is_listed("https://chat.example/x", "https://chat.example"));
}

static void believes_only_trusted_peers_about_addresses(void **state)
{
    static const struct {
        const char *peer;
        const char *real_ip;
        const char *forwarded_for;
        const char *address;
    } cases[] = {
        {"192.0.2.1", NULL, NULL, "192.0.2.1"},
        {"192.0.2.1", "10.0.0.1", "10.0.0.1", "192.0.2.1"}, /* says so himself */
        {"127.0.0.1", "10.0.0.1", NULL, "10.0.0.1"},
        {"127.0.0.1", NULL, "10.6.6.6, 10.0.0.2", "10.0.0.2"}, /* the last is the proxy's word */
        {"127.0.0.1", NULL, NULL, ""},                         /* not counted */
        {"127.0.0.1", "127.0.0.1", NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct ws_request request = {.real_ip = cases[i].real_ip,
                                           .forwarded_for = cases[i].forwarded_for};
        char address[WS_ADDRESS_MAX];

        door_address("127.0.0.1,::1", cases[i].peer, &request, address);
        assert_string_equal(address, cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_an_origin_only_as_a_whole),
        cmocka_unit_test(reads_public_url_as_rest_does),
        cmocka_unit_test(believes_only_trusted_peers_about_addresses),
    };

    return cmocka_run_group_tests_name("push door", tests, NULL, NULL);
}
