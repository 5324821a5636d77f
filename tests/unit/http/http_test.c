/* Routes, bodies, errors, and how the server opens and closes. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/http_server.h"

static void answers_in_the_envelope(void **state)
{
    (void)state;
    server_check("GET /api/hello", "", NULL, 200,
                 "{\"code\":0,\"message\":\"success\",\"data\":{\"text\":\"hello\"}}");
    server_check("GET /api/hello", "", NULL, 200, "Content-Type: application/json\r\n");
    server_check("GET /api/hello", "", NULL, 200, "Cache-Control: no-store\r\n");
    server_check("GET /api/hello", "", NULL, 200, "X-Content-Type-Options: nosniff\r\n");
    server_check("GET /api/raw", "", NULL, 200, "\r\n\r\n{\"text\":\"hello\"}");
}

static void answers_unknown_paths_and_methods_in_the_envelope(void **state)
{
    static const char *const unknown[] = {
        "GET /",
        "GET /api/nothing",
        "GET /api//hello",
        "GET //api/hello",
        "GET /api/hello/",
        "GET /api/hello/../hello",
        "GET /api/things/..",
        "GET /api/things/%2e%2e",
        "GET /api/things/",
        "GET /a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
        "GET http://other/api/hello",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(unknown); i++)
        server_check(unknown[i], "", NULL, 404,
                     "{\"code\":40401,\"message\":\"there is no such path\",\"data\":null}");
    server_check("DELETE /api/hello", "", NULL, 405, "\"code\":40501");
    server_check("DELETE /api/me", "", NULL, 405, "this path takes GET, POST");
    server_check("DELETE /api/me", "", NULL, 405, "\r\nAllow: GET, POST\r\n");
}

static void prefers_a_literal_to_a_parameter(void **state)
{
    (void)state;
    server_check("GET /api/things/my", "", NULL, 200, "hello");
    server_check("GET /api/things/m%79", "", NULL, 200, "hello");
    server_check("GET /api/things/mine", "", NULL, 200, "\"text\":\"mine:\"");
}

static void decodes_path_and_query(void **state)
{
    (void)state;
    server_check("GET /api/things/a%20b?note=x+%C3%A9&unknown=%zz", "", NULL, 200,
                 "\"text\":\"a b:x \xc3\xa9\"");
    server_check("GET /api/things/a?group_id=b", "", NULL, 200, "\"text\":\"a:\"");
    server_check("GET /api/things/a%00", "", NULL, 400, "\"code\":40001");
    server_check("GET /api/things/a%2Fb", "", NULL, 400, "\"code\":40001");
    server_check("GET /api/things/a%ff", "", NULL, 400, "\"code\":40001");
    server_check("GET /api/things/a%4", "", NULL, 400, "\"code\":40001");
    server_check("GET /api/things/123456789", "", NULL, 400, "\"data\":{\"field\":\"group_id\"}");
    server_check("GET /api/things/a?note=%ff", "", NULL, 400, "\"data\":{\"field\":\"note\"}");
    server_check("GET /api/things/a?note=%00", "", NULL, 400, "\"data\":{\"field\":\"note\"}");
    server_check("GET /api/things/a?note=123456789012345678901", "", NULL, 400,
                 "\"data\":{\"field\":\"note\"}");
}

static void checks_bodies_and_names_the_field(void **state)
{
    (void)state;
    server_check("POST /api/things", JSON, "{\"group_id\":\"g\",\"name\":\"n\",\"seats\":3}", 200,
                 "g/n/3");
    server_check("POST /api/things", "Content-Type: Application/JSON; charset=utf-8\r\n",
                 "{\"group_id\":\"g\",\"name\":\"n\"}", 200, "g/n/0");
    server_check("POST /api/things", JSON, NULL, 400,
                 "\"code\":40000,\"message\":\"the body is missing");
    server_check("POST /api/things", JSON, "", 400, "\"code\":40000");
    server_check("POST /api/things", JSON, "{", 400, "\"code\":40000");
    server_check("POST /api/things", "", "{}", 400, "Content-Type must be application/json");
    server_check("POST /api/things", "Content-Type: text/plain\r\n", "{}", 400, "\"code\":40000");
    server_check("POST /api/things", "Content-Type: application/jsonp\r\n", "{}", 400,
                 "\"code\":40000");
    server_check("POST /api/things", JSON, "{\"group_id\":\"g\"}", 400,
                 "\"data\":{\"field\":\"name\"}");
    server_check("POST /api/things", JSON, "{\"group_id\":\"g\",\"name\":\"n\",\"seats\":0}", 400,
                 "\"data\":{\"field\":\"seats\"}");
}

static void takes_a_path_member_from_the_path_alone(void **state)
{
    (void)state;
    server_check("POST /api/things/g1", JSON, "{\"name\":\"n\"}", 200, "g1/n/0");
    server_check("POST /api/things/g1", JSON, "{\"name\":\"n\",\"group_id\":\"g2\"}", 200,
                 "g1/n/0");
    server_check("POST /api/things/g1", JSON, "{\"name\":7}", 400, "\"data\":{\"field\":\"name\"}");
    server_check("POST /api/things/123456789", JSON, "{\"name\":\"n\"}", 400,
                 "\"data\":{\"field\":\"group_id\"}");
}

static void needs_no_body_when_nothing_in_it_is_required(void **state)
{
    (void)state;
    server_check("POST /api/things/g1/join", "", NULL, 200, "\"text\":\"g1:\"");
    server_check("POST /api/things/g1/join", JSON, "{\"note\":\"hi\"}", 200, "\"text\":\"g1:hi\"");
    server_check("POST /api/things/g1/join", "", "{\"note\":\"hi\"}", 400, "\"code\":40000");
}

static void keeps_a_sane_request_id_and_makes_one_otherwise(void **state)
{
    (void)state;
    server_check("GET /api/hello", "X-Request-Id: abc-DEF_123\r\n", NULL, 200,
                 "X-Request-Id: abc-DEF_123\r\n");
    server_check("GET /api/hello", "", NULL, 200, "X-Request-Id: req_");
    server_check("GET /api/hello", "X-Request-Id: a b\r\n", NULL, 200, "X-Request-Id: req_");
    server_check("GET /api/hello", "X-Request-Id: 0123456789012345678901234567890123456789\r\n",
                 NULL, 200, "X-Request-Id: req_");
    server_check("GET /nothing", "X-Request-Id: abc\r\n", NULL, 404, "X-Request-Id: abc\r\n");
}

static void carries_a_valid_traceparent_on_and_makes_one_otherwise(void **state)
{
    static const char valid[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    static const char *const wrong[] = {
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    };
    char header[128];

    (void)state;
    (void)snprintf(header, sizeof header, "traceparent: %s\r\n", valid);
    server_check("GET /api/who", header, NULL, 200, valid);
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        CLEANUP(free) char *answer = NULL;

        (void)snprintf(header, sizeof header, "traceparent: %s\r\n", wrong[i]);
        answer = server_ask("GET /api/who", header, NULL);
        assert_null(strstr(answer, wrong[i]));
        assert_non_null(strstr(answer, "|00-"));
    }
}

static void keeps_the_reason_of_our_faults_from_clients_and_reports_it(void **state)
{
    int before = server.reports;

    (void)state;
    server_check("GET /api/fail/bug", "", NULL, 500,
                 "{\"code\":50001,\"message\":\"something went wrong on our side\",\"data\":null}");
    assert_int_equal(server.reports, before + 1);
    assert_string_equal(server.reported.text, "secret detail");
    server_check("GET /api/fail/away", "", NULL, 503,
                 "{\"code\":50301,\"message\":\"not available for the moment, please try again\"");
    assert_int_equal(server.reports, before + 2);
    server_check("GET /api/fail/x", "", NULL, 404, "there is no such thing");
    assert_int_equal(server.reports, before + 2);
}

static void says_when_to_try_again(void **state)
{
    (void)state;
    server_check("GET /api/fail/away", "", NULL, 503, "Retry-After: 2\r\n");
    server_check("GET /api/fail/fast", "", NULL, 429, "Retry-After: 17\r\n");
}

static void serves_pages_in_plain_text(void **state)
{
    (void)state;
    server_check("GET /readyz?x", "", NULL, 503, "\r\n\r\ndraining\n");
}

static void counts_answers_by_route_and_status(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};

    (void)state;
    server_check("GET /api/fail/fast", "", NULL, 429, "");
    http_metrics(server.http, &text);
    assert_non_null(strstr(buffer_text(&text),
                           "parley_http_answers_total{method=\"GET\",route=\"/api/fail/{group_id}\""
                           ",status=\"TOO_FAST\"} "));
    assert_non_null(strstr(buffer_text(&text),
                           "parley_http_seconds_bucket{method=\"GET\",route=\"/api/hello\","
                           "le=\"+Inf\"} "));
    assert_non_null(strstr(buffer_text(&text), "route=\"none\",status=\"NOT_FOUND\"} "));
}

static void says_why_it_cannot_listen(void **state)
{
    char address[32];
    struct http_config config = {.listen = address};
    struct http *http;
    struct error err;

    (void)state;
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", server.port);
    assert_int_equal(http_open(&config, &http, &err), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.text, "Address already in use"));
    config.listen = "nonsense";
    assert_int_equal(http_open(&config, &http, &err), STATUS_INVALID);
}

static void *ask_slow(void *unused)
{
    (void)unused;
    return server_ask("GET /api/slow", "", NULL);
}

static void *close_in_background(void *unused)
{
    (void)unused;
    http_close(server.http);
    return NULL;
}

static void answers_what_is_in_hand_before_it_closes(void **state)
{
    pthread_t asking, closing;
    void *answer;

    pthread_create(&asking, NULL, ask_slow, NULL);
    pthread_mutex_lock(&server.lock);
    while (!server.entered)
        pthread_cond_wait(&server.changed, &server.lock);
    pthread_mutex_unlock(&server.lock);
    pthread_create(&closing, NULL, close_in_background, NULL);
    pthread_mutex_lock(&server.lock);
    server.leave = true;
    pthread_cond_broadcast(&server.changed);
    pthread_mutex_unlock(&server.lock);
    pthread_join(asking, &answer);
    assert_non_null(strstr(answer, "success"));
    free(answer);
    pthread_join(closing, NULL);
    server_open(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_the_envelope),
        cmocka_unit_test(answers_unknown_paths_and_methods_in_the_envelope),
        cmocka_unit_test(prefers_a_literal_to_a_parameter),
        cmocka_unit_test(decodes_path_and_query),
        cmocka_unit_test(checks_bodies_and_names_the_field),
        cmocka_unit_test(takes_a_path_member_from_the_path_alone),
        cmocka_unit_test(needs_no_body_when_nothing_in_it_is_required),
        cmocka_unit_test(keeps_a_sane_request_id_and_makes_one_otherwise),
        cmocka_unit_test(carries_a_valid_traceparent_on_and_makes_one_otherwise),
        cmocka_unit_test(keeps_the_reason_of_our_faults_from_clients_and_reports_it),
        cmocka_unit_test(says_when_to_try_again),
        cmocka_unit_test(serves_pages_in_plain_text),
        cmocka_unit_test(counts_answers_by_route_and_status),
        cmocka_unit_test(says_why_it_cannot_listen),
        cmocka_unit_test(answers_what_is_in_hand_before_it_closes),
    };

    return cmocka_run_group_tests_name("http", tests, server_open, server_close);
}
