/* libs/otlp: what a collector is told, and that nobody waits for one that is bad. */

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

#include "base/clock.h"
#include "otlp/otlp.h"
#include "record/record.h"

#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define GIVEN "00-" TRACE_ID "-00f067aa0ba902b7-01"

/* ---- The text */

static void a_span_is_as_otlp_has_it(void **state)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    const struct trace links[] = {{GIVEN}, {"00-" TRACE_ID "-1111111111111111-01"}};
    const struct trace_span span = {
        .here = {"00-" TRACE_ID "-53995c3f42cd8ad8-01"},
        .parent = "00f067aa0ba902b7",
        .kind = SPAN_SERVER,
        .name = "GET \"x\"",
        .begun_ns = 1700000000000000000,
        .lasted_ns = 5,
        .is_failed = true,
        .attributes = {{.key = "a", .text = "line\n\"end\""}, {.key = "b", .number = -1}},
        .n_attributes = 2,
        .links = links,
        .n_links = 2,
    };

    (void)state;
    otlp_add_span(&json, &span);
    assert_string_equal(
        buffer_text(&json),
        "{\"traceId\":\"" TRACE_ID "\",\"spanId\":\"53995c3f42cd8ad8\","
        "\"parentSpanId\":\"00f067aa0ba902b7\",\"name\":\"GET \\\"x\\\"\",\"kind\":2,"
        "\"startTimeUnixNano\":\"1700000000000000000\",\"endTimeUnixNano\":\"1700000000000000005\","
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"line\\n\\\"end\\\"\"}},"
        "{\"key\":\"b\",\"value\":{\"intValue\":\"-1\"}}],"
        "\"links\":[{\"traceId\":\"" TRACE_ID "\",\"spanId\":\"00f067aa0ba902b7\"},"
        "{\"traceId\":\"" TRACE_ID "\",\"spanId\":\"1111111111111111\"}],\"status\":{\"code\":2}}");
}

/* ---- A collector for one connection after the other, that says what it was told to say */

static struct {
    int fd;
    char url[64];
    const char *answer; /* NULL: it is silent until the other side ends */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n; /* bodies that were read */
    char heard[65536];
} collector = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void serve(int fd)
{
    size_t have = 0;
    ssize_t n;
    const char *end, *length;

    do {
        n = recv(fd, collector.heard + have, sizeof collector.heard - 1 - have, 0);
        have += n > 0 ? (size_t)n : 0;
        collector.heard[have] = '\0';
        end = strstr(collector.heard, "\r\n\r\n");
        length = strcasestr(collector.heard, "Content-Length: ");
    } while (n > 0 && (!end || !length || strlen(end + 4) < strtoul(length + 16, NULL, 10)));
    pthread_mutex_lock(&collector.lock);
    collector.n++;
    pthread_cond_broadcast(&collector.changed);
    pthread_mutex_unlock(&collector.lock);
    if (collector.answer)
        (void)!send(fd, collector.answer, strlen(collector.answer), MSG_NOSIGNAL);
    else
        while (recv(fd, &(char){0}, 1, 0) > 0)
            continue;
    close(fd);
}

static void *run(void *unused)
{
    int fd;

    (void)unused;
    while ((fd = accept(collector.fd, NULL, NULL)) >= 0)
        serve(fd);
    return NULL;
}

static int open_collector(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;

    (void)state;
    collector.n = 0;
    collector.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(collector.fd, (void *)&address, length), 0);
    assert_int_equal(listen(collector.fd, 8), 0);
    assert_int_equal(getsockname(collector.fd, (void *)&address, &length), 0);
    (void)snprintf(collector.url, sizeof collector.url, "http://127.0.0.1:%d/v1/traces",
                   ntohs(address.sin_port));
    return pthread_create(&collector.thread, NULL, run, NULL);
}

static int close_collector(void **state)
{
    (void)state;
    shutdown(collector.fd, SHUT_RDWR);
    pthread_join(collector.thread, NULL);
    close(collector.fd);
    metrics_clear(&otlp_metrics);
    return 0;
}

static void wait_for_bodies(int n)
{
    pthread_mutex_lock(&collector.lock);
    while (collector.n < n)
        pthread_cond_wait(&collector.changed, &collector.lock);
    pthread_mutex_unlock(&collector.lock);
}

static struct {
    int n;
    char reason[256];
} reports;

static void report(const char *reason, int64_t lost)
{
    assert_int_equal(lost, 0);
    pthread_mutex_lock(&collector.lock);
    (void)snprintf(reports.reason, sizeof reports.reason, "%s", reason);
    reports.n++;
    pthread_cond_broadcast(&collector.changed);
    pthread_mutex_unlock(&collector.lock);
}

static void wait_for_report(void)
{
    pthread_mutex_lock(&collector.lock);
    while (reports.n == 0)
        pthread_cond_wait(&collector.changed, &collector.lock);
    pthread_mutex_unlock(&collector.lock);
}

