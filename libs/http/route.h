#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/http.h"

/* The route table, compiled: paths cut into segments, and each route's request record divided
 * into what the path gives and what the body gives. */

#define SEGMENTS_MAX 12 /* our longest path has 7 */
#define PAIRS_MAX 32    /* of a query string; further ones are ignored */

struct route {
    const struct http_route *info;
    size_t n_segments;
    char *segments[SEGMENTS_MAX]; /* a parameter's name without its braces */
    bool is_parameter[SEGMENTS_MAX];
    bool takes_body;    /* POST, PUT, PATCH with a request record */
    bool body_required; /* some member of .body is */
    struct record path; /* takes_body: the members that the path gives, at their offsets */
    struct record body; /* takes_body: the others */
};

struct routes {
    struct route *items;
    size_t n;
};

/* A request's path, cut and decoded, and the route that it leads to. */
struct match {
    const struct route *route;
    size_t n_segments;
    char *segments[SEGMENTS_MAX];
    struct match_pair {
        char *name;
        char *value;
    } pairs[PAIRS_MAX]; /* of the query string, for routes that take no body */
    size_t n_pairs;
};

/* INTERNAL: a mistake in the table, such as a parameter that no member takes. */
MUST_CHECK enum status routes_init(struct routes *routes, const struct http_route *table, size_t n,
                                   struct error *err);
void routes_clear(struct routes *routes);

/* Find the route of a request. A literal segment wins over a parameter, the leftmost first. HEAD
 * is served by GET. NOT_FOUND, METHOD_NOT_ALLOWED (with *ret_allow, which the caller frees, naming
 * the methods there are), or INVALID for a path that is not percent-encoded UTF-8.
 * The caller clears ret in any case. */
MUST_CHECK enum status routes_match(const struct routes *routes, const char *method,
                                    const char *target, struct match *ret, char **ret_allow,
                                    struct error *err);
void match_clear(struct match *match);

/* The text of a path parameter or, after those, of the query string; NULL when absent. For
 * record_from_texts(), context is a struct match. */
const char *match_find(void *context, const char *name);

#endif
