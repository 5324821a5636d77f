#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "http/http.h"

/* ---- A small API over a real server on loopback */

struct thing {
    char *group_id;
    char *name;
    int64_t seats;
};

static const struct field thing_fields[] = {
    FIELD(struct thing, group_id, .required = true, .min = 1, .max = 8),
    FIELD(struct thing, name, .required = true, .min = 1, .max = 200000),
    FIELD(struct thing, seats, .min = 1, .max = 500),
};
static const struct record thing_record = RECORD("test.thing", struct thing, thing_fields);

struct thing_id {
    char *group_id;
    char *note;
};
static const struct field thing_id_fields[] = {
    FIELD(struct thing_id, group_id, .required = true, .min = 1, .max = 8),
    FIELD(struct thing_id, note, .max = 20),
};
static const struct record thing_id_record = RECORD("test.id", struct thing_id, thing_id_fields);

struct said {
    char *text;
};
static const struct field said_fields[] = {FIELD(struct said, text, .required = true)};
static const struct record said_record = RECORD("test.said", struct said, said_fields);

static struct {
    struct http *http;
    int port;
    atomic_int reports;
    struct error reported;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool entered; /* handle_slow() */
    bool leave;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static enum status handle_hello(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    struct said *said = reply;

    (void)state;
    (void)call;
    (void)request;
    (void)err;
    said->text = memory_text("hello");
    return STATUS_OK;
}

static enum status handle_who(void *state, struct call *call, const void *request, void *reply,
                              struct error *err)
{
    struct said *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)request;
    (void)err;
    buffer_printf(&text, "%s|%s|%s|%s|%s", call->user_id, call->address, call->origin,
                  call->user_agent, call->traceparent);
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_thing(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    const struct thing *thing = request;
    struct said *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)call;
    (void)err;
    buffer_printf(&text, "%s/%.20s/%lld", thing->group_id, thing->name, (long long)thing->seats);
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_id(void *state, struct call *call, const void *request, void *reply,
                             struct error *err)
{
    const struct thing_id *id = request;
    struct said *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)call;
    (void)err;
    buffer_printf(&text, "%s:%s", id->group_id, id->note ? id->note : "");
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_fail(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct thing_id *id = request;

    (void)state;
    (void)call;
    (void)reply;
    if (strcmp(id->group_id, "bug") == 0)
        return error_set(err, STATUS_INTERNAL, "secret detail");
    if (strcmp(id->group_id, "away") == 0)
        return error_set(err, STATUS_UNAVAILABLE, "10.0.0.1 refused");
    if (strcmp(id->group_id, "fast") == 0) {
        http_set_retry_after(call, 17);
        return error_set(err, STATUS_TOO_FAST, "slow down");
    }
    return error_set(err, STATUS_NOT_FOUND, "there is no such thing");
}

static enum status handle_cookie(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    (void)state;
    (void)request;
    (void)reply;
    (void)err;
    http_set_cookie(call, "access_token", "t", "/", "Lax", 900);
    http_set_cookie(call, "refresh_token", "", "/api/refresh", "Strict", 0);
    return STATUS_OK;
}

static enum status handle_slow(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    (void)state;
    (void)call;
    (void)request;
    (void)reply;
    (void)err;
    pthread_mutex_lock(&server.lock);
    server.entered = true;
    pthread_cond_broadcast(&server.changed);
    while (!server.leave)
        pthread_cond_wait(&server.changed, &server.lock);
    pthread_mutex_unlock(&server.lock);
    return STATUS_OK;
}

static enum status verify(void *context, const char *token, struct call *call, struct error *err)
{
    (void)context;
    if (strcmp(token, "old") == 0)
        return error_set(err, STATUS_EXPIRED, "the token has expired");
    if (strcmp(token, "good") != 0)
        return error_set(err, STATUS_UNAUTHENTICATED, "not a token of ours");
    strcpy(call->user_id, "user_1");
    return STATUS_OK;
}

static void note_report(const struct http_fault *fault)
{
    server.reports++;
    server.reported = *fault->err;
}

static const struct http_route routes[] = {
    {"GET", "/api/hello", HTTP_PUBLIC, NULL, &said_record, handle_hello, false},
    {"GET", "/api/raw", HTTP_PUBLIC, NULL, &said_record, handle_hello, true},
    {"GET", "/api/who", HTTP_PUBLIC, NULL, &said_record, handle_who, false},
    {"GET", "/api/me", HTTP_USER, NULL, &said_record, handle_who, false},
    {"POST", "/api/me", HTTP_USER, NULL, &said_record, handle_who, false},
    {"POST", "/api/public", HTTP_PUBLIC, NULL, &said_record, handle_who, false},
    {"GET", "/api/things/my", HTTP_PUBLIC, NULL, &said_record, handle_hello, false},
    {"GET", "/api/things/{group_id}", HTTP_PUBLIC, &thing_id_record, &said_record, handle_id,
     false},
    {"POST", "/api/things", HTTP_PUBLIC, &thing_record, &said_record, handle_thing, false},
    {"POST", "/api/things/{group_id}", HTTP_PUBLIC, &thing_record, &said_record, handle_thing,
     false},
    {"POST", "/api/things/{group_id}/join", HTTP_PUBLIC, &thing_id_record, &said_record, handle_id,
     false},
    {"GET", "/api/fail/{group_id}", HTTP_PUBLIC, &thing_id_record, NULL, handle_fail, false},
    {"POST", "/api/cookie", HTTP_PUBLIC, NULL, NULL, handle_cookie, false},
    {"GET", "/api/slow", HTTP_PUBLIC, NULL, NULL, handle_slow, false},
};

static int fill_page(void *state, struct buffer *ret)
{
    (void)state;
    buffer_add_text(ret, "draining\n");
    return 503;
}

static const struct http_page pages[] = {{"/readyz", "text/plain", fill_page}};

static int open_server(void **state)
{
    const struct http_config config = {
        .listen = "127.0.0.1:0",
        .routes = routes,
        .n_routes = N_ELEMENTS(routes),
        .verify = verify,
        .public_url = "https://chat.example, http://127.0.0.1:8080/",
        .pages = pages,
        .n_pages = N_ELEMENTS(pages),
        .report = note_report,
    };
    struct error err;

    (void)state;
    if (http_open(&config, &server.http, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    server.port = http_port(server.http);
    return 0;
}

static int close_server(void **state)
{
    (void)state;
    http_close(server.http);
    return 0;
}

/* ---- A client that can also be rude */

static int dial(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)server.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void put(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* refused in the middle: the answer tells */
        data += n;
        length -= (size_t)n;
    }
}

/* All until the server closes. */
static char *get(int fd)
{
    struct buffer text = {0};
    ssize_t n;

    while ((n = recv(fd, buffer_reserve(&text, 4096), 4096, 0)) > 0)
        text.length += (size_t)n;
    close(fd);
    return buffer_take(&text);
}

/* One request: its first words, its further headers (each with CRLF), its body. */
static char *ask(const char *line, const char *headers, const char *body)
{
    struct buffer text = {0};
    char *answer;
    int fd = dial();

    buffer_printf(&text, "%s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n%s", line,
                  headers);
    if (body)
        buffer_printf(&text, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        buffer_add_text(&text, "\r\n");
    put(fd, text.data, text.length);
    buffer_clear(&text);
    answer = get(fd);
    return answer;
}

#define JSON "Content-Type: application/json\r\n"

static void check(const char *line, const char *headers, const char *body, int status,
                  const char *part)
{
    CLEANUP(free) char *answer = ask(line, headers, body);
    char expected[16];

    (void)snprintf(expected, sizeof expected, "HTTP/1.1 %d ", status);
    if (strncmp(answer, expected, strlen(expected)) != 0 || !strstr(answer, part))
        fail_msg("%s: expected %d and %s in:\n%s", line, status, part, answer);
}

/* ---- What it promises */

static void answers_in_the_envelope(void **state)
{
    (void)state;
    check("GET /api/hello", "", NULL, 200,
          "{\"code\":0,\"message\":\"success\",\"data\":{\"text\":\"hello\"}}");
    check("GET /api/hello", "", NULL, 200, "Content-Type: application/json\r\n");
    check("GET /api/hello", "", NULL, 200, "Cache-Control: no-store\r\n");
    check("GET /api/hello", "", NULL, 200, "X-Content-Type-Options: nosniff\r\n");
    check("GET /api/raw", "", NULL, 200, "\r\n\r\n{\"text\":\"hello\"}");
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
        check(unknown[i], "", NULL, 404,
              "{\"code\":40401,\"message\":\"there is no such path\",\"data\":null}");
    check("DELETE /api/hello", "", NULL, 405, "\"code\":40501");
    check("DELETE /api/me", "", NULL, 405, "this path takes GET, POST");
    check("DELETE /api/me", "", NULL, 405, "\r\nAllow: GET, POST\r\n");
}

static void prefers_a_literal_to_a_parameter(void **state)
{
    (void)state;
    check("GET /api/things/my", "", NULL, 200, "hello");
    check("GET /api/things/m%79", "", NULL, 200, "hello");
    check("GET /api/things/mine", "", NULL, 200, "\"text\":\"mine:\"");
}

static void decodes_path_and_query(void **state)
{
    (void)state;
    check("GET /api/things/a%20b?note=x+%C3%A9&unknown=%zz", "", NULL, 200,
          "\"text\":\"a b:x \xc3\xa9\"");
    check("GET /api/things/a?group_id=b", "", NULL, 200, "\"text\":\"a:\"");
    check("GET /api/things/a%00", "", NULL, 400, "\"code\":40001");
    check("GET /api/things/a%2Fb", "", NULL, 400, "\"code\":40001");
    check("GET /api/things/a%ff", "", NULL, 400, "\"code\":40001");
    check("GET /api/things/a%4", "", NULL, 400, "\"code\":40001");
    check("GET /api/things/123456789", "", NULL, 400, "\"data\":{\"field\":\"group_id\"}");
    check("GET /api/things/a?note=%ff", "", NULL, 400, "\"data\":{\"field\":\"note\"}");
    check("GET /api/things/a?note=%00", "", NULL, 400, "\"data\":{\"field\":\"note\"}");
    check("GET /api/things/a?note=123456789012345678901", "", NULL, 400,
          "\"data\":{\"field\":\"note\"}");
}

static void checks_bodies_and_names_the_field(void **state)
{
    (void)state;
    check("POST /api/things", JSON, "{\"group_id\":\"g\",\"name\":\"n\",\"seats\":3}", 200,
          "g/n/3");
    check("POST /api/things", "Content-Type: Application/JSON; charset=utf-8\r\n",
          "{\"group_id\":\"g\",\"name\":\"n\"}", 200, "g/n/0");
    check("POST /api/things", JSON, NULL, 400, "\"code\":40000,\"message\":\"the body is missing");
    check("POST /api/things", JSON, "", 400, "\"code\":40000");
    check("POST /api/things", JSON, "{", 400, "\"code\":40000");
    check("POST /api/things", "", "{}", 400, "Content-Type must be application/json");
    check("POST /api/things", "Content-Type: text/plain\r\n", "{}", 400, "\"code\":40000");
    check("POST /api/things", "Content-Type: application/jsonp\r\n", "{}", 400, "\"code\":40000");
    check("POST /api/things", JSON, "{\"group_id\":\"g\"}", 400, "\"data\":{\"field\":\"name\"}");
    check("POST /api/things", JSON, "{\"group_id\":\"g\",\"name\":\"n\",\"seats\":0}", 400,
          "\"data\":{\"field\":\"seats\"}");
}

static void takes_a_path_member_from_the_path_alone(void **state)
{
    (void)state;
    check("POST /api/things/g1", JSON, "{\"name\":\"n\"}", 200, "g1/n/0");
    check("POST /api/things/g1", JSON, "{\"name\":\"n\",\"group_id\":\"g2\"}", 200, "g1/n/0");
    check("POST /api/things/g1", JSON, "{\"name\":7}", 400, "\"data\":{\"field\":\"name\"}");
    check("POST /api/things/123456789", JSON, "{\"name\":\"n\"}", 400,
          "\"data\":{\"field\":\"group_id\"}");
}

static void needs_no_body_when_nothing_in_it_is_required(void **state)
{
    (void)state;
    check("POST /api/things/g1/join", "", NULL, 200, "\"text\":\"g1:\"");
    check("POST /api/things/g1/join", JSON, "{\"note\":\"hi\"}", 200, "\"text\":\"g1:hi\"");
    check("POST /api/things/g1/join", "", "{\"note\":\"hi\"}", 400, "\"code\":40000");
}

static void refuses_a_body_by_its_length_before_it_comes(void **state)
{
    char line[64];
    int fd = dial();
    CLEANUP(free) char *answer = NULL;

    (void)state;
    (void)snprintf(line, sizeof line, "Content-Length: %d\r\n\r\n", HTTP_BODY_MAX + 1);
    put(fd, "POST /api/things HTTP/1.1\r\nHost: a\r\n", 36);
    put(fd, line, strlen(line));
    answer = get(fd); /* and not a byte of the body was sent */
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
    assert_non_null(strstr(answer, "\"code\":41301"));
}

static void shows_413_to_a_client_that_sends_it_all(void **state)
{
    CLEANUP(free) char *body = memory_new(2 * HTTP_BODY_MAX);

    (void)state;
    memset(body, 'x', 2 * HTTP_BODY_MAX - 1);
    for (int i = 0; i < 5; i++)
        check("POST /api/things", JSON, body, 413, "\"code\":41301");
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
    check("POST /api/things", JSON, buffer_text(&body), 200, "g/01234567890123456789/0");
    buffer_add_text(&body, " ");
    check("POST /api/things", JSON, buffer_text(&body), 413, "\"code\":41301");
}

static void limits_chunked_bodies_too(void **state)
{
    static const char head[] = "POST /api/things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" JSON
                               "Transfer-Encoding: chunked\r\n\r\n";
    CLEANUP(free) char *chunk = memory_new(0x10000 + 16);
    CLEANUP(free) char *answer = NULL;
    int fd = dial();

    (void)state;
    put(fd, head, sizeof head - 1);
    memcpy(chunk, "10000\r\n", 7);
    memset(chunk + 7, 'x', 0x10000);
    memcpy(chunk + 7 + 0x10000, "\r\n", 2);
    for (int i = 0; i < 5; i++)
        put(fd, chunk, 7 + 0x10000 + 2);
    put(fd, "0\r\n\r\n", 5);
    answer = get(fd);
    assert_non_null(strstr(answer, "HTTP/1.1 413 "));
}

static void keeps_a_sane_request_id_and_makes_one_otherwise(void **state)
{
    (void)state;
    check("GET /api/hello", "X-Request-Id: abc-DEF_123\r\n", NULL, 200,
          "X-Request-Id: abc-DEF_123\r\n");
    check("GET /api/hello", "", NULL, 200, "X-Request-Id: req_");
    check("GET /api/hello", "X-Request-Id: a b\r\n", NULL, 200, "X-Request-Id: req_");
    check("GET /api/hello", "X-Request-Id: 0123456789012345678901234567890123456789\r\n", NULL, 200,
          "X-Request-Id: req_");
    check("GET /nothing", "X-Request-Id: abc\r\n", NULL, 404, "X-Request-Id: abc\r\n");
}

static void carries_a_valid_traceparent_on_and_makes_one_otherwise(void **state)
{
    static const char valid[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    static const char *const wrong[] = {
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    };
    char header[128];

    (void)state;
    (void)snprintf(header, sizeof header, "traceparent: %s\r\n", valid);
    check("GET /api/who", header, NULL, 200, valid);
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        CLEANUP(free) char *answer = NULL;

        (void)snprintf(header, sizeof header, "traceparent: %s\r\n", wrong[i]);
        answer = ask("GET /api/who", header, NULL);
        assert_null(strstr(answer, wrong[i]));
        assert_non_null(strstr(answer, "|00-"));
    }
}

static void knows_the_user_by_bearer_token_or_cookie(void **state)
{
    (void)state;
    check("GET /api/me", "Authorization: Bearer good\r\n", NULL, 200, "\"text\":\"user_1|");
    check("GET /api/me", "authorization: bearer good\r\n", NULL, 200, "\"text\":\"user_1|");
    check("GET /api/me", "Cookie: x=1; access_token=good\r\n", NULL, 200, "\"text\":\"user_1|");
    check("GET /api/me", "", NULL, 401, "\"code\":40101");
    check("GET /api/me", "", NULL, 401, "WWW-Authenticate: Bearer\r\n");
    check("GET /api/me", "Authorization: Basic good\r\n", NULL, 401, "\"code\":40101");
    check("GET /api/me", "Authorization: Bearer \r\n", NULL, 401, "\"code\":40101");
    check("GET /api/me", "Authorization: Bearer old\r\n", NULL, 401, "\"code\":40102");
    check("GET /api/me", "Authorization: Bearer bad\r\nCookie: access_token=good\r\n", NULL, 401,
          "\"code\":40101");
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
        check("POST /api/me", headers, NULL, 403, "\"code\":40304");
        check("GET /api/me", headers, NULL, 200, "user_1");
        (void)snprintf(headers, sizeof headers, "Authorization: Bearer good\r\nOrigin: %s\r\n",
                       foreign[i]);
        check("POST /api/me", headers, NULL, 200, "user_1");
    }
    check("POST /api/me", "Cookie: access_token=good\r\nOrigin: https://chat.example\r\n", NULL,
          200, "user_1");
    check("POST /api/me", "Cookie: access_token=good\r\nOrigin: http://127.0.0.1:8080\r\n", NULL,
          200, "user_1");
    check("POST /api/me", "Cookie: access_token=good\r\n", NULL, 200, "user_1");
    check("POST /api/public", "Cookie: refresh_token=r\r\nOrigin: http://evil\r\n", NULL, 403,
          "\"code\":40304");
    check("POST /api/public", "Origin: http://evil\r\n", NULL, 200, "success");
}

static void answers_head_as_get_without_a_body(void **state)
{
    CLEANUP(free) char *answer = ask("HEAD /api/hello", "", NULL);

    (void)state;
    assert_non_null(strstr(answer, "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "Content-Length: 54\r\n"));
    assert_null(strstr(answer, "success"));
}

static void keeps_the_reason_of_our_faults_from_clients_and_reports_it(void **state)
{
    int before = server.reports;

    (void)state;
    check("GET /api/fail/bug", "", NULL, 500,
          "{\"code\":50001,\"message\":\"something went wrong on our side\",\"data\":null}");
    assert_int_equal(server.reports, before + 1);
    assert_string_equal(server.reported.text, "secret detail");
    check("GET /api/fail/away", "", NULL, 503,
          "{\"code\":50301,\"message\":\"not available for the moment, please try again\"");
    assert_int_equal(server.reports, before + 2);
    check("GET /api/fail/x", "", NULL, 404, "there is no such thing");
    assert_int_equal(server.reports, before + 2);
}

static void says_when_to_try_again(void **state)
{
    (void)state;
    check("GET /api/fail/away", "", NULL, 503, "Retry-After: 2\r\n");
    check("GET /api/fail/fast", "", NULL, 429, "Retry-After: 17\r\n");
}

static void sets_cookies(void **state)
{
    (void)state;
    check("POST /api/cookie", "", NULL, 200,
          "Set-Cookie: access_token=t; Path=/; Max-Age=900; HttpOnly; SameSite=Lax\r\n");
    check("POST /api/cookie", "", NULL, 200,
          "Set-Cookie: refresh_token=; Path=/api/refresh; Max-Age=0; HttpOnly; "
          "SameSite=Strict\r\n");
    check("POST /api/cookie", "X-Forwarded-Proto: https\r\n", NULL, 200, "SameSite=Lax; Secure");
}

static void knows_the_client_as_nginx_saw_it(void **state)
{
    (void)state;
    check("GET /api/who", "User-Agent: me/1\r\n", NULL, 200,
          "\"|127.0.0.1|http://127.0.0.1:8080|me/1|");
    check("GET /api/who",
          "X-Real-IP: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
          "X-Forwarded-Host: chat.example\r\n",
          NULL, 200, "\"|203.0.113.9|https://chat.example||");
    check("GET /api/who", "X-Real-IP: x\"y\r\nX-Forwarded-Host: a/b\r\n", NULL, 200,
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
        check("GET /api/who", header, NULL, 200, "|https://chat.example||");
    }
}

static void believes_a_forwarded_port(void **state)
{
    (void)state;
    check("GET /api/who", "X-Forwarded-Host: 127.0.0.1:9090\r\n", NULL, 200,
          "|http://127.0.0.1:9090||");
}

static void reads_all_the_headers_that_nginx_passes_on(void **state)
{
    CLEANUP(buffer_clear) struct buffer many = {0};

    (void)state;
    for (int i = 0; i < 990; i++)
        buffer_printf(&many, "X-Header-With-A-Long-Name-%03d: b\r\n", i);
    check("GET /api/hello", buffer_text(&many), NULL, 200, "hello");
}

static void serves_pages_in_plain_text(void **state)
{
    (void)state;
    check("GET /readyz?x", "", NULL, 503, "\r\n\r\ndraining\n");
}

static void counts_answers_by_route_and_status(void **state)
{
    CLEANUP(buffer_clear) struct buffer text = {0};

    (void)state;
    check("GET /api/fail/fast", "", NULL, 429, "");
    http_metrics(server.http, &text);
    assert_non_null(strstr(buffer_text(&text),
                           "parley_http_answers_total{method=\"GET\",route=\"/api/fail/{group_id}\""
                           ",status=\"TOO_FAST\"} "));
    assert_non_null(strstr(buffer_text(&text),
                           "parley_http_seconds_bucket{method=\"GET\",route=\"/api/hello\","
                           "le=\"+Inf\"} "));
    assert_non_null(strstr(buffer_text(&text), "route=\"none\",status=\"NOT_FOUND\"} "));
}

static void serves_many_requests_on_one_connection(void **state)
{
    static const char two[] = "GET /api/hello HTTP/1.1\r\nHost: a\r\n\r\n"
                              "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    int fd = dial();
    CLEANUP(free) char *answer = NULL;

    (void)state;
    put(fd, two, sizeof two - 1);
    answer = get(fd);
    assert_non_null(strstr(answer, "hello"));
    assert_non_null(strstr(answer, "40401"));
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
    return ask("GET /api/slow", "", NULL);
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
    open_server(state);
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
        cmocka_unit_test(refuses_a_body_by_its_length_before_it_comes),
        cmocka_unit_test(shows_413_to_a_client_that_sends_it_all),
        cmocka_unit_test(takes_a_body_at_the_limit),
        cmocka_unit_test(limits_chunked_bodies_too),
        cmocka_unit_test(keeps_a_sane_request_id_and_makes_one_otherwise),
        cmocka_unit_test(carries_a_valid_traceparent_on_and_makes_one_otherwise),
        cmocka_unit_test(knows_the_user_by_bearer_token_or_cookie),
        cmocka_unit_test(refuses_a_foreign_origin_to_act_by_cookie),
        cmocka_unit_test(answers_head_as_get_without_a_body),
        cmocka_unit_test(keeps_the_reason_of_our_faults_from_clients_and_reports_it),
        cmocka_unit_test(says_when_to_try_again),
        cmocka_unit_test(sets_cookies),
        cmocka_unit_test(knows_the_client_as_nginx_saw_it),
        cmocka_unit_test(believes_no_host_that_is_not_ours),
        cmocka_unit_test(believes_a_forwarded_port),
        cmocka_unit_test(reads_all_the_headers_that_nginx_passes_on),
        cmocka_unit_test(serves_pages_in_plain_text),
        cmocka_unit_test(counts_answers_by_route_and_status),
        cmocka_unit_test(serves_many_requests_on_one_connection),
        cmocka_unit_test(says_why_it_cannot_listen),
        cmocka_unit_test(answers_what_is_in_hand_before_it_closes),
    };

    return cmocka_run_group_tests_name("http", tests, open_server, close_server);
}
