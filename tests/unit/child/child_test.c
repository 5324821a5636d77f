/* Other people's programs, held short. */

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/temporary.h"
#include "child/child.h"

#define PATIENCE_MS 60000 /* what is to end by itself, or by another limit, on a busy machine too */

static const char *const environment[] = {"GIVEN=yes", NULL};
static const struct child_limits usual = {
    .cpu_s = 5, .wall_ms = PATIENCE_MS, .memory_bytes = 1 << 30, .output_bytes = 1 << 20};
static struct error err;

/* Run a line of shell with "input" before it; what it writes. */
static enum status run(const char *line, const struct child_limits *limits, char ret[4096])
{
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    CLEANUP(temporary_close) int in = -1;
    CLEANUP(temporary_close) int out = -1;
    enum status s;

    assert_int_equal(temporary_open(&in, &err), STATUS_OK);
    assert_int_equal(temporary_open(&out, &err), STATUS_OK);
    assert_int_equal(temporary_write(in, "input", 5, &err), STATUS_OK);
    s = child_run(argv, environment, in, out, limits, &err);
    memset(ret, 0, 4096);
    assert_true(pread(out, ret, 4095, 0) >= 0);
    return s;
}

static void reads_the_file_from_its_beginning_and_writes_the_other(void **state)
{
    char text[4096];

    (void)state;
    assert_int_equal(run("cat; echo !", &usual, text), STATUS_OK);
    assert_string_equal(text, "input!\n");
}

static void gives_it_nothing_of_ours(void **state)
{
    char text[4096];

    (void)state;
    assert_int_equal(setenv("SECRET", "1", 1), 0);
    assert_int_equal(run("env | grep -E '^(GIVEN|SECRET)='; grep NoNewPrivs /proc/self/status; "
                         "ls /proc/$$/fd",
                         &usual, text),
                     STATUS_OK);
    /* The last descriptor is how we see its end. */
    assert_string_equal(text, "GIVEN=yes\nNoNewPrivs:\t1\n0\n1\n2\n3\n");
}

static void ends_what_fails_or_takes_too_much(void **state)
{
    static const struct {
        const char *line;
        struct child_limits limits;
        const char *text;
    } cases[] = {
        {"exit 3", {5, PATIENCE_MS, 1 << 30, 1 << 20, NULL}, "ended with 3"},
        {"kill -9 $$", {5, PATIENCE_MS, 1 << 30, 1 << 20, NULL}, "ended by signal 9"},
        {"while :; do :; done", {1, PATIENCE_MS, 1 << 30, 1 << 20, NULL}, "ended by signal"},
        {"exec sleep 60", {5, 100, 1 << 30, 1 << 20, NULL}, "took too long"},
        {"sleep 60 & sleep 60", {5, 100, 1 << 30, 1 << 20, NULL}, "took too long"},
        {"exec head -c 2000000 /dev/zero", {5, PATIENCE_MS, 1 << 30, 1 << 20, NULL}, "ended"},
        {"exec dd if=/dev/zero of=/dev/null bs=900M count=1",
         {5, PATIENCE_MS, 1 << 29, 1 << 20, NULL},
         "ended"},
    };
    char text[4096];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        assert_int_equal(run(cases[i].line, &cases[i].limits, text), STATUS_INVALID);
        if (!strstr(err.text, cases[i].text))
            fail_msg("%s: %s", cases[i].line, err.text);
    }
}

static void says_that_a_program_is_not_there(void **state)
{
    const char *const argv[] = {"/nowhere/to/be/found", NULL};
    CLEANUP(temporary_close) int fd = -1;

    (void)state;
    assert_int_equal(temporary_open(&fd, &err), STATUS_OK);
    assert_int_equal(child_run(argv, environment, fd, fd, &usual, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.text, "/nowhere/to/be/found cannot be run");
}

/* A line of shell for somebody, in a thread of its own. */
struct other {
    pthread_t thread;
    const char *line;
    const char *for_whom;
    char text[4096];
};

static void *run_other(void *context)
{
    struct other *other = context;
    struct child_limits limits = usual;

    limits.for_whom = other->for_whom;
    assert_int_equal(run(other->line, &limits, other->text), STATUS_OK);
    return NULL;
}

static void runs_one_at_a_time_for_each(void **state)
{
    char folder[] = "/tmp/child_test_XXXXXX";
    char waits[256];
    char looks[256];
    struct other slow = {.for_whom = "ada", .line = waits};
    struct other second = {.for_whom = "ada", .line = looks};
    struct other ends = {.for_whom = "bob", .line = folder};
    char command[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    /* Ada's first waits for what Bob's does; her second must not be what is running meanwhile. */
    (void)snprintf(
        waits, sizeof waits,
        "touch %s/begun; until [ -e %s/go ]; do sleep 0.01; done; sleep 0.2; touch %s/ended",
        folder, folder, folder);
    (void)snprintf(looks, sizeof looks, "[ -e %s/ended ] && echo after", folder);
    (void)snprintf(command, sizeof command,
                   "until [ -e %s/begun ]; do sleep 0.01; done; touch %s/go", folder, folder);
    ends.line = command;
    assert_int_equal(pthread_create(&slow.thread, NULL, run_other, &slow), 0);
    (void)snprintf(second.text, sizeof second.text, "%s/begun", folder);
    while (access(second.text, F_OK) != 0)
        (void)sched_yield();
    assert_int_equal(pthread_create(&second.thread, NULL, run_other, &second), 0);
    run_other(&ends);
    pthread_join(slow.thread, NULL);
    pthread_join(second.thread, NULL);
    assert_string_equal(second.text, "after\n");
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    run_other(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_file_from_its_beginning_and_writes_the_other),
        cmocka_unit_test(gives_it_nothing_of_ours),
        cmocka_unit_test(ends_what_fails_or_takes_too_much),
        cmocka_unit_test(says_that_a_program_is_not_there),
        cmocka_unit_test(runs_one_at_a_time_for_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
