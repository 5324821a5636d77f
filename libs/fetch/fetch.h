#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Requests that we make to others over HTTP, by libcurl.
 *
 * A call blocks, for FETCH_MS at most (or .timeout_ms) from looking up the name to the last byte, and
 * so belongs into threads that may wait. Whom we ask is a stranger: the answer's body and its head
 * are each limited, redirects are not followed (they are answers with a 3xx status), only http and
 * https are spoken, certificates and host names are verified by the system's list, proxies of the
 * environment are not used. Any thread; calls share nothing.
 *
 * What is sent may hold secrets, so no error text quotes a header, a body or a query string; and
 * plain http is spoken with this machine's own loopback only, unless the request says otherwise. */

#define FETCH_MS 5000
#define FETCH_BODY_MAX (1024 * 1024)
#define FETCH_HEAD_MAX (64 * 1024) /* all header lines: libcurl has no limit for their sum */

struct fetch_request {
    const char *url;
    const char *form;     /* a body of fetch_add_field(): then it is a POST. NULL: a GET */
    const char *json;     /* a body of JSON instead: a POST too */
    const char *method;   /* NULL: as the body says */
    const char *bearer;   /* Authorization: Bearer; NULL: none. One line without spaces */
    const char *username; /* with password, HTTP Basic, as they are; NULL: none */
    const char *password;
    int timeout_ms;          /* 0: FETCH_MS */
    const atomic_bool *stop; /* given up within a second once it is true; NULL: nobody says so */
    bool is_inside; /* plain http to any host will do: an address of our own network, which who runs
                       us gave himself */
};

struct fetch_answer {
    int64_t status;
    struct buffer body;
};
void fetch_answer_clear(struct fetch_answer *answer);

static inline void fetch_answer_clear_at(struct fetch_answer *answer)
{
    fetch_answer_clear(answer);
}

/* Ask for JSON. STATUS_OK when an answer came, whatever its status: *ret, which is empty before,
 * is the caller's to clear. UNAVAILABLE when none came (no such host, refused, too slow, an
 * untrusted certificate, too large), INVALID for a URL that fetch_url_is_good() refuses (unless it
 * .is_inside and is http with a host). */
MUST_CHECK enum status fetch(const struct fetch_request *request, struct fetch_answer *ret,
                             struct error *err);

/* Is it an address that we may send a secret to: https, or http to this machine's own loopback; with
 * a host, without a user or a fragment? */
bool fetch_url_is_good(const char *url);

/* Append name=value, percent-encoded, after an "&" unless it is the first of a form, or follows
 * the "?" of an address. */
void fetch_add_field(struct buffer *form, const char *name, const char *value);

/* Append text, percent-encoded as a value is. */
void fetch_add_encoded(struct buffer *ret, const char *text);

#endif
