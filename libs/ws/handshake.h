#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include "base/buffer.h"
#include "base/error.h"

/* The HTTP/1.1 request that asks for a WebSocket (RFC 6455 §4), without any I/O. */

#define WS_REQUEST_MAX 8192 /* a 2 KiB token three times over, and a browser's cookies */
#define WS_ACCEPT_MAX 29    /* base64 of a SHA-1, and the terminator */

enum ws_token_from { WS_TOKEN_NONE, WS_TOKEN_QUERY, WS_TOKEN_PROTOCOL, WS_TOKEN_COOKIE };

/* Texts point into the request's bytes; NULL where the request says nothing. */
struct ws_request {
    const char *host;
    const char *origin;
    const char *token; /* from the query (decoded), else the subprotocol, else the cookie */
    enum ws_token_from token_from;
    const char *traceparent;
    const char *edge;          /* X-Edge: through which of our proxies */
    const char *real_ip;       /* X-Real-IP */
    const char *forwarded_for; /* X-Forwarded-For */
    bool is_bearer;            /* the subprotocol "bearer" was offered: the answer must name it */
    char accept[WS_ACCEPT_MAX];
};

/* Read a request for path from the length bytes at data.
 *
 * STATUS_OK with *ret_used 0: it is not complete yet, and data is untouched. STATUS_OK otherwise:
 * that many bytes were the request, and were changed in place. Anything else: err says what the
 * client is told, and the connection must end. Pure: fuzzed. */
MUST_CHECK enum status ws_request_parse(char *data, size_t length, const char *path,
                                        struct ws_request *ret, size_t *ret_used,
                                        struct error *err);

/* Append the answer 101. accept and is_bearer are the request's. */
void ws_answer_accept(const char *accept, bool is_bearer, struct buffer *ret);

/* Append the refusal: the status that err's code begins with, and the JSON envelope.
 * retry_after_s of 0 leaves Retry-After out. */
void ws_answer_refuse(const struct error *err, int retry_after_s, struct buffer *ret);

#endif
