#include "ws/codec.h"

#include <string.h>

#define CONTROL_MAX 125 /* RFC 6455 §5.5 */

void ws_parser_clear(struct ws_parser *parser)
{
    buffer_clear(&parser->kept);
}

bool ws_code_is_valid(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* What may follow a first byte (RFC 3629 §4): the second byte's range excludes overlong forms,
 * surrogates and what lies past U+10FFFF; all further ones are 80..BF. */
static bool utf8_start(struct ws_utf8 *utf8, uint8_t byte)
{
    utf8->low = 0x80;
    utf8->high = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
        utf8->need = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        utf8->need = 2;
        if (byte == 0xe0)
            utf8->low = 0xa0;
        if (byte == 0xed)
            utf8->high = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        utf8->need = 3;
        if (byte == 0xf0)
            utf8->low = 0x90;
        if (byte == 0xf4)
            utf8->high = 0x8f;
    } else {
        return byte < 0x80;
    }
    return true;
}

bool ws_utf8_continue(struct ws_utf8 *utf8, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)text[i];
        uint64_t eight;

        if (utf8->need == 0) {
            /* Nearly all text is ASCII: skip it eight bytes at a time. */
            while (length - i >= 8 && (memcpy(&eight, text + i, 8), !(eight & 0x8080808080808080U)))
                i += 8;
            if (i == length)
                return true;
            if (!utf8_start(utf8, (uint8_t)text[i]))
                return false;
            continue;
        }
        if (byte < utf8->low || byte > utf8->high)
            return false;
        utf8->low = 0x80;
        utf8->high = 0xbf;
        utf8->need--;
    }
    return true;
}

static struct ws_event fail(struct ws_parser *parser, int code)
{
    parser->is_dead = true;
    buffer_clear(&parser->kept);
    return (struct ws_event){.kind = WS_EVENT_ERROR, .code = code};
}

/* How long the header is, as far as one can tell by the bytes that are there. */
static size_t header_wanted(const struct ws_parser *parser)
{
    size_t extra;

    if (parser->header_length < 2)
        return 2;
    extra = (parser->header[1] & 0x7f) == 127 ? 8 : (parser->header[1] & 0x7f) == 126 ? 2 : 0;
    return 2 + extra + 4;
}

/* The first two bytes say already whether the frame can be right. 0, or the close code. */
static int check_start(const struct ws_parser *parser, const struct ws_limits *limits)
{
    uint8_t opcode = parser->header[0] & 0x0f;

    if (parser->header[0] & 0x70) /* no extension was negotiated that could use these bits */
        return WS_CODE_PROTOCOL;
    if (!(parser->header[1] & 0x80)) /* a client must mask */
        return WS_CODE_PROTOCOL;
    switch (opcode) {
    case WS_CONTINUATION:
        return parser->message_opcode ? 0 : WS_CODE_PROTOCOL;
    case WS_TEXT:
        return parser->message_opcode ? WS_CODE_PROTOCOL : 0;
    case WS_BINARY:
        return parser->message_opcode ? WS_CODE_PROTOCOL : limits->binary ? 0 : WS_CODE_UNSUPPORTED;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return (parser->header[0] & 0x80) && (parser->header[1] & 0x7f) <= CONTROL_MAX
                   ? 0
                   : WS_CODE_PROTOCOL;
    default:
        return WS_CODE_PROTOCOL;
    }
}

/* The header is complete: 0, or the close code. */
static int begin_frame(struct ws_parser *parser, const struct ws_limits *limits)
{
    size_t n = (parser->header[1] & 0x7f) == 127 ? 8 : (parser->header[1] & 0x7f) == 126 ? 2 : 0;
    uint64_t length = parser->header[1] & 0x7f;

    if (n > 0)
        length = 0;
    for (size_t i = 0; i < n; i++)
        length = length << 8 | parser->header[2 + i];
    /* RFC 6455 §5.2: the shortest form, and the highest bit is 0. */
    if ((n == 2 && length < 126) || (n == 8 && (length < 65536 || length >> 63)))
        return WS_CODE_PROTOCOL;
    parser->opcode = parser->header[0] & 0x0f;
    parser->final = parser->header[0] & 0x80;
    if (parser->opcode < WS_CLOSE) {
        if (length > limits->message_max - parser->message_length)
            return WS_CODE_TOO_BIG;
        if (parser->opcode != WS_CONTINUATION)
            parser->message_opcode = parser->opcode;
    }
    memmove(parser->header, parser->header + 2 + n, 4); /* only the mask is needed from here on */
    parser->mask_at = 0;
    parser->left = length;
    parser->in_payload = true;
    return 0;
}

static void unmask(struct ws_parser *parser, char *data, size_t length)
{
    uint8_t mask[8];
    uint64_t wide;
    size_t i = 0;

    for (size_t k = 0; k < sizeof mask; k++)
        mask[k] = parser->header[(parser->mask_at + k) & 3];
    memcpy(&wide, mask, sizeof wide);
    for (; length - i >= sizeof wide; i += sizeof wide) {
        uint64_t eight;

        memcpy(&eight, data + i, sizeof eight);
        eight ^= wide;
        memcpy(data + i, &eight, sizeof eight);
    }
    for (; i < length; i++)
        data[i] = (char)((uint8_t)data[i] ^ mask[i & 7]);
    parser->mask_at = (uint8_t)((parser->mask_at + length) & 3);
}

