/* Our WebSocket codec against wslay's: any run of bytes, ours cut at any places, must yield the
 * same messages in the same order and the same verdict. The first byte seeds the cuts, the second
 * picks the limit, the rest is the stream.
 *
 * Where wslay 1.1.1 is known to be wrong or behind, and we are not asked to follow:
 * - a close frame of one byte is a protocol error (RFC 6455 §5.5.1); wslay takes it;
 * - codes 1012 to 1014 were registered later; wslay refuses them;
 * - a close frame with two faults: wslay names the other one, and it judges the text of a close
 *   frame as it comes, we when all of it is there;
 * - it checks a close frame's text wrongly when that is cut, so it gets all bytes at once, and at
 *   most as many as its buffer holds. */

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "tests/fuzz/fuzz.h"
#include "ws/codec.h"

#define STREAM_MAX 4000 /* wslay reads 4,096 bytes at once; padding comes on top */
#define PADDING 14      /* the longest header: each judges its parts at other moments */

/* What one codec made of the stream. */
struct outcome {
    struct buffer log; /* each event: kind, binary, code, length, payload */
    int error;         /* the code that ended it, or 0 */
    bool closed;       /* by the peer's close frame */
};

static void add_event(struct outcome *outcome, enum ws_event_kind kind, bool binary, int code,
                      const void *payload, size_t length)
{
    buffer_printf(&outcome->log, "%d %d %d %zu:", (int)kind, binary, code, length);
    buffer_add(&outcome->log, payload, length);
}

/* ---- Ours */

/* Exactly that many bytes, so that ASan sees a step past them; true when there is no more to do. */
static bool give(struct ws_parser *parser, const struct ws_limits *limits, const uint8_t *bytes,
                 size_t n, struct outcome *ret)
{
    CLEANUP(free) char *copy = malloc(n ? n : 1);
    char *at = copy;
    size_t left = n;

    memcpy(copy, bytes, n);
    for (;;) {
        struct ws_event event = ws_parser_next(parser, limits, &at, &left);

        fuzz_require(at + left == copy + n);
        fuzz_require(parser->kept.length <= limits->message_max + 125);
        switch (event.kind) {
        case WS_EVENT_MORE:
            fuzz_require(left == 0);
            return false;
        case WS_EVENT_ERROR:
            fuzz_require(ws_code_is_valid(event.code));
            ret->error = event.code;
            return true;
        case WS_EVENT_MESSAGE:
            fuzz_require(event.payload.length <= limits->message_max);
            break;
        case WS_EVENT_CLOSE:
            ret->closed = true;
            break;
        case WS_EVENT_PING:
        case WS_EVENT_PONG:
            fuzz_require(event.payload.length <= 125);
            break;
        }
        add_event(ret, event.kind, event.binary, event.code, event.payload.data,
                  event.payload.length);
        if (ret->closed)
            return true;
    }
}

static void run_ours(const uint8_t *stream, size_t length, uint32_t cuts, size_t message_max,
                     struct outcome *ret)
{
    const struct ws_limits limits = {.message_max = message_max, .binary = true};
    struct ws_parser parser = {0};
    bool done = false;

    for (size_t at = 0; at < length && !done;) {
        size_t n;

        cuts = cuts * 1664525 + 1013904223; /* Numerical Recipes' generator is enough for cuts */
        n = cuts >> 31 ? (cuts >> 20) % 8 : (cuts >> 20) % 512;
        if (n > length - at)
            n = length - at;
        done = give(&parser, &limits, stream + at, n, ret);
        at += n;
    }
    ws_parser_clear(&parser);
}

/* ---- wslay */

struct theirs {
    const uint8_t *stream;
    size_t left;
    uint8_t opcode; /* of the last frame that began */
    struct outcome *outcome;
};

static ssize_t feed(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *context)
{
    struct theirs *theirs = context;
    size_t n = len < theirs->left ? len : theirs->left;

    (void)flags;
    if (n == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buf, theirs->stream, n);
    theirs->stream += n;
    theirs->left -= n;
    return (ssize_t)n;
}

static ssize_t swallow(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags,
                       void *context)
{
    (void)ctx, (void)data, (void)flags, (void)context;
    return (ssize_t)len;
}

