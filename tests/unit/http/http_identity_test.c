/* Who asks, from where: tokens, cookies, origins, addresses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/http_server.h"

static void knows_the_user_by_bearer_token_or_cookie(void **state)
{
    (void)state;
    server_check("GET /api/me", "Authorization: Bearer good\r\n", NULL, 200, "\"text\":\"user_1|");
    server_check("GET /api/me", "authorization: bearer good\r\n", NULL, 200, "\"text\":\"user_1|");
    server_check("GET /api/me", "Cookie: x=1; access_token=good\r\n", NULL, 200,
                 "\"text\":\"user_1|");
    server_check("GET /api/me", "", NULL, 401, "\"code\":40101");
    server_check("GET /api/me", "", NULL, 401, "WWW-Authenticate: Bearer\r\n");
    server_check("GET /api/me", "Authorization: Basic good\r\n", NULL, 401, "\"code\":40101");
    server_check("GET /api/me", "Authorization: Bearer \r\n", NULL, 401, "\"code\":40101");
    server_check("GET /api/me", "Authorization: Bearer old\r\n", NULL, 401, "\"code\":40102");
    server_check("GET /api/me", "Authorization: Bearer bad\r\nCookie: access_token=good\r\n", NULL,
                 401, "\"code\":40101");
}

static void refuses_a_foreign_origin_to_act_by_cookie(void **state)
{
    static const char *const foreign[] = {
        "https://evil.example",      "null", "http://chat.example", "https://chat.example:444",
        "https://chat.example.evil", "",
    };
    char headers[160];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(foreign); i++) {
        (void)snprintf(headers, sizeof headers, "Cookie: access_token=good\r\nOrigin: %s\r\n",
                       foreign[i]);
        server_check("POST /api/me", headers, NULL, 403, "\"code\":40304");
        server_check("GET /api/me", headers, NULL, 200, "user_1");
        (void)snprintf(headers, sizeof headers, "Authorization: Bearer good\r\nOrigin: %s\r\n",
                       foreign[i]);
        server_check("POST /api/me", headers, NULL, 200, "user_1");
    }
    server_check("POST /api/me", "Cookie: access_token=good\r\nOrigin: https://chat.example\r\n",
                 NULL, 200, "user_1");
    server_check("POST /api/me", "Cookie: access_token=good\r\nOrigin: http://127.0.0.1:8080\r\n",
                 NULL, 200, "user_1");
    server_check("POST /api/me", "Cookie: access_token=good\r\n", NULL, 200, "user_1");
    server_check("POST /api/public", "Cookie: refresh_token=r\r\nOrigin: http://evil\r\n", NULL,
                 403, "\"code\":40304");
    server_check("POST /api/public", "Origin: http://evil\r\n", NULL, 200, "success");
}

static void sets_cookies(void **state)
{
    (void)state;
    server_check("POST /api/cookie", "", NULL, 200,
                 "Set-Cookie: access_token=t; Path=/; Max-Age=900; HttpOnly; SameSite=Lax\r\n");
    server_check("POST /api/cookie", "", NULL, 200,
                 "Set-Cookie: refresh_token=; Path=/api/refresh; Max-Age=0; HttpOnly; "
                 "SameSite=Strict\r\n");
    server_check("POST /api/cookie", "X-Forwarded-Proto: https\r\n", NULL, 200,
                 "SameSite=Lax; Secure");
}

static void knows_the_client_as_nginx_saw_it(void **state)
{
    (void)state;
    server_check("GET /api/who", "User-Agent: me/1\r\n", NULL, 200,
                 "\"|127.0.0.1|http://127.0.0.1:8080|me/1|");
    server_check("GET /api/who",
                 "X-Real-IP: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
                 "X-Forwarded-Host: chat.example\r\n",
                 NULL, 200, "\"|203.0.113.9|https://chat.example||");
    server_check("GET /api/who", "X-Real-IP: x\"y\r\nX-Forwarded-Host: a/b\r\n", NULL, 200,
                 "\"|127.0.0.1|https://chat.example||");
}

static void believes_no_host_that_is_not_ours(void **state)
{
    static const char *const foreign[] = {"evil.example",      "chat.example.evil.example",
                                          "127.0.0.1:8080:80", "[::1]:8080",
                                          "[127.0.0.1",        "127.0.0.1:x"};
    char header[80];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(foreign); i++) {
        (void)snprintf(header, sizeof header, "X-Forwarded-Host: %s\r\n", foreign[i]);
        server_check("GET /api/who", header, NULL, 200, "|https://chat.example||");
    }
}

static void believes_a_forwarded_port(void **state)
{
    (void)state;
    server_check("GET /api/who", "X-Forwarded-Host: 127.0.0.1:9090\r\n", NULL, 200,
                 "|http://127.0.0.1:9090||");
}

static void sends_elsewhere_with_cookies(void **state)
{
    (void)state;
    server_check("GET /api/redirect/yes?note=%2Fwelcome%3Fa%3D1%26b", "", NULL, 302,
                 "Location: /welcome?a=1&b\r\n");
    server_check("GET /api/redirect/yes?note=/welcome", "", NULL, 302,
                 "Set-Cookie: access_token=t");
    server_check("HEAD /api/redirect/yes?note=/welcome", "", NULL, 302, "Location: /welcome\r\n");
    server_check("GET /api/redirect/no?note=/welcome", "", NULL, 404, "\"code\":40401");
}

static void puts_nobodys_lines_into_a_redirect(void **state)
{
    static const char *const bad[] = {"/a%0d%0aX-Bad:%20y", "/a%0aX-Bad:%20y", "/a%09b", "/%7f",
                                      "/%C3%A9"};
    char line[80];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        CLEANUP(free) char *answer = NULL;

        (void)snprintf(line, sizeof line, "GET /api/redirect/yes?note=%s", bad[i]);
        answer = server_ask(line, "", NULL);
        assert_int_equal(strncmp(answer, "HTTP/1.1 5", 10) && strncmp(answer, "HTTP/1.1 400", 12),
                         0);
        assert_null(strstr(answer, "\nX-Bad"));
        assert_null(strstr(answer, "Location"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_user_by_bearer_token_or_cookie),
        cmocka_unit_test(refuses_a_foreign_origin_to_act_by_cookie),
        cmocka_unit_test(sets_cookies),
        cmocka_unit_test(sends_elsewhere_with_cookies),
        cmocka_unit_test(puts_nobodys_lines_into_a_redirect),
        cmocka_unit_test(knows_the_client_as_nginx_saw_it),
        cmocka_unit_test(believes_no_host_that_is_not_ours),
        cmocka_unit_test(believes_a_forwarded_port),
    };

    return cmocka_run_group_tests_name("http identity", tests, server_open, server_close);
}
