/* Answering with a file: RFC 9110's conditions and ranges, and the headers that keep foreign bytes
 * from running in our origin. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "http/exchange.h"
#include "http/file_headers.h"

#define BLOCK_BYTES (64 * 1024) /* of a file in memory, besides what its source keeps */

/* Whatever the type: no script, nothing from elsewhere, and an origin of its own. The rest is what
 * browsers need to show a picture, a sound or a film by itself. */
#define SANDBOX \
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"

/* A copy may be kept by who asked, and only used after asking again: a recalled message's file is
 * gone for those who had it. */
#define CACHE_CONTROL "private, no-cache"

struct sending {
    struct exchange *exchange; /* outlives the last call of send_more() */
    struct http_file file;
    int64_t offset;
    struct places *places; /* of http, which outlives all answers */
    size_t place;
};

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value); /* only fails when out of memory */
}

/* What cannot be sent any more cannot be said either: the connection ends early, which is shorter
 * than Content-Length, and the operator hears of it. */
static ssize_t send_more(void *context, uint64_t at, char *data, size_t room)
{
    struct sending *sending = context;
    const struct http_config *config = &sending->exchange->http->config;
    struct error err = {0};
    size_t length = 0;
    enum status s = sending->file.read(sending->file.source, sending->offset + (int64_t)at, data,
                                       room, &length, &err);

    if (s == STATUS_OK && length > 0)
        return (ssize_t)length;
    err.status = s == STATUS_OK ? STATUS_INTERNAL : s;
    if (config->report)
        config->report(&(struct http_fault){.call = &sending->exchange->call,
                                            .method = sending->exchange->method,
                                            .path = sending->exchange->match.route->info->path,
                                            .err = &err});
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static void end_sending(void *context)
{
    struct sending *sending = context;

    sending->file.close(sending->file.source);
    places_give_back(sending->places, sending->place);
    free(sending);
}

static void add_file_headers(const struct http_file *file, struct MHD_Response *response)
{
    CLEANUP(buffer_clear) struct buffer disposition = {0};
    CLEANUP(buffer_clear) struct buffer etag = {0};

    buffer_printf(&etag, "\"%s\"", file->etag);
    disposition_print(&disposition, file->is_inline, file->name);
    add_header(response, "ETag", buffer_text(&etag));
    add_header(response, "Accept-Ranges", "bytes");
    add_header(response, "Content-Disposition", buffer_text(&disposition));
    add_header(response, "Content-Security-Policy", SANDBOX);
    add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static enum MHD_Result send_not_modified(struct exchange *exchange)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, (char[]){""}, MHD_RESPMEM_PERSISTENT);

    if (response)
        add_file_headers(&exchange->file, response);
    return answer_response(exchange, MHD_HTTP_NOT_MODIFIED, STATUS_OK, exchange->file.content_type,
                           CACHE_CONTROL, response);
}

static enum MHD_Result send_bytes(struct exchange *exchange, unsigned code, int64_t offset,
                                  int64_t length)
{
    const struct http_file *file = &exchange->file;
    const char *content_type = file->content_type;
    struct places *places = &exchange->http->downloads;
    struct sending *sending;
    struct MHD_Response *response;
    struct error err;
    char range[80];
    size_t place;

    if (places_take(places, exchange->call.user_id, &place, &err) != STATUS_OK)
        return answer_refusal(exchange, err.status, &err);
    sending = memory_new(sizeof *sending);
    *sending = (struct sending){
        .exchange = exchange, .file = *file, .offset = offset, .places = places, .place = place};
    response = MHD_create_response_from_callback((uint64_t)length, BLOCK_BYTES, send_more, sending,
                                                 end_sending);
    if (!response) {
        places_give_back(places, place);
        free(sending);
        return MHD_NO; /* out of memory; the exchange closes the file */
    }
    add_file_headers(file, response);
    if (code == MHD_HTTP_PARTIAL_CONTENT) {
        (void)snprintf(range, sizeof range, "bytes %lld-%lld/%lld", (long long)offset,
                       (long long)(offset + length - 1), (long long)file->size);
        add_header(response, "Content-Range", range);
    }
    exchange->file = (struct http_file){0}; /* the response's now */
    return answer_response(exchange, code, STATUS_OK, content_type, CACHE_CONTROL, response);
}

/* Range is for GET alone, and If-Range for who has the same bytes already. */
static enum range_wish find_wish(const struct exchange *exchange, int64_t *ret_offset,
                                 int64_t *ret_length)
{
    const struct http_file *file = &exchange->file;
    const char *condition = request_header(exchange, "If-Range");
    size_t length = strlen(file->etag);

    if (strcmp(exchange->method, "GET") != 0)
        return RANGE_ALL;
    if (condition && (strlen(condition) != length + 2 || condition[0] != '"' ||
                      strncmp(condition + 1, file->etag, length) != 0))
        return RANGE_ALL;
    return range_read(request_header(exchange, "Range"), file->size, ret_offset, ret_length);
}

enum MHD_Result answer_file(struct exchange *exchange)
{
    int64_t size = exchange->file.size;
    int64_t offset = 0;
    int64_t length = size;
    struct error err;

    if (etag_is_listed(request_header(exchange, "If-None-Match"), exchange->file.etag))
        return send_not_modified(exchange);
    switch (find_wish(exchange, &offset, &length)) {
    case RANGE_NONE:
        exchange->size_of_refused = size;
        (void)error_set(&err, STATUS_OUT_OF_RANGE, "the file has %lld bytes", (long long)size);
        return answer_refusal(exchange, STATUS_OUT_OF_RANGE, &err);
    case RANGE_PART:
        return send_bytes(exchange, MHD_HTTP_PARTIAL_CONTENT, offset, length);
    case RANGE_ALL:
        break;
    }
    return send_bytes(exchange, MHD_HTTP_OK, 0, size);
}

void file_close(struct exchange *exchange)
{
    if (exchange->file.read)
        exchange->file.close(exchange->file.source);
    exchange->file = (struct http_file){0};
}

void http_send_file(struct call *call, const struct http_file *file)
{
    struct exchange *exchange = call->exchange;

    file_close(exchange);
    exchange->file = *file;
}
