#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/error.h"
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

/* request is a checked struct of the route's record, filled from the body (JSON), or for GET and
 * DELETE from the query string; path parameters such as {group_id} fill the member of that name
 * in either case, and only they do. A body may be left out when no other member is required.
 * reply is a zeroed struct of the reply's record, which the library clears.
 * On a status other than OK the reply is not sent: err says what the client is told.
 * For STATUS_INTERNAL and STATUS_UNAVAILABLE the client only reads that it is our fault, or that
 * it may try again: their texts come from libraries and may hold addresses. */
typedef enum status http_handler(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err);

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
    /* Told of each answer of 50001 and 50301, whose reason clients do not read. May be NULL; runs
     * in the request's thread. */
    void (*report)(const struct http_fault *fault);
};

struct http_page {
    const char *path;
    const char *content_type;
    int (*fill)(void *state, struct buffer *ret);
};

/* Start to serve. config is copied, what it points to must live until http_close(). */
MUST_CHECK enum status http_open(const struct http_config *config, struct http **ret,
                                 struct error *err);

/* The port it listens on. */
int http_port(const struct http *http);

/* Take no new connections; those in hand go on. For drain. */
void http_stop_accepting(struct http *http);

/* Wait for the requests in hand (10 s at most), close, free. NULL is fine. */
void http_close(struct http *http);

/* Append Prometheus counters and a duration histogram per route and status. */
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

/* Ask the client to wait: Retry-After on the answer. */
void http_set_retry_after(struct call *call, int64_t seconds);

#endif
