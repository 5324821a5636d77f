#include "fetch/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define CONNECT_MS 3000
#define AGENT "parley" /* GitHub refuses who has none */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global;

static void begin(void)
{
    global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- Addresses */

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_good(CURLU *url, bool is_inside)
{
    char *scheme = part_of(url, CURLUPART_SCHEME);
    char *host = part_of(url, CURLUPART_HOST);
    char *user = part_of(url, CURLUPART_USER);
    char *fragment = part_of(url, CURLUPART_FRAGMENT);
    bool good = scheme && host && *host && !user && !fragment &&
                (strcmp(scheme, "https") == 0 ||
                 (strcmp(scheme, "http") == 0 && (is_inside || is_loopback(host))));

    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(fragment);
    return good;
}

static bool may_be_asked(const char *text, bool is_inside)
{
    CURLU *url = curl_url();
    bool good = url && curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
                is_good(url, is_inside);

    curl_url_cleanup(url);
    return good;
}

bool fetch_url_is_good(const char *text)
{
    return may_be_asked(text, false);
}

/* ---- Forms */

void fetch_add_encoded(struct buffer *ret, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (const char *c = text; *c; c++)
        if (strchr(plain, *c))
            buffer_add(ret, c, 1);
        else
            buffer_printf(ret, "%%%02X", (unsigned)(unsigned char)*c);
}

void fetch_add_field(struct buffer *form, const char *name, const char *value)
{
    if (form->length > 0 && form->data[form->length - 1] != '?')
        buffer_add_text(form, "&");
    fetch_add_encoded(form, name);
    buffer_add_text(form, "=");
    fetch_add_encoded(form, value);
}

/* ---- A request */

struct transfer {
    struct buffer *body;
    size_t head;
    bool too_large;
};

static size_t take_body(char *data, size_t size, size_t n, void *context)
{
    struct transfer *transfer = context;

    transfer->too_large = transfer->body->length + n * size > FETCH_BODY_MAX;
    if (transfer->too_large)
        return 0; /* ends the transfer */
    buffer_add(transfer->body, data, n * size);
    return n * size;
}

static size_t take_header(char *data, size_t size, size_t n, void *context)
{
    struct transfer *transfer = context;

    (void)data;
    transfer->head += n * size;
    transfer->too_large = transfer->head > FETCH_HEAD_MAX;
    return transfer->too_large ? 0 : n * size;
}

/* Called once a second at least. */
static int check_stop(void *stop, curl_off_t down, curl_off_t downed, curl_off_t up,
                      curl_off_t upped)
{
    (void)down;
    (void)downed;
    (void)up;
    (void)upped;
    return atomic_load((const atomic_bool *)stop);
}

static void set_options(CURL *curl, const struct fetch_request *request, struct transfer *transfer)
{
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* threads */
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     (long)(request->timeout_ms ? request->timeout_ms : FETCH_MS));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, AGENT);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    if (request->form || request->json)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->form ? request->form : request->json);
    if (request->stop) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_stop);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)request->stop); /* only read */
    }
    if (request->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->username) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, request->username);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    }
    if (request->bearer) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, request->bearer);
    }
}

static enum status perform(CURL *curl, const struct fetch_request *request,
                           struct fetch_answer *ret, struct error *err)
{
    struct transfer transfer = {.body = &ret->body};
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    long status = 0;
    CURLcode code;

    headers = curl_slist_append(headers, "Expect:"); /* no 100-continue: one wait less */
    if (request->json)
        headers = curl_slist_append(headers, "Content-Type: application/json");
    set_options(curl, request, &transfer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    ret->status = status;
    if (code == CURLE_OK)
        return STATUS_OK;
    return error_set(err, STATUS_UNAVAILABLE, "%.*s: %s", (int)strcspn(request->url, "?"),
                     request->url,
                     transfer.too_large ? "the answer is too large" : curl_easy_strerror(code));
}

enum status fetch(const struct fetch_request *request, struct fetch_answer *ret, struct error *err)
{
    CURL *curl;
    enum status s;

    (void)pthread_once(&once, begin); /* only fails for a bad once */
    if (!may_be_asked(request->url, request->is_inside))
        return error_set(err, STATUS_INVALID, "not an address that may be asked: https is needed");
    curl = global == CURLE_OK ? curl_easy_init() : NULL;
    if (!curl)
        return error_set(err, STATUS_INTERNAL, "libcurl does not start");
    s = perform(curl, request, ret, err);
    curl_easy_cleanup(curl);
    if (s != STATUS_OK)
        fetch_answer_clear(ret);
    return s;
}

void fetch_answer_clear(struct fetch_answer *answer)
{
    buffer_clear(&answer->body);
    answer->status = 0;
}
