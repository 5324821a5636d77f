/* The answer: the envelope of docs/protocol.md §1 and the headers that every answer has. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/exchange.h"

/* What a client waits after 503 and 429 when the handler does not say: a dead process is back, and
 * its work taken over, within 2 s. */
#define RETRY_AFTER_S 2

#define ATTACHMENT_SECONDS 900u /* from the request to the last byte that the client takes */

static unsigned http_status(enum status status)
{
    return status == STATUS_OK ? MHD_HTTP_OK : (unsigned)status_code(status) / 100;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value); /* only fails when out of memory */
}

static void add_own_headers(struct exchange *exchange, struct MHD_Response *response,
                            enum status status)
{
    char number[40];

    if (status == STATUS_UNAUTHENTICATED || status == STATUS_EXPIRED)
        add_header(response, "WWW-Authenticate", "Bearer");
    if (status == STATUS_METHOD_NOT_ALLOWED && exchange->allow)
        add_header(response, "Allow", exchange->allow);
    if (status == STATUS_OUT_OF_RANGE) {
        (void)snprintf(number, sizeof number, "bytes */%lld", (long long)exchange->size_of_refused);
        add_header(response, "Content-Range", number);
    }
    if (!exchange->retry_after_s && (status == STATUS_TOO_FAST || status == STATUS_UNAVAILABLE))
        exchange->retry_after_s = RETRY_AFTER_S;
    if (exchange->retry_after_s) {
        (void)snprintf(number, sizeof number, "%lld", (long long)exchange->retry_after_s);
        add_header(response, "Retry-After", number);
    }
    for (size_t i = 0; i < exchange->cookies.n; i++)
        add_header(response, "Set-Cookie", exchange->cookies.items[i]);
}

enum MHD_Result answer_response(struct exchange *exchange, unsigned code, enum status status,
                                const char *content_type, const char *cache_control,
                                struct MHD_Response *response)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO; /* out of memory: the connection is closed */
    exchange->status = status;
    exchange->answered = true;
    add_header(response, "Content-Type", content_type);
    add_header(response, "Cache-Control", cache_control);
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "X-Request-Id", exchange->call.request_id);
    if (atomic_load(&exchange->http->draining))
        add_header(response, "Connection", "close");
    add_own_headers(exchange, response, status);
    result = MHD_queue_response(exchange->connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_response(struct exchange *exchange, unsigned code, enum status status,
                                     const char *content_type, struct MHD_Response *response)
{
    return answer_response(exchange, code, status, content_type, "no-store", response);
}

/* Send body, which is emptied. */
static enum MHD_Result send_body(struct exchange *exchange, unsigned code, enum status status,
                                 const char *content_type, struct buffer *body)
{
    size_t length = body->length;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, buffer_take(body), MHD_RESPMEM_MUST_FREE);

    return send_response(exchange, code, status, content_type, response);
}

/* Printable ASCII: with a line's end in it there would be no header, or somebody else's. */
static bool is_location(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

static enum MHD_Result send_redirect(struct exchange *exchange)
{
    struct MHD_Response *response;
    struct error err;

    if (!is_location(exchange->location)) {
        (void)error_set(&err, STATUS_INTERNAL, "a redirect to what is no address");
        return answer_refusal(exchange, STATUS_INTERNAL, &err);
    }
    response = MHD_create_response_from_buffer(0, (char[]){""}, MHD_RESPMEM_PERSISTENT);
    if (response)
        add_header(response, "Location", exchange->location);
    return send_response(exchange, MHD_HTTP_FOUND, STATUS_OK, "text/plain", response);
}

static enum MHD_Result send_attachment(struct exchange *exchange)
{
    CLEANUP(buffer_clear) struct buffer disposition = {0};
    struct MHD_Response *response;
    struct stat file;

    if (fstat(exchange->attachment_fd, &file) != 0)
        return MHD_NO; /* a closed descriptor: a mistake of ours */
    response = MHD_create_response_from_fd((uint64_t)file.st_size, exchange->attachment_fd);
    if (response) {
        exchange->attachment_fd = -1; /* the response's now */
        /* The handler may have made it for longer than a silent connection lives. */
        (void)MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        ATTACHMENT_SECONDS); /* else it is cut off */
        buffer_printf(&disposition, "attachment; filename=\"%s\"", exchange->attachment_name);
        add_header(response, "Content-Disposition", buffer_text(&disposition));
    }
    return send_response(exchange, MHD_HTTP_OK, STATUS_OK, exchange->attachment_type, response);
}

