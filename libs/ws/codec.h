#ifndef WS_CODEC_H
#define WS_CODEC_H

#include "base/buffer.h"
#include "base/slice.h"

/* The server's side of RFC 6455 §5, without any I/O: bytes in, events out; and the other way.
 *
 * The parser keeps nothing while a socket is idle but its own few words: a message that lies
 * complete in the bytes given is handed out where it lies, and only parts are copied. */

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Close codes (RFC 6455 §7.4.1, the IANA registry, and docs/protocol.md §2). */
enum ws_code {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_UNSUPPORTED = 1003,
    WS_CODE_NONE = 1005,     /* never sent: the close frame held no code */
    WS_CODE_ABNORMAL = 1006, /* never sent: the connection ended without a close frame */
    WS_CODE_NOT_UTF8 = 1007,
    WS_CODE_POLICY = 1008,
    WS_CODE_TOO_BIG = 1009,
    WS_CODE_TOO_SLOW = 1013,
    WS_CODE_SESSION_ENDED = 4401,
};

enum ws_event_kind {
    WS_EVENT_MORE, /* all bytes are taken; give more */
    WS_EVENT_MESSAGE,
    WS_EVENT_PING,
    WS_EVENT_PONG,
    WS_EVENT_CLOSE, /* code is the peer's, WS_CODE_NONE if he gave none */
    WS_EVENT_ERROR, /* code is what to close with */
};

struct ws_event {
    enum ws_event_kind kind;
    bool binary;
    int code;
    struct slice payload; /* in the bytes given or in the parser, until the next call */
};

struct ws_limits {
    size_t message_max; /* bytes of one message, all its fragments together */
    bool binary;        /* accept binary messages; otherwise they are an error 1003 */
};

/* How far a text has been checked: what the next byte may be, and how many must follow. All
 * zeroes between characters. */
struct ws_utf8 {
    uint8_t need;
    uint8_t low;
    uint8_t high;
};

struct ws_parser {
    struct buffer kept;    /* what came of a message so far; behind it, of a control frame */
    uint64_t left;         /* of the current frame's payload */
    size_t message_length; /* of kept: the message's part */
    uint8_t header[14];
    uint8_t header_length;
    uint8_t mask_at;
    uint8_t opcode;         /* the current frame's */
    uint8_t message_opcode; /* the unfinished message's; 0: none */
    struct ws_utf8 utf8;
    bool in_payload;
    bool final;
    bool is_dead;       /* after a close or an error nothing more is read */
    bool is_handed_out; /* kept holds a finished message that may go now */
};

/* A zeroed parser is ready for use; this frees what it keeps. */
void ws_parser_clear(struct ws_parser *parser);

/* Read on in *length bytes at *data (which are unmasked in place), moving both forward. Call it
 * again until WS_EVENT_MORE. After WS_EVENT_CLOSE or WS_EVENT_ERROR it swallows everything.
 * Text is checked as it comes, so a bad byte is an error before its message is complete. */
struct ws_event ws_parser_next(struct ws_parser *parser, const struct ws_limits *limits,
                               char **data, size_t *length);

/* Is text so far well-formed? A cut character at the end is fine while need is not 0. */
bool ws_utf8_continue(struct ws_utf8 *utf8, const char *text, size_t length);

#define WS_HEADER_MAX 10

/* Write the header of a server's frame (final, unmasked) and return its length. */
size_t ws_encode_header(enum ws_opcode opcode, size_t length, char ret[WS_HEADER_MAX]);

/* May a peer send this code in a close frame? */
bool ws_code_is_valid(int code);

#endif
