#ifndef WS_HEADERS_H
#define WS_HEADERS_H

#include "base/error.h"

/* The request line and header lines of HTTP/1.1 (RFC 9112), as strictly as a server must read them
 * that stands behind a proxy: what two programs could understand differently is refused. */

enum ws_header {
    WS_HEADER_HOST,
    WS_HEADER_UPGRADE,
    WS_HEADER_CONNECTION,
    WS_HEADER_KEY,
    WS_HEADER_VERSION,
    WS_HEADER_PROTOCOL,
    WS_HEADER_ORIGIN,
    WS_HEADER_COOKIE,
    WS_HEADER_TRACEPARENT,
    WS_HEADER_EDGE,
    WS_HEADER_REAL_IP,
    WS_HEADER_FORWARDED_FOR,
    WS_HEADER_CONTENT_LENGTH,
    WS_HEADER_TRANSFER_ENCODING,
    WS_HEADER_COUNT
};

struct ws_headers {
    char *target;
    char *values[WS_HEADER_COUNT]; /* without white space at their ends; NULL: absent */
};

#define WS_HEADERS_MAX 64 /* browsers send about 20, and proxies add a few */

/* Read the length bytes at data: everything before the empty line. They are cut into terminated
 * texts in place. */
MUST_CHECK enum status ws_headers_parse(char *data, size_t length, struct ws_headers *ret,
                                        struct error *err);

#endif
