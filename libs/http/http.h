#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/error.h"
#include "metrics/metrics.h"
#include "record/record.h"
#include "wire/call.h"
#include "wire/rights.h"

/* REST over libmicrohttpd: a route table, limits, and the envelope of docs/protocol.md §1.
 *
 * Each connection has a thread (at most HTTP_CONNECTIONS), so handlers are synchronous and may
 * block; they run in any number of threads at once. nginx stands before us and keeps connections
 * open. The library logs nothing and counts everything in http_metrics(). */
struct http;

/* 512 connections: nginx keeps fewer than 100 open to each service; those past the limit are closed
 * at once, which nginx answers with 50301. */
#define HTTP_CONNECTIONS 512
#define HTTP_BODY_MAX (256 * 1024) /* a group of 2,000 members by their ids, and no file */
#define HTTP_IDLE_SECONDS 75       /* longer than nginx keeps its side, so nginx closes first */

/* Who may call. */
enum http_access {
    HTTP_PUBLIC, /* anyone; call->user_id is "" */
    HTTP_USER,   /* with a valid token: Authorization: Bearer, or the cookie access_token */
};

/* How fast one may call, each kind by itself, per process (pace.c has the numbers and their reasons):
 * a user; on public routes an address, an IPv6 one by its /64, unless it is of trusted_addresses.
 * TOO_FAST with Retry-After past it. */
enum http_pace {
    HTTP_CALLS,
    HTTP_MESSAGES, /* what a partition handles, as it does the frames of a socket */
    HTTP_SEARCHES, /* a walk through much that one has */
    HTTP_SERVICES, /* whatever a service account calls; no route says so */
};

/* request is a checked struct of the route's record, filled from the body (JSON), or for GET and
 * DELETE from the query string; path parameters such as {group_id} fill the member of that name
 * in either case, and only they do. A body may be left out when no other member is required.
 * reply is a zeroed struct of the reply's record, which the library clears.
 * On a status other than OK the reply is not sent: err says what the client is told.
 * For STATUS_INTERNAL and STATUS_UNAVAILABLE the client only reads that it is our fault, or that
 * it may try again: their texts come from libraries and may hold addresses. */
typedef enum status http_handler(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err);

/* For routes that take a file. Called once the headers are there and the caller is known, but before
 * anything of the file is: what is refused here need not be sent. */
typedef enum status http_admit(void *state, struct call *call, struct error *err);

struct http_route {
    const char *method;
    const char *path; /* "/api/groups/{group_id}/join"; a parameter is one segment */
    enum http_access access;
    const struct record *request; /* NULL: takes none, and a body is ignored */
    const struct record *reply;   /* NULL: "data" is null */
    http_handler *handle;
    bool raw; /* the reply is sent without the envelope (JWKS) */
    /* What the caller's role must have (FORBIDDEN otherwise). Every path under /v1/admin has one,
     * and no other: http_open() refuses any other table. */
    enum right right;
    enum http_pace pace;
    bool services; /* service accounts may call it too; all others are FORBIDDEN to them */
    /* Takes multipart/form-data with a part "file" as its body, see http_get_upload(). POST, and
     * request is NULL. */
    http_admit *upload;
};

/* Fills call->user_id, session_id, role from an access token, or refuses (UNAUTHENTICATED,
 * EXPIRED). Any thread. */
typedef enum status http_verify(void *context, const char *token, struct call *call,
                                struct error *err);

/* A request that we could not serve, for the operator's log. */
struct http_fault {
    const struct call *call;
    const char *method;
    const char *path; /* the route's, parameters unfilled: ids need not be in a log */
    const struct error *err;
};

struct http_config {
    const char *listen; /* "127.0.0.1:8081"; port 0 takes any free one, see http_port() */
    const struct http_route *routes;
    size_t n_routes;
    void *state;
    http_verify *verify; /* may be NULL when every route is public */
    void *verify_context;
    /* Comma-separated origins. A request that changes something, authenticates by cookie, and has
     * an Origin outside this list is refused with FOREIGN_ORIGIN; the whole origin counts. */
    const char *public_url;
    const char *trusted_addresses; /* whose X-Real-IP is believed, see base/address.h; NULL: none */
    /* A plain-text page each instead of routes, for the internal port: path and function that
     * fills ret with the body and returns the HTTP status. */
    const struct http_page *pages;
    size_t n_pages;
    int64_t upload_max; /* bytes of a file; 0: no route takes one */
    /* Told of each answer of 50001 and 50301, whose reason clients do not read. May be NULL; runs
     * in the request's thread. */
    void (*report)(const struct http_fault *fault);
};

