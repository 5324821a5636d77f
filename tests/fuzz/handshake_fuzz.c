/* The request that asks for a WebSocket: ws_request_parse() over any bytes. The first two bytes
 * say where the request is cut.
 *
 * - it stays within its bytes, and touches none before the request is complete;
 * - a request is complete at one place only, however it arrives;
 * - what it read points into the request, and every answer to it is well-formed. */

#include <stdlib.h>
#include <string.h>

#include "record/record.h"
#include "tests/fuzz/fuzz.h"
#include "trace/trace.h"
#include "ws/handshake.h"

static void check_text(const char *text, const char *data, size_t used)
{
    if (!text)
        return;
    fuzz_require(text >= data && text < data + used);
    fuzz_require(memchr(text, '\0', used - (size_t)(text - data)) != NULL);
}

/* What was read of it is well-formed, and reads the same again. */
static void check_trace(const char *text)
{
    struct trace trace, again;

    if (!text || !trace_parse(slice_of(text), &trace))
        return;
    fuzz_require(strlen(trace.text) == TRACEPARENT_MAX - 1);
    fuzz_require(strspn(trace.text, "0123456789abcdef-") == TRACEPARENT_MAX - 1);
    fuzz_require(trace_parse(trace_slice(&trace), &again) && strcmp(trace.text, again.text) == 0);
}

static void check_request(const struct ws_request *request, const char *data, size_t used)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};

    check_text(request->host, data, used);
    check_text(request->origin, data, used);
    check_text(request->token, data, used);
    check_text(request->traceparent, data, used);
    check_text(request->real_ip, data, used);
    check_text(request->forwarded_for, data, used);
    check_trace(request->traceparent);
    fuzz_require((request->token != NULL) == (request->token_from != WS_TOKEN_NONE));
    fuzz_require(strlen(request->accept) == WS_ACCEPT_MAX - 1);
    ws_answer_accept(request->accept, request->is_bearer, &answer);
    fuzz_require(strncmp(buffer_text(&answer), "HTTP/1.1 101 ", 13) == 0);
    fuzz_require(strstr(answer.data, "\r\n\r\n") == answer.data + answer.length - 4);
}

static void check_refusal(const struct error *err)
{
    CLEANUP(buffer_clear) struct buffer answer = {0};
    struct error none;
    const char *body;

    fuzz_require(status_code(err->status) / 100 >= 400);
    ws_answer_refuse(err, 0, &answer);
    body = strstr(buffer_text(&answer), "\r\n\r\n");
    fuzz_require(body != NULL);
    body += 4;
    fuzz_require(json_check(body, strlen(body), &none) == STATUS_OK);
}

/* Parse the first length bytes in memory of exactly that size. */
static enum status parse(const uint8_t *bytes, size_t length, size_t *ret_used)
{
    CLEANUP(free) char *data = malloc(length ? length : 1);
    struct ws_request request = {0};
    struct error err = {0};
    enum status s;

    memcpy(data, bytes, length);
    *ret_used = 0;
    s = ws_request_parse(data, length, "/ws", &request, ret_used, &err);
    if (s != STATUS_OK) {
        fuzz_require(err.status == s);
        check_refusal(&err);
        return s;
    }
    fuzz_require(*ret_used <= length);
    if (*ret_used == 0)
        fuzz_require(memcmp(data, bytes, length) == 0);
    else
        check_request(&request, data, *ret_used);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t cut;
    size_t used;
    size_t used_before;
    enum status s;
    enum status before;

    if (size < 2)
        return 0;
    cut = (size_t)data[0] << 8 | data[1];
    data += 2;
    size -= 2;
    s = parse(data, size, &used);
    if (size == 0)
        return 0;
    cut %= size;
    before = parse(data, cut, &used_before);
    if (before != STATUS_OK)
        fuzz_require(s != STATUS_OK);
    else if (used_before > 0)
        fuzz_require(s == STATUS_OK && used == used_before);
    else if (s == STATUS_OK && used > 0)
        fuzz_require(cut < used);
    return 0;
}
