/* Receipts of clients, gathered: a device that catches up or a busy one tells of each message that it
 * got, and only the last of a conversation says something. One loop's own. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "push.h"
#include "wire/frames.h"

#define KEY_MAX (CONVERSATION_ID_MAX + 32)

/* The socket may be gone when its turn comes, so it is named by its id alone. */
struct pending {
    char key[KEY_MAX];
    uint64_t connection_id;
    char user_id[ID_MAX];
    struct trace trace;      /* of the last of them */
    struct frame_read frame; /* frame.delivered has the same members */
    UT_hash_handle hh;
};

void marks_add(struct gathered *gathered, struct ws_connection *connection,
               const struct frame_read *frame)
{
    const struct socket *socket = ws_connection_data(connection);
    uint64_t connection_id = ws_connection_id(connection);
    char key[KEY_MAX];
    struct pending *pending;

    (void)snprintf(key, sizeof key, "%llx %d %s", (unsigned long long)connection_id,
                   (int)frame->type, frame->conversation_id); /* fits: the table checks it */
    HASH_FIND_STR(gathered->marks, key, pending);
    if (!pending) {
        pending = memory_new(sizeof *pending);
        memcpy(pending->key, key, sizeof key);
        memcpy(pending->user_id, socket->user_id, sizeof pending->user_id);
        pending->connection_id = connection_id;
        pending->frame = *frame;
        pending->frame.conversation_id = memory_text(frame->conversation_id);
        HASH_ADD_STR(gathered->marks, key, pending);
    }
    if (trace_current())
        pending->trace = *trace_current();
    if (frame->seq > pending->frame.seq)
        pending->frame.seq = frame->seq;
}

static const struct record *record_of(const struct frame_read *frame)
{
    return frame->type == FRAME_READ ? &frame_read_record : &frame_delivered_record;
}

void marks_pass_on(struct push_state *push, struct gathered *gathered)
{
    struct pending *pending;
    struct pending *next;

    HASH_ITER(hh, gathered->marks, pending, next) {
        CLEANUP(buffer_clear) struct buffer json = {0};

        record_to_json(record_of(&pending->frame), &pending->frame, &json);
        inbound_pass_on(gathered, &(struct envelope){
                                      .kind = ENVELOPE_FRAME,
                                      .connection_id = pending->connection_id,
                                      .node = slice_of(push->context->config->node_id),
                                      .user_id = slice_of(pending->user_id),
                                      .conversation_id = slice_of(pending->frame.conversation_id),
                                      .traceparent = trace_slice(&pending->trace),
                                      .payload = {json.data, json.length},
                                  });
        HASH_DEL(gathered->marks, pending);
        free(pending->frame.conversation_id);
        free(pending);
    }
}
