#include "api.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/utf8.h"

/* A page of 100 messages of 64 KiB each is the largest honest answer. */
#define ANSWER_MAX (8 * 1024 * 1024)
#define CONNECT_SECONDS 5L
#define CALL_SECONDS 15L /* the server itself gives up after 5 s; the rest is the way */
#define SLOW_BYTES 1024L /* a second: a file that comes slower does not come */

struct api {
    char *base_url;
    CURLM *multi;
    CURL *easy;
    char *token;
    int typed_fd;
    void (*typed)(void);
};

struct envelope_read {
    int64_t code;
    char *message;
    struct json data;
};

static const struct field envelope_fields[] = {
    FIELD(struct envelope_read, code, .required = true),
    FIELD(struct envelope_read, message, .required = true, .max = 1000),
    FIELD(struct envelope_read, data, .nullable = true),
};
static const struct record envelope_record =
    RECORD("envelope", struct envelope_read, envelope_fields);
DEFINE_RECORD_CLEANUP(struct envelope_read, envelope)

/* What goes out: JSON, a file, or nothing. */
struct sending {
    struct buffer json;
    const char *file; /* its path */
};

/* Where the answer goes. */
struct receiving {
    CURL *easy;
    struct buffer body;
    int fd;      /* what was asked for, if it is a file and no refusal; -1: into the body */
    int failure; /* errno of writing it */
};

static size_t receive(char *data, size_t size, size_t count, void *context)
{
    struct receiving *receiving = context;
    size_t length = size * count;
    long http = 0;

    curl_easy_getinfo(receiving->easy, CURLINFO_RESPONSE_CODE, &http);
    if (receiving->fd >= 0 && http == 200) {
        if (write(receiving->fd, data, length) == (ssize_t)length)
            return length;
        receiving->failure = errno ? errno : ENOSPC;
        return 0; /* curl ends the transfer */
    }
    if (receiving->body.length + length > ANSWER_MAX)
        return 0;
    buffer_add(&receiving->body, data, length);
    return length;
}

enum status api_open(const char *base_url, const char *cacert, int typed_fd, void (*typed)(void),
                     struct api **ret, struct error *err)
{
    struct api *api = memory_new(sizeof *api);
    size_t n = strlen(base_url);

