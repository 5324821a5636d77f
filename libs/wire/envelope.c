#include "wire/envelope.h"

#include <endian.h>

#include "trace/trace.h"

enum { FIXED = 1 + 1 + 8 + 8 + 8, SLICES = 7 };

static void slices_of(struct envelope *envelope, struct slice *ret[SLICES])
{
    ret[0] = &envelope->node;
    ret[1] = &envelope->user_id;
    ret[2] = &envelope->session_id;
    ret[3] = &envelope->conversation_id;
    ret[4] = &envelope->traceparent;
    ret[5] = &envelope->users_in;
    ret[6] = &envelope->users_out;
}

static char *put(char *p, const void *data, size_t length)
{
    if (length)
        memcpy(p, data, length);
    return p + length;
}

static char *put32(char *p, size_t value)
{
    uint32_t little = htole32((uint32_t)value);

    return put(p, &little, sizeof little);
}

static char *put64(char *p, uint64_t value)
{
    uint64_t little = htole64(value);

    return put(p, &little, sizeof little);
}

void envelope_add(struct buffer *body, const struct envelope *envelope)
{
    struct envelope copy = *envelope;
    struct slice *slices[SLICES];
    size_t length = FIXED + copy.payload.length;
    char *p;

    if (copy.traceparent.length == 0 && trace_current())
        copy.traceparent = trace_slice(trace_current());
    slices_of(&copy, slices);
    for (int i = 0; i < SLICES; i++)
        length += 4 + slices[i]->length;
    p = buffer_reserve(body, 4 + length);
    p = put32(p, length);
    *p++ = (char)copy.kind;
    *p++ = 0;
    p = put64(p, copy.connection_id);
    p = put64(p, (uint64_t)copy.seq);
    p = put64(p, (uint64_t)copy.rev);
    for (int i = 0; i < SLICES; i++)
        p = put(put32(p, slices[i]->length), slices[i]->data, slices[i]->length);
    (void)put(p, copy.payload.data, copy.payload.length);
    body->length += 4 + length;
}

static uint32_t get32(const char *p)
{
    uint32_t little;

    memcpy(&little, p, sizeof little);
    return le32toh(little);
}

static uint64_t get64(const char *p)
{
    uint64_t little;

    memcpy(&little, p, sizeof little);
    return le64toh(little);
}

static enum status cut(struct error *err)
{
    return error_set(err, STATUS_INVALID, "an envelope is cut or malformed");
}

enum status envelope_next(struct slice *rest, struct envelope *ret, struct error *err)
{
    struct slice *slices[SLICES];
    const char *p = rest->data;
    size_t left;

    if (rest->length == 0)
        return STATUS_NOT_FOUND;
    if (rest->length < 4 + FIXED)
        return cut(err);
    left = get32(p);
    if (left < FIXED || left > rest->length - 4 || left > ENVELOPE_MAX)
        return cut(err);
    rest->data += 4 + left;
    rest->length -= 4 + left;
    p += 4;
    *ret = (struct envelope){.kind = (enum envelope_kind)(unsigned char)p[0],
                             .connection_id = get64(p + 2),
                             .seq = (int64_t)get64(p + 10),
                             .rev = (int64_t)get64(p + 18)};
    if (ret->kind < ENVELOPE_FRAME || ret->kind > ENVELOPE_RECALL)
        return cut(err);
    p += FIXED;
    left -= FIXED;
    slices_of(ret, slices);
    for (int i = 0; i < SLICES; i++) {
        size_t n = left < 4 ? 0 : get32(p);

        if (left < 4 || n > left - 4)
            return cut(err);
        *slices[i] = (struct slice){p + 4, n};
        p += 4 + n;
        left -= 4 + n;
    }
    ret->payload = (struct slice){p, left};
    return STATUS_OK;
}
