#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/metrics.h"
#include "http/places.h"
#include "http/route.h"
#include "trace/span.h"

/* What is read of a body that is refused, so that its sender sees the answer. */
#define LINGER_MAX (8 * HTTP_BODY_MAX)

/* What the files of libs/http share: the server and one request with its answer. */
struct http {
    struct http_config config;
    struct MHD_Daemon *daemon;
    struct routes routes;
    struct http_metrics *metrics;
    struct paces *paces;
    struct strings origins; /* of public_url */
    int listen_fd;
    int port;
    atomic_bool draining;
    atomic_bool stopped_accepting;
    pthread_mutex_t lock; /* of the next three */
    pthread_cond_t idle;
    int in_hand;      /* requests from their first header to the last byte of the answer */
    uint64_t begun;   /* all there ever were */
    int64_t begun_at; /* the last, monotonic ms */
    struct places uploads;
    struct places downloads;
};

struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct call call;
    struct trace_span span; /* of the request, in the connection's thread; pages have none */
    char *target;           /* path and query as they came, undecoded */
    const char *method;     /* the connection's */
    struct match match;     /* route NULL: none */
    struct buffer body;
    struct strings cookies;      /* Set-Cookie lines of the answer */
    char *origin;                /* what call.origin points to */
    char *allow;                 /* the methods that the path takes, when not this one */
    char *location;              /* answer with a redirect */
    const char *attachment_type; /* answer with the file attachment_fd; NULL: with the envelope */
    char *attachment_name;
    int attachment_fd;
    struct http_file file;   /* answer with it, when it has a .read */
    struct upload *upload;   /* NULL: the route takes none, or it was refused */
    int64_t size_of_refused; /* OUT_OF_RANGE: what the file has */
    struct error mismatch;   /* why match has no route */
    int64_t retry_after_s;
    int64_t started_us;
    enum status status; /* what was answered, for the metrics */
    bool begun;
    bool answered;
    bool body_too_large;
    bool linger; /* answered before the body was read */
};

/* Fill in exchange->call but for the user: names, address, origin. */
void request_identify(struct exchange *exchange);

/* Refuse who may not call the matched route, or calls too often, and fill in the user. */
MUST_CHECK enum status request_authenticate(struct exchange *exchange, struct error *err);

/* Read the matched route's request record from path, query or body into request, which is zeroed
 * memory of its size. On failure it owns nothing. */
MUST_CHECK enum status request_read(struct exchange *exchange, void *request, struct error *err);

/* upload.c. Refuse an upload by its headers, or take its place and get ready for its body. */
MUST_CHECK enum status upload_begin(struct exchange *exchange, struct error *err);
/* MHD_NO: it has gone on for too long, the connection is to be closed. */
enum MHD_Result upload_take(struct exchange *exchange, const char *data, size_t length);
/* All of the body is there: is it a file? */
MUST_CHECK enum status upload_end(struct exchange *exchange, struct error *err);
/* Give up place and file. Nothing to give up is fine. */
void upload_clear(struct exchange *exchange);

/* file.c. Queue the answer to http_send_file(). */
enum MHD_Result answer_file(struct exchange *exchange);
void file_close(struct exchange *exchange); /* when it was not sent */

/* For both: a status of the list, or what it is called by HTTP; response is given up. */
enum MHD_Result answer_response(struct exchange *exchange, unsigned code, enum status status,
                                const char *content_type, const char *cache_control,
                                struct MHD_Response *response);

/* Read a header of the request; NULL when it is absent. */
const char *request_header(const struct exchange *exchange, const char *name);

/* Queue the answer, success with the reply's JSON or refusal with err's. */
enum MHD_Result answer_success(struct exchange *exchange, const struct http_route *route,
                               const void *reply);
enum MHD_Result answer_refusal(struct exchange *exchange, enum status status,
                               const struct error *err);
enum MHD_Result answer_page(struct exchange *exchange, const struct http_page *page);

#endif
