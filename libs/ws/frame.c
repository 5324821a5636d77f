#include "ws/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct ws_frame *frame_new(struct slice head, struct slice payload)
{
    struct ws_frame *frame = memory_grow(NULL, 1, sizeof *frame + head.length + payload.length);

    atomic_init(&frame->references, 1);
    frame->length = (uint32_t)(head.length + payload.length);
    memcpy(frame->data, head.data, head.length);
    if (payload.length > 0)
        memcpy(frame->data + head.length, payload.data, payload.length);
    return frame;
}

struct ws_frame *ws_frame_new(enum ws_opcode opcode, struct slice payload)
{
    char header[WS_HEADER_MAX];
    size_t n = ws_encode_header(opcode, payload.length, header);

    return frame_new((struct slice){header, n}, payload);
}

struct ws_frame *ws_frame_new_close(int code, const char *reason)
{
    size_t n = strlen(reason);
    char payload[125] = {(char)(code >> 8), (char)code};

    assert(n <= sizeof payload - 2);
    memcpy(payload + 2, reason, n);
    return ws_frame_new(WS_CLOSE, (struct slice){payload, code == WS_CODE_NONE ? 0 : n + 2});
}

struct ws_frame *ws_frame_new_raw(struct slice bytes)
{
    return frame_new((struct slice){"", 0}, bytes);
}

struct ws_frame *ws_frame_keep(struct ws_frame *frame, size_t n)
{
    atomic_fetch_add_explicit(&frame->references, (unsigned)n, memory_order_relaxed);
    return frame;
}

void ws_frame_free(struct ws_frame *frame)
{
    if (frame && atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel) == 1)
        free(frame);
}