static struct otlp *open_exporter(const char *url)
{
    struct otlp *otlp;
    struct error err;

    reports.n = 0;
    reports.reason[0] = '\0';
    assert_int_equal(otlp_open(&(struct otlp_config){.endpoint = url,
                                                     .service = "message",
                                                     .instance = "message-1",
                                                     .report = report},
                               &otlp, &err),
                     STATUS_OK);
    return otlp;
}

static void make_spans(int n)
{
    for (int i = 0; i < n; i++) {
        struct trace_span span;

        span_begin(&span, SPAN_SERVER, "made", slice_of(GIVEN));
        span_add_number(&span, "n", i);
        span_end(&span, true);
    }
}

static int64_t count(int outcome)
{
    return metrics_get(&otlp_metrics, 0, METRIC_AT((size_t)outcome));
}

#define SENT 0
#define LOST 1

/* ---- */

static void what_is_there_at_the_end_is_sent(void **state)
{
    struct otlp *otlp = open_exporter(collector.url);
    const char *body;
    struct error err;

    (void)state;
    collector.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    make_spans(3);
    otlp_close(otlp);
    wait_for_bodies(1);
    assert_int_equal(strncmp(collector.heard, "POST /v1/traces HTTP/1.1\r\n", 26), 0);
    assert_non_null(strcasestr(collector.heard, "\r\nContent-Type: application/json\r\n"));
    body = strstr(collector.heard, "\r\n\r\n") + 4;
    assert_int_equal(json_check(body, strlen(body), &err), STATUS_OK);
    assert_non_null(
        strstr(body, "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"message\"}}"));
    assert_non_null(strstr(
        body, "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"message-1\"}}"));
    assert_non_null(strstr(body, "\"parentSpanId\":\"00f067aa0ba902b7\",\"name\":\"made\""));
    assert_int_equal(count(SENT), 3);
    assert_int_equal(count(LOST), 0);
    assert_int_equal(reports.n, 0);
}

static void what_is_refused_is_lost_counted_and_told_once(void **state)
{
    struct otlp *otlp = open_exporter(collector.url);

    (void)state;
    collector.answer = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    make_spans(1);
    wait_for_report();
    make_spans(1);
    otlp_close(otlp); /* who has just refused is not asked once more */
    assert_int_equal(collector.n, 1);
    assert_int_equal(count(SENT), 0);
    assert_int_equal(count(LOST), 2);
    assert_int_equal(reports.n, 1);
    assert_string_equal(reports.reason, "the collector answers with status 503");
}

static void nobody_there_is_no_harm(void **state)
{
    struct otlp *otlp = open_exporter("http://127.0.0.1:1/v1/traces");

    (void)state;
    make_spans(2);
    otlp_close(otlp);
    assert_int_equal(count(LOST), 2);
    assert_int_equal(reports.n, 1);
}

/* More than fits, while the collector does not answer: who ends spans waits for nothing, and so does
 * the end. */
static void a_collector_that_hangs_holds_nobody_up(void **state)
{
    struct otlp *otlp = open_exporter(collector.url);
    int64_t begun;

    (void)state;
    collector.answer = NULL;
    make_spans(1);
    wait_for_bodies(1); /* now it hangs */
    begun = clock_monotonic();
    make_spans(OTLP_QUEUE_BYTES / 200);
    assert_true(clock_monotonic() - begun < 4000); /* it takes some ms; the POST's time is 5 s */
    begun = clock_monotonic();
    otlp_close(otlp);
    assert_true(clock_monotonic() - begun < 4000);
    assert_int_equal(count(SENT), 0);
    assert_int_equal(count(LOST), 1 + OTLP_QUEUE_BYTES / 200);
    assert_int_equal(reports.n, 1);
}

static void nothing_is_kept_of_what_is_not_sampled(void **state)
{
    struct otlp *otlp = open_exporter(collector.url);
    struct trace_span span;

    (void)state;
    span_begin(&span, SPAN_SERVER, "no", slice_of("00-" TRACE_ID "-00f067aa0ba902b7-00"));
    span_end(&span, true);
    otlp_close(otlp);
    assert_int_equal(count(SENT) + count(LOST), 0);
    assert_int_equal(collector.n, 0);
}

int main(void)
{
#define COLLECTOR_TEST(name) cmocka_unit_test_setup_teardown(name, open_collector, close_collector)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_is_as_otlp_has_it),
        COLLECTOR_TEST(what_is_there_at_the_end_is_sent),
        COLLECTOR_TEST(what_is_refused_is_lost_counted_and_told_once),
        COLLECTOR_TEST(nobody_there_is_no_harm),
        COLLECTOR_TEST(a_collector_that_hangs_holds_nobody_up),
        COLLECTOR_TEST(nothing_is_kept_of_what_is_not_sampled),
    };

    return cmocka_run_group_tests_name("otlp", tests, NULL, NULL);
}
