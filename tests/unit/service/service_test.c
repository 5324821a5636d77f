#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/memory.h"
#include "service/service.h"
#include "tests/support/http_client.h"
#include "tests/support/own_address.h"

#define PATIENCE_MS 20000 /* under a sanitizer on a busy machine */

/* ---- A small service */

struct said {
    char *text;
};
static const struct field said_fields[] = {FIELD(struct said, text)};
static const struct record said_record = RECORD("test.said", struct said, said_fields);

struct own_config {
    char *colour;
    int64_t seats;
    char *password;
};
static const struct field own_config_fields[] = {
    FIELD(struct own_config, colour, .def = "green", .about = "of the chairs"),
    FIELD(struct own_config, seats, .required = true, .min = 1, .max = 9, .about = "how many"),
    FIELD(struct own_config, password, .secret = true, .about = "of the house"),
};
static const struct record own_config_record =
    RECORD("test.config", struct own_config, own_config_fields);

static char gate[64]; /* start() succeeds once this file is there */

static enum status start(void *state, struct service_context *context, struct error *err)
{
    const struct own_config *config = context->own_config;

    (void)state;
    if (config->seats == 9)
        return error_set(err, STATUS_INVALID, "nine is too many");
    if (access(gate, F_OK) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "the store is away");
    return STATUS_OK;
}

static enum status handle_say(void *state, struct call *call, const void *request, void *reply,
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

static enum status handle_bug(void *state, struct call *call, const void *request, void *reply,
                              struct error *err)
{
    (void)state;
    (void)call;
    (void)request;
    (void)reply;
    return error_set(err, STATUS_INTERNAL, "a bug in particular");
}

static const struct http_route routes[] = {
    {"GET", "/api/say", HTTP_PUBLIC, NULL, &said_record, .handle = handle_say},
    {"POST", "/api/bug", HTTP_USER, &said_record, NULL, .handle = handle_bug},
    {"GET", "/api/bug", HTTP_PUBLIC, NULL, NULL, .handle = handle_bug},
};

static void run_worker(void *state, struct service_context *context)
{
    (void)state;
    while (!context->stopping)
        (void)poll(NULL, 0, 10);
    (void)!write(STDERR_FILENO, "worker ends\n", 12);
}

/* Stays until the process is ended. */
static void run_stuck(void *state, struct service_context *context)
{
    (void)state;
    (void)context;
    for (;;)
        pause();
}

static void stop(void *state)
{
    (void)state;
    (void)!write(STDERR_FILENO, "stop\n", 5);
}

static bool is_ready(void *state, struct buffer *why)
{
    (void)state;
    if (access("/nonexistent", F_OK) == 0)
        buffer_add_text(why, "chairs: none\n");
    return true;
}

static const struct metric_info infos[] = {
    {.name = "chairs", .type = METRIC_GAUGE, .help = "Where to sit."}};
static struct metrics chairs = METRICS(infos);
static struct metrics *const all_metrics[] = {&chairs};

static void measure(void *state)
{
    (void)state;
    metrics_set(&chairs, 0, METRIC_AT(0), 4);
}

static const struct worker workers[] = {{"patient", run_worker}};
static const struct worker stuck_workers[] = {{"stuck", run_stuck}};

static enum status check_config(const void *own_config, struct buffer *faults)
{
    const struct own_config *config = own_config;

    if (strcmp(config->colour, "beige") != 0)
        return STATUS_OK;
    buffer_add_text(faults, "COLOUR: must be one\n");
    return STATUS_INVALID;
}

static struct service service = {
    .name = "test",
    .config = &own_config_record,
    .check_config = check_config,
    .start = start,
    .stop = stop,
    .is_ready = is_ready,
    .metrics = all_metrics,
    .n_metrics = N_ELEMENTS(all_metrics),
    .measure = measure,
    .routes = routes,
    .n_routes = N_ELEMENTS(routes),
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
    .serves_http = true,
};

/* ---- As a process of its own */

static struct {
    pid_t pid;
    int output; /* its stdout and stderr */
    struct buffer text;
    char listen[OWN_ADDRESS_MAX];
    char internal[OWN_ADDRESS_MAX];
} child;

static int set_up(void **state)
{
    (void)state;
    own_address(child.listen);
    own_address(child.internal);
    setenv("LISTEN", child.listen, 1);
    setenv("INTERNAL_LISTEN", child.internal, 1);
    setenv("SEATS", "4", 1);
    unsetenv("LOG_LEVEL");
    (void)snprintf(gate, sizeof gate, "/tmp/parley-service-test-%d", getpid());
    close(open(gate, O_CREAT | O_WRONLY, 0600));
    service.workers = workers;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(gate);
    buffer_clear(&child.text);
    close(child.output);
    return 0;
}

static void begin(const char *argument)
{
    char *argv[] = {(char *)"test", (char *)argument, NULL};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    child.pid = fork();
    if (child.pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        exit(service_run(&service, argument ? 2 : 1, argv));
    }
    close(ends[1]);
    child.output = ends[0];
}

/* Read its output until text is in it, or to the end when text is NULL. */
static void expect_output(const char *text)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;

    while (!text || !strstr(buffer_text(&child.text), text)) {
        struct pollfd wait = {.fd = child.output, .events = POLLIN};
        ssize_t n = 0;

        if (poll(&wait, 1, (int)(until - clock_monotonic())) > 0)
            n = read(child.output, buffer_reserve(&child.text, 4096), 4096);
        if (n <= 0 && !text)
            return;
        if (n <= 0)
            fail_msg("no '%s' in: %s", text, buffer_text(&child.text));
        child.text.length += (size_t)n;
    }
}

