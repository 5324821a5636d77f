#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "metrics/metrics.h"

enum { PLAIN, LEVEL, ODD, PAIRS, DURATION, SIZES, DEPTH };

static const char *const odd[] = {"a\"b\\c\nd"};
static const char *const sides[] = {"client", "server"};
static const char *const colours[] = {"red", "blue"};
static const char *const shades[] = {"dark", "light"};
static const struct metric_bounds few = {2, {1, 10}};
static struct metric_words words;

static const struct metric_info infos[] = {
    [PLAIN] = {"test_plain_total", METRIC_COUNTER, "Plain \\ things\nin two lines."},
    [LEVEL] = {"test_level", METRIC_GAUGE, "A level."},
    [ODD] = {"test_odd_total", METRIC_COUNTER, "Odd.", {METRIC_TEXTS("odd", odd)}},
    [PAIRS] = {"test_pairs_total",
               METRIC_COUNTER,
               "Pairs.",
               {METRIC_TEXTS("side", sides),
                METRIC_TEXTS("colour", colours),
                {"shade", 0, metric_text, shades}},
               .sparse = true},
    [DURATION] = {"test_seconds",
                  METRIC_HISTOGRAM,
                  "Time.",
                  {METRIC_TEXTS("side", sides)},
                  .bounds = &metric_bounds_us,
                  .per = METRIC_US,
                  .sparse = true},
    [SIZES] = {"test_sizes", METRIC_HISTOGRAM, "Sizes.", .bounds = &few},
    [DEPTH] =
        {"test_depth", METRIC_GAUGE, "Depth.", {METRIC_WORDS("queue", &words)}, .sparse = true},
};

static struct metrics fresh(void)
{
    return (struct metrics)METRICS(infos);
}

static void expect(struct metrics *metrics, const char *line, bool is_there)
{
    CLEANUP(buffer_clear) struct buffer text = {0};

    buffer_add_text(&text, "\n");
    metrics_print(metrics, &text);
    if (!strstr(buffer_text(&text), line) == is_there)
        fail_msg("%s%s in: %s", is_there ? "no " : "", line, buffer_text(&text));
}

static void prints_help_type_and_zero_before_anything_happened(void **state)
{
    struct metrics metrics = fresh();

    (void)state;
    expect(&metrics,
           "\n# HELP test_plain_total Plain \\\\ things\\nin two lines.\n"
           "# TYPE test_plain_total counter\ntest_plain_total 0\n"
           "# HELP test_level A level.\n# TYPE test_level gauge\ntest_level 0\n",
           true);
    expect(&metrics, "test_pairs_total", false);
    expect(&metrics, "test_seconds", false);
    expect(&metrics, "test_depth", false);
    metrics_clear(&metrics);
}

static void escapes_what_labels_say(void **state)
{
    struct metrics metrics = fresh();

    (void)state;
    metrics_add(&metrics, ODD, METRIC_AT(0), 3);
    expect(&metrics, "\ntest_odd_total{odd=\"a\\\"b\\\\c\\nd\"} 3\n", true);
    metrics_clear(&metrics);
}

static void counts_each_combination_of_labels_for_itself(void **state)
{
    struct metrics metrics = fresh();

    (void)state;
    metrics_add(&metrics, PAIRS, METRIC_AT(1, 0), 2);
    metrics_add(&metrics, PAIRS, METRIC_AT(0, 1), 5);
    expect(&metrics, "{side=\"server\",colour=\"red\",shade=\"dark\"} 2\n", true);
    expect(&metrics, "{side=\"client\",colour=\"blue\",shade=\"light\"} 5\n", true);
    expect(&metrics, "{side=\"client\",colour=\"red\"", false);
    assert_int_equal(metrics_get(&metrics, PAIRS, METRIC_AT(0, 1)), 5);
    metrics_clear(&metrics);
}

static void adds_up_the_buckets_of_a_histogram(void **state)
{
    struct metrics metrics = fresh();

    (void)state;
    metrics_observe(&metrics, SIZES, METRIC_AT(0), 1);
    metrics_observe(&metrics, SIZES, METRIC_AT(0), 10);
    metrics_observe(&metrics, SIZES, METRIC_AT(0), 11);
    expect(&metrics,
           "# TYPE test_sizes histogram\ntest_sizes_bucket{le=\"1\"} 1\n"
           "test_sizes_bucket{le=\"10\"} 2\ntest_sizes_bucket{le=\"+Inf\"} 3\n"
           "test_sizes_sum 22\ntest_sizes_count 3\n",
           true);
    metrics_clear(&metrics);
}

