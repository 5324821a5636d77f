#ifndef HTTP_PACE_H
#define HTTP_PACE_H

#include "http/http.h"

/* How fast each one calls: a token bucket for each kind of call and each one who calls, in the
 * memory of this process. Its size is fixed: when too many call within some seconds, the one who
 * called longest ago is forgotten, so that nobody pays for a stranger's calls. Any thread. */
struct paces;

struct paces *paces_new(void);
void paces_free(struct paces *paces); /* NULL is fine */

/* May who (a user's id, or an address) call now, by clock_monotonic()? TOO_FAST otherwise, which
 * costs nothing: who keeps knocking is let in as soon as anybody. */
MUST_CHECK enum status paces_take(struct paces *paces, enum http_pace kind, const char *who,
                                  int64_t now, struct error *err);

#endif