static void expect_exit(int status)
{
    int got;

    expect_output(NULL);
    assert_int_equal(waitpid(child.pid, &got, 0), child.pid);
    if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
        fail_msg("status %x: %s", (unsigned)got, buffer_text(&child.text));
}

/* The answer; empty when nobody listens there. */
static char *request(const char *method, const char *address, const char *path)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    int fd = client_dial(address);

    if (fd < 0)
        return memory_text("");
    buffer_printf(&text, "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", method, path);
    client_put(fd, text.data, text.length);
    return client_get(fd);
}

static char *get(const char *address, const char *path)
{
    return request("GET", address, path);
}

/* Ask until the answer has text in it. */
static void eventually(const char *address, const char *path, const char *text)
{
    int64_t until = clock_monotonic() + PATIENCE_MS;

    for (;;) {
        CLEANUP(free) char *answer = get(address, path);

        if (strstr(answer, text))
            return;
        if (clock_monotonic() > until)
            fail_msg("%s: no '%s' in: %s", path, text, answer);
        (void)poll(NULL, 0, 10);
    }
}

/* ---- What it promises */

static void prints_its_routes_as_json(void **state)
{
    (void)state;
    begin("--routes");
    expect_exit(0);
    assert_string_equal(
        buffer_text(&child.text),
        "[\n"
        " {\"method\":\"GET\",\"path\":\"/api/say\",\"access\":\"public\",\"right\":\"\",\"services\":false,\"request\":null,"
        "\"reply\":\"test.said\"},\n"
        " {\"method\":\"POST\",\"path\":\"/api/bug\",\"access\":\"user\",\"right\":\"\",\"services\":false,\"request\":\"test.said\","
        "\"reply\":null},\n"
        " {\"method\":\"GET\",\"path\":\"/api/bug\",\"access\":\"public\",\"right\":\"\",\"services\":false,\"request\":null,"
        "\"reply\":null}\n"
        "]\n");
}

static void prints_its_settings_as_a_table(void **state)
{
    (void)state;
    begin("--config");
    expect_exit(0);
    assert_non_null(strstr(buffer_text(&child.text), "| `LISTEN` | `127.0.0.1:8000` | where REST"));
    assert_non_null(strstr(buffer_text(&child.text), "| `COLOUR` | `green` | of the chairs |\n"));
    assert_non_null(strstr(buffer_text(&child.text), "| `SEATS` | must be set | how many |\n"));
    assert_non_null(strstr(buffer_text(&child.text), "| `PASSWORD` |  | of the house; or a file"));
}

