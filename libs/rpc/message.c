#include "rpc/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

bool message_cut(struct slice content, struct slice *ret_line, struct slice *ret_rest)
{
    const char *newline = content.length ? memchr(content.data, '\n', content.length) : NULL;

    if (!newline)
        return false;
    *ret_line = (struct slice){content.data, (size_t)(newline - content.data)};
    *ret_rest = (struct slice){newline + 1, content.length - ret_line->length - 1};
    return true;
}

bool message_cut_question(struct slice content, struct message_question *ret)
{
    struct slice line;
    const char *space;

    if (!message_cut(content, &line, &ret->text))
        return false;
    space = line.length ? memchr(line.data, ' ', line.length) : NULL;
    ret->method = line;
    ret->traceparent = (struct slice){0};
    if (space) {
        ret->method.length = (size_t)(space - line.data);
        ret->traceparent = (struct slice){space + 1, line.length - ret->method.length - 1};
    }
    return true;
}

nng_msg *message_new(const struct rpc_key *key, const struct seal *seal, struct slice line,
                     struct slice rest)
{
    size_t begin = key ? SEAL_BYTES : 0;
    nng_msg *msg;
    char *data;

    if (nng_msg_alloc(&msg, begin + line.length + 1 + rest.length) != 0)
        abort(); /* out of memory: base/buffer.h says why we end */
    data = nng_msg_body(msg);
    if (line.length)
        memcpy(data + begin, line.data, line.length);
    data[begin + line.length] = '\n';
    if (rest.length)
        memcpy(data + begin + line.length + 1, rest.data, rest.length);
    if (key)
        seal_write(key, seal, data, nng_msg_len(msg));
    return msg;
}

enum status message_open(const struct rpc_key *key, enum seal_kind kind, struct slice message,
                         struct seal *ret_seal, struct slice *ret_content, struct error *err)
{
    if (key)
        return seal_read(key, kind, clock_now(), message, ret_seal, ret_content, err);
    *ret_content = message;
    return STATUS_OK;
}

static nng_msg *message_from_error(const struct rpc_key *key, const struct seal *seal,
                                   const struct error *err)
{
    CLEANUP(buffer_clear) struct buffer line = {0};

    buffer_printf(&line, "%05d", status_code(err->status));
    if (err->field[0])
        buffer_printf(&line, " %s", err->field);
    return message_new(key, seal, (struct slice){line.data, line.length}, slice_of(err->text));
}

nng_msg *message_from_answer(const struct rpc_key *key, const struct seal *seal, enum status status,
                             const struct record *rec, const void *reply, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};

    err->status = status;
    if (status != STATUS_OK)
        return message_from_error(key, seal, err);
    record_to_json(rec, reply, &body);
    if (body.length <= MESSAGE_BODY_MAX)
        return message_new(key, seal, slice_of("00000"), (struct slice){body.data, body.length});
    (void)error_set(err, STATUS_INTERNAL, "the answer is too long: %zu bytes", body.length);
    return message_from_error(key, seal, err);
}

static enum status read_failure(struct slice line, struct slice rest, struct error *err)
{
    CLEANUP(free) char *head = memory_text_n(line.data, line.length);
    CLEANUP(free) char *text = memory_text_n(rest.data, rest.length);
    char *end;
    enum status s = status_from_code(strtoll(head, &end, 10));

    if (s == STATUS_OK || end == head)
        return error_set(err, STATUS_INTERNAL, "the answer's status cannot be read");
    if (*end == ' ')
        return error_field(err, s, end + 1, "%s", text);
    return error_set(err, s, "%s", text);
}

enum status message_read_answer(struct slice content, const struct record *rec, void *ret,
                                struct error *err)
{
    struct slice line, rest;

    if (!message_cut(content, &line, &rest))
        return error_set(err, STATUS_INTERNAL, "the answer has no status");
    if (!slice_is(line, "00000"))
        return read_failure(line, rest, err);
    /* What our own services send is checked too; that it fails is a bug of ours, not of a client. */
    if (record_from_json(rec, rest.data, rest.length, ret, err) == STATUS_OK)
        return STATUS_OK;
    if (err)
        err->status = STATUS_INTERNAL;
    return STATUS_INTERNAL;
}

enum status message_failed(const char *what, int failure, struct error *err)
{
    return error_set(err, STATUS_UNAVAILABLE, "%s: %s", what, nng_strerror(failure));
}