static void prints_seconds_of_what_was_measured_in_microseconds(void **state)
{
    struct metrics metrics = fresh();

    (void)state;
    metrics_observe(&metrics, DURATION, METRIC_AT(1), 250);
    expect(&metrics, "test_seconds_bucket{side=\"server\",le=\"0.0001\"} 0\n", true);
    expect(&metrics, "test_seconds_bucket{side=\"server\",le=\"0.00025\"} 1\n", true);
    expect(&metrics, "test_seconds_sum{side=\"server\"} 0.000250\n", true);
    expect(&metrics, "side=\"client\"", false);
    metrics_clear(&metrics);
}

static void forgets_a_gauge_that_is_not_known_any_more(void **state)
{
    struct metrics metrics = fresh();
    size_t queue = metric_words_find(&words, "dead");

    (void)state;
    metrics_set(&metrics, DEPTH, METRIC_AT(queue), 0);
    expect(&metrics, "\ntest_depth{queue=\"dead\"} 0\n", true);
    metrics_unset(&metrics, DEPTH, METRIC_AT(queue));
    expect(&metrics, "test_depth", false);
    metrics_clear(&metrics);
}

static void has_room_for_so_many_words_and_calls_the_rest_other(void **state)
{
    static struct metric_words many;
    char word[16];

    (void)state;
    for (size_t i = 0; i < METRIC_WORDS_MAX + 10; i++) {
        (void)snprintf(word, sizeof word, "w%zu", i);
        assert_int_equal(metric_words_find(&many, word),
                         i < METRIC_WORDS_MAX - 1 ? i : METRIC_WORDS_MAX - 1);
    }
    assert_int_equal(metric_words_find(&many, "w7"), 7);
    assert_string_equal(metric_word(&many, 7), "w7");
    assert_string_equal(metric_word(&many, METRIC_WORDS_MAX - 1), "other");
    for (size_t i = 0; i < METRIC_WORDS_MAX; i++)
        free(atomic_load(&many.words[i]));
}

#define ROUNDS 200000

static void *count(void *metrics)
{
    for (int i = 0; i < ROUNDS; i++) {
        metrics_add(metrics, PAIRS, METRIC_AT(1, 1), 1);
        metrics_observe(metrics, DURATION, METRIC_AT(0), i);
    }
    return NULL;
}

static void loses_nothing_that_several_threads_count(void **state)
{
    struct metrics metrics = fresh();
    pthread_t threads[4];
    char line[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, &metrics), 0);
    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metrics_get(&metrics, PAIRS, METRIC_AT(1, 1)), 4 * ROUNDS);
    (void)snprintf(line, sizeof line, "test_seconds_count{side=\"client\"} %d\n", 4 * ROUNDS);
    expect(&metrics, line, true);
    metrics_clear(&metrics);
}

static void describes_each_family_in_a_row(void **state)
{
    struct metrics metrics = fresh();
    CLEANUP(buffer_clear) struct buffer text = {0};

    (void)state;
    metrics_describe(&metrics, &text);
    assert_non_null(
        strstr(buffer_text(&text),
               "| `test_pairs_total` | counter | `side`, `colour`, `shade` | Pairs. |\n"));
}

/* `metrics_test --time`: what the header says that it costs. */
static int print_costs(void)
{
    static struct metrics metrics = METRICS(infos);
    static struct metrics pair = METRICS(infos);
    int64_t started = clock_monotonic_us();
    pthread_t other;

    for (int i = 0; i < 100 * ROUNDS; i++)
        metrics_add(&metrics, PAIRS, METRIC_AT(1, 1), 1);
    (void)printf("add %.1f ns\n", (double)(clock_monotonic_us() - started) / (ROUNDS / 10.0));
    started = clock_monotonic_us();
    for (int i = 0; i < 100 * ROUNDS; i++)
        metrics_observe(&metrics, DURATION, METRIC_AT(1), i & 0xffff);
    (void)printf("observe %.1f ns\n", (double)(clock_monotonic_us() - started) / (ROUNDS / 10.0));
    started = clock_monotonic_us();
    if (pthread_create(&other, NULL, count, &pair) != 0)
        return 1;
    count(&pair);
    pthread_join(other, NULL);
    (void)printf("add and observe, two threads, the same cells %.1f ns\n",
                 (double)(clock_monotonic_us() - started) / (ROUNDS / 1000.0));
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_help_type_and_zero_before_anything_happened),
        cmocka_unit_test(escapes_what_labels_say),
        cmocka_unit_test(counts_each_combination_of_labels_for_itself),
        cmocka_unit_test(adds_up_the_buckets_of_a_histogram),
        cmocka_unit_test(prints_seconds_of_what_was_measured_in_microseconds),
        cmocka_unit_test(forgets_a_gauge_that_is_not_known_any_more),
        cmocka_unit_test(has_room_for_so_many_words_and_calls_the_rest_other),
        cmocka_unit_test(loses_nothing_that_several_threads_count),
        cmocka_unit_test(describes_each_family_in_a_row),
    };

    if (argc == 2 && strcmp(argv[1], "--time") == 0)
        return print_costs();
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