static void names_every_fault_of_its_configuration_and_exits_2(void **state)
{
    (void)state;
    setenv("SEATS", "100", 1);
    setenv("DRAIN_SECONDS", "soon", 1);
    setenv("LOG_LEVEL", "loud", 1);
    begin(NULL);
    unsetenv("DRAIN_SECONDS");
    expect_exit(2);
    assert_non_null(strstr(buffer_text(&child.text), "SEATS: "));
    assert_non_null(strstr(buffer_text(&child.text), "DRAIN_SECONDS: "));
    buffer_clear(&child.text);
    close(child.output);

    setenv("SEATS", "4", 1);
    begin(NULL);
    expect_exit(2);
    assert_non_null(strstr(buffer_text(&child.text), "LOG_LEVEL: must be debug"));
    buffer_clear(&child.text);
    close(child.output);

    setenv("COLOUR", "beige", 1); /* what the table cannot say */
    begin(NULL);
    unsetenv("COLOUR");
    expect_exit(2);
    assert_non_null(strstr(buffer_text(&child.text), "COLOUR: must be one"));
}

static void refuses_arguments_that_it_does_not_know(void **state)
{
    (void)state;
    begin("--help-me");
    expect_exit(2);
    assert_non_null(strstr(buffer_text(&child.text), "--help-me"));
}

static void serves_until_sigterm_and_exits_0(void **state)
{
    CLEANUP(free) char *said = NULL;
    CLEANUP(free) char *metrics = NULL;

    (void)state;
    begin(NULL);
    expect_output("\"event\":\"serving\"");
    eventually(child.internal, "/healthz", "\r\n\r\nok\n");
    eventually(child.internal, "/readyz", "HTTP/1.1 200 ");
    said = get(child.listen, "/api/say");
    assert_non_null(strstr(said, "hello"));
    metrics = get(child.internal, "/metrics");
    assert_non_null(strstr(metrics, "\nprocess_cpu_seconds_total 0."));
    assert_non_null(strstr(metrics, "\nprocess_resident_memory_bytes "));
    assert_non_null(strstr(metrics, "\nprocess_open_fds "));
    assert_non_null(strstr(metrics, "route=\"/api/say\",status=\"OK\"} 1\n"));
    assert_non_null(strstr(metrics, "\nchairs 4\n"));
    kill(child.pid, SIGTERM);
    expect_exit(0);
    assert_non_null(strstr(buffer_text(&child.text), "worker ends\nstop\n"));
}

static void keeps_asking_its_dependencies_and_says_what_it_waits_for(void **state)
{
    (void)state;
    unlink(gate);
    begin(NULL);
    eventually(child.internal, "/readyz", "start: the store is away\n");
    eventually(child.internal, "/healthz", "HTTP/1.1 200 ");
    close(open(gate, O_CREAT | O_WRONLY, 0600));
    eventually(child.internal, "/readyz", "HTTP/1.1 200 ");
    kill(child.pid, SIGINT);
    expect_exit(0);
}

static void stops_while_it_waits_to_start(void **state)
{
    (void)state;
    unlink(gate);
    begin(NULL);
    expect_output("not started yet");
    kill(child.pid, SIGTERM);
    expect_exit(0);
    assert_null(strstr(buffer_text(&child.text), "worker ends"));
    assert_null(strstr(buffer_text(&child.text), "stop\n"));
}

static void says_why_it_cannot_start_and_exits_1(void **state)
{
    (void)state;
    setenv("SEATS", "9", 1);
    begin(NULL);
    expect_exit(1);
    assert_non_null(strstr(buffer_text(&child.text), "nine is too many"));
}

static void says_which_port_is_taken_and_exits_1(void **state)
{
    const struct sockaddr_in address = address_to_dial(child.listen);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    begin(NULL);
    expect_exit(1);
    close(fd);
    assert_non_null(strstr(buffer_text(&child.text), child.listen));
    assert_non_null(strstr(buffer_text(&child.text), "Address already in use"));
}

