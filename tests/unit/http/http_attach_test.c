/* Answers that are files. */

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/clock.h"
#include "tests/support/http_server.h"

#define PATIENCE_MS 20000

static void sends_a_file_to_be_saved(void **state)
{
    static const char *const headers[] = {
        "Content-Type: application/zip\r\n",
        "Content-Disposition: attachment; filename=\"second.zip\"\r\n",
        "Content-Length: 11\r\n",
        "Cache-Control: no-store\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "X-Request-Id: ",
        "\r\n\r\nthese bytes",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(headers); i++)
        server_check("GET /api/file/yes", "", NULL, 200, headers[i]);
}

static void sends_only_the_headers_to_who_asks_for_them(void **state)
{
    char *answer = server_ask("HEAD /api/file/yes", "", NULL);

    (void)state;
    assert_non_null(strstr(answer, "Content-Length: 11\r\n"));
    assert_null(strstr(answer, "these bytes"));
    free(answer);
}

static void refuses_in_the_envelope_whatever_was_attached(void **state)
{
    (void)state;
    server_check("GET /api/file/no", "", NULL, 404, "Content-Type: application/json\r\n");
    server_check("GET /api/file/no", "", NULL, 404, "\"message\":\"there is no such file\"");
}

/* In this process: the server's, and those of the test. */
static int open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void closes_every_file(void **state)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;
    int before;

    (void)state;
    server_check("GET /api/file/yes", "", NULL, 200, "these bytes");
    before = open_files();
    for (int i = 0; i < 50; i++) {
        server_check("GET /api/file/yes", "", NULL, 200, "these bytes");
        server_check("GET /api/file/no", "", NULL, 404, "no such file");
    }
    while (open_files() > before + 5 && clock_monotonic() < until)
        (void)poll(NULL, 0, 2); /* the last connections may still be closing */
    assert_in_range(open_files(), before - 5, before + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_a_file_to_be_saved),
        cmocka_unit_test(sends_only_the_headers_to_who_asks_for_them),
        cmocka_unit_test(refuses_in_the_envelope_whatever_was_attached),
        cmocka_unit_test(closes_every_file),
    };

    return cmocka_run_group_tests_name("attachments", tests, server_open, server_close);
}
