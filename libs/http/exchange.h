#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/metrics.h"
#include "http/route.h"

/* What the files of libs/http share: the server and one request with its answer. */
struct http {
    struct http_config config;
    struct MHD_Daemon *daemon;
    struct routes routes;
    struct metrics *metrics;
    struct strings origins; /* of public_url */
    int listen_fd;
    int port;
    atomic_bool draining;
    pthread_mutex_t lock; /* of the next three */
    pthread_cond_t idle;
    int in_hand;    /* requests from their first header to the last byte of the answer */
    uint64_t begun; /* all there ever were */
};

struct exchange {
    struct http *http;
    struct MHD_Connection *connection;
    struct call call;
    char *target;       /* path and query as they came, undecoded */
    const char *method; /* the connection's */
    struct match match; /* route NULL: none */
    struct buffer body;
    struct strings cookies;      /* Set-Cookie lines of the answer */
    char *origin;                /* what call.origin points to */
    char *allow;                 /* the methods that the path takes, when not this one */
    char *location;              /* answer with a redirect */
    const char *attachment_type; /* answer with the file attachment_fd; NULL: with the envelope */
    char *attachment_name;
    int attachment_fd;
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

/* Refuse who may not call the matched route, and fill in the user. */
MUST_CHECK enum status request_authenticate(struct exchange *exchange, struct error *err);

/* Read the matched route's request record from path, query or body into request, which is zeroed
 * memory of its size. On failure it owns nothing. */
MUST_CHECK enum status request_read(struct exchange *exchange, void *request, struct error *err);

/* Read a header of the request; NULL when it is absent. */
const char *request_header(const struct exchange *exchange, const char *name);

/* Queue the answer, success with the reply's JSON or refusal with err's. */
enum MHD_Result answer_success(struct exchange *exchange, const struct http_route *route,
                               const void *reply);
enum MHD_Result answer_refusal(struct exchange *exchange, enum status status,
                               const struct error *err);
enum MHD_Result answer_page(struct exchange *exchange, const struct http_page *page);

#endif
