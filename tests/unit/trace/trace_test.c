/* libs/trace: places in traces, and spans. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/buffer.h"
#include "log/log.h"
#include "trace/span.h"
#include "wire/envelope.h"

#define TRACE_ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN_ID "00f067aa0ba902b7"
#define GIVEN "00-" TRACE_ID "-" SPAN_ID "-01"
#define UNSAMPLED "00-" TRACE_ID "-" SPAN_ID "-00"
#define OF_EDGE "00-" TRACE_ID "-4bf92f3577b34da6-00"

/* ---- Places */

static void reads_what_is_well_formed(void **state)
{
    static const struct {
        const char *text, *read;
    } cases[] = {
        {GIVEN, GIVEN},
        {UNSAMPLED, UNSAMPLED},
        {"00-" TRACE_ID "-" SPAN_ID "-ff", GIVEN}, /* of the flags one is known */
        {"00-" TRACE_ID "-" SPAN_ID "-fe", UNSAMPLED},
        {"cc-" TRACE_ID "-" SPAN_ID "-01", GIVEN}, /* of a later version */
        {"cc-" TRACE_ID "-" SPAN_ID "-01-what-will-be", GIVEN},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct trace trace;

        assert_true(trace_parse(slice_of(cases[i].text), &trace));
        assert_string_equal(trace.text, cases[i].read);
    }
}

static void refuses_what_is_not(void **state)
{
    static const char *const cases[] = {
        "",
        "00",
        "00-" TRACE_ID "-" SPAN_ID,
        "00-" TRACE_ID "-" SPAN_ID "-0",
        "00-" TRACE_ID "-" SPAN_ID "-01-more", /* in this version nothing follows */
        "00-" TRACE_ID "-" SPAN_ID "-011",
        "cc-" TRACE_ID "-" SPAN_ID "-011",
        "ff-" TRACE_ID "-" SPAN_ID "-01",
        "0g-" TRACE_ID "-" SPAN_ID "-01",
        "00-00000000000000000000000000000000-" SPAN_ID "-01",
        "00-" TRACE_ID "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN_ID "-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-" SPAN_ID "-01",
        "00_" TRACE_ID "-" SPAN_ID "-01",
        "00-" TRACE_ID "_" SPAN_ID "-01",
        "00-" TRACE_ID "-" SPAN_ID "_01",
        "00-" TRACE_ID "-" SPAN_ID "-0\n",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct trace trace = {"untouched"};

        assert_false(trace_parse(slice_of(cases[i]), &trace));
        assert_string_equal(trace.text, "untouched");
    }
    assert_false(trace_parse((struct slice){0}, &(struct trace){{0}}));
}

static void makes_traces_that_differ_and_can_be_read(void **state)
{
    struct trace last = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct trace trace, again;

        trace_new(&trace);
        assert_true(trace_parse(trace_slice(&trace), &again));
        assert_string_equal(trace.text, again.text);
        assert_false(trace_is_sampled(&trace));
        assert_false(trace_is_of_edge(&trace));
        assert_string_not_equal(trace.text, last.text);
        last = trace;
    }
}

static void samples_by_the_trace_s_id_so_that_all_agree(void **state)
{
    int sampled = 0;

    (void)state;
    trace_sample(250);
    for (int i = 0; i < 10000; i++) {
        struct trace trace, again;

        trace_new(&trace);
        again = trace;
        trace_renew_span(&again);
        trace_decide(&again);
        assert_int_equal(trace_is_sampled(&trace), trace_is_sampled(&again));
        sampled += trace_is_sampled(&trace);
    }
    assert_in_range(sampled, 2000, 3000); /* ten standard deviations */
    trace_sample(1000);
    for (int i = 0; i < 1000; i++) {
        struct trace trace;

        trace_new(&trace);
        assert_true(trace_is_sampled(&trace));
    }
    trace_sample(0);
}

/* ---- Spans */

