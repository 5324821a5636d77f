/* Bodies on the bus: envelope_next() over any bytes.
 *
 * - what is read of a traceparent is well-formed;
 * - every slice lies within the bytes, and each step consumes some;
 * - what was read and is written again reads the same. */

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "trace/trace.h"
#include "wire/envelope.h"

static bool is_same(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static void check_within(struct slice slice, struct slice whole)
{
    if (slice.length == 0)
        return;
    fuzz_require(slice.data >= whole.data);
    fuzz_require(slice.data + slice.length <= whole.data + whole.length);
}

static void check_round_trip(const struct envelope *envelope)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    struct envelope again = {0};
    struct slice rest;
    struct error err;

    envelope_add(&body, envelope);
    rest = (struct slice){body.data, body.length};
    fuzz_require(envelope_next(&rest, &again, &err) == STATUS_OK);
    fuzz_require(rest.length == 0);
    fuzz_require(again.kind == envelope->kind);
    fuzz_require(again.connection_id == envelope->connection_id);
    fuzz_require(again.seq == envelope->seq && again.rev == envelope->rev);
    fuzz_require(is_same(again.node, envelope->node));
    fuzz_require(is_same(again.user_id, envelope->user_id));
    fuzz_require(is_same(again.session_id, envelope->session_id));
    fuzz_require(is_same(again.conversation_id, envelope->conversation_id));
    fuzz_require(is_same(again.traceparent, envelope->traceparent));
    fuzz_require(is_same(again.users_in, envelope->users_in));
    fuzz_require(is_same(again.users_out, envelope->users_out));
    fuzz_require(is_same(again.payload, envelope->payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice whole = {(const char *)data, size};
    struct slice rest = whole;
    struct error err;

    for (;;) {
        struct envelope envelope = {0};
        struct trace trace;
        size_t before = rest.length;
        enum status s = envelope_next(&rest, &envelope, &err);

        if (s != STATUS_OK) {
            fuzz_require(s == (before == 0 ? STATUS_NOT_FOUND : STATUS_INVALID));
            return 0;
        }
        fuzz_require(rest.length < before);
        check_within(envelope.node, whole);
        check_within(envelope.user_id, whole);
        check_within(envelope.session_id, whole);
        check_within(envelope.conversation_id, whole);
        check_within(envelope.traceparent, whole);
        if (trace_parse(envelope.traceparent, &trace))
            fuzz_require(strlen(trace.text) == TRACEPARENT_MAX - 1);
        check_within(envelope.users_in, whole);
        check_within(envelope.users_out, whole);
        check_within(envelope.payload, whole);
        check_round_trip(&envelope);
    }
}
