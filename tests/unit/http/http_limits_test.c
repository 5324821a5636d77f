/* Bodies too large, and requests that are odd but right. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

static void refuses_a_body_by_its_length_before_it_comes(void **state)
{
    char line[64];
    int fd = server_dial();
    CLEANUP(free) char *answer = NULL;

    (void)state;
    (void)snprintf(line, sizeof line, "Content-Length: %d\r\n\r\n", HTTP_BODY_MAX + 1);
    client_put(fd, "POST /api/things HTTP/1.1\r\nHost: a\r\n", 36);
    client_put(fd, line, strlen(line));
    answer = client_get(fd); /* and not a byte of the body was sent */
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
    assert_non_null(strstr(answer, "\"code\":41301"));
}

static void shows_413_to_a_client_that_sends_it_all(void **state)
{
    CLEANUP(free) char *body = memory_new(2 * HTTP_BODY_MAX);

    (void)state;
    memset(body, 'x', 2 * HTTP_BODY_MAX - 1);
    for (int i = 0; i < 5; i++)
        server_check("POST /api/things", JSON, body, 413, "\"code\":41301");
}

static void takes_a_body_at_the_limit(void **state)
{
    CLEANUP(buffer_clear) struct buffer body = {0};

    (void)state;
    buffer_add_text(&body, "{\"group_id\":\"g\",\"name\":\"");
    while (body.length < 190000)
        buffer_add_text(&body, "0123456789");
    buffer_add_text(&body, "\"}");
    while (body.length < HTTP_BODY_MAX)
        buffer_add_text(&body, " ");
    server_check("POST /api/things", JSON, buffer_text(&body), 200, "g/01234567890123456789/0");
    buffer_add_text(&body, " ");
    server_check("POST /api/things", JSON, buffer_text(&body), 413, "\"code\":41301");
}

static void limits_chunked_bodies_too(void **state)
{
    static const char head[] = "POST /api/things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" JSON
                               "Transfer-Encoding: chunked\r\n\r\n";
    CLEANUP(free) char *chunk = memory_new(0x10000 + 16);
    CLEANUP(free) char *answer = NULL;
    int fd = server_dial();

    (void)state;
    client_put(fd, head, sizeof head - 1);
    memcpy(chunk, "10000\r\n", 7);
    memset(chunk + 7, 'x', 0x10000);
    memcpy(chunk + 7 + 0x10000, "\r\n", 2);
    for (int i = 0; i < 5; i++)
        client_put(fd, chunk, 7 + 0x10000 + 2);
    client_put(fd, "0\r\n\r\n", 5);
    answer = client_get(fd);
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
}

static void answers_head_as_get_without_a_body(void **state)
{
    CLEANUP(free) char *answer = server_ask("HEAD /api/hello", "", NULL);

    (void)state;
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "Content-Length: 54\r\n"));
    assert_null(strstr(answer, "success"));
}

static void reads_all_the_headers_that_nginx_passes_on(void **state)
{
    CLEANUP(buffer_clear) struct buffer many = {0};

    (void)state;
    for (int i = 0; i < 990; i++)
        buffer_printf(&many, "X-Header-With-A-Long-Name-%03d: b\r\n", i);
    server_check("GET /api/hello", buffer_text(&many), NULL, 200, "hello");
}

static void serves_many_requests_on_one_connection(void **state)
{
    static const char two[] = "GET /api/hello HTTP/1.1\r\nHost: a\r\n\r\n"
                              "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    int fd = server_dial();
    CLEANUP(free) char *answer = NULL;

    (void)state;
    client_put(fd, two, sizeof two - 1);
    answer = client_get(fd);
    assert_non_null(strstr(answer, "hello"));
    assert_non_null(strstr(answer, "40401"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_body_by_its_length_before_it_comes),
        cmocka_unit_test(shows_413_to_a_client_that_sends_it_all),
        cmocka_unit_test(takes_a_body_at_the_limit),
        cmocka_unit_test(limits_chunked_bodies_too),
        cmocka_unit_test(answers_head_as_get_without_a_body),
        cmocka_unit_test(reads_all_the_headers_that_nginx_passes_on),
        cmocka_unit_test(serves_many_requests_on_one_connection),
    };

    return cmocka_run_group_tests_name("http limits", tests, server_open, server_close);
}
