#include "ws/headers.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    bool twice; /* may come twice: the first counts */
} names[WS_HEADER_COUNT] = {
    [WS_HEADER_HOST] = {"Host", false},
    [WS_HEADER_UPGRADE] = {"Upgrade", false},
    [WS_HEADER_CONNECTION] = {"Connection", false},
    [WS_HEADER_KEY] = {"Sec-WebSocket-Key", false},
    [WS_HEADER_VERSION] = {"Sec-WebSocket-Version", false},
    [WS_HEADER_PROTOCOL] = {"Sec-WebSocket-Protocol", false},
    [WS_HEADER_ORIGIN] = {"Origin", false},
    [WS_HEADER_COOKIE] = {"Cookie", true},
    [WS_HEADER_TRACEPARENT] = {"traceparent", true},
    [WS_HEADER_EDGE] = {"X-Edge", false},
    [WS_HEADER_REAL_IP] = {"X-Real-IP", false},
    [WS_HEADER_FORWARDED_FOR] = {"X-Forwarded-For", true},
    [WS_HEADER_CONTENT_LENGTH] = {"Content-Length", false},
    [WS_HEADER_TRANSFER_ENCODING] = {"Transfer-Encoding", false},
};

static enum status malformed(struct error *err)
{
    return error_set(err, STATUS_INVALID, "the HTTP request is malformed");
}

/* No control character but the tab, so no bare CR, LF or NUL. */
static bool is_line(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return false;
    return true;
}

static bool is_token(const char *text)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *text && text[strspn(text, token)] == '\0';
}

static enum status request_line(char *line, struct ws_headers *ret, struct error *err)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;

    if (!version || strcmp(version + 1, "HTTP/1.1") != 0 || target[1] != '/')
        return malformed(err);
    *target = '\0';
    *version = '\0';
    if (strcmp(line, "GET") != 0)
        return error_set(err, STATUS_METHOD_NOT_ALLOWED, "only GET is served here");
    ret->target = target + 1;
    return STATUS_OK;
}

static enum status header_line(char *line, struct ws_headers *ret, struct error *err)
{
    char *colon = strchr(line, ':');
    char *value;
    size_t n;

    if (!colon)
        return malformed(err);
    *colon = '\0';
    if (!is_token(line)) /* also a folded line, and a space before the colon */
        return malformed(err);
    value = colon + 1 + strspn(colon + 1, " \t");
    for (n = strlen(value); n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
        value[n - 1] = '\0';
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        if (strcasecmp(line, names[i].name) != 0)
            continue;
        if (!ret->values[i])
            ret->values[i] = value;
        else if (!names[i].twice)
            return error_field(err, STATUS_INVALID, names[i].name, "is there twice");
    }
    return STATUS_OK;
}

enum status ws_headers_parse(char *data, size_t length, struct ws_headers *ret, struct error *err)
{
    char *end = data + length;
    size_t lines = 0;

    for (char *line = data; line < end; lines++) {
        char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        enum status s;

        if (!stop || !is_line(line, (size_t)(stop - line)))
            return malformed(err);
        if (lines > WS_HEADERS_MAX)
            return error_set(err, STATUS_TOO_LARGE, "the request has more than %d header lines",
                             WS_HEADERS_MAX);
        *stop = '\0';
        s = lines == 0 ? request_line(line, ret, err) : header_line(line, ret, err);
        if (s != STATUS_OK)
            return s;
        line = stop + 2;
    }
    if (!ret->target)
        return malformed(err);
    /* A body would be taken for the first WebSocket frames. */
    if (ret->values[WS_HEADER_TRANSFER_ENCODING] ||
        (ret->values[WS_HEADER_CONTENT_LENGTH] &&
         strcmp(ret->values[WS_HEADER_CONTENT_LENGTH], "0") != 0))
        return error_set(err, STATUS_INVALID, "the request must not have a body");
    return STATUS_OK;
}
