#ifndef CTL_REST_H
#define CTL_REST_H

#include "settings.h"
#include "wire/auth_api.h"

/* REST at PARLEY_URL, as ADMIN_USERNAME. */
struct session {
    struct settings settings;
    struct auth_session granted;
};

struct call {
    const char *method; /* NULL: GET */
    const char *path;
    const struct record *ask; /* NULL: no body */
    const void *value;
    const struct record *reply; /* NULL: it is not looked at */
};

/* Read the settings and log in: false, after it has complained. session_close() in any case. */
MUST_CHECK bool session_open(struct session *ret);
void session_close(struct session *session); /* logs out */

/* *ret is the reply, the caller's to clear. On failure err has the server's code and text. */
MUST_CHECK enum status session_call(struct session *session, const struct call *what, void *ret,
                                    struct error *err);

#endif
