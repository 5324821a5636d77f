#include "log/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "trace/trace.h"

/* A line is cut here: pipes write up to PIPE_BUF bytes in one piece. */
#define LINE_MAX_BYTES 4096

static struct {
    const char *service;
    enum log_level level;
} settings = {"", LOG_LEVEL_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_open(const char *service, enum log_level level)
{
    settings.service = service;
    settings.level = level;
}

struct line {
    char text[LINE_MAX_BYTES];
    size_t length;
};

/* Two bytes stay free for the closing brace and the newline; a field that does not fit is cut. */
static void add(struct line *line, const char *text, size_t length)
{
    size_t left = sizeof line->text - 2 - line->length;

    if (length > left)
        length = left;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void add_string(struct line *line, const char *text)
{
    add(line, "\"", 1);
    /* Stop while an escaped character and the closing quote still fit. */
    for (; *text && line->length + 10 < sizeof line->text; text++) {
        unsigned char c = (unsigned char)*text;
        char escaped[8];

        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            add(line, escaped, 2);
        } else if (c < 0x20 || c >= 0x7f) {
            int n = snprintf(escaped, sizeof escaped, "\\u%04x", c);

            add(line, escaped, (size_t)n);
        } else {
            add(line, text, 1);
        }
    }
    add(line, "\"", 1);
}

static void add_field(struct line *line, const struct log_field *field)
{
    char number[24];

    if (line->length > 1)
        add(line, ",", 1);
    add_string(line, field->name);
    add(line, ":", 1);
    if (field->text) {
        add_string(line, field->text);
        return;
    }
    (void)snprintf(number, sizeof number, "%lld", (long long)field->number);
    add(line, number, strlen(number));
}

/* Well-formed by its type: nothing of a stranger's gets here. */
static void add_id(struct line *line, const char *name, const char *digits, size_t length)
{
    char id[TRACE_ID_LENGTH + 1] = "";

    memcpy(id, digits, length);
    add_field(line, &(struct log_field){.name = name, .text = id});
}

static void add_trace(struct line *line, const struct trace *trace)
{
    add_id(line, "trace_id", trace->text + TRACE_ID_AT, TRACE_ID_LENGTH);
    add_id(line, "span_id", trace->text + SPAN_ID_AT, SPAN_ID_LENGTH);
}

enum { LINES };

static const struct metric_info infos[] = {
    [LINES] = {"parley_log_lines_total",
               METRIC_COUNTER,
               "Lines in the log, by level: an error is something that somebody must look at.",
               {METRIC_TEXTS("level", level_names)}},
};

struct metrics log_metrics = METRICS(infos);

void log_write(enum log_level level, const struct log_field *fields, size_t n_fields)
{
    struct line line;
    ssize_t written;

    if (level < settings.level) /* the usual case of log_debug(), in loops that are hot */
        return;
    line.text[0] = '{';
    line.length = 1;
    add_field(&line, &LOG_NUMBER("time", clock_now()));
    add_field(&line, &LOG_TEXT("level", level_names[level]));
    add_field(&line, &LOG_TEXT("service", settings.service));
    if (trace_current())
        add_trace(&line, trace_current());
    for (size_t i = 0; i < n_fields; i++)
        if (line.length + 64 < sizeof line.text)
            add_field(&line, &fields[i]);
    metrics_add(&log_metrics, LINES, METRIC_AT(level), 1);
    line.text[line.length++] = '}';
    line.text[line.length++] = '\n';
    written = write(STDERR_FILENO, line.text, line.length);
    (void)written; /* nowhere left to report it */
}
