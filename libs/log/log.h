#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/metrics.h"

/* One event, one line of JSON on standard error:
 *
 *     {"time":1700000000000,"level":"info","service":"push","event":"socket closed","code":1013}
 *
 * A line written on behalf of somebody says so by trace_id and span_id (trace/trace.h), after service.
 *
 * The event is a fixed phrase; what varies are typed fields, so that lines can be searched and
 * counted. Never a message's text, a token or a password. Any thread; a line is one write.
 *
 *     log_warn("broker lost", LOG_TEXT("reason", err.text), LOG_NUMBER("attempt", n)); */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
    const char *name;
    const char *text; /* NULL: it is a number */
    int64_t number;
};

#define LOG_TEXT(name_, text_) ((struct log_field){.name = (name_), .text = (text_) ? (text_) : ""})
#define LOG_NUMBER(name_, number_) ((struct log_field){.name = (name_), .number = (number_)})

/* error: someone must act. warn: it went wrong and we coped. info: a state that operators care
 * about. debug: the rest. */
#define log_error(...) LOG_EVENT(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) LOG_EVENT(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) LOG_EVENT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_EVENT(LOG_LEVEL_DEBUG, __VA_ARGS__)

#define LOG_EVENT(level, event, ...) \
    do { \
        const struct log_field fields_[] = {LOG_TEXT("event", event), ##__VA_ARGS__}; \
        log_write(level, fields_, sizeof fields_ / sizeof *fields_); \
    } while (0)

/* Once, before other threads start: the service's name on each line, and the least level that is
 * written. service must live as long as the process. */
void log_open(const char *service, enum log_level level);

extern struct metrics log_metrics; /* how many lines, by level */

void log_write(enum log_level level, const struct log_field *fields, size_t n_fields);

#endif
