#include "metrics/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define UNSET INT64_MIN /* a sparse gauge's, until it is set */

const struct metric_bounds metric_bounds_us = {
    16,
    {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
     5000000, 10000000},
};

/* ---- Cells: a dense array in the order of the labels */

static size_t width_of(const struct metric_info *info)
{
    return info->type == METRIC_HISTOGRAM ? info->bounds->n + 2 : 1; /* buckets, +Inf, sum */
}

static size_t series_of(const struct metric_info *info)
{
    size_t n = 1;

    for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
        if (info->labels[i].n)
            n *= info->labels[i].n;
    return n;
}

static atomic_llong *cells_make(struct metrics *metrics, size_t family)
{
    const struct metric_info *info = &metrics->infos[family];
    size_t n = series_of(info) * width_of(info);
    atomic_llong *cells = memory_new(n * sizeof *cells);
    atomic_llong *expected = NULL;

    if (info->sparse && info->type == METRIC_GAUGE)
        for (size_t i = 0; i < n; i++)
            atomic_init(&cells[i], UNSET);
    if (atomic_compare_exchange_strong(&metrics->cells[family], &expected, cells))
        return cells;
    free(cells); /* another thread was first */
    return expected;
}

static atomic_llong *cells_of(struct metrics *metrics, size_t family)
{
    atomic_llong *cells;

    assert(metrics->n <= METRIC_FAMILIES_MAX && family < metrics->n);
    cells = atomic_load_explicit(&metrics->cells[family], memory_order_acquire);
    return cells ? cells : cells_make(metrics, family);
}

static atomic_llong *cell_of(struct metrics *metrics, size_t family, struct metric_at at)
{
    const struct metric_info *info = &metrics->infos[family];
    size_t index = 0;

    for (size_t i = 0, k = 0; i < METRIC_LABELS_MAX; i++) {
        if (!info->labels[i].n)
            continue;
        assert(at.at[k] < info->labels[i].n);
        index = index * info->labels[i].n + at.at[k++];
    }
    return cells_of(metrics, family) + index * width_of(info);
}

void metrics_add(struct metrics *metrics, size_t family, struct metric_at at, int64_t n)
{
    atomic_fetch_add_explicit(cell_of(metrics, family, at), n, memory_order_relaxed);
}

void metrics_set(struct metrics *metrics, size_t family, struct metric_at at, int64_t value)
{
    atomic_store_explicit(cell_of(metrics, family, at), value, memory_order_relaxed);
}

void metrics_unset(struct metrics *metrics, size_t family, struct metric_at at)
{
    metrics_set(metrics, family, at, UNSET);
}

int64_t metrics_get(struct metrics *metrics, size_t family, struct metric_at at)
{
    return atomic_load_explicit(cell_of(metrics, family, at), memory_order_relaxed);
}

void metrics_observe(struct metrics *metrics, size_t family, struct metric_at at, int64_t value)
{
    const struct metric_bounds *bounds = metrics->infos[family].bounds;
    atomic_llong *cells = cell_of(metrics, family, at);
    size_t i = 0;

    while (i < bounds->n && value > bounds->at[i])
        i++;
    atomic_fetch_add_explicit(&cells[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&cells[bounds->n + 1], value, memory_order_relaxed);
}

void metrics_clear(struct metrics *metrics)
{
    for (size_t i = 0; i < metrics->n; i++)
        free(atomic_exchange(&metrics->cells[i], NULL));
}

/* ---- Printing */

static void add_escaped(struct buffer *ret, const char *text, bool in_quotes)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            buffer_add_text(ret, "\\n");
        else if (*p == '\\' || (in_quotes && *p == '"'))
            buffer_printf(ret, "\\%c", *p);
        else
            buffer_add(ret, p, 1);
    }
}

static void add_label(struct buffer *ret, const char *name, const char *value)
{
    buffer_printf(ret, "%c%s=\"", ret->length ? ',' : '{', name);
    add_escaped(ret, value, true);
    buffer_add_text(ret, "\"");
}

/* "{a="x",b="y"", or nothing where there are no labels. False: one of them has no such value. */
static bool print_labels(const struct metric_info *info, size_t index, struct buffer *ret)
{
    size_t left = series_of(info);
    size_t value = 0;

    ret->length = 0;
    for (size_t i = 0; i < METRIC_LABELS_MAX && info->labels[i].name; i++) {
        const struct metric_label *label = &info->labels[i];
        const char *text;

        if (label->n) {
            left /= label->n;
            value = index / left % label->n;
        }
        text = label->get(label->of, value);
        if (!text)
            return false;
        add_label(ret, label->name, text);
    }
    return true;
}

