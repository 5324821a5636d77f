#include "trace/trace.h"

#include <stdlib.h>
#include <sys/random.h>

static const char digits[] = "0123456789abcdef";

static _Thread_local const struct trace *current;
static uint32_t sampled_below; /* of the last 32 bits of a trace id */

/* ---- Reading */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (hex_value(text[i]) < 0)
            return false;
    return true;
}

static bool is_zero(const char *text, size_t length)
{
    return strspn(text, "0") >= length;
}

/* Version ff is none; 00 ends where we end; what later ones add comes after a dash. */
static bool has_good_version(struct slice text)
{
    const size_t length = TRACEPARENT_MAX - 1;

    if (text.length < length || !is_hex(text.data, 2) || memcmp(text.data, "ff", 2) == 0)
        return false;
    if (memcmp(text.data, "00", 2) == 0)
        return text.length == length;
    return text.length == length || text.data[length] == '-';
}

bool trace_parse(struct slice text, struct trace *ret)
{
    const char *at = text.data;
    struct trace trace;

    if (!has_good_version(text) || at[2] != '-' || at[35] != '-' || at[52] != '-' ||
        !is_hex(at + TRACE_ID_AT, TRACE_ID_LENGTH) || !is_hex(at + SPAN_ID_AT, SPAN_ID_LENGTH) ||
        !is_hex(at + 53, 2))
        return false;
    memcpy(trace.text, at, TRACEPARENT_MAX - 1);
    trace.text[TRACEPARENT_MAX - 1] = '\0';
    memcpy(trace.text, "00", 2);
    trace.text[53] = '0';
    trace.text[54] = digits[hex_value(at[54]) & 1]; /* of the flags we know this one */
    if (is_zero(trace.text + TRACE_ID_AT, TRACE_ID_LENGTH) ||
        is_zero(trace.text + SPAN_ID_AT, SPAN_ID_LENGTH))
        return false;
    *ret = trace;
    return true;
}

/* ---- Making */

/* From the system's generator, some at a time: a call for each id would cost more than all the rest. */
static void add_random_hex(char *ret, size_t length)
{
    static _Thread_local unsigned char pool[240];
    static _Thread_local size_t left;

    if (left < length / 2) {
        if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool)
            abort(); /* cannot happen below 256 bytes once the system is up */
        left = sizeof pool;
    }
    for (size_t i = 0; i < length; i += 2) {
        unsigned char byte = pool[--left];

        ret[i] = digits[byte >> 4];
        ret[i + 1] = digits[byte & 15];
    }
}

void trace_renew_span(struct trace *trace)
{
    do
        add_random_hex(trace->text + SPAN_ID_AT, SPAN_ID_LENGTH);
    while (is_zero(trace->text + SPAN_ID_AT, SPAN_ID_LENGTH));
}

void trace_new(struct trace *ret)
{
    memcpy(ret->text, "00-00000000000000000000000000000000-0000000000000000-00", TRACEPARENT_MAX);
    do
        add_random_hex(ret->text + TRACE_ID_AT, TRACE_ID_LENGTH);
    while (is_zero(ret->text + TRACE_ID_AT, TRACE_ID_LENGTH));
    trace_renew_span(ret);
    trace_decide(ret);
}

/* ---- Sampling */

void trace_sample(int64_t per_mille)
{
    sampled_below = (uint32_t)((uint64_t)per_mille * UINT32_MAX / 1000);
}

void trace_decide(struct trace *trace)
{
    const char *last = trace->text + TRACE_ID_AT + TRACE_ID_LENGTH - 8;
    uint32_t n = 0;

    if (sampled_below == 0) {
        trace->text[54] = '0';
        return;
    }
    for (int i = 0; i < 8; i++)
        n = n << 4 | (uint32_t)hex_value(last[i]);
    trace->text[54] = n <= sampled_below ? '1' : '0';
}

bool trace_is_of_edge(const struct trace *trace)
{
    return memcmp(trace->text + TRACE_ID_AT, trace->text + SPAN_ID_AT, SPAN_ID_LENGTH) == 0;
}

/* ---- The current one */

const struct trace *trace_current(void)
{
    return current;
}

const struct trace *trace_set_current(const struct trace *trace)
{
    const struct trace *former = current;

    current = trace && trace->text[0] ? trace : NULL;
    return former;
}