static struct {
    size_t n;
    char here[8][TRACEPARENT_MAX];
    char parent[8][SPAN_ID_LENGTH + 1];
    struct trace_span last;
} told;

static void hear(void *context, const struct trace_span *span)
{
    assert_ptr_equal(context, &told);
    memcpy(told.here[told.n], span->here.text, TRACEPARENT_MAX);
    memcpy(told.parent[told.n], span->parent, SPAN_ID_LENGTH + 1);
    told.last = *span;
    told.n++;
}

static int listen_to_spans(void **state)
{
    (void)state;
    told.n = 0;
    span_listen(hear, &told);
    return 0;
}

static int listen_no_more(void **state)
{
    (void)state;
    span_listen(NULL, NULL);
    trace_sample(0);
    return trace_current() ? -1 : 0;
}

static void spans_have_the_parents_that_they_were_begun_in(void **state)
{
    struct trace_span outer, inner;

    (void)state;
    span_begin(&outer, SPAN_SERVER, "outer", slice_of(GIVEN));
    assert_ptr_equal(trace_current(), &outer.here);
    span_begin_child(&inner, SPAN_CLIENT, "inner");
    assert_ptr_equal(trace_current(), &inner.here);
    span_end(&inner, true);
    assert_ptr_equal(trace_current(), &outer.here);
    span_end(&outer, false);
    assert_null(trace_current());

    assert_int_equal(told.n, 2);
    assert_string_equal(told.parent[1], SPAN_ID);
    assert_memory_equal(told.parent[0], told.here[1] + SPAN_ID_AT, SPAN_ID_LENGTH);
    assert_memory_equal(told.here[0], "00-" TRACE_ID, 35);
    assert_memory_equal(told.here[1], "00-" TRACE_ID, 35);
    assert_string_not_equal(told.here[0], told.here[1]);
    assert_true(told.last.is_failed);
    assert_true(told.last.lasted_ns >= 0 && told.last.begun_ns > 0);
}

static void a_place_of_the_edge_begins_a_trace(void **state)
{
    struct trace_span span;

    (void)state;
    trace_sample(1000);
    span_begin(&span, SPAN_SERVER, "first", slice_of(OF_EDGE));
    span_end(&span, true);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.parent[0], "");
    assert_memory_equal(told.here[0], "00-" TRACE_ID, 35);
    assert_memory_not_equal(told.here[0] + SPAN_ID_AT, OF_EDGE + SPAN_ID_AT, SPAN_ID_LENGTH);
}

static void the_client_s_no_is_heard(void **state)
{
    struct trace_span span, child;

    (void)state;
    trace_sample(1000);
    span_begin(&span, SPAN_SERVER, "outer", slice_of(UNSAMPLED));
    assert_string_equal(trace_current()->text, UNSAMPLED); /* the logs name it all the same */
    span_begin_child(&child, SPAN_CLIENT, "inner");
    span_add_text(&child, "key", "text");
    span_end(&child, true);
    span_end(&span, true);
    assert_int_equal(told.n, 0);
}

static void what_is_bad_is_replaced_and_what_is_absent_too_if_it_must(void **state)
{
    struct trace_span span;

    (void)state;
    trace_sample(1000);
    span_begin(&span, SPAN_SERVER, "new", slice_of("00-x"));
    span_end(&span, true);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.parent[0], "");

    span_begin_given(&span, SPAN_SERVER, "none", slice_of("00-x"));
    assert_null(trace_current());
    span_end(&span, true);
    span_begin_given(&span, SPAN_SERVER, "none", (struct slice){0});
    assert_null(trace_current());
    span_end(&span, true);
    assert_int_equal(told.n, 1);
}

