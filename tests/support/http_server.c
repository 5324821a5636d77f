#include "tests/support/http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/http_client.h"
#include "trace/trace.h"

struct thing {
    char *group_id;
    char *name;
    int64_t seats;
};

static const struct field thing_fields[] = {
    FIELD(struct thing, group_id, .required = true, .min = 1, .max = 8),
    FIELD(struct thing, name, .required = true, .min = 1, .max = 200000),
    FIELD(struct thing, seats, .min = 1, .max = 500),
};
static const struct record thing_record = RECORD("test.thing", struct thing, thing_fields);

struct thing_id {
    char *group_id;
    char *note;
};
static const struct field thing_id_fields[] = {
    FIELD(struct thing_id, group_id, .required = true, .min = 1, .max = 8),
    FIELD(struct thing_id, note, .max = 20),
};
static const struct record thing_id_record = RECORD("test.id", struct thing_id, thing_id_fields);

struct said {
    char *text;
};
static const struct field said_fields[] = {FIELD(struct said, text, .required = true)};
static const struct record said_record = RECORD("test.said", struct said, said_fields);

struct server server = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static enum status handle_hello(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    struct said *said = reply;

    (void)state;
    (void)call;
    (void)request;
    (void)err;
    said->text = memory_text("hello");
    return STATUS_OK;
}

static enum status handle_who(void *state, struct call *call, const void *request, void *reply,
                              struct error *err)
{
    struct said *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)request;
    (void)err;
    buffer_printf(&text, "%s|%s|%s|%s|%s", call->user_id, call->address, call->origin,
                  call->user_agent, trace_current()->text);
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_thing(void *state, struct call *call, const void *request, void *reply,
                                struct error *err)
{
    const struct thing *thing = request;
    struct said *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)call;
    (void)err;
    buffer_printf(&text, "%s/%.20s/%lld", thing->group_id, thing->name, (long long)thing->seats);
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_id(void *state, struct call *call, const void *request, void *reply,
                             struct error *err)
{
    const struct thing_id *id = request;
    struct said *said = reply;
    struct buffer text = {0};

