#include "api.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

/* A page of 100 messages of 64 KiB each is the largest honest answer. */
#define ANSWER_MAX (8 * 1024 * 1024)
#define CONNECT_SECONDS 5L
#define CALL_SECONDS 15L /* the server itself gives up after 5 s; the rest is the way */

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

static size_t receive(char *data, size_t size, size_t count, void *context)
{
    struct buffer *body = context;

    if (body->length + size * count > ANSWER_MAX)
        return 0; /* curl ends the transfer */
    buffer_add(body, data, size * count);
    return size * count;
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
    curl_easy_setopt(api->easy, CURLOPT_TIMEOUT, CALL_SECONDS);
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

static enum status transfer(struct api *api, const char *method, const char *path,
                            struct api_ask ask, struct buffer *body, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    CLEANUP(buffer_clear) struct buffer sent = {0};
    CLEANUP(buffer_clear) struct buffer bearer = {0};
    struct curl_slist *headers = NULL;
    CURLcode code;

    buffer_printf(&url, "%s%s", api->base_url, path);
    if (ask.record)
        record_to_json(ask.record, ask.value, &sent);
    if (api->token) {
        buffer_printf(&bearer, "Authorization: Bearer %s", api->token);
        headers = curl_slist_append(headers, buffer_text(&bearer));
    }
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:"); /* no 100-continue: one way less to wait */
    curl_easy_setopt(api->easy, CURLOPT_URL, buffer_text(&url));
    curl_easy_setopt(api->easy, CURLOPT_HTTPGET, 1L);
    if (ask.record) {
        curl_easy_setopt(api->easy, CURLOPT_POSTFIELDSIZE, (long)sent.length);
        curl_easy_setopt(api->easy, CURLOPT_POSTFIELDS, buffer_text(&sent));
    }
    curl_easy_setopt(api->easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(api->easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(api->easy, CURLOPT_WRITEDATA, body);
    code = perform(api);
    curl_easy_setopt(api->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(api->easy, CURLOPT_POSTFIELDS, NULL);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return error_set(err, STATUS_UNAVAILABLE, "no answer from %s: %s", api->base_url,
                         curl_easy_strerror(code));
    return STATUS_OK;
}

enum status api_call(struct api *api, const char *method, const char *path, struct api_ask ask,
                     struct api_answer answer, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer body = {0};
    CLEANUP(envelope_clear) struct envelope_read envelope = {0};
    struct error reason;
    long http = 0;
    enum status s;

    s = transfer(api, method, path, ask, &body, err);
    if (s != STATUS_OK)
        return s;
    curl_easy_getinfo(api->easy, CURLINFO_RESPONSE_CODE, &http);
    s = record_from_json(&envelope_record, buffer_text(&body), body.length, &envelope, &reason);
    if (s != STATUS_OK) /* a proxy's page, for instance */
        return error_set(err, http == 401 ? STATUS_UNAUTHENTICATED : STATUS_UNAVAILABLE,
                         "HTTP %ld instead of an answer (%s)", http, reason.text);
    if (envelope.code != 0)
        return error_set(err, status_from_code(envelope.code), "%" PRId64 " %s", envelope.code,
                         envelope.message);
    if (answer.text)
        *answer.text = envelope.data.text ? TAKE(envelope.data.text) : memory_text("{}");
    if (!answer.record)
        return STATUS_OK;
    if (!envelope.data.text)
        return error_set(err, STATUS_UNAVAILABLE, "the answer to %s has no data", path);
    s = record_from_json(answer.record, envelope.data.text, strlen(envelope.data.text),
                         answer.value, &reason);
    if (s != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "the answer to %s is wrong: %s", path,
                         reason.text);
    return STATUS_OK;
}
