#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <stdatomic.h>

#include "ws/codec.h"

/* Bytes for the wire, encoded once however many sockets they go to, and counted: each queue that
 * holds a frame holds one reference. Frames never change, so any thread may hold one. */
struct ws_frame {
    atomic_uint references;
    uint32_t length;
    char data[];
};

/* A new frame with one reference, the caller's. */
struct ws_frame *ws_frame_new(enum ws_opcode opcode, struct slice payload);

/* A close frame; WS_CODE_NONE makes one without a code. reason is at most 123 bytes. */
struct ws_frame *ws_frame_new_close(int code, const char *reason);

/* Bytes as they are: an HTTP answer. */
struct ws_frame *ws_frame_new_raw(struct slice bytes);

/* Take n more references. Returns frame. */
struct ws_frame *ws_frame_keep(struct ws_frame *frame, size_t n);

/* Give one back; the last one frees. NULL is fine. */
void ws_frame_free(struct ws_frame *frame);
DEFINE_CLEANUP(struct ws_frame *, ws_frame_free)

#endif
