/* Files that come and go in pieces. */

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/buffer.h"
#include "tests/support/http_client.h"
#include "tests/support/http_server.h"

#define TOKEN "Authorization: Bearer good\r\n"
#define FORM TOKEN "Content-Type: multipart/form-data; boundary=xyz\r\n"
#define PART(name, more) \
    "--xyz\r\nContent-Disposition: form-data; name=\"" name "\"" more "\r\n\r\n"
#define END "\r\n--xyz--\r\n"

/* ---- Out */

static void sends_a_file_whole_or_in_part(void **state)
{
    static const struct {
        const char *headers;
        int status;
        const char *part;
    } cases[] = {
        {"", 200, "\r\n\r\n0123456789"},
        {"", 200, "Content-Length: 10\r\n"},
        {"", 200, "ETag: \"abc\"\r\n"},
        {"", 200, "Accept-Ranges: bytes\r\n"},
        {"", 200, "X-Content-Type-Options: nosniff\r\n"},
        {"", 200, "Content-Security-Policy: sandbox; default-src 'none'"},
        {"", 200, "Cache-Control: private, no-cache\r\n"},
        {"", 200,
         "Content-Disposition: inline; filename=\"Bild _1_ _.png\"; "
         "filename*=UTF-8''Bild%20%221%22%20%C3%BC.png\r\n"},
        {"Range: bytes=2-5\r\n", 206, "\r\n\r\n2345"},
        {"Range: bytes=2-5\r\n", 206, "Content-Range: bytes 2-5/10\r\n"},
        {"Range: bytes=2-5\r\n", 206, "Content-Length: 4\r\n"},
        {"Range: bytes=-1\r\n", 206, "\r\n\r\n9"},
        {"Range: bytes=10-\r\n", 416, "Content-Range: bytes */10\r\n"},
        {"Range: bytes=10-\r\n", 416, "{\"code\":41601,"},
        {"Range: bytes=0-1,3-4\r\n", 200, "0123456789"},
        {"Range: bytes=2-5\r\nIf-Range: \"abc\"\r\n", 206, "\r\n\r\n2345"},
        {"Range: bytes=2-5\r\nIf-Range: \"old\"\r\n", 200, "0123456789"},
        {"If-None-Match: \"abc\"\r\n", 304, "ETag: \"abc\"\r\n"},
        {"If-None-Match: \"abc\"\r\nRange: bytes=2-5\r\n", 304, "ETag: \"abc\"\r\n"},
        {"If-None-Match: \"old\"\r\n", 200, "0123456789"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        server_check("GET /api/stream", cases[i].headers, NULL, cases[i].status, cases[i].part);
}

static void tells_who_asks_for_the_headers_the_whole_size(void **state)
{
    CLEANUP(free) char *answer = server_ask("HEAD /api/stream", "Range: bytes=2-5\r\n", NULL);

    (void)state;
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "Content-Length: 10\r\n"));
    assert_null(strstr(answer, "0123"));
}

static void ends_early_and_reports_when_the_source_fails(void **state)
{
    int before = server.reports;
    CLEANUP(free) char *answer = NULL;

    (void)state;
    server.file_breaks = true;
    answer = server_ask("GET /api/stream", "", NULL);
    server.file_breaks = false;
    assert_non_null(strstr(answer, "Content-Length: 10\r\n"));
    assert_null(strstr(answer, "0123456789"));
    assert_int_equal(server.reports, before + 1);
    assert_string_equal(server.reported.text, "the source is away");
}

/* Whatever the answer: also those that send nothing of it. */
static void closes_every_file_and_gives_every_place_back(void **state)
{
    int before = server.file_closed;
    int n = 0;

    (void)state;
    for (; n < 3 * HTTP_DOWNLOADS_PER_USER; n += 3) {
        server_check("GET /api/stream", "", NULL, 200, "0123456789");
        server_check("GET /api/stream", "If-None-Match: *\r\n", NULL, 304, "abc");
        server_check("GET /api/stream", "Range: bytes=99-\r\n", NULL, 416, "41601");
    }
    while (server.file_closed < before + n) /* the last connection may still be closing */
        sched_yield();
    assert_int_equal(server.file_closed, before + n);
}

/* ---- In */

