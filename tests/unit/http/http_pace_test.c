/* How fast one may call. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "http/pace.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

DEFINE_CLEANUP(struct paces *, paces_free)

/* How many calls in a row are let in at that time, of at most n. */
static int take(struct paces *paces, enum http_pace kind, const char *who, int64_t now, int n)
{
    struct error err;
    int taken = 0;

    while (taken < n && paces_take(paces, kind, who, now, &err) == STATUS_OK)
        taken++;
    return taken;
}

static void lets_in_a_burst_and_then_as_many_as_time_brings(void **state)
{
    static const struct {
        enum http_pace kind;
        int burst;
        int per_second;
        const char *told;
    } cases[] = {
        {HTTP_CALLS, 2000, 200, "at most 200 calls a second"},
        {HTTP_MESSAGES, 400, 200, "at most 200 messages a second"},
        {HTTP_SEARCHES, 50, 10, "at most 10 searches a second"},
        {HTTP_SERVICES, 2000, 1000, "at most 1,000 calls a second"},
    };
    CLEANUP(paces_free) struct paces *paces = paces_new();
    struct error err;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        enum http_pace kind = cases[i].kind;

        assert_int_equal(take(paces, kind, "user_1", 5000, 9999), cases[i].burst);
        assert_int_equal(paces_take(paces, kind, "user_1", 5000, &err), STATUS_TOO_FAST);
        assert_string_equal(err.text, cases[i].told);
        assert_int_equal(take(paces, kind, "user_1", 5500, 9999), cases[i].per_second / 2);
        assert_int_equal(take(paces, kind, "user_1", 999999, 9999), cases[i].burst);
    }
}

static void counts_each_one_and_each_kind_by_itself(void **state)
{
    CLEANUP(paces_free) struct paces *paces = paces_new();

    (void)state;
    assert_int_equal(take(paces, HTTP_MESSAGES, "user_1", 0, 9999), 400);
    assert_int_equal(take(paces, HTTP_MESSAGES, "user_2", 0, 9999), 400);
    assert_int_equal(take(paces, HTTP_CALLS, "user_1", 0, 9999), 2000);
}

/* There are 32,768 places, in sets: the first of 100,000 have long been forgotten, and are as new. */
static void serves_more_than_it_has_places_for(void **state)
{
    CLEANUP(paces_free) struct paces *paces = paces_new();
    char who[32];

    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 100000; i++) {
            (void)snprintf(who, sizeof who, "user_%d", i);
            assert_int_equal(take(paces, HTTP_MESSAGES, who, round * 100000 + i, 1), 1);
        }
    /* … and who calls all the time is not. */
    assert_int_equal(take(paces, HTTP_MESSAGES, "eager", 200000, 9999), 400);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(who, sizeof who, "other_%d", i);
        assert_int_equal(take(paces, HTTP_MESSAGES, who, 200000, 1), 1);
    }
    assert_int_equal(take(paces, HTTP_MESSAGES, "eager", 200000, 9999), 0);
}

/* Ask until one is refused; its answer and those behind it. So many at a time that even a busy machine
 * answers faster than what one may ask comes back. */
static char *ask_until_refused(const char *line, const char *headers)
{
    CLEANUP(buffer_clear) struct buffer many = {0};

    for (int i = 1; i <= 100; i++)
        buffer_printf(&many, "%s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n%s%s\r\n", line, headers,
                      i == 100 ? "Connection: close\r\n" : "");
    for (int i = 0; i < 200; i++) {
        CLEANUP(free) char *answers = NULL;
        const char *refused;
        int fd = server_dial();

        client_put(fd, many.data, many.length);
        answers = client_get(fd);
        refused = strstr(answers, "HTTP/1.1 429 ");
        if (refused)
            return memory_text(refused);
    }
    return NULL;
}

static void refuses_a_user_whatever_he_calls_and_nobody_else(void **state)
{
    CLEANUP(free) char *answer = ask_until_refused("GET /api/me", "Authorization: Bearer good\r\n");

    (void)state;
    assert_non_null(answer);
    assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
    assert_non_null(strstr(
        answer, "{\"code\":42901,\"message\":\"at most 200 calls a second\",\"data\":null}"));
    server_check("GET /api/hello", "", NULL, 200, "hello");
}

static void counts_an_address_on_public_routes_unless_it_is_trusted(void **state)
{
    CLEANUP(free)
    char *answer = ask_until_refused("GET /api/hello", "X-Real-IP: 2001:db8:1:2::1\r\n");

    (void)state;
    assert_non_null(answer);
    server_check("GET /api/hello", "X-Real-IP: 2001:db8:1:3::1\r\n", NULL, 200, "hello");
    for (int i = 0; i < 2100; i++)
        server_check("GET /api/hello", "", NULL, 200, "hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_in_a_burst_and_then_as_many_as_time_brings),
        cmocka_unit_test(counts_each_one_and_each_kind_by_itself),
        cmocka_unit_test(serves_more_than_it_has_places_for),
        cmocka_unit_test(refuses_a_user_whatever_he_calls_and_nobody_else),
        cmocka_unit_test(counts_an_address_on_public_routes_unless_it_is_trusted),
    };

    return cmocka_run_group_tests_name("pace", tests, server_open, server_close);
}