static struct ws_event close_event(struct ws_parser *parser, struct slice payload)
{
    struct ws_event event = {.kind = WS_EVENT_CLOSE, .code = WS_CODE_NONE};
    struct ws_utf8 utf8 = {0};

    if (payload.length == 1)
        return fail(parser, WS_CODE_PROTOCOL);
    if (payload.length >= 2) {
        event.code = (uint8_t)payload.data[0] << 8 | (uint8_t)payload.data[1];
        event.payload = (struct slice){payload.data + 2, payload.length - 2};
        if (!ws_code_is_valid(event.code))
            return fail(parser, WS_CODE_PROTOCOL);
        if (!ws_utf8_continue(&utf8, event.payload.data, event.payload.length) || utf8.need)
            return fail(parser, WS_CODE_NOT_UTF8);
    }
    parser->is_dead = true;
    return event;
}

static struct ws_event control_event(struct ws_parser *parser, struct slice payload)
{
    if (parser->opcode == WS_CLOSE)
        return close_event(parser, payload);
    return (struct ws_event){.kind = parser->opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG,
                             .payload = payload};
}

static struct ws_event message_event(struct ws_parser *parser, struct slice payload)
{
    struct ws_event event = {.kind = WS_EVENT_MESSAGE,
                             .binary = parser->message_opcode == WS_BINARY,
                             .payload = payload};

    if (parser->utf8.need)
        return fail(parser, WS_CODE_NOT_UTF8);
    parser->message_opcode = 0;
    parser->message_length = 0;
    parser->is_handed_out = true;
    return event;
}

/* The frame's last byte is here; piece is what of it has not been kept. */
static struct ws_event end_frame(struct ws_parser *parser, struct slice piece)
{
    bool control = parser->opcode >= WS_CLOSE;
    size_t start = control ? parser->message_length : 0;
    struct slice payload = piece;

    parser->in_payload = false;
    parser->header_length = 0;
    if (parser->kept.length > start || (!control && !parser->final)) {
        buffer_add(&parser->kept, piece.data, piece.length);
        if (parser->kept.length > start)
            payload = (struct slice){parser->kept.data + start, parser->kept.length - start};
        if (control)
            parser->kept.length = start; /* the bytes stay readable until the next call */
    }
    if (control)
        return control_event(parser, payload);
    if (parser->final)
        return message_event(parser, payload);
    parser->message_length = parser->kept.length;
    return (struct ws_event){.kind = WS_EVENT_MORE};
}

/* Take header bytes one by one. True when the header is complete or wrong (*code). */
static bool read_header(struct ws_parser *parser, const struct ws_limits *limits, char **data,
                        size_t *length, int *code)
{
    while (*length > 0) {
        parser->header[parser->header_length++] = (uint8_t) * *data;
        (*data)++;
        (*length)--;
        if (parser->header_length == 2 && (*code = check_start(parser, limits)) != 0)
            return true;
        if (parser->header_length == header_wanted(parser)) {
            *code = begin_frame(parser, limits);
            return true;
        }
    }
    return false;
}

struct ws_event ws_parser_next(struct ws_parser *parser, const struct ws_limits *limits,
                               char **data, size_t *length)
{
    struct ws_event more = {.kind = WS_EVENT_MORE};

    if (parser->is_handed_out || (parser->kept.data && parser->kept.length == 0)) {
        parser->is_handed_out = false;
        buffer_clear(&parser->kept);
    }
    while (!parser->is_dead) {
        struct slice piece;
        struct ws_event event;
        int code = 0;

        if (!parser->in_payload && !read_header(parser, limits, data, length, &code))
            return more;
        if (code)
            return fail(parser, code);
        piece = (struct slice){*data, *length < parser->left ? *length : (size_t)parser->left};
        unmask(parser, *data, piece.length);
        *data += piece.length;
        *length -= piece.length;
        parser->left -= piece.length;
        if (parser->opcode < WS_CLOSE && parser->message_opcode == WS_TEXT &&
            !ws_utf8_continue(&parser->utf8, piece.data, piece.length))
            return fail(parser, WS_CODE_NOT_UTF8);
        if (parser->left > 0) {
            buffer_add(&parser->kept, piece.data, piece.length);
            return more;
        }
        event = end_frame(parser, piece);
        if (event.kind != WS_EVENT_MORE)
            return event;
    }
    *data += *length;
    *length = 0;
    return more;
}

size_t ws_encode_header(enum ws_opcode opcode, size_t length, char ret[WS_HEADER_MAX])
{
    size_t n = length < 126 ? 0 : length < 65536 ? 2 : 8;

    ret[0] = (char)(0x80 | opcode);
    ret[1] = (char)(n == 0 ? length : n == 2 ? 126 : 127);
    for (size_t i = 0; i < n; i++)
        ret[2 + i] = (char)(uint8_t)((uint64_t)length >> 8 * (n - 1 - i));
    return 2 + n;
}