static void takes_the_file_of_a_form(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *part;
    } cases[] = {
        {PART("file", "; filename=\"a.txt\"") "hello" END, 200, "\"a.txt|5|hello\""},
        {PART("note", "") "x"
                          "\r\n" PART("file", "; filename=\"b\"") "hello" END,
         200, "\"b|5|hello\""},
        {PART("file", "; filename=\"e\"") END, 200, "\"e|0|\""},
        {PART("file", "") "hello" END, 200, "\"(none)|5|hello\""},
        {PART("other", "; filename=\"a\"") "hello" END, 400, "\"field\":\"file\""},
        {PART("file", "; filename=\"a\"") "1\r\n" PART("file", "; filename=\"b\"") "2" END, 400,
         "\"code\":40000"},
        {PART("file", "; filename=\"a\"") "cut", 400, "\"code\":40000"},
        {"no form", 400, "\"code\":4000"},
        {"", 400, "\"code\":4000"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        server_check("POST /api/upload", FORM, cases[i].body, cases[i].status, cases[i].part);
}

static void refuses_by_the_headers_what_it_will_not_take(void **state)
{
    static const struct {
        const char *headers;
        int status;
        const char *part;
    } cases[] = {
        {"Content-Type: multipart/form-data; boundary=xyz\r\n", 401, "\"code\":40101"},
        {"Authorization: Bearer old\r\n", 401, "\"code\":40102"},
        {TOKEN, 400, "Content-Type must be multipart/form-data"},
        {TOKEN JSON, 400, "Content-Type must be multipart/form-data"},
        {TOKEN "Content-Type: multipart/form-data\r\n", 400, "Content-Type must be"},
        {TOKEN "Content-Type: multipart/form-data; boundary=\r\n", 400, "Content-Type must be"},
        {TOKEN "Content-Type: multipart/form-data; boundary=\"\r\n", 400, "Content-Type must be"},
        {TOKEN "Content-Type: multipart/form-data; boundary=\"a\r\n", 400, "Content-Type must be"},
        {"Cookie: access_token=good\r\nOrigin: https://evil.example\r\n", 403, "\"code\":40304"},
        {FORM "Content-Length: 1000000\r\n", 413, "a file has at most 307200 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        server_check("POST /api/upload", cases[i].headers, NULL, cases[i].status, cases[i].part);
    server.refuses_uploads = true;
    server_check("POST /api/upload", FORM, "x", 429, "no more today");
    server.refuses_uploads = false;
}

static char *ask_with(size_t file_bytes, bool chunked)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    CLEANUP(buffer_clear) struct buffer request = {0};
    int fd = server_dial();

    buffer_add_text(&body, PART("file", "; filename=\"big\""));
    memset(buffer_reserve(&body, file_bytes), 'x', file_bytes);
    body.length += file_bytes;
    buffer_add_text(&body, END);
    buffer_printf(&request,
                  "POST /api/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" FORM "%s",
                  chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "");
    buffer_printf(&request, chunked ? "%zx\r\n" : "Content-Length: %zu\r\n\r\n", body.length);
    buffer_add(&request, body.data, body.length);
    if (chunked)
        buffer_add_text(&request, "\r\n0\r\n\r\n");
    client_put(fd, request.data, request.length);
    return client_get(fd);
}

static void takes_a_file_up_to_the_limit_and_no_more(void **state)
{
    static const struct {
        size_t bytes;
        bool chunked;
        const char *status;
    } cases[] = {
        {SERVER_UPLOAD_MAX, false, "HTTP/1.1 200 "},
        {SERVER_UPLOAD_MAX, true, "HTTP/1.1 200 "},
        {SERVER_UPLOAD_MAX + 1, false, "HTTP/1.1 413 "},
        {SERVER_UPLOAD_MAX + 1, true, "HTTP/1.1 413 "},
        {SERVER_UPLOAD_MAX * 2, true, "HTTP/1.1 413 "},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        CLEANUP(free) char *answer = ask_with(cases[i].bytes, cases[i].chunked);

        if (strncmp(answer, cases[i].status, strlen(cases[i].status)) != 0)
            fail_msg("%zu: expected %s in:\n%s", cases[i].bytes, cases[i].status, answer);
    }
}

/* Each place is given back, also by who is cut off in the middle. */
static void takes_only_so_many_files_of_one_user_at_once(void **state)
{
    static const char begun[] = "POST /api/upload HTTP/1.1\r\nHost: x\r\n" FORM
                                "Content-Length: 1000\r\n\r\n" PART("file", "; filename=\"a\"");
    int fds[HTTP_UPLOADS_PER_USER];
    bool free_again = false;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(fds); i++) {
        fds[i] = server_dial();
        client_put(fds[i], begun, strlen(begun));
    }
    while (!free_again) { /* until all four have their places */
        CLEANUP(free)
        char *answer = server_ask("POST /api/upload", FORM, PART("file", "; filename=\"a\"") END);

        free_again = strncmp(answer, "HTTP/1.1 429 ", 13) == 0;
    }
    for (size_t i = 0; i < N_ELEMENTS(fds); i++)
        (void)close(fds[i]);
    for (free_again = false; !free_again;) {
        CLEANUP(free)
        char *answer = server_ask("POST /api/upload", FORM, PART("file", "; filename=\"a\"") END);

        free_again = strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_a_file_whole_or_in_part),
        cmocka_unit_test(tells_who_asks_for_the_headers_the_whole_size),
        cmocka_unit_test(ends_early_and_reports_when_the_source_fails),
        cmocka_unit_test(closes_every_file_and_gives_every_place_back),
        cmocka_unit_test(takes_the_file_of_a_form),
        cmocka_unit_test(refuses_by_the_headers_what_it_will_not_take),
        cmocka_unit_test(takes_a_file_up_to_the_limit_and_no_more),
        cmocka_unit_test(takes_only_so_many_files_of_one_user_at_once),
    };

    return cmocka_run_group_tests(tests, server_open, server_close);
}