static void add_number(struct buffer *ret, const struct metric_info *info, int64_t value)
{
    if (info->per > 1)
        buffer_printf(ret, " %.6f\n", (double)value / (double)info->per);
    else
        buffer_printf(ret, " %lld\n", (long long)value);
}

static void print_buckets(const struct metric_info *info, const atomic_llong *cells,
                          struct buffer *labels, struct buffer *ret)
{
    const struct metric_bounds *bounds = info->bounds;
    double per = info->per > 1 ? (double)info->per : 1;
    const char *begun = labels->length ? buffer_text(labels) : "{";
    const char *comma = labels->length ? "," : "";
    const char *whole = labels->length ? "}" : "";
    long long total = 0;

    for (size_t i = 0; i <= bounds->n; i++) {
        total += atomic_load_explicit(&cells[i], memory_order_relaxed);
        buffer_printf(ret, "%s_bucket%s%sle=\"", info->name, begun, comma);
        if (i < bounds->n)
            buffer_printf(ret, "%g\"} %lld\n", (double)bounds->at[i] / per, total);
        else
            buffer_printf(ret, "+Inf\"} %lld\n", total);
    }
    buffer_printf(ret, "%s_sum%s%s", info->name, buffer_text(labels), whole);
    add_number(ret, info, atomic_load_explicit(&cells[bounds->n + 1], memory_order_relaxed));
    buffer_printf(ret, "%s_count%s%s %lld\n", info->name, buffer_text(labels), whole, total);
}

/* Has it happened, or been set? */
static bool is_used(const struct metric_info *info, const atomic_llong *cells)
{
    if (info->type == METRIC_GAUGE)
        return atomic_load_explicit(cells, memory_order_relaxed) != UNSET;
    for (size_t i = 0; i < width_of(info); i++)
        if (atomic_load_explicit(&cells[i], memory_order_relaxed))
            return true;
    return false;
}

static void print_family(const struct metric_info *info, const atomic_llong *cells,
                         struct buffer *labels, struct buffer *ret)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    bool is_begun = false;

    for (size_t i = 0; i < series_of(info); i++, cells += width_of(info)) {
        if ((info->sparse && !is_used(info, cells)) || !print_labels(info, i, labels))
            continue;
        if (!is_begun) {
            buffer_printf(ret, "# HELP %s ", info->name);
            add_escaped(ret, info->help, false);
            buffer_printf(ret, "\n# TYPE %s %s\n", info->name, types[info->type]);
            is_begun = true;
        }
        if (info->type == METRIC_HISTOGRAM) {
            print_buckets(info, cells, labels, ret);
            continue;
        }
        buffer_printf(ret, "%s%s%s", info->name, buffer_text(labels), labels->length ? "}" : "");
        add_number(ret, info, atomic_load_explicit(cells, memory_order_relaxed));
    }
}

void metrics_print(struct metrics *metrics, struct buffer *ret)
{
    CLEANUP(buffer_clear) struct buffer labels = {0};

    for (size_t i = 0; i < metrics->n; i++)
        print_family(&metrics->infos[i], cells_of(metrics, i), &labels, ret);
}

void metrics_describe(const struct metrics *metrics, struct buffer *ret)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    for (size_t i = 0; i < metrics->n; i++) {
        const struct metric_info *info = &metrics->infos[i];

        buffer_printf(ret, "| `%s` | %s | ", info->name, types[info->type]);
        for (size_t k = 0; k < METRIC_LABELS_MAX && info->labels[k].name; k++)
            buffer_printf(ret, "%s`%s`", k ? ", " : "", info->labels[k].name);
        buffer_printf(ret, " | %s |\n", info->help);
    }
}

/* ---- Labels */

const char *metric_text(const void *texts, size_t i)
{
    return ((const char *const *)texts)[i];
}

const char *metric_status(const void *unused, size_t i)
{
    (void)unused;
    return status_name((enum status)i);
}

const char *metric_word(const void *words, size_t i)
{
    struct metric_words *table = (void *)words; /* atomics are read by a pointer that may write */

    if (i == METRIC_WORDS_MAX - 1)
        return "other";
    return atomic_load_explicit(&table->words[i], memory_order_acquire);
}

size_t metric_words_find(struct metric_words *words, const char *word)
{
    for (size_t i = 0; i < METRIC_WORDS_MAX - 1; i++) {
        char *here = atomic_load_explicit(&words->words[i], memory_order_acquire);
        char *mine;

        if (!here) {
            mine = memory_text(word);
            if (atomic_compare_exchange_strong(&words->words[i], &here, mine))
                return i;
            free(mine); /* another thread was first; here is what it put there */
        }
        if (strcmp(here, word) == 0)
            return i;
    }
    return METRIC_WORDS_MAX - 1;
}
