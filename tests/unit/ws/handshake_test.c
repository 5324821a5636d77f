#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "ws/handshake.h"

/* What every request below has besides its own lines; the key is RFC 6455's example. */
#define USUAL \
    "Host: chat.example\r\n" \
    "Upgrade: websocket\r\n" \
    "Connection: keep-alive, Upgrade\r\n" \
    "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static enum status parse(const char *text, char **ret_copy, struct ws_request *ret, size_t *used,
                         struct error *err)
{
    *ret_copy = memory_text(text);
    return ws_request_parse(*ret_copy, strlen(text), "/ws", ret, used, err);
}

static void reads_a_request(void **state)
{
    static const char text[] =
        "GET /ws?a=b&token=e%79J.x-_%2b HTTP/1.1\r\n" USUAL KEY "Origin: http://127.0.0.1:8080\r\n"
        "traceparent: 00-1-2-01\r\n"
        "X-Real-IP: \t10.1.2.3 \r\n"
        "X-Forwarded-For: 10.1.2.3, 10.0.0.1\r\n"
        "X-Strange: \xff\r\n\r\n\x81";
    CLEANUP(free) char *copy = NULL;
    struct ws_request request;
    struct error err;
    size_t used;

    (void)state;
    assert_int_equal(parse(text, &copy, &request, &used, &err), STATUS_OK);
    assert_int_equal(used, sizeof text - 2); /* the frame behind it is not part of it */
    assert_string_equal(request.token, "eyJ.x-_+");
    assert_int_equal(request.token_from, WS_TOKEN_QUERY);
    assert_string_equal(request.host, "chat.example");
    assert_string_equal(request.origin, "http://127.0.0.1:8080");
    assert_string_equal(request.traceparent, "00-1-2-01");
    assert_string_equal(request.real_ip, "10.1.2.3");
    assert_string_equal(request.forwarded_for, "10.1.2.3, 10.0.0.1");
    assert_string_equal(request.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(request.is_bearer);
}

static void waits_for_the_empty_line(void **state)
{
    static const char text[] = "GET /ws HTTP/1.1\r\n" USUAL KEY "\r\n";

    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = memory_text_n(text, n);
        struct ws_request request;
        struct error err;
        size_t used = 1;

        assert_int_equal(ws_request_parse(copy, n, "/ws", &request, &used, &err), STATUS_OK);
        assert_int_equal(used, n == sizeof text - 1 ? n : 0);
        if (n < sizeof text - 1)
            assert_memory_equal(copy, text, n); /* untouched */
        free(copy);
    }
}

static void finds_the_token_wherever_a_client_may_put_it(void **state)
{
    static const struct {
        const char *line;
        const char *headers;
        const char *token;
        enum ws_token_from from;
        bool is_bearer;
    } cases[] = {
        {"/ws", "", NULL, WS_TOKEN_NONE, false},
        {"/ws?token=a", "", "a", WS_TOKEN_QUERY, false},
        {"/ws", "Cookie: x=1; access_token=b; y=2\r\n", "b", WS_TOKEN_COOKIE, false},
        {"/ws", "Cookie: xaccess_token=b\r\n", NULL, WS_TOKEN_NONE, false},
        {"/ws", "Sec-WebSocket-Protocol: bearer, c\r\n", "c", WS_TOKEN_PROTOCOL, true},
        {"/ws", "Sec-WebSocket-Protocol: chat, c\r\n", NULL, WS_TOKEN_NONE, false},
        {"/ws?token=a", "Cookie: access_token=b\r\nSec-WebSocket-Protocol: bearer, c\r\n", "a",
         WS_TOKEN_QUERY, true},
        {"/ws", "Cookie: access_token=b\r\nSec-WebSocket-Protocol: bearer,c\r\n", "c",
         WS_TOKEN_PROTOCOL, true},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(buffer_clear) struct buffer text = {0};
        CLEANUP(free) char *copy = NULL;
        struct ws_request request;
        struct error err;
        size_t used;

        buffer_printf(&text, "GET %s HTTP/1.1\r\n" USUAL KEY "%s\r\n", cases[i].line,
                      cases[i].headers);
        assert_int_equal(parse(buffer_text(&text), &copy, &request, &used, &err), STATUS_OK);
        if (cases[i].token)
            assert_string_equal(request.token, cases[i].token);
        else
            assert_null(request.token);
        assert_int_equal(request.token_from, cases[i].from);
        assert_int_equal(request.is_bearer, cases[i].is_bearer);
    }
}

