#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdatomic.h>

#include "base/base.h"
#include "base/buffer.h"

/* Counters, gauges and histograms, as Prometheus reads them (text format 0.0.4).
 *
 * Who counts has a const table of families and one static struct metrics with their values:
 *
 *     enum { COMMANDS, BATCH_SECONDS };
 *     static const struct metric_info infos[] = {
 *         [COMMANDS] = {"parley_message_commands_total", METRIC_COUNTER, "Commands carried out.",
 *                       {METRIC_TEXTS("kind", kinds), METRIC_STATUS("outcome")}},
 *         [BATCH_SECONDS] = {"parley_message_batch_seconds", METRIC_HISTOGRAM, "…",
 *                            .per = METRIC_US, .bounds = &metric_bounds_us},
 *     };
 *     static struct metrics metrics = METRICS(infos);
 *
 *     metrics_add(&metrics, COMMANDS, METRIC_AT(command->kind, status), 1);
 *     metrics_observe(&metrics, BATCH_SECONDS, METRIC_AT(0), duration_us);
 *
 * A label's values are known before: an enum, a table, or names of our own code. So nothing that a
 * peer says becomes a label, and what can be counted is bounded by the tables.
 *
 * Values are process-wide and live as long as the process: no call can fail, any thread may call any
 * of these, and nothing is locked. Counting is a relaxed atomic addition, 8 ns, an observation two and
 * the search for its bucket, 22 ns; 36 ns for both where two threads do nothing else with the same
 * cells (`metrics_test --time`). */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

#define METRIC_LABELS_MAX 3
#define METRIC_FAMILIES_MAX 24 /* in one table */
#define METRIC_BOUNDS_MAX 16

struct metric_label {
    const char *name;
    size_t n; /* how many values; 0: another name for what the label before it says */
    /* The text of one; NULL: there is none, so it is not printed. of is this label's own. */
    const char *(*get)(const void *of, size_t i);
    const void *of;
};

/* Upper ends of a histogram's buckets, in the unit that is observed, ascending. */
struct metric_bounds {
    size_t n;
    int64_t at[METRIC_BOUNDS_MAX];
};
extern const struct metric_bounds metric_bounds_us; /* 100 µs to 10 s: what waits for a server */

#define METRIC_US 1000000 /* counted in microseconds, printed in seconds */

struct metric_info {
    const char *name; /* with its unit: _seconds, _bytes; of a counter _total */
    enum metric_type type;
    const char *help;
    struct metric_label labels[METRIC_LABELS_MAX];
    const struct metric_bounds *bounds; /* of a histogram */
    int64_t per; /* what is printed is the value divided by this; 0: as it is */
    /* Nothing is printed of what never happened (or, a gauge, was never set): for tables with many
     * rows of which few are used. Else alerts find a zero before there is a first one. */
    bool sparse;
};

struct metrics {
    const struct metric_info *infos;
    size_t n;
    _Atomic(atomic_llong *) cells[METRIC_FAMILIES_MAX]; /* made when first used */
};

#define METRICS(table) \
    { \
        .infos = (table), .n = N_ELEMENTS(table) \
    }

/* Which value of each label, in their order; of a family without labels METRIC_AT(0). */
struct metric_at {
    size_t at[METRIC_LABELS_MAX];
};
#define METRIC_AT(...) ((struct metric_at){{__VA_ARGS__}})

/* Forget all values: for tests, and for metrics that do not live as long as the process. */
void metrics_clear(struct metrics *metrics);

void metrics_add(struct metrics *metrics, size_t family, struct metric_at at, int64_t n);
void metrics_set(struct metrics *metrics, size_t family, struct metric_at at, int64_t value);
/* Of a sparse gauge: not known (any more). */
void metrics_unset(struct metrics *metrics, size_t family, struct metric_at at);
void metrics_observe(struct metrics *metrics, size_t family, struct metric_at at, int64_t value);
int64_t metrics_get(struct metrics *metrics, size_t family, struct metric_at at);

/* Append all of it. */
void metrics_print(struct metrics *metrics, struct buffer *ret);

/* Append a row of Markdown for each family: name, type, labels, help. */
void metrics_describe(const struct metrics *metrics, struct buffer *ret);

/* ---- Labels */

/* The values are a static table of texts. */
#define METRIC_TEXTS(label, texts) \
    { \
        .name = (label), .n = N_ELEMENTS(texts), .get = metric_text, .of = (texts) \
    }
const char *metric_text(const void *texts, size_t i);

/* The values are enum status. */
#define METRIC_STATUS(label) \
    { \
        .name = (label), .n = STATUS_COUNT, .get = metric_status \
    }
const char *metric_status(const void *unused, size_t i);

/* Names in our own code of which there is no table, in the order of their first use. */
#define METRIC_WORDS_MAX 64
struct metric_words {
    _Atomic(char *) words[METRIC_WORDS_MAX];
};
#define METRIC_WORDS(label, table) \
    { \
        .name = (label), .n = METRIC_WORDS_MAX, .get = metric_word, .of = (table) \
    }
const char *metric_word(const void *words, size_t i);

/* The number of a word; of all that come after METRIC_WORDS_MAX - 1 of them that of "other". */
size_t metric_words_find(struct metric_words *words, const char *word);

#endif
