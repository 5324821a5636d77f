#ifndef SERVICE_IDENTITY_H
#define SERVICE_IDENTITY_H

#include "base/buffer.h"
#include "token/token.h"
#include "wire/call.h"

/* Who is who, checked locally: auth's public keys (fetched from it by nng, kept, and fetched again
 * at the event auth.keys, when a token names a kid that is not among them, at most every 5 s, and
 * every 10 minutes), the sessions ended in the last 15 minutes, and what users are restricted in
 * (the events session.ended and user.restricted; at start and at every reconnect to the bus the
 * whole list from auth by nng). Not ready before it has all.
 *
 * A thread of its own does the asking; the same thread hears the service's own events. What is
 * asked for in the caller's thread is only who has a service account's token (token.h), kept for
 * two minutes: its end is an end of a session like any other, and counts at once. */
struct identity;

struct service_event;

struct identity_config {
    const char *auth_rpc;
    const struct rpc_key *rpc_key;
    const char *amqp_url;
    const char *node_id;
    const struct service_event *events; /* of the service, see service.h */
    size_t n_events;
    void (*missed)(void *state);
    void *state; /* for events and missed */
    /* Called in the identity's thread for each ended session, and with user_id NULL after a
     * reconnect, when what was missed is unknown. */
    void (*ended)(void *context, const char *user_id, const char *session_id, const char *reason);
    void *context;
};

MUST_CHECK enum status identity_open(const struct identity_config *config, struct identity **ret,
                                     struct error *err);

/* Hear nothing more: none of the functions of its config is called once this has returned, while
 * what is known can still be asked. NULL is fine. */
void identity_stop(struct identity *identity);
void identity_close(struct identity *identity);

/* Append a line for each reason why it is not ready; nothing when it is. */
void identity_print_reasons(struct identity *identity, struct buffer *ret);

/* Set the listener later than open (push has its loops by then). */
void identity_listen(struct identity *identity,
                     void (*ended)(void *context, const char *user_id, const char *session_id,
                                   const char *reason),
                     void *context);

/* An http_verify; context is the identity. UNAVAILABLE before it is first ready, and for a service's
 * token that is not known while auth does not answer (1 s at most). Any thread. */
enum status identity_verify(void *context, const char *token, struct call *call, struct error *err);

/* Until when the user may not send messages: Unix ms, or 0. Any thread. */
int64_t identity_muted_until(struct identity *identity, const char *user_id);

/* The claims too: push keeps expires_at and session_id. Of people only, so that it never waits: a
 * service's token is UNAUTHENTICATED. */
MUST_CHECK enum status identity_claims(struct identity *identity, const char *token,
                                       struct token_claims *ret, struct error *err);

#endif