static void refuses_what_is_no_upgrade(void **state)
{
    static const char malformed[] = "the HTTP request is malformed";
    static const struct {
        const char *request;
        enum status status;
        const char *text;
    } cases[] = {
        {"GET /other HTTP/1.1\r\n" USUAL KEY, STATUS_NOT_FOUND, "there is nothing here"},
        {"GET /ws/ HTTP/1.1\r\n" USUAL KEY, STATUS_NOT_FOUND, "there is nothing here"},
        {"POST /ws HTTP/1.1\r\n" USUAL KEY, STATUS_METHOD_NOT_ALLOWED, "only GET is served here"},
        {"GET /ws HTTP/1.0\r\n" USUAL KEY, STATUS_INVALID, malformed},
        {"GET  /ws HTTP/1.1\r\n" USUAL KEY, STATUS_INVALID, malformed},
        {"GET /ws\r\n" USUAL KEY, STATUS_INVALID, malformed},
        {"\r\n" USUAL KEY, STATUS_INVALID, malformed},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "no colon\r\n", STATUS_INVALID, malformed},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "Space : x\r\n", STATUS_INVALID, malformed},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY " folded: x\r\n", STATUS_INVALID, malformed},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "bare: \r x\r\n", STATUS_INVALID, malformed},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "bare: \n x\r\n", STATUS_INVALID, malformed},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "Host: twice\r\n", STATUS_INVALID, "is there twice"},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "Content-Length: 5\r\n", STATUS_INVALID,
         "the request must not have a body"},
        {"GET /ws HTTP/1.1\r\n" USUAL KEY "Transfer-Encoding: chunked\r\n", STATUS_INVALID,
         "the request must not have a body"},
        {"GET /ws HTTP/1.1\r\n" USUAL, STATUS_INVALID, "must be 16 bytes in base64"},
        {"GET /ws HTTP/1.1\r\n" USUAL "Sec-WebSocket-Key: short\r\n", STATUS_INVALID,
         "must be 16 bytes in base64"},
        {"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" KEY
         "Sec-WebSocket-Version: 8\r\n",
         STATUS_INVALID, "must be 13"},
        {"GET /ws HTTP/1.1\r\nHost: x\r\n", STATUS_INVALID, "only WebSockets are served here"},
        {"GET /ws?token=%zz HTTP/1.1\r\n" USUAL KEY, STATUS_INVALID,
         "the query string is malformed"},
        {"GET /ws?token=%00 HTTP/1.1\r\n" USUAL KEY, STATUS_INVALID,
         "the query string is malformed"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(buffer_clear) struct buffer text = {0};
        CLEANUP(free) char *copy = NULL;
        struct ws_request request;
        struct error err;
        size_t used;

        buffer_printf(&text, "%s\r\n", cases[i].request);
        assert_int_equal(parse(buffer_text(&text), &copy, &request, &used, &err), cases[i].status);
        assert_string_equal(err.text, cases[i].text);
    }
}

static void limits_the_header(void **state)
{
    CLEANUP(buffer_clear) struct buffer many = {0};
    CLEANUP(buffer_clear) struct buffer large = {0};
    CLEANUP(free) char *copy = NULL;
    struct ws_request request;
    struct error err;
    size_t used;

    (void)state;
    buffer_add_text(&many, "GET /ws HTTP/1.1\r\n" USUAL KEY);
    for (int i = 0; i < 70; i++)
        buffer_add_text(&many, "a: b\r\n");
    buffer_add_text(&many, "\r\n");
    assert_int_equal(parse(buffer_text(&many), &copy, &request, &used, &err), STATUS_TOO_LARGE);
    memset(buffer_reserve(&large, 9000), 'x', 9000);
    assert_int_equal(ws_request_parse(large.data, 8192, "/ws", &request, &used, &err), STATUS_OK);
    assert_int_equal(used, 0);
    assert_int_equal(ws_request_parse(large.data, 8193, "/ws", &request, &used, &err),
                     STATUS_TOO_LARGE);
}

static void answers_with_the_protocol_that_brought_the_token(void **state)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};

    (void)state;
    ws_answer_accept("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", true, &answer);
    assert_string_equal(buffer_text(&answer),
                        "HTTP/1.1 101 Switching Protocols\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                        "Sec-WebSocket-Protocol: bearer\r\n\r\n");
}

static void refuses_with_the_envelope(void **state)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};
    struct error err;
    const char *text;

    (void)state;
    error_set(&err, STATUS_UNAVAILABLE, "try \"again\"");
    ws_answer_refuse(&err, 3, &answer);
    text = buffer_text(&answer);
    assert_non_null(strstr(text, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_non_null(strstr(text, "\r\nRetry-After: 3\r\n"));
    assert_non_null(strstr(text, "\r\nX-Request-Id: req_"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4,
                        "{\"code\":50301,\"message\":\"try \\\"again\\\"\",\"data\":null}");
    buffer_clear(&answer);
    error_field(&err, STATUS_INVALID, "Host", "is missing");
    ws_answer_refuse(&err, 0, &answer);
    assert_string_equal(
        strstr(buffer_text(&answer), "\r\n\r\n") + 4,
        "{\"code\":40001,\"message\":\"is missing\",\"data\":{\"field\":\"Host\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_request),
        cmocka_unit_test(waits_for_the_empty_line),
        cmocka_unit_test(finds_the_token_wherever_a_client_may_put_it),
        cmocka_unit_test(refuses_what_is_no_upgrade),
        cmocka_unit_test(limits_the_header),
        cmocka_unit_test(answers_with_the_protocol_that_brought_the_token),
        cmocka_unit_test(refuses_with_the_envelope),
    };

    return cmocka_run_group_tests_name("ws handshake", tests, NULL, NULL);
}