enum MHD_Result answer_success(struct exchange *exchange, const struct http_route *route,
                               const void *reply)
{
    struct buffer body = {0};

    if (exchange->location)
        return send_redirect(exchange);
    if (exchange->attachment_type)
        return send_attachment(exchange);
    if (exchange->file.read)
        return answer_file(exchange);
    if (!route->raw)
        buffer_add_text(&body, "{\"code\":0,\"message\":\"success\",\"data\":");
    if (route->reply)
        record_to_json(route->reply, reply, &body);
    else
        buffer_add_text(&body, "null");
    if (!route->raw)
        buffer_add_text(&body, "}");
    return send_body(exchange, MHD_HTTP_OK, STATUS_OK, "application/json", &body);
}

/* What the client reads. The texts of our own failures come from libraries, name addresses and
 * servers, and are for the operator. */
static const char *message_for_client(enum status status, const struct error *err)
{
    if (status == STATUS_INTERNAL)
        return "something went wrong on our side";
    if (status == STATUS_UNAVAILABLE)
        return "not available for the moment, please try again";
    return err->text[0] ? err->text : status_name(status);
}

enum MHD_Result answer_refusal(struct exchange *exchange, enum status status,
                               const struct error *err)
{
    bool ours = status == STATUS_INTERNAL || status == STATUS_UNAVAILABLE;
    struct buffer body = {0};

    buffer_printf(&body, "{\"code\":%d,\"message\":", status_code(status));
    json_add_string(&body, message_for_client(status, err));
    buffer_add_text(&body, ",\"data\":");
    if (err->field[0] && !ours) {
        buffer_add_text(&body, "{\"field\":");
        json_add_string(&body, err->field);
        buffer_add_text(&body, "}");
    } else {
        buffer_add_text(&body, "null");
    }
    buffer_add_text(&body, "}");
    return send_body(exchange, http_status(status), status, "application/json", &body);
}

enum MHD_Result answer_page(struct exchange *exchange, const struct http_page *page)
{
    struct buffer body = {0};
    const char *question = strchr(exchange->target, '?');
    int code = page->fill(exchange->http->config.state, question ? question + 1 : "", &body);

    return send_body(exchange, (unsigned)code, code < 400 ? STATUS_OK : STATUS_UNAVAILABLE,
                     page->content_type, &body);
}

/* ---- For handlers */

void http_set_cookie(struct call *call, const char *name, const char *value, const char *path,
                     const char *same_site, int64_t max_age_s)
{
    struct exchange *exchange = call->exchange;
    const char *scheme = request_header(exchange, "X-Forwarded-Proto");
    CLEANUP(buffer_clear) struct buffer line = {0};

    buffer_printf(&line, "%s=%s; Path=%s; Max-Age=%lld; HttpOnly; SameSite=%s", name, value, path,
                  (long long)max_age_s, same_site);
    if (strncmp(call->origin, "https:", 6) == 0 || (scheme && strcmp(scheme, "https") == 0))
        buffer_add_text(&line, "; Secure");
    strings_add(&exchange->cookies, buffer_text(&line));
}

const char *http_find_cookie(struct call *call, const char *name)
{
    struct exchange *exchange = call->exchange;

    return MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);
}

void http_redirect(struct call *call, const char *location)
{
    struct exchange *exchange = call->exchange;

    free(exchange->location);
    exchange->location = memory_text(location);
}

void http_attach(struct call *call, const char *content_type, const char *name, int fd)
{
    struct exchange *exchange = call->exchange;

    if (exchange->attachment_type)
        (void)close(exchange->attachment_fd);
    free(exchange->attachment_name);
    exchange->attachment_type = content_type;
    exchange->attachment_name = memory_text(name);
    exchange->attachment_fd = fd;
}

void http_set_retry_after(struct call *call, int64_t seconds)
{
    struct exchange *exchange = call->exchange;

    exchange->retry_after_s = seconds;
}
