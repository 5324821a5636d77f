#ifndef WIRE_CALL_H
#define WIRE_CALL_H

#include "base/id.h"

/* Who asks, and under which name his question is in the logs. The edge that verified the token fills
 * it in; nothing in it comes from a body. */
struct call {
    char user_id[ID_MAX]; /* "" on a public route */
    char session_id[ID_MAX];
    char role[16];
    char request_id[ID_MAX];
    char address[64];     /* the client's, as nginx saw it */
    char user_agent[128]; /* cut */
    const char *origin;   /* of ours, the one the client used, "http://127.0.0.1:8080" */
    void *exchange;       /* libs/http's own */
};

#endif