    (void)state;
    (void)call;
    (void)err;
    buffer_printf(&text, "%s:%s", id->group_id, id->note ? id->note : "");
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_fail(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct thing_id *id = request;

    (void)state;
    (void)call;
    (void)reply;
    if (strcmp(id->group_id, "bug") == 0)
        return error_set(err, STATUS_INTERNAL, "secret detail");
    if (strcmp(id->group_id, "away") == 0)
        return error_set(err, STATUS_UNAVAILABLE, "10.0.0.1 refused");
    if (strcmp(id->group_id, "fast") == 0) {
        http_set_retry_after(call, 17);
        return error_set(err, STATUS_TOO_FAST, "slow down");
    }
    return error_set(err, STATUS_NOT_FOUND, "there is no such thing");
}

static enum status handle_cookie(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    (void)state;
    (void)request;
    (void)reply;
    (void)err;
    http_set_cookie(call, "access_token", "t", "/", "Lax", 900);
    http_set_cookie(call, "refresh_token", "", "/api/refresh", "Strict", 0);
    return STATUS_OK;
}

static int file_of(const char *text)
{
    char path[] = "/tmp/parley-http-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)unlink(path); /* just made by us */
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

/* Its descriptor stands at the end: what is sent begins at the beginning all the same. */
static enum status handle_file(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    const struct thing_id *id = request;

    (void)state;
    (void)reply;
    http_attach(call, "text/plain", "first.txt", file_of("not this one"));
    http_attach(call, "application/zip", "second.zip", file_of("these bytes"));
    if (strcmp(id->group_id, "no") == 0)
        return error_set(err, STATUS_NOT_FOUND, "there is no such file");
    return STATUS_OK;
}

#define FILE_TEXT "0123456789"

static enum status read_text(void *source, int64_t offset, void *data, size_t room,
                             size_t *ret_length, struct error *err)
{
    size_t left = strlen(FILE_TEXT) - (size_t)offset;

    (void)source;
    if (server.file_breaks && offset >= 3)
        return error_set(err, STATUS_UNAVAILABLE, "the source is away");
    *ret_length = room < 3 ? room : 3; /* in pieces, as a store gives them */
    if (*ret_length > left)
        *ret_length = left;
    memcpy(data, FILE_TEXT + offset, *ret_length);
    return STATUS_OK;
}

static void close_text(void *source)
{
    (void)source;
    server.file_closed++;
}

static enum status handle_stream(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    (void)state, (void)request, (void)reply, (void)err;
    http_send_file(call, &(struct http_file){.content_type = "image/png",
                                             .name = "Bild \"1\" \xc3\xbc.png",
                                             .is_inline = true,
                                             .etag = "abc",
                                             .size = strlen(FILE_TEXT),
                                             .read = read_text,
                                             .close = close_text});
    return STATUS_OK;
}

static enum status admit_upload(void *state, struct call *call, struct error *err)
{
    (void)state, (void)call;
    if (server.refuses_uploads)
        return error_set(err, STATUS_TOO_FAST, "no more today");
    return STATUS_OK;
}

/* What came, so that a test can see it whole. */
static enum status handle_upload(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    const struct http_upload *upload = http_get_upload(call);
    struct said *said = reply;
    struct buffer text = {0};
    char bytes[64] = "";

    (void)state, (void)request, (void)err;
    assert_true(pread(upload->fd, bytes, sizeof bytes - 1, 0) >= 0);
    buffer_printf(&text, "%s|%lld|%s", upload->file_name ? upload->file_name : "(none)",
                  (long long)upload->size, bytes);
    said->text = buffer_take(&text);
    return STATUS_OK;
}

static enum status handle_redirect(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err)
{
    const struct thing_id *id = request;

    (void)state;
    (void)reply;
    (void)err;
    http_set_cookie(call, "access_token", "t", "/", "Lax", 900);
    http_redirect(call, "/before");
    http_redirect(call, id->note);
    if (strcmp(id->group_id, "no") == 0)
        return error_set(err, STATUS_NOT_FOUND, "there is no such thing");
    return STATUS_OK;
}

static enum status handle_slow(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    (void)state;
    (void)call;
    (void)request;
    (void)reply;
    (void)err;
    pthread_mutex_lock(&server.lock);
    server.entered = true;
    pthread_cond_broadcast(&server.changed);
    while (!server.leave)
        pthread_cond_wait(&server.changed, &server.lock);
    pthread_mutex_unlock(&server.lock);
    return STATUS_OK;
}

static enum status verify(void *context, const char *token, struct call *call, struct error *err)
{
    (void)context;
    if (strcmp(token, "old") == 0)
        return error_set(err, STATUS_EXPIRED, "the token has expired");
    if (strcmp(token, "good") != 0)
        return error_set(err, STATUS_UNAUTHENTICATED, "not a token of ours");
    strcpy(call->user_id, "user_1");
    return STATUS_OK;
}

static void note_report(const struct http_fault *fault)
{
    server.reported = *fault->err;
    server.reports++; /* tests look at it first */
}

static const struct http_route routes[] = {
    {"GET", "/api/hello", HTTP_PUBLIC, NULL, &said_record, .handle = handle_hello},
    {"GET", "/api/raw", HTTP_PUBLIC, NULL, &said_record, .handle = handle_hello, .raw = true},
    {"GET", "/api/who", HTTP_PUBLIC, NULL, &said_record, .handle = handle_who},
    {"GET", "/api/me", HTTP_USER, NULL, &said_record, .handle = handle_who},
    {"POST", "/api/me", HTTP_USER, NULL, &said_record, .handle = handle_who},
    {"POST", "/api/public", HTTP_PUBLIC, NULL, &said_record, .handle = handle_who},
    {"GET", "/api/things/my", HTTP_PUBLIC, NULL, &said_record, .handle = handle_hello},
    {"GET", "/api/things/{group_id}", HTTP_PUBLIC, &thing_id_record, &said_record,
     .handle = handle_id},
    {"POST", "/api/things", HTTP_PUBLIC, &thing_record, &said_record, .handle = handle_thing},
    {"POST", "/api/things/{group_id}", HTTP_PUBLIC, &thing_record, &said_record,
     .handle = handle_thing},
    {"POST", "/api/things/{group_id}/join", HTTP_PUBLIC, &thing_id_record, &said_record,
     .handle = handle_id},
    {"GET", "/api/fail/{group_id}", HTTP_PUBLIC, &thing_id_record, NULL, .handle = handle_fail},
    {"POST", "/api/cookie", HTTP_PUBLIC, NULL, NULL, .handle = handle_cookie},
    {"GET", "/api/file/{group_id}", HTTP_PUBLIC, &thing_id_record, NULL, .handle = handle_file},
    {"GET", "/api/redirect/{group_id}", HTTP_PUBLIC, &thing_id_record, NULL,
     .handle = handle_redirect},
    {"GET", "/api/stream", HTTP_PUBLIC, NULL, NULL, .handle = handle_stream},
    {"POST", "/api/upload", HTTP_USER, NULL, &said_record, .handle = handle_upload,
     .upload = admit_upload},
    {"GET", "/api/slow", HTTP_PUBLIC, NULL, NULL, .handle = handle_slow},
};

static int fill_page(void *state, const char *query, struct buffer *ret)
{
    (void)state;
    (void)query;
    buffer_add_text(ret, "draining\n");
    return 503;
}

static const struct http_page pages[] = {{"/readyz", "text/plain", .fill = fill_page}};

int server_open(void **state)
{
    const struct http_config config = {
        .listen = "127.0.0.1:0",
        .routes = routes,
        .n_routes = N_ELEMENTS(routes),
        .verify = verify,
        .trusted_addresses = "127.0.0.0/8",
        .public_url = "https://chat.example, http://127.0.0.1:8080/",
        .pages = pages,
        .n_pages = N_ELEMENTS(pages),
        .upload_max = SERVER_UPLOAD_MAX,
        .report = note_report,
    };
    struct error err;

    (void)state;
    if (http_open(&config, &server.http, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    server.port = http_port(server.http);
    return 0;
}

int server_close(void **state)
{
    (void)state;
    http_close(server.http);
    return 0;
}

int server_dial(void)
{
    char address[32];
    int fd;

    (void)snprintf(address, sizeof address, "127.0.0.1:%d", server.port);
    fd = client_dial(address);
    assert_true(fd >= 0);
    return fd;
}

char *server_ask(const char *line, const char *headers, const char *body)
{
    struct buffer text = {0};
    char *answer;
    int fd = server_dial();

    buffer_printf(&text, "%s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n%s", line,
                  headers);
    if (body)
        buffer_printf(&text, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        buffer_add_text(&text, "\r\n");
    client_put(fd, text.data, text.length);
    buffer_clear(&text);
    answer = client_get(fd);
    return answer;
}

void server_check(const char *line, const char *headers, const char *body, int status,
                  const char *part)
{
    CLEANUP(free) char *answer = server_ask(line, headers, body);
    char expected[16];

    (void)snprintf(expected, sizeof expected, "HTTP/1.1 %d ", status);
    if (strncmp(answer, expected, strlen(expected)) != 0 || !strstr(answer, part))
        fail_msg("%s: expected %d and %s in:\n%s", line, status, part, answer);
}
