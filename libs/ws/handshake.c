#include "ws/handshake.h"

/* For SHA-1, which RFC 6455 demands for the accept key: there it only proves that we speak
 * WebSocket and protects nothing, so it is no matter of libs/token. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "record/record.h"
#include "ws/headers.h"

#define KEY_LENGTH 24 /* base64 of 16 bytes */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void accept_key(const char *key, char ret[WS_ACCEPT_MAX])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 §1.3 */
    char text[KEY_LENGTH + sizeof guid];
    uint8_t hash[SHA_DIGEST_LENGTH + 1] = {0}; /* one zero more: a multiple of three */
    char *at = ret;

    memcpy(text, key, KEY_LENGTH);
    memcpy(text + KEY_LENGTH, guid, sizeof guid);
    SHA1((const unsigned char *)text, sizeof text - 1, hash);
    for (size_t i = 0; i < sizeof hash; i += 3) {
        *at++ = base64[hash[i] >> 2];
        *at++ = base64[(hash[i] & 3) << 4 | hash[i + 1] >> 4];
        *at++ = base64[(hash[i + 1] & 15) << 2 | hash[i + 2] >> 6];
        *at++ = base64[hash[i + 2] & 63];
    }
    at[-1] = '='; /* stood for the zero that is not part of the hash */
    *at = '\0';
}

/* Sixteen bytes in base64: 22 characters of which the last holds two bits, and two "=". */
static bool is_key(const char *key)
{
    return strlen(key) == KEY_LENGTH && strspn(key, base64) == KEY_LENGTH - 2 &&
           strchr("AQgw", key[KEY_LENGTH - 3]) && strcmp(key + KEY_LENGTH - 2, "==") == 0;
}

/* Is word one of the comma-separated words of list? */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);

    while (*list) {
        size_t length;

        list += strspn(list, ", \t");
        length = strcspn(list, ", \t");
        if (length == n && strncasecmp(list, word, n) == 0)
            return true;
        list += length;
    }
    return false;
}

/* The token behind "bearer" in "bearer, <JWT>"; terminates it in place. */
static char *protocol_token(char *protocols, bool *ret_is_bearer)
{
    char *save = NULL;
    char *word = strtok_r(protocols, ", \t", &save);

    if (!word || strcmp(word, "bearer") != 0)
        return NULL;
    *ret_is_bearer = true;
    return strtok_r(NULL, ", \t", &save);
}