static void on_start(wslay_event_context_ptr ctx,
                     const struct wslay_event_on_frame_recv_start_arg *arg, void *context)
{
    struct theirs *theirs = context;

    (void)ctx;
    theirs->opcode = arg->opcode;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg,
                       void *context)
{
    struct outcome *outcome = ((struct theirs *)context)->outcome;
    enum ws_event_kind kind = arg->opcode == WSLAY_PING               ? WS_EVENT_PING
                              : arg->opcode == WSLAY_PONG             ? WS_EVENT_PONG
                              : arg->opcode == WSLAY_CONNECTION_CLOSE ? WS_EVENT_CLOSE
                                                                      : WS_EVENT_MESSAGE;

    (void)ctx;
    if (kind != WS_EVENT_CLOSE) {
        add_event(outcome, kind, arg->opcode == WSLAY_BINARY_FRAME, 0, arg->msg, arg->msg_length);
    } else if (arg->msg_length == 1) {
        outcome->error = WS_CODE_PROTOCOL;
    } else {
        size_t skip = arg->msg_length ? 2 : 0;

        outcome->closed = true;
        add_event(outcome, kind, false, arg->status_code ? arg->status_code : WS_CODE_NONE,
                  arg->msg ? arg->msg + skip : NULL, arg->msg_length - skip);
    }
}

static void run_theirs(const uint8_t *stream, size_t length, size_t message_max,
                       uint8_t *ret_opcode, struct outcome *ret)
{
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = feed,
        .send_callback = swallow,
        .on_frame_recv_start_callback = on_start,
        .on_msg_recv_callback = on_message,
    };
    struct theirs theirs = {.stream = stream, .left = length, .outcome = ret};
    wslay_event_context_ptr ctx;
    int r;

    fuzz_require(wslay_event_context_server_init(&ctx, &callbacks, &theirs) == 0);
    wslay_event_config_set_max_recv_msg_length(ctx, message_max);
    r = wslay_event_recv(ctx);
    if (!ret->closed && !ret->error) {
        (void)wslay_event_send(ctx); /* only then does it tell its code */
        if (r != 0)
            ret->error = WS_CODE_PROTOCOL;
        else if (!wslay_event_get_read_enabled(ctx))
            ret->error = wslay_event_get_status_code_sent(ctx);
    }
    *ret_opcode = theirs.opcode;
    wslay_event_context_free(ctx);
}

/* ---- The comparison */

static bool is_late_code(const struct outcome *ours)
{
    return ours->closed && ours->log.length > 0 &&
           (memmem(ours->log.data, ours->log.length, "4 0 1012 ", 9) ||
            memmem(ours->log.data, ours->log.length, "4 0 1013 ", 9) ||
            memmem(ours->log.data, ours->log.length, "4 0 1014 ", 9));
}

static void compare(const struct outcome *ours, const struct outcome *theirs, uint8_t opcode)
{
    if (is_late_code(ours))
        return;
    fuzz_require(ours->closed == theirs->closed);
    if (opcode == WSLAY_CONNECTION_CLOSE)
        fuzz_require(!ours->error || theirs->error);
    else
        fuzz_require(ours->error == theirs->error);
    fuzz_require(ours->log.length == theirs->log.length);
    fuzz_require(ours->log.length == 0 ||
                 memcmp(ours->log.data, theirs->log.data, ours->log.length) == 0);
}

/* Both read the same bytes; true when only one of them has found fault. */
static bool run(const uint8_t *stream, size_t length, uint32_t cuts, size_t message_max)
{
    struct outcome ours = {0};
    struct outcome theirs = {0};
    uint8_t opcode = 0;
    bool is_open;

    run_ours(stream, length, cuts, message_max, &ours);
    run_theirs(stream, length, message_max, &opcode, &theirs);
    is_open =
        !ours.error != !theirs.error && opcode != WSLAY_CONNECTION_CLOSE && !is_late_code(&ours);
    if (!is_open)
        compare(&ours, &theirs, opcode);
    buffer_clear(&ours.log);
    buffer_clear(&theirs.log);
    return is_open;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {125, 126, 1000, 65536};
    CLEANUP(free) uint8_t *padded = NULL;
    size_t message_max;

    if (size < 2 || size - 2 > STREAM_MAX)
        return 0;
    message_max = limits[data[1] % N_ELEMENTS(limits)];
    if (!run(data + 2, size - 2, data[0], message_max))
        return 0;
    padded = calloc(1, size - 2 + PADDING);
    memcpy(padded, data + 2, size - 2);
    fuzz_require(!run(padded, size - 2 + PADDING, data[0], message_max));
    return 0;
}
