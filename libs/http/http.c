/* The server: its life, and the way of a request through it.
 *
 * libmicrohttpd calls take_target() when it has the request line, take_request() once the headers
 * are there, again for each piece of the body and once more at its end, and finish() when the answer
 * is sent or the connection lost; all of it in the connection's own thread. A request counts as
 * in hand from its headers on, and http_close() waits for those before it stops the daemon, since
 * that shuts all sockets at once.
 *
 * A body that says to be too long is answered before it is read. The rest of it is then read and
 * thrown away for a moment after the answer, as nginx does: closing a socket with unread bytes makes
 * the kernel send a reset, and the client would never see its 413. */

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/exchange.h"
#include "http/pace.h"

#define BACKLOG 1024 /* connections that wait in the kernel */
/* What nginx passes on: 32 KiB of headers, in a thousand lines at most, each with 56 bytes of
 * libmicrohttpd's. It answers more than fits in words of its own, not in the envelope. */
#define CONNECTION_MEMORY (128 * 1024)
#define STACK_SIZE (1024 * 1024) /* 512 of them; handlers keep what is large on the heap */
#define CLOSE_WAIT_S 10
#define QUIET_MS 50
#define LINGER_MS 1000

/* ---- A request */

static void *take_target(void *http, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = memory_new(sizeof *exchange);

    exchange->http = http;
    exchange->connection = connection;
    exchange->target = memory_text(target);
    return exchange;
}

/* Paths are matched undecoded, see route.c. */
static size_t leave_encoded(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static const struct http_page *find_page(const struct exchange *exchange)
{
    const struct http_config *config = &exchange->http->config;
    size_t length = strcspn(exchange->target, "?");

    for (size_t i = 0; i < config->n_pages; i++)
        if (strlen(config->pages[i].path) == length &&
            memcmp(config->pages[i].path, exchange->target, length) == 0 &&
            (!config->pages[i].method || strcmp(config->pages[i].method, exchange->method) == 0))
            return &config->pages[i];
    return NULL;
}

static void begin(struct exchange *exchange, const char *method)
{
    exchange->begun = true;
    exchange->method = method;
    if (!find_page(exchange)) /* nobody follows the probes of who looks after us */
        span_begin(&exchange->span, SPAN_SERVER, "",
                   slice_of(request_header(exchange, "traceparent")));
    exchange->started_us = clock_monotonic_us();
    request_identify(exchange);
    pthread_mutex_lock(&exchange->http->lock);
    exchange->http->in_hand++;
    exchange->http->begun++;
    exchange->http->begun_at = clock_monotonic();
    pthread_mutex_unlock(&exchange->http->lock);
}

static bool says_too_large(const struct exchange *exchange)
{
    const char *length = request_header(exchange, "Content-Length");

    return length && strtoull(length, NULL, 10) > HTTP_BODY_MAX;
}

static enum MHD_Result refuse_body(struct exchange *exchange)
{
    struct error err;

    (void)error_set(&err, STATUS_TOO_LARGE, "a body has at most %d bytes", HTTP_BODY_MAX);
    return answer_refusal(exchange, STATUS_TOO_LARGE, &err);
}

/* A chunked body shows its length only as it comes, and libmicrohttpd takes no answer before its
 * end: so it is thrown away up to a point, then the connection is closed. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t length,
                                 size_t *ret_left)
{
    struct buffer *body = &exchange->body;

    *ret_left = 0;
    if (exchange->upload)
        return upload_take(exchange, data, length);
    if (!exchange->body_too_large && body->length + length <= HTTP_BODY_MAX) {
        buffer_add(body, data, length);
        return MHD_YES;
    }
    exchange->body_too_large = true;
    body->length += length; /* counted only: never read again */
    return body->length <= LINGER_MAX ? MHD_YES : MHD_NO;
}

/* Pages that do something are for programs. A page of the web may make a browser on this machine, or
 * in this network, send a plain POST anywhere; but then it says whose page that is. */
static enum MHD_Result answer_own_page(struct exchange *exchange, const struct http_page *page)
{
    struct error err;

    if (!page->method || !request_header(exchange, "Origin"))
        return answer_page(exchange, page);
    (void)error_set(&err, STATUS_FOREIGN_ORIGIN, "not for web pages");
    return answer_refusal(exchange, STATUS_FOREIGN_ORIGIN, &err);
}