    while (n > 0 && base_url[n - 1] == '/')
        n--;
    api->base_url = memory_text_n(base_url, n);
    api->typed_fd = typed_fd;
    api->typed = typed;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(api->multi = curl_multi_init()) ||
        !(api->easy = curl_easy_init())) {
        api_close(api);
        return error_set(err, STATUS_INTERNAL, "libcurl does not start");
    }
    curl_easy_setopt(api->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(api->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(api->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(api->easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(api->easy, CURLOPT_USERAGENT, "parley-cli");
    if (cacert) {
        curl_easy_setopt(api->easy, CURLOPT_CAINFO, cacert);
        curl_easy_setopt(api->easy, CURLOPT_CAPATH, NULL);
    }
    *ret = api;
    return STATUS_OK;
}

void api_close(struct api *api)
{
    if (!api)
        return;
    curl_easy_cleanup(api->easy);
    curl_multi_cleanup(api->multi);
    curl_global_cleanup();
    free(api->base_url);
    free(api->token);
    free(api);
}

void api_set_token(struct api *api, const char *token)
{
    free(api->token);
    api->token = memory_text(token);
}

void api_add_escaped(struct buffer *path, const char *value)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *value; value++) {
        if (strchr(plain, *value))
            buffer_add(path, value, 1);
        else
            buffer_printf(path, "%%%02X", (unsigned char)*value);
    }
}

/* Wait for the transfer, and serve the keyboard meanwhile. */
static CURLcode perform(struct api *api)
{
    CURLcode result = CURLE_FAILED_INIT;
    CURLMsg *message;
    int running = 1;
    int left;

    curl_multi_add_handle(api->multi, api->easy);
    while (running) {
        struct curl_waitfd keys = {.fd = api->typed_fd, .events = CURL_WAIT_POLLIN};

        if (curl_multi_perform(api->multi, &running) != CURLM_OK)
            break;
        if (!running)
            break;
        if (curl_multi_poll(api->multi, &keys, api->typed_fd >= 0, 1000, NULL) != CURLM_OK)
            break;
        if (keys.revents)
            api->typed();
    }
    while ((message = curl_multi_info_read(api->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            result = message->data.result;
    curl_multi_remove_handle(api->multi, api->easy);
    return result;
}

/* A call is over in some seconds; a file takes its time, as long as it moves. */
static void set_patience(struct api *api, bool is_file)
{
    curl_easy_setopt(api->easy, CURLOPT_TIMEOUT, is_file ? 0L : CALL_SECONDS);
    curl_easy_setopt(api->easy, CURLOPT_LOW_SPEED_LIMIT, is_file ? SLOW_BYTES : 0L);
    curl_easy_setopt(api->easy, CURLOPT_LOW_SPEED_TIME, is_file ? CALL_SECONDS : 0L);
}

static curl_mime *make_form(struct api *api, const char *file)
{
    curl_mime *form = curl_mime_init(api->easy);
    curl_mimepart *part = curl_mime_addpart(form);

    curl_mime_name(part, "file");
    curl_mime_filedata(part, file); /* reads it piece by piece; its name goes along */
    return form;
}

static CURLcode send_and_receive(struct api *api, const struct sending *sending)
{
    CLEANUP(buffer_clear) struct buffer bearer = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"); /* one way less to wait */
    curl_mime *form = sending->file ? make_form(api, sending->file) : NULL;
    CURLcode code;

    if (api->token) {
        buffer_printf(&bearer, "Authorization: Bearer %s", api->token);
        headers = curl_slist_append(headers, buffer_text(&bearer));
    }
    if (!form)
        headers = curl_slist_append(headers, "Content-Type: application/json");
    curl_easy_setopt(api->easy, CURLOPT_HTTPGET, 1L);
    if (form)
        curl_easy_setopt(api->easy, CURLOPT_MIMEPOST, form);
    else if (sending->json.length) {
        curl_easy_setopt(api->easy, CURLOPT_POSTFIELDSIZE, (long)sending->json.length);
        curl_easy_setopt(api->easy, CURLOPT_POSTFIELDS, sending->json.data);
    }
    curl_easy_setopt(api->easy, CURLOPT_HTTPHEADER, headers);
    code = perform(api);
    curl_easy_setopt(api->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(api->easy, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(api->easy, CURLOPT_MIMEPOST, NULL);
    curl_slist_free_all(headers);
    curl_mime_free(form);
    return code;
}

static enum status transfer(struct api *api, const char *method, const char *path,
                            const struct sending *sending, struct receiving *receiving,
                            struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    CURLcode code;

    receiving->easy = api->easy;
    buffer_printf(&url, "%s%s", api->base_url, path);
    curl_easy_setopt(api->easy, CURLOPT_URL, buffer_text(&url));
    curl_easy_setopt(api->easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(api->easy, CURLOPT_WRITEDATA, receiving);
    set_patience(api, sending->file || receiving->fd >= 0);
    code = send_and_receive(api, sending);
    if (receiving->failure)
        return error_set(err, STATUS_INTERNAL, "cannot be written: %s",
                         strerror(receiving->failure));
    if (code != CURLE_OK)
        return error_set(err, STATUS_UNAVAILABLE, "no answer from %s: %s", api->base_url,
                         curl_easy_strerror(code));
    return STATUS_OK;
}

/* ---- The envelope */

static enum status read_data(const char *path, struct envelope_read *envelope,
                             struct api_answer answer, struct error *err)
{
    struct error reason;

    if (answer.text)
        *answer.text = envelope->data.text ? TAKE(envelope->data.text) : memory_text("{}");
    if (!answer.record)
        return STATUS_OK;
    if (!envelope->data.text)
        return error_set(err, STATUS_UNAVAILABLE, "the answer to %s has no data", path);
    if (record_from_json(answer.record, envelope->data.text, strlen(envelope->data.text),
                         answer.value, &reason) != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "the answer to %s is wrong: %s", path,
                         reason.text);
    return STATUS_OK;
}

static enum status read_answer(struct api *api, const char *path, struct buffer *body,
                               struct api_answer answer, struct error *err)
{
    CLEANUP(envelope_clear) struct envelope_read envelope = {0};
    struct error reason;
    long http = 0;

    curl_easy_getinfo(api->easy, CURLINFO_RESPONSE_CODE, &http);
    if (record_from_json(&envelope_record, buffer_text(body), body->length, &envelope, &reason) !=
        STATUS_OK) /* a proxy's page, for instance */
        return error_set(err, http == 401 ? STATUS_UNAUTHENTICATED : STATUS_UNAVAILABLE,
                         "HTTP %ld instead of an answer (%s)", http, reason.text);
    if (envelope.code != 0)
        return error_set(err, status_from_code(envelope.code), "%" PRId64 " %s", envelope.code,
                         envelope.message);
    return read_data(path, &envelope, answer, err);
}

/* ---- Calls */

enum status api_call(struct api *api, const char *method, const char *path, struct api_ask ask,
                     struct api_answer answer, struct error *err)
{
    struct sending sending = {0};
    struct receiving receiving = {.fd = -1};
    enum status s;

    if (ask.record)
        record_to_json(ask.record, ask.value, &sending.json);
    s = transfer(api, method, path, &sending, &receiving, err);
    if (s == STATUS_OK)
        s = read_answer(api, path, &receiving.body, answer, err);
    buffer_clear(&sending.json);
    buffer_clear(&receiving.body);
    return s;
}

enum status api_upload(struct api *api, const char *path, const char *file,
                       struct api_answer answer, struct error *err)
{
    const struct sending sending = {.file = file};
    struct receiving receiving = {.fd = -1};
    enum status s = transfer(api, "POST", path, &sending, &receiving, err);

    if (s == STATUS_OK)
        s = read_answer(api, path, &receiving.body, answer, err);
    buffer_clear(&receiving.body);
    return s;
}

enum status api_download(struct api *api, const char *path, int fd, struct error *err)
{
    const struct sending sending = {0};
    struct receiving receiving = {.fd = fd};
    long http = 0;
    enum status s = transfer(api, "GET", path, &sending, &receiving, err);

    curl_easy_getinfo(api->easy, CURLINFO_RESPONSE_CODE, &http);
    if (s == STATUS_OK && http != 200)
        s = read_answer(api, path, &receiving.body, (struct api_answer){0}, err);
    buffer_clear(&receiving.body);
    return s;
}