static void logs_our_own_faults_once_with_the_request(void **state)
{
    CLEANUP(free) char *answer = NULL;
    const char *line;

    (void)state;
    begin(NULL);
    expect_output("\"event\":\"serving\"");
    answer = get(child.listen, "/api/bug");
    assert_null(strstr(answer, "particular"));
    kill(child.pid, SIGTERM);
    expect_exit(0);
    line = strstr(buffer_text(&child.text), "\"event\":\"request failed\",\"request_id\":\"req_");
    assert_non_null(line);
    assert_non_null(strstr(line, "\"route\":\"/api/bug\",\"status\":\"INTERNAL\","
                                 "\"reason\":\"a bug in particular\""));
    assert_null(strstr(line + 20, "request failed"));
}

static void drains_when_asked_and_serves_on_until_sigterm(void **state)
{
    CLEANUP(free) char *wrong = NULL;
    CLEANUP(free) char *edge = NULL;
    CLEANUP(free) char *done = NULL;
    CLEANUP(free) char *said = NULL;

    (void)state;
    begin(NULL);
    expect_output("\"event\":\"serving\"");
    wrong = get(child.internal, "/drain");
    assert_non_null(strstr(wrong, "HTTP/1.1 404 "));
    edge = request("POST", child.internal, "/drain?edge=nginx");
    assert_non_null(strstr(edge, "only push has sockets"));
    eventually(child.internal, "/readyz", "HTTP/1.1 200 ");
    done = request("POST", child.internal, "/drain");
    assert_non_null(strstr(done, "\r\n\r\ndrained\n"));
    eventually(child.internal, "/readyz", "draining\n");
    said = get(child.listen, "/api/say");
    assert_non_null(strstr(said, "hello"));
    assert_non_null(strstr(said, "Connection: close"));
    assert_null(strstr(buffer_text(&child.text), "worker ends"));
    kill(child.pid, SIGTERM);
    expect_exit(0);
    assert_non_null(strstr(buffer_text(&child.text), "worker ends\nstop\n"));
}

static void no_web_page_drains_it(void **state)
{
    static const char *const origins[] = {"null", "http://127.0.0.1:8080", "https://evil.example"};

    (void)state;
    begin(NULL);
    expect_output("\"event\":\"serving\"");
    for (size_t i = 0; i < N_ELEMENTS(origins); i++) {
        CLEANUP(buffer_clear) struct buffer path = {0};
        CLEANUP(free) char *refused = NULL;

        buffer_printf(&path, "/drain HTTP/1.1\r\nOrigin: %s\r\nX-Rest:", origins[i]);
        refused = request("POST", child.internal, buffer_text(&path));
        assert_non_null(strstr(refused, "HTTP/1.1 403 "));
    }
    eventually(child.internal, "/readyz", "HTTP/1.1 200 ");
    kill(child.pid, SIGTERM);
    expect_exit(0);
}

static void ends_at_once_on_a_second_signal(void **state)
{
    (void)state;
    service.workers = stuck_workers;
    begin(NULL);
    expect_output("\"event\":\"serving\"");
    kill(child.pid, SIGTERM);
    expect_output("\"event\":\"stopping\"");
    eventually(child.internal, "/readyz", "draining\n");
    kill(child.pid, SIGTERM);
    expect_exit(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prints_its_routes_as_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(prints_its_settings_as_a_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_every_fault_of_its_configuration_and_exits_2, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_arguments_that_it_does_not_know, set_up, tear_down),
        cmocka_unit_test_setup_teardown(serves_until_sigterm_and_exits_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_asking_its_dependencies_and_says_what_it_waits_for,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_while_it_waits_to_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_why_it_cannot_start_and_exits_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_which_port_is_taken_and_exits_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logs_our_own_faults_once_with_the_request, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(drains_when_asked_and_serves_on_until_sigterm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_web_page_drains_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_at_once_on_a_second_signal, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