static void report(struct exchange *exchange, const struct error *err)
{
    const struct route *route = exchange->match.route;
    const struct http_fault fault = {
        .call = &exchange->call,
        .method = exchange->method,
        .path = route ? route->info->path : "",
        .err = err,
    };

    if (exchange->http->config.report)
        exchange->http->config.report(&fault);
}

/* From a matched route to the reply's record; *request and *reply are the caller's to clear. */
static enum status serve(struct exchange *exchange, void *request, void *reply, struct error *err)
{
    const struct http_route *route = exchange->match.route->info;
    enum status s;

    /* Who uploads was asked who he is before: a long one outlives the token. */
    s = exchange->upload ? upload_end(exchange, err) : request_authenticate(exchange, err);
    if (s != STATUS_OK)
        return s;
    s = request_read(exchange, request, err);
    if (s != STATUS_OK)
        return s;
    return route->handle(exchange->http->config.state, &exchange->call, request, reply, err);
}

static enum MHD_Result answer_route(struct exchange *exchange)
{
    const struct http_route *route = exchange->match.route->info;
    CLEANUP(free) void *request = memory_new(route->request ? route->request->size : 1);
    CLEANUP(free) void *reply = memory_new(route->reply ? route->reply->size : 1);
    struct error err = {0};
    enum MHD_Result result;
    enum status s;

    s = serve(exchange, request, reply, &err);
    err.status = s;
    if (s == STATUS_INTERNAL || s == STATUS_UNAVAILABLE)
        report(exchange, &err);
    result =
        s == STATUS_OK ? answer_success(exchange, route, reply) : answer_refusal(exchange, s, &err);
    if (route->request)
        record_clear(route->request, request);
    if (route->reply)
        record_clear(route->reply, reply);
    return result;
}

static enum MHD_Result answer(struct exchange *exchange)
{
    const struct http_page *page = find_page(exchange);

    if (exchange->body_too_large && !exchange->upload)
        return refuse_body(exchange);
    if (page)
        return answer_own_page(exchange, page);
    if (!exchange->match.route)
        return answer_refusal(exchange, exchange->mismatch.status, &exchange->mismatch);
    return answer_route(exchange);
}

static void find_route(struct exchange *exchange)
{
    enum status s = routes_match(&exchange->http->routes, exchange->method, exchange->target,
                                 &exchange->match, &exchange->allow, &exchange->mismatch);

    if (s != STATUS_OK)
        exchange->match.route = NULL;
}

/* What the headers tell already. */
static enum MHD_Result look_at_headers(struct exchange *exchange)
{
    struct error err = {0};
    enum status s;

    if (!exchange->match.route || !exchange->match.route->info->upload) {
        exchange->linger = says_too_large(exchange);
        return exchange->linger ? refuse_body(exchange) : MHD_YES;
    }
    s = upload_begin(exchange, &err);
    if (s == STATUS_OK)
        return MHD_YES;
    err.status = s;
    if (s == STATUS_INTERNAL || s == STATUS_UNAVAILABLE)
        report(exchange, &err);
    exchange->linger = true;
    return answer_refusal(exchange, s, &err);
}

static enum MHD_Result take_request(void *http, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data,
                                    size_t *length, void **context)
{
    struct exchange *exchange = *context;

    (void)http;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange->begun) {
        begin(exchange, method);
        find_route(exchange);
        return look_at_headers(exchange);
    }
    if (*length > 0)
        return take_body(exchange, data, *length, length);
    return answer(exchange);
}

static void throw_away_rest(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int64_t until = clock_monotonic() + LINGER_MS;
    size_t read = 0;
    char waste[16 * 1024];

    (void)shutdown(info->connect_fd, SHUT_WR); /* the client sees the end of the answer */
    while (read < LINGER_MAX && clock_monotonic() < until) {
        struct pollfd wait = {.fd = info->connect_fd, .events = POLLIN};
        ssize_t n;

        if (poll(&wait, 1, LINGER_MS) <= 0)
            return;
        n = recv(info->connect_fd, waste, sizeof waste, MSG_DONTWAIT);
        if (n <= 0)
            return;
        read += (size_t)n;
    }
}

