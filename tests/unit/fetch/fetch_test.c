/* Requests to others, against a server that misbehaves. */

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "fetch/fetch.h"

/* ---- A server for one connection: it reads a request, and says what it was told to say */

static struct {
    int fd;
    int port;
    const char *answer; /* NULL: it is silent */
    size_t filler;      /* so many bytes more */
    const char *line;   /* a header line to repeat, filler times */
    SSL_CTX *tls;       /* NULL: plain */
    char heard[8192];
    size_t length;
    pthread_t thread;
} server;

static bool has_whole_request(void)
{
    const char *end = strstr(server.heard, "\r\n\r\n");
    const char *length = strcasestr(server.heard, "Content-Length: ");

    if (!end)
        return false;
    return !length || strlen(end + 4) >= strtoul(length + 16, NULL, 10);
}

static void hear(int fd)
{
    ssize_t n = 1;

    while (n > 0 && !has_whole_request() && server.length < sizeof server.heard - 1) {
        n = recv(fd, server.heard + server.length, sizeof server.heard - 1 - server.length, 0);
        server.length += n > 0 ? (size_t)n : 0;
    }
}

static bool say(int fd, const char *text, size_t length)
{
    return send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void answer(int fd)
{
    char block[1024];
    bool ok = say(fd, server.answer, strlen(server.answer));

    memset(block, 'x', sizeof block);
    for (size_t i = 0; ok && server.line && i < server.filler; i++)
        ok = say(fd, server.line, strlen(server.line));
    for (size_t sent = 0; ok && !server.line && sent < server.filler;) {
        size_t n = server.filler - sent < sizeof block ? server.filler - sent : sizeof block;

        ok = say(fd, block, n);
        sent += n;
    }
}

static void *serve(void *unused)
{
    int fd = accept(server.fd, NULL, NULL);
    char byte;

    (void)unused;
    if (fd < 0)
        return NULL;
    if (server.tls) {
        SSL *ssl = SSL_new(server.tls);

        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            server.length = (size_t)SSL_read(ssl, server.heard, sizeof server.heard - 1);
        SSL_free(ssl);
    } else {
        hear(fd);
        if (server.answer)
            answer(fd);
        else
            (void)!recv(fd, &byte, 1, 0); /* until the client gives up */
    }
    close(fd);
    return NULL;
}

static void start(const char *text)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof any;
    SSL_CTX *tls = server.tls;
    size_t filler = server.filler;
    const char *line = server.line;

    memset(&server, 0, sizeof server);
    server.tls = tls;
    server.filler = filler;
    server.line = line;
    server.answer = text;
    server.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&any, length), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&any, &length), 0);
    assert_int_equal(listen(server.fd, 8), 0);
    server.port = ntohs(any.sin_port);
    pthread_create(&server.thread, NULL, serve, NULL);
}

static void stop(void)
{
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    server.filler = 0;
    server.line = NULL;
    server.tls = NULL;
}

static struct fetch_answer got;
static struct error err;

/* Ask the server for path. */
static enum status ask(const char *scheme, const char *path, struct fetch_request request)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    enum status s;

    buffer_printf(&url, "%s://127.0.0.1:%d%s", scheme, server.port, path);
    request.url = buffer_text(&url);
    fetch_answer_clear(&got);
    err = (struct error){0};
    s = fetch(&request, &got, &err);
    stop();
    return s;
}

static enum status get(const char *path)
{
    return ask("http", path, (struct fetch_request){0});
}

/* ---- What it promises */