static void attributes_past_the_limit_are_left_out(void **state)
{
    struct trace_span span;

    (void)state;
    span_begin(&span, SPAN_SERVER, "span", slice_of(GIVEN));
    span_add_text(&span, "nothing", NULL);
    for (int i = 0; i < SPAN_ATTRIBUTES + 3; i++)
        span_add_number(&span, "n", i);
    span_end(&span, true);
    assert_int_equal(told.last.n_attributes, SPAN_ATTRIBUTES);
    assert_int_equal(told.last.attributes[SPAN_ATTRIBUTES - 1].number, SPAN_ATTRIBUTES - 1);
}

static void work_in_turns_is_current_in_its_turns_alone(void **state)
{
    struct trace_span a, b;

    (void)state;
    span_begin(&a, SPAN_CONSUMER, "a", slice_of(GIVEN));
    span_pause(&a);
    span_begin(&b, SPAN_CONSUMER, "b", slice_of(GIVEN));
    span_pause(&b);
    assert_null(trace_current());
    span_resume(&a);
    assert_ptr_equal(trace_current(), &a.here);
    span_pause(&a);
    span_end(&a, true);
    span_end(&b, true);
    assert_null(trace_current());
    assert_int_equal(told.n, 2);
}

/* ---- What carries the place along */

static void an_envelope_gets_the_current_place_unless_it_has_one(void **state)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    struct envelope envelope = {.kind = ENVELOPE_EVENT};
    struct trace trace;
    struct slice rest;

    (void)state;
    assert_true(trace_parse(slice_of(GIVEN), &trace));
    (void)trace_set_current(&trace);
    envelope_add(&body, &envelope);
    envelope.traceparent = slice_of(OF_EDGE);
    envelope_add(&body, &envelope);
    (void)trace_set_current(NULL);
    envelope.traceparent = (struct slice){0};
    envelope_add(&body, &envelope);

    rest = (struct slice){body.data, body.length};
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_true(slice_is(envelope.traceparent, GIVEN));
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_true(slice_is(envelope.traceparent, OF_EDGE));
    assert_int_equal(envelope_next(&rest, &envelope, NULL), STATUS_OK);
    assert_int_equal(envelope.traceparent.length, 0);
}

/* What log_warn("event") writes now. */
static void read_line(char *ret, size_t room)
{
    int former = dup(STDERR_FILENO);
    int ends[2];
    ssize_t n;

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_warn("event");
    assert_true(dup2(former, STDERR_FILENO) >= 0);
    n = read(ends[0], ret, room - 1);
    assert_true(n > 0);
    ret[n] = '\0';
    close(former);
    close(ends[0]);
    close(ends[1]);
}

static void a_line_names_the_place_that_it_is_written_in(void **state)
{
    struct trace trace;
    char line[512];

    (void)state;
    assert_true(trace_parse(slice_of(GIVEN), &trace));
    (void)trace_set_current(&trace);
    read_line(line, sizeof line);
    (void)trace_set_current(NULL);
    assert_non_null(strstr(line, "\"trace_id\":\"" TRACE_ID "\",\"span_id\":\"" SPAN_ID "\","));
    read_line(line, sizeof line);
    assert_null(strstr(line, "trace_id"));
}

int main(void)
{
#define SPAN_TEST(name) cmocka_unit_test_setup_teardown(name, listen_to_spans, listen_no_more)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_well_formed),
        cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(makes_traces_that_differ_and_can_be_read),
        cmocka_unit_test(samples_by_the_trace_s_id_so_that_all_agree),
        SPAN_TEST(spans_have_the_parents_that_they_were_begun_in),
        SPAN_TEST(a_place_of_the_edge_begins_a_trace),
        SPAN_TEST(the_client_s_no_is_heard),
        SPAN_TEST(what_is_bad_is_replaced_and_what_is_absent_too_if_it_must),
        SPAN_TEST(attributes_past_the_limit_are_left_out),
        SPAN_TEST(work_in_turns_is_current_in_its_turns_alone),
        cmocka_unit_test(an_envelope_gets_the_current_place_unless_it_has_one),
        cmocka_unit_test(a_line_names_the_place_that_it_is_written_in),
    };

    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