/* Named by the route: what is in a path may be private, and there is no end of it. */
static void end_span(struct exchange *exchange)
{
    const struct route *route = exchange->match.route;
    struct trace_span *span = &exchange->span;
    int64_t code = exchange->status == STATUS_OK ? 200 : status_code(exchange->status) / 100;
    CLEANUP(buffer_clear) struct buffer name = {0};

    if (span->is_recorded) {
        const char *method = route ? route->info->method : "_OTHER";

        buffer_printf(&name, "%s %s", method, route ? route->info->path : "");
        span->name = buffer_text(&name);
        span_add_text(span, "http.request.method", method);
        span_add_text(span, "http.route", route ? route->info->path : NULL);
        if (exchange->answered)
            span_add_number(span, "http.response.status_code", code);
        span_add_text(span, "parley.request_id", exchange->call.request_id);
    }
    span_end(span, exchange->answered && code < 500);
}

static void finish(void *context, struct MHD_Connection *connection, void **exchange_context,
                   enum MHD_RequestTerminationCode why)
{
    struct exchange *exchange = *exchange_context;
    struct http *http = context;

    (void)connection;
    if (!exchange)
        return;
    *exchange_context = NULL;
    if (exchange->linger && why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        throw_away_rest(exchange);
    if (exchange->begun) {
        const struct route *route = exchange->match.route;
        size_t index = route ? (size_t)(route - http->routes.items) : http->routes.n;

        if (exchange->answered)
            http_metrics_count(http->metrics, index, exchange->status,
                               clock_monotonic_us() - exchange->started_us);
        end_span(exchange);
        pthread_mutex_lock(&http->lock);
        if (--http->in_hand == 0)
            pthread_cond_broadcast(&http->idle);
        pthread_mutex_unlock(&http->lock);
    }
    match_clear(&exchange->match);
    buffer_clear(&exchange->body);
    strings_clear(&exchange->cookies);
    if (exchange->attachment_type && exchange->attachment_fd >= 0)
        (void)close(exchange->attachment_fd);
    file_close(exchange);
    upload_clear(exchange);
    free(exchange->attachment_name);
    free(exchange->location);
    free(exchange->allow);
    free(exchange->origin);
    free(exchange->target);
    free(exchange);
}

/* ---- The server */

/* "host:port", the host in brackets when it holds colons. */
static enum status resolve(const char *listen, struct addrinfo **ret, struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(listen, ':');
    CLEANUP(free) char *host = NULL;
    bool brackets;
    int failure;

    if (!colon || colon == listen)
        return error_set(err, STATUS_INVALID, "'%s' is not host:port", listen);
    brackets = *listen == '[' && colon[-1] == ']';
    host = memory_text_n(listen + brackets, (size_t)(colon - listen) - 2 * (size_t)brackets);
    failure = getaddrinfo(host, colon + 1, &hints, ret);
    if (failure)
        return error_set(err, STATUS_INVALID, "%s: %s", listen, gai_strerror(failure));
    return STATUS_OK;
}

static int port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;

    (void)getsockname(fd, (struct sockaddr *)&address, &length); /* ours, bound: cannot fail */
    /* The port is at the same place in both families. */
    return ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
}

static enum status listen_on(struct http *http, struct error *err)
{
    struct addrinfo *address = NULL;
    const int on = 1;
    enum status s;
    int fd;

    s = resolve(http->config.listen, &address, err);
    if (s != STATUS_OK)
        return s;
    fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    http->listen_fd = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        s = error_set(err, STATUS_UNAVAILABLE, "cannot listen on %s: %s", http->config.listen,
                      strerror(errno));
    else
        http->port = port_of(fd);
    freeaddrinfo(address);
    return s;
}

static void read_origins(struct http *http)
{
    const char *text = http->config.public_url ? http->config.public_url : "";

    while (*text) {
        size_t length = strcspn(text, ", ");
        CLEANUP(free) char *origin = memory_text_n(text, length);

        while (length > 0 && origin[length - 1] == '/')
            origin[--length] = '\0';
        if (length > 0)
            strings_add(&http->origins, origin);
        text += strcspn(text, ", ");
        text += strspn(text, ", ");
    }
}