static void gets_an_answer_with_its_status_and_body(void **state)
{
    (void)state;
    start("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(get("/a?b=c"), STATUS_OK);
    assert_int_equal(got.status, 404);
    assert_string_equal(buffer_text(&got.body), "hello");
    assert_int_equal(strncmp(server.heard, "GET /a?b=c HTTP/1.1\r\n", 21), 0);
    assert_non_null(strstr(server.heard, "Accept: application/json\r\n"));
    assert_non_null(strstr(server.heard, "User-Agent: parley\r\n"));
    assert_null(strstr(server.heard, "Authorization"));
}

static void posts_a_form_with_basic_authentication(void **state)
{
    CLEANUP(buffer_clear) struct buffer form = {0};

    (void)state;
    fetch_add_field(&form, "code", "a b&c=d/ü+%");
    fetch_add_field(&form, "x", "-._~");
    start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(ask("http", "/token",
                         (struct fetch_request){.form = buffer_text(&form),
                                                .username = "me",
                                                .password = "secret:%3A"}),
                     STATUS_OK);
    assert_int_equal(strncmp(server.heard, "POST /token HTTP/1.1\r\n", 22), 0);
    assert_non_null(strstr(server.heard, "Content-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(server.heard, "Authorization: Basic bWU6c2VjcmV0OiUzQQ==\r\n"));
    assert_non_null(strstr(server.heard, "\r\n\r\ncode=a%20b%26c%3Dd%2F%C3%BC%2B%25&x=-._~"));
    assert_null(strstr(server.heard, "Expect"));
}

static void shows_a_bearer_token(void **state)
{
    (void)state;
    start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(ask("http", "/me", (struct fetch_request){.bearer = "t0ken"}), STATUS_OK);
    assert_non_null(strstr(server.heard, "Authorization: Bearer t0ken\r\n"));
}

static void sends_json_by_any_method(void **state)
{
    (void)state;
    start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    assert_int_equal(ask("http", "/role",
                         (struct fetch_request){.json = "{\"role\":\"user\"}", .method = "PUT"}),
                     STATUS_OK);
    assert_int_equal(strncmp(server.heard, "PUT /role HTTP/1.1\r\n", 20), 0);
    assert_non_null(strstr(server.heard, "Content-Type: application/json\r\n"));
    assert_null(strstr(server.heard, "urlencoded"));
    assert_non_null(strstr(server.heard, "\r\n\r\n{\"role\":\"user\"}"));
}

static void follows_no_redirect(void **state)
{
    (void)state;
    start("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(get("/"), STATUS_OK);
    assert_int_equal(got.status, 302);
}

static void takes_a_body_up_to_its_limit_and_no_more(void **state)
{
    (void)state;
    server.filler = FETCH_BODY_MAX;
    start("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    assert_int_equal(get("/"), STATUS_OK);
    assert_int_equal(got.body.length, FETCH_BODY_MAX);

    server.filler = FETCH_BODY_MAX + 1;
    start("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    assert_int_equal(get("/x?secret=1"), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.text, "/x: the answer is too large"));
    assert_null(got.body.data);
}

static void takes_no_endless_head(void **state)
{
    (void)state;
    server.line = "X-Filler: 0123456789012345678901234567890123456789\r\n";
    server.filler = 100000;
    start("HTTP/1.1 200 OK\r\n");
    assert_int_equal(get("/"), STATUS_UNAVAILABLE);
    assert_non_null(strstr(err.text, "too large"));
}

static void gives_up_on_who_is_silent(void **state)
{
    int64_t begin = clock_monotonic();

    (void)state;
    start(NULL);
    assert_int_equal(get("/?token=secret"), STATUS_UNAVAILABLE);
    assert_in_range(clock_monotonic() - begin, FETCH_MS - 100, 4 * FETCH_MS); /* busy machines */
    assert_null(strstr(err.text, "secret"));
}

static void says_who_is_not_there(void **state)
{
    struct fetch_request request = {.url = "http://127.0.0.1:1/x"};

    (void)state;
    assert_int_equal(fetch(&request, &got, &err), STATUS_UNAVAILABLE);
    assert_int_equal(strncmp(err.text, "http://127.0.0.1:1/x: ", 22), 0);
}

/* A certificate that it made itself. */
static SSL_CTX *self_signed(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"127.0.0.1", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(tls, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return tls;
}

static void believes_no_certificate_of_nobody(void **state)
{
    SSL_CTX *tls = self_signed();

    (void)state;
    server.tls = tls;
    start("");
    assert_int_equal(ask("https", "/", (struct fetch_request){.bearer = "t0ken"}),
                     STATUS_UNAVAILABLE);
    if (!strstr(err.text, "certificate"))
        fail_msg("%s", err.text);
    assert_int_equal(server.length, 0);
    SSL_CTX_free(tls);
}

static void sends_secrets_to_good_addresses_only(void **state)
{
    static const char *const good[] = {
        "https://id.example.com",  "https://id.example.com:8443/a/b?c=d",
        "http://127.0.0.1:8080/x", "http://localhost/",
        "http://[::1]:1/",
    };
    static const char *const bad[] = {
        "",
        "id.example.com",
        "http://id.example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "ftp://id.example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@id.example.com/",
        "https://id.example.com/#fragment",
        "javascript:alert(1)",
    };
    struct fetch_request request = {0};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(good); i++)
        assert_true(fetch_url_is_good(good[i]));
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_false(fetch_url_is_good(bad[i]));
        request.url = bad[i];
        assert_int_equal(fetch(&request, &got, &err), STATUS_INVALID);
    }
}

/* A name of no host: the look-up fails, but it was tried. */
static void asks_a_host_of_our_own_network_in_plain_if_told_so(void **state)
{
    struct fetch_request request = {.url = "http://nobody.invalid:1/", .is_inside = true};

    (void)state;
    assert_int_equal(fetch(&request, &got, &err), STATUS_UNAVAILABLE);
    request.is_inside = false;
    assert_int_equal(fetch(&request, &got, &err), STATUS_INVALID);
    request = (struct fetch_request){.url = "file:///etc/passwd", .is_inside = true};
    assert_int_equal(fetch(&request, &got, &err), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_an_answer_with_its_status_and_body),
        cmocka_unit_test(posts_a_form_with_basic_authentication),
        cmocka_unit_test(shows_a_bearer_token),
        cmocka_unit_test(sends_json_by_any_method),
        cmocka_unit_test(asks_a_host_of_our_own_network_in_plain_if_told_so),
        cmocka_unit_test(follows_no_redirect),
        cmocka_unit_test(takes_a_body_up_to_its_limit_and_no_more),
        cmocka_unit_test(takes_no_endless_head),
        cmocka_unit_test(gives_up_on_who_is_silent),
        cmocka_unit_test(says_who_is_not_there),
        cmocka_unit_test(believes_no_certificate_of_nobody),
        cmocka_unit_test(sends_secrets_to_good_addresses_only),
    };
    int failed = cmocka_run_group_tests_name("fetch", tests, NULL, NULL);

    fetch_answer_clear(&got);
    return failed;
}
