/* Taking a file: multipart/form-data, whose part "file" goes to disk as it comes. libmicrohttpd
 * takes the parts apart; Debian's has the fix of CVE-2023-27371 (a boundary that is one quote), and
 * what it is given as a boundary is looked at here besides. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/temporary.h"
#include "http/exchange.h"
#include "http/file_headers.h"

#define PART "file"
/* Boundaries, headers of parts, and small parts besides the file. */
#define FRAMING_MAX (64 * 1024)
#define PROCESSOR_BYTES (32 * 1024) /* its window onto the body */

struct upload {
    struct http_upload file;
    char *file_name;
    struct MHD_PostProcessor *processor;
    size_t place;     /* in http->uploads */
    int64_t received; /* of the body */
    int64_t until;    /* by clock_monotonic() */
    bool has_file;
    bool malformed;
    struct error fault; /* of the disk; status OK: none */
};

/* ---- The headers */

static enum status refuse_size(const struct exchange *exchange, struct error *err)
{
    return error_set(err, STATUS_TOO_LARGE, "a file has at most %lld bytes",
                     (long long)exchange->http->config.upload_max);
}

static enum status check_headers(const struct exchange *exchange, struct error *err)
{
    const char *length = request_header(exchange, "Content-Length");

    if (length &&
        strtoull(length, NULL, 10) > (uint64_t)exchange->http->config.upload_max + FRAMING_MAX)
        return refuse_size(exchange, err);
    if (!form_has_boundary(request_header(exchange, "Content-Type")))
        return error_set(err, STATUS_NOT_JSON, "Content-Type must be multipart/form-data");
    return STATUS_OK;
}

/* ---- The body */

static enum MHD_Result take_part(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *file_name, const char *content_type,
                                 const char *encoding, const char *data, uint64_t offset,
                                 size_t length)
{
    struct exchange *exchange = context;
    struct upload *upload = exchange->upload;

    (void)kind, (void)content_type, (void)encoding;
    if (!name || strcmp(name, PART) != 0)
        return MHD_YES;
    if (offset == 0) {
        if (upload->has_file && upload->file.size > 0) {
            upload->malformed = true; /* which of two did he mean? */
            return MHD_NO;
        }
        upload->has_file = true;
        free(upload->file_name);
        upload->file.file_name = upload->file_name = memory_text(file_name);
    }
    upload->file.size += (int64_t)length;
    if (upload->file.size > exchange->http->config.upload_max)
        exchange->body_too_large = true;
    else if (upload->fault.status == STATUS_OK)
        upload->fault.status = temporary_write(upload->file.fd, data, length, &upload->fault);
    return MHD_YES;
}

enum status upload_begin(struct exchange *exchange, struct error *err)
{
    const struct http_config *config = &exchange->http->config;
    struct upload *upload;
    enum status s = request_authenticate(exchange, err);
    size_t place;
    int fd = -1;

    if (s == STATUS_OK)
        s = check_headers(exchange, err);
    if (s == STATUS_OK)
        s = exchange->match.route->info->upload(config->state, &exchange->call, err);
    if (s == STATUS_OK)
        s = places_take(&exchange->http->uploads, exchange->call.user_id, &place, err);
    if (s != STATUS_OK)
        return s;
    upload = exchange->upload = memory_new(sizeof *upload);
    upload->place = place;
    upload->file.fd = -1;
    upload->until = clock_monotonic() + HTTP_UPLOAD_SECONDS * 1000LL;
    s = temporary_open(&fd, err);
    upload->file.fd = fd;
    if (s == STATUS_OK)
        upload->processor =
            MHD_create_post_processor(exchange->connection, PROCESSOR_BYTES, take_part, exchange);
    if (s == STATUS_OK && !upload->processor)
        s = error_set(err, STATUS_NOT_JSON, "Content-Type must be multipart/form-data");
    return s;
}

/* libmicrohttpd takes no answer before the body's end, so what is too long is read on for a while. */
enum MHD_Result upload_take(struct exchange *exchange, const char *data, size_t length)
{
    struct upload *upload = exchange->upload;
    int64_t max = exchange->http->config.upload_max;

    upload->received += (int64_t)length;
    if (upload->received > max + FRAMING_MAX)
        exchange->body_too_large = true;
    if (clock_monotonic() > upload->until || upload->received > max + FRAMING_MAX + LINGER_MAX)
        return MHD_NO;
    if (!exchange->body_too_large && !upload->malformed &&
        MHD_post_process(upload->processor, data, length) != MHD_YES)
        upload->malformed = true;
    return MHD_YES;
}

enum status upload_end(struct exchange *exchange, struct error *err)
{
    struct upload *upload = exchange->upload;
    enum MHD_Result whole = MHD_destroy_post_processor(upload->processor);

    upload->processor = NULL;
    if (exchange->body_too_large)
        return refuse_size(exchange, err);
    if (upload->fault.status != STATUS_OK)
        return error_set(err, upload->fault.status, "%s", upload->fault.text);
    if (upload->malformed || whole != MHD_YES)
        return error_set(err, STATUS_NOT_JSON, "the body is not multipart/form-data");
    if (!upload->has_file)
        return error_field(err, STATUS_INVALID, PART, "field '" PART "' is missing");
    return STATUS_OK;
}

void upload_clear(struct exchange *exchange)
{
    struct upload *upload = exchange->upload;

    if (!upload)
        return;
    exchange->upload = NULL;
    if (upload->processor)
        (void)MHD_destroy_post_processor(
            upload->processor); /* cut off: nobody asks if it is whole */
    places_give_back(&exchange->http->uploads, upload->place);
    temporary_close(upload->file.fd);
    free(upload->file_name);
    free(upload);
}

const struct http_upload *http_get_upload(struct call *call)
{
    struct exchange *exchange = call->exchange;

    return &exchange->upload->file;
}