static enum status start_daemon(struct http *http, struct error *err)
{
    const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                           MHD_USE_POLL | MHD_USE_ITC;

    http->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, take_request, http, MHD_OPTION_LISTEN_SOCKET, http->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, take_target, http, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, finish, http, MHD_OPTION_END);
    if (!http->daemon)
        return error_set(err, STATUS_UNAVAILABLE, "cannot serve on %s: %s", http->config.listen,
                         strerror(errno));
    return STATUS_OK;
}

enum status http_open(const struct http_config *config, struct http **ret, struct error *err)
{
    struct http *http = memory_new(sizeof *http);
    enum status s;

    http->config = *config;
    http->listen_fd = -1;
    pthread_mutex_init(&http->lock, NULL);
    pthread_cond_init(&http->idle, NULL);
    http->metrics = http_metrics_new(config->routes, config->n_routes);
    http->paces = paces_new();
    places_init(&http->uploads, HTTP_UPLOADS, HTTP_UPLOADS_PER_USER);
    places_init(&http->downloads, HTTP_DOWNLOADS, HTTP_DOWNLOADS_PER_USER);
    read_origins(http);
    s = routes_init(&http->routes, config->routes, config->n_routes, err);
    if (s != STATUS_OK)
        goto fail;
    s = listen_on(http, err);
    if (s != STATUS_OK)
        goto fail;
    s = start_daemon(http, err);
    if (s != STATUS_OK)
        goto fail;
    *ret = http;
    return STATUS_OK;

fail:
    http_close(http);
    return s;
}

int http_port(const struct http *http)
{
    return http->port;
}

void http_drain(struct http *http)
{
    atomic_store(&http->draining, true);
}

bool http_is_quiet(struct http *http)
{
    bool quiet;

    pthread_mutex_lock(&http->lock);
    quiet = http->in_hand == 0 && clock_monotonic() - http->begun_at >= HTTP_QUIET_MS;
    pthread_mutex_unlock(&http->lock);
    return quiet;
}

void http_stop_accepting(struct http *http)
{
    if (atomic_exchange(&http->stopped_accepting, true))
        return;
    http_drain(http);
    (void)MHD_quiesce_daemon(http->daemon); /* gives back the listening socket, which we know */
    /* New connections are refused from here on; the number stays taken until the daemon's thread,
     * which may still poll it, has ended. */
    (void)shutdown(http->listen_fd, SHUT_RDWR);
}

/* With the lock held. False: not by then. */
static bool wait_for_none_in_hand(struct http *http, const struct timespec *until)
{
    while (http->in_hand > 0)
        if (pthread_cond_timedwait(&http->idle, &http->lock, until) != 0)
            return false;
    return true;
}

/* Clients that keep their connection are told to close it only by the answer to their next request,
 * so one quiet moment is not enough: it must last. */
static void wait_until_quiet(struct http *http)
{
    struct timespec until;
    uint64_t begun;

    clock_gettime(CLOCK_REALTIME, &until); /* what pthread_cond_timedwait() goes by */
    until.tv_sec += CLOSE_WAIT_S;
    pthread_mutex_lock(&http->lock);
    do {
        if (!wait_for_none_in_hand(http, &until))
            break;
        begun = http->begun;
        pthread_mutex_unlock(&http->lock);
        (void)poll(NULL, 0, QUIET_MS);
        pthread_mutex_lock(&http->lock);
    } while (http->begun != begun);
    pthread_mutex_unlock(&http->lock);
}

void http_close(struct http *http)
{
    if (!http)
        return;
    if (http->daemon) {
        http_stop_accepting(http);
        wait_until_quiet(http);
        MHD_stop_daemon(http->daemon); /* joins the threads of all connections */
    }
    if (http->listen_fd >= 0)
        (void)close(http->listen_fd);
    routes_clear(&http->routes);
    http_metrics_free(http->metrics);
    paces_free(http->paces);
    strings_clear(&http->origins);
    places_clear(&http->uploads);
    places_clear(&http->downloads);
    pthread_cond_destroy(&http->idle);
    pthread_mutex_destroy(&http->lock);
    free(http);
}

void http_metrics(struct http *http, struct buffer *ret)
{
    http_metrics_print(http->metrics, ret);
}