static char *cookie_token(char *cookies)
{
    static const char name[] = "access_token=";
    char *save = NULL;

    for (char *word = strtok_r(cookies, "; \t", &save); word; word = strtok_r(NULL, "; \t", &save))
        if (strncmp(word, name, sizeof name - 1) == 0)
            return word + sizeof name - 1;
    return NULL;
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Undo %XX in place. False for a half escape, or one of a NUL. */
static bool percent_decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        int high;
        int low;

        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        high = hex(from[1]);
        low = high < 0 ? -1 : hex(from[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *to++ = (char)(high << 4 | low);
        from += 2;
    }
    *to = '\0';
    return true;
}

static enum status query_token(char *query, char **ret, struct error *err)
{
    char *save = NULL;

    for (char *word = strtok_r(query, "&", &save); word; word = strtok_r(NULL, "&", &save)) {
        if (strncmp(word, "token=", 6) != 0)
            continue;
        if (!percent_decode(word + 6))
            return error_field(err, STATUS_INVALID, "token", "the query string is malformed");
        *ret = word + 6;
        return STATUS_OK;
    }
    return STATUS_OK;
}

static enum status find_token(const struct ws_headers *headers, struct ws_request *ret,
                              struct error *err)
{
    char *protocols = headers->values[WS_HEADER_PROTOCOL];
    char *cookies = headers->values[WS_HEADER_COOKIE];
    char *query = strchr(headers->target, '?');
    char *token = NULL;
    char *bearer = NULL;
    char *cookie = cookies ? cookie_token(cookies) : NULL;
    enum status s;

    if (query) {
        *query = '\0';
        s = query_token(query + 1, &token, err);
        if (s != STATUS_OK)
            return s;
    }
    if (protocols)
        bearer = protocol_token(protocols, &ret->is_bearer);
    ret->token = token ? token : bearer ? bearer : cookie;
    ret->token_from = token    ? WS_TOKEN_QUERY
                      : bearer ? WS_TOKEN_PROTOCOL
                      : cookie ? WS_TOKEN_COOKIE
                               : WS_TOKEN_NONE;
    return STATUS_OK;
}

/* Does the request ask for a WebSocket, in the version that we speak? */
static enum status check_upgrade(const struct ws_headers *headers, struct error *err)
{
    char *const *values = headers->values;

    if (!values[WS_HEADER_UPGRADE] || !has_word(values[WS_HEADER_UPGRADE], "websocket"))
        return error_field(err, STATUS_INVALID, "Upgrade", "only WebSockets are served here");
    if (!values[WS_HEADER_CONNECTION] || !has_word(values[WS_HEADER_CONNECTION], "upgrade"))
        return error_field(err, STATUS_INVALID, "Connection", "must name 'Upgrade'");
    if (!values[WS_HEADER_VERSION] || strcmp(values[WS_HEADER_VERSION], "13") != 0)
        return error_field(err, STATUS_INVALID, "Sec-WebSocket-Version", "must be 13");
    if (!values[WS_HEADER_KEY] || !is_key(values[WS_HEADER_KEY]))
        return error_field(err, STATUS_INVALID, "Sec-WebSocket-Key", "must be 16 bytes in base64");
    if (!values[WS_HEADER_HOST] || !*values[WS_HEADER_HOST])
        return error_field(err, STATUS_INVALID, "Host", "is missing");
    return STATUS_OK;
}

enum status ws_request_parse(char *data, size_t length, const char *path, struct ws_request *ret,
                             size_t *ret_used, struct error *err)
{
    struct ws_headers headers = {0};
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    size_t used = end ? (size_t)(end - data) + 4 : length;
    enum status s;

    *ret_used = 0;
    if (used > WS_REQUEST_MAX)
        return error_set(err, STATUS_TOO_LARGE, "the request's header has more than %d bytes",
                         WS_REQUEST_MAX);
    if (!end)
        return STATUS_OK;
    *ret = (struct ws_request){0};
    s = ws_headers_parse(data, used - 2, &headers, err);
    if (s != STATUS_OK)
        return s;
    s = find_token(&headers, ret, err);
    if (s != STATUS_OK)
        return s;
    if (strcmp(headers.target, path) != 0) /* find_token() has cut the query off */
        return error_set(err, STATUS_NOT_FOUND, "there is nothing here");
    s = check_upgrade(&headers, err);
    if (s != STATUS_OK)
        return s;
    ret->host = headers.values[WS_HEADER_HOST];
    ret->origin = headers.values[WS_HEADER_ORIGIN];
    ret->traceparent = headers.values[WS_HEADER_TRACEPARENT];
    ret->edge = headers.values[WS_HEADER_EDGE];
    ret->real_ip = headers.values[WS_HEADER_REAL_IP];
    ret->forwarded_for = headers.values[WS_HEADER_FORWARDED_FOR];
    accept_key(headers.values[WS_HEADER_KEY], ret->accept);
    *ret_used = used;
    return STATUS_OK;
}

void ws_answer_accept(const char *accept, bool is_bearer, struct buffer *ret)
{
    buffer_printf(ret,
                  "HTTP/1.1 101 Switching Protocols\r\n"
                  "Upgrade: websocket\r\n"
                  "Connection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: %s\r\n"
                  "%s\r\n",
                  accept, is_bearer ? "Sec-WebSocket-Protocol: bearer\r\n" : "");
}

static const char *reason(int http_status)
{
    switch (http_status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    default:
        return "Error";
    }
}

static void envelope(const struct error *err, struct buffer *ret)
{
    buffer_printf(ret, "{\"code\":%d,\"message\":", status_code(err->status));
    json_add_string(ret, err->text);
    buffer_add_text(ret, ",\"data\":");
    if (err->field[0]) {
        buffer_add_text(ret, "{\"field\":");
        json_add_string(ret, err->field);
        buffer_add_text(ret, "}}");
    } else {
        buffer_add_text(ret, "null}");
    }
}

void ws_answer_refuse(const struct error *err, int retry_after_s, struct buffer *ret)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    int http_status = status_code(err->status) / 100;
    char request_id[ID_MAX];

    id_new("req_", request_id);
    envelope(err, &body);
    buffer_printf(ret,
                  "HTTP/1.1 %d %s\r\n"
                  "Content-Type: application/json\r\n"
                  "Content-Length: %zu\r\n"
                  "X-Request-Id: %s\r\n"
                  "Connection: close\r\n",
                  http_status, reason(http_status), body.length, request_id);
    if (retry_after_s > 0)
        buffer_printf(ret, "Retry-After: %d\r\n", retry_after_s);
    if (http_status == 400) /* RFC 6455 §4.4 */
        buffer_add_text(ret, "Sec-WebSocket-Version: 13\r\n");
    if (http_status == 405)
        buffer_add_text(ret, "Allow: GET\r\n");
    buffer_add_text(ret, "\r\n");
    buffer_add(ret, body.data, body.length);
}