struct http_page {
    const char *path;
    const char *content_type;
    int (*fill)(void *state, const char *query,
                struct buffer *ret); /* query: "" or what follows ? */
    const char *method; /* NULL: any; else it does something, and no web page may ask for it */
};

/* Start to serve. config is copied, what it points to must live until http_close(). */
MUST_CHECK enum status http_open(const struct http_config *config, struct http **ret,
                                 struct error *err);

/* The port it listens on. */
int http_port(const struct http *http);

/* Take no new connections; those in hand go on. For drain. */
void http_stop_accepting(struct http *http);

/* Tell clients by each answer to close their connection. New ones are still taken: in a cluster they
 * come until everybody knows. */
void http_drain(struct http *http);

/* Is nothing in hand, and has nothing come for HTTP_QUIET_MS? Any thread. */
#define HTTP_QUIET_MS 500
bool http_is_quiet(struct http *http);

/* Wait for the requests in hand (10 s at most), close, free. NULL is fine. */
void http_close(struct http *http);

/* Append Prometheus counters and a duration histogram per route and status; the table is for
 * metrics_describe() alone. */
extern const struct metrics http_metrics_table;
void http_metrics(struct http *http, struct buffer *ret);

/* For handlers. Sets a cookie on the answer: HttpOnly, Secure under TLS (X-Forwarded-Proto), and
 * the given Path and SameSite; max_age_s of 0 removes it. */
void http_set_cookie(struct call *call, const char *name, const char *value, const char *path,
                     const char *same_site, int64_t max_age_s);

/* The value of a cookie of the request, or NULL; it belongs to the call. */
const char *http_find_cookie(struct call *call, const char *name);

/* Answer 302 with that Location instead of the envelope, when the handler returns STATUS_OK. It is
 * escaped already: anything but printable ASCII is answered with INTERNAL. */
void http_redirect(struct call *call, const char *location);

/* Answer with these bytes instead of the envelope, as a file to be saved, when the handler returns
 * STATUS_OK: the library sends and closes the file fd, from its beginning. name is plain ASCII. */
void http_attach(struct call *call, const char *content_type, const char *name, int fd);

/* The file that came with the request to an .upload route: in a nameless file on disk, which the
 * library closes. */
struct http_upload {
    int fd;
    int64_t size;
    const char
        *file_name; /* whatever the client says, of any length and any bytes; NULL: nothing */
};
const struct http_upload *http_get_upload(struct call *call);

/* So many uploads at once: each takes twice its size in TEMPORARY_FOLDER while it is looked at. */
#define HTTP_UPLOADS 16
#define HTTP_UPLOADS_PER_USER 4
/* Who reads slowly holds a thread each: half of them stay free, and a browser opens six. */
#define HTTP_DOWNLOADS (HTTP_CONNECTIONS / 2)
#define HTTP_DOWNLOADS_PER_USER 16
#define HTTP_UPLOAD_SECONDS 900 /* 100 MiB by 1 Mbit/s; who is slower must not keep a place */

/* Answer with bytes that come from somewhere piece by piece, when the handler returns STATUS_OK: as
 * a whole, in part (Range, If-Range: 206, 416), or not at all (If-None-Match: 304), under headers
 * with which a browser never runs anything of it in our origin; TOO_FAST when the user has too many
 * on their way. What file points to lives until .close(), which is called in any case. */
struct http_file {
    const char *content_type;
    const char *name; /* for who saves it; UTF-8 */
    bool is_inline;   /* false: a browser saves it and does not show it */
    const char *etag; /* plain ASCII without quotes; the same for the same bytes */
    int64_t size;
    /* Up to room bytes from offset on; fewer are fine, none are a failure. */
    enum status (*read)(void *source, int64_t offset, void *data, size_t room, size_t *ret_length,
                        struct error *err);
    void (*close)(void *source);
    void *source;
};
void http_send_file(struct call *call, const struct http_file *file);

/* Ask the client to wait: Retry-After on the answer. */
void http_set_retry_after(struct call *call, int64_t seconds);

#endif
