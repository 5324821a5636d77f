/* One thread keeps what identity_claims() reads: auth's keys, the sessions that ended, and what
 * users are restricted in.
 *
 * Order matters after each (re)connect to the bus: first the queue is bound to the events, then
 * auth is asked for the whole list, so that an end falls into one of the two and never between. */

#include "service/identity.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/memory.h"
#include "bus/bus.h"
#include "http/pace.h"
#include "rpc/rpc.h"
#include "service/known_services.h"
#include "service/refusals.h"
#include "service/service.h"
#include "trace/span.h"
#include "wire/envelope.h"
#include "wire/internal.h"
#include "wire/rights.h"

#define KEYS_EVERY_MS (10 * 60 * 1000)
#define KEYS_ON_DEMAND_MS 5000 /* a stranger's tokens make us ask auth no more often */
#define KEYS_RETRY_MS 2000     /* when auth did not answer; meanwhile events are heard */
#define ASK_MS 1000
#define RETRY_MS 200
#define BACKOFF_MAX_MS 5000
#define TAKE_MS 1000
#define TAKE_MAX 256 /* events, before the rest of the loop has its turn */

enum { CHANNEL_EVENTS = 2 };

struct identity {
    const struct service_event *events;
    size_t n_events;
    void (*missed)(void *state);
    void *state;
    struct rpc_client *auth;
    struct bus *bus;
    char *node;
    int wake_fd;
    pthread_t thread;
    bool running;
    struct paces *strangers; /* how fast each network may name service tokens that we do not know */
    atomic_bool stopping;
    atomic_bool keys_wanted;
    atomic_bool attached; /* our queue is bound and consumed */
    atomic_bool listed;   /* and the list asked for since */
    int64_t keys_at;      /* when last asked for; the thread's own, as are those below */
    bool keys_failed;     /* without success */
    int64_t attach_at;    /* not before */
    int64_t backoff_ms;
    bool was_attached;

    pthread_rwlock_t lock; /* of all below */
    struct token_keys *keys;
    struct refusals refusals;
    struct known_services services;
    bool ever_listed;
    void (*listener)(void *context, const char *user_id, const char *session_id,
                     const char *reason);
    void *listener_context;
};

static void tell_listener(struct identity *identity, const char *user_id, const char *session_id,
                          const char *reason)
{
    void (*listener)(void *context, const char *user_id, const char *session_id,
                     const char *reason);
    void *context;

    pthread_rwlock_rdlock(&identity->lock);
    listener = identity->listener;
    context = identity->listener_context;
    pthread_rwlock_unlock(&identity->lock);
    if (listener)
        listener(context, user_id, session_id, reason);
}

/* ---- Asking auth */

static enum status fetch_keys(struct identity *identity)
{
    const struct nothing nothing = {0};
    struct token_keys *keys, *old;
    struct keys reply;
    enum status s;

    atomic_store(&identity->keys_wanted, false);
    s = rpc_call(identity->auth, RPC_AUTH_KEYS, &nothing_record, &nothing, &keys_record, &reply,
                 ASK_MS, NULL);
    identity->keys_failed = s != STATUS_OK;
    identity->keys_at = clock_monotonic();
    if (s != STATUS_OK)
        return s;
    s = token_keys_open(reply.jwks, &keys, NULL);
    record_clear(&keys_record, &reply);
    if (s != STATUS_OK)
        return s;
    pthread_rwlock_wrlock(&identity->lock);
    old = identity->keys;
    identity->keys = keys;
    pthread_rwlock_unlock(&identity->lock);
    token_keys_close(old);
    return STATUS_OK;
}

static enum status fetch_list(struct identity *identity)
{
    const struct nothing nothing = {0};
    struct restrictions reply;
    enum status s;

    s = rpc_call(identity->auth, RPC_AUTH_RESTRICTIONS, &nothing_record, &nothing,
                 &restrictions_record, &reply, ASK_MS, NULL);
    if (s != STATUS_OK)
        return s;
    pthread_rwlock_wrlock(&identity->lock);
    for (size_t i = 0; i < reply.session_ids.n; i++)
        refusals_end_session(&identity->refusals, reply.session_ids.items[i], clock_now());
    refusals_restrict_all(&identity->refusals, reply.users.items, reply.users.n, clock_now());
    identity->ever_listed = true;
    pthread_rwlock_unlock(&identity->lock);
    record_clear(&restrictions_record, &reply);
    atomic_store(&identity->listed, true);
    /* What ended while we were away is in the list, but not whose it was. */
    if (identity->was_attached)
        tell_listener(identity, NULL, "", "");
    identity->was_attached = true;
    return STATUS_OK;
}

/* ---- The bus */

static enum status bind_events(struct identity *identity)
{
    static const char *const own[] = {EVENT_SESSION_ENDED, EVENT_USER_RESTRICTED, EVENT_KEYS};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < N_ELEMENTS(own) && s == STATUS_OK; i++)
        s = bus_bind_node(identity->bus, CHANNEL_EVENTS, identity->node, EXCHANGE_EVENT, own[i],
                          NULL);
    for (size_t i = 0; i < identity->n_events && s == STATUS_OK; i++)
        s = bus_bind_node(identity->bus, CHANNEL_EVENTS, identity->node, EXCHANGE_EVENT,
                          identity->events[i].key, NULL);
    return s;
}

static void attach(struct identity *identity)
{
    enum status s = bus_connect(identity->bus, NULL);

    atomic_store(&identity->listed, false);
    if (s == STATUS_OK)
        s = bus_consume_node(identity->bus, CHANNEL_EVENTS, identity->node, NULL);
    if (s == STATUS_OK)
        s = bind_events(identity);
    if (s == STATUS_OK) {
        identity->backoff_ms = RETRY_MS;
        atomic_store(&identity->keys_wanted, true); /* they may have changed meanwhile */
        if (identity->missed)
            identity->missed(identity->state);
        atomic_store(&identity->attached, true);
        return;
    }
    identity->attach_at = clock_monotonic() + identity->backoff_ms;
    identity->backoff_ms =
        identity->backoff_ms * 2 < BACKOFF_MAX_MS ? identity->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void hear_end(struct identity *identity, const struct session_ended *event)
{
    pthread_rwlock_wrlock(&identity->lock);
    refusals_end_session(&identity->refusals, event->session_id, clock_now());
    pthread_rwlock_unlock(&identity->lock);
    tell_listener(identity, event->user_id, event->session_id, event->reason);
}

static void hear_restriction(struct identity *identity, const struct user_restricted *event)
{
    pthread_rwlock_wrlock(&identity->lock);
    refusals_restrict(&identity->refusals, event, clock_now());
    pthread_rwlock_unlock(&identity->lock);
}

/* Whatever else a newer sender may say: it is not for us. */
static void handle_event(struct identity *identity, const char *key, struct slice payload)
{
    union {
        struct session_ended ended;
        struct user_restricted restricted;
    } event;

    if (strcmp(key, EVENT_KEYS) == 0)
        identity->keys_at = 0; /* due */
    if (strcmp(key, EVENT_SESSION_ENDED) == 0 &&
        record_from_json(&session_ended_record, payload.data, payload.length, &event.ended, NULL) ==
            STATUS_OK) {
        hear_end(identity, &event.ended);
        record_clear(&session_ended_record, &event.ended);
    }
    if (strcmp(key, EVENT_USER_RESTRICTED) == 0 &&
        record_from_json(&user_restricted_record, payload.data, payload.length, &event.restricted,
                         NULL) == STATUS_OK) {
        hear_restriction(identity, &event.restricted);
        record_clear(&user_restricted_record, &event.restricted);
    }
}

static void handle_service_event(struct identity *identity, const char *key, struct slice payload)
{
    for (size_t i = 0; i < identity->n_events; i++) {
        const struct service_event *heard = &identity->events[i];
        CLEANUP(free) void *event = NULL;

        if (strcmp(key, heard->key) != 0)
            continue;
        event = memory_new(heard->record->size);
        if (record_from_json(heard->record, payload.data, payload.length, event, NULL) != STATUS_OK)
            continue;
        heard->handle(identity->state, event);
        record_clear(heard->record, event);
    }
}

/* One delivery; false when none came. */
static bool take_event(struct identity *identity, int timeout_ms)
{
    struct delivery delivery;
    struct envelope envelope;
    struct slice rest;
    enum status s;

    s = bus_take(identity->bus, timeout_ms, identity->wake_fd, &delivery, NULL);
    if (s == STATUS_NOT_FOUND)
        return false;
    if (s != STATUS_OK) {
        /* The connection, or with a CONFLICT the queue, is gone: begin again. */
        atomic_store(&identity->attached, false);
        return false;
    }
    rest = delivery.body;
    while (envelope_next(&rest, &envelope, NULL) == STATUS_OK)
        if (envelope.kind == ENVELOPE_EVENT) {
            struct trace_span span;

            span_begin_given(&span, SPAN_CONSUMER, delivery.key, envelope.traceparent);
            handle_event(identity, delivery.key, envelope.payload);
            handle_service_event(identity, delivery.key, envelope.payload);
            span_end(&span, true);
        }
    bus_delivery_clear(&delivery);
    return true;
}

/* All that is there: a turn of the loop may be long while auth does not answer. */
static void take_events(struct identity *identity, int timeout_ms)
{
    for (int n = 0; n < TAKE_MAX && take_event(identity, n ? 0 : timeout_ms); n++)
        if (atomic_load(&identity->stopping))
            return;
}

/* ---- The thread */

static bool keys_are_due(struct identity *identity)
{
    int64_t age = clock_monotonic() - identity->keys_at;

    if (!identity->keys || identity->keys_at == 0)
        return true;
    if (identity->keys_failed)
        return age >= KEYS_RETRY_MS;
    return age >= KEYS_EVERY_MS ||
           (atomic_load(&identity->keys_wanted) && age >= KEYS_ON_DEMAND_MS);
}

static void wait_until_woken(struct identity *identity, int timeout_ms)
{
    struct pollfd wake = {.fd = identity->wake_fd, .events = POLLIN};

    (void)poll(&wake, 1, timeout_ms); /* time-out, wake-up or EINTR: the caller looks again */
}

static void *run(void *context)
{
    struct identity *identity = context;

    while (!atomic_load(&identity->stopping)) {
        int wait_ms = TAKE_MS;
        uint64_t woken;

        if (!atomic_load(&identity->attached) && clock_monotonic() >= identity->attach_at)
            attach(identity);
        if (keys_are_due(identity) && fetch_keys(identity) != STATUS_OK)
            wait_ms = RETRY_MS;
        if (!atomic_load(&identity->attached) ||
            (!atomic_load(&identity->listed) && fetch_list(identity) != STATUS_OK))
            wait_ms = RETRY_MS;
        if (atomic_load(&identity->attached))
            take_events(identity, wait_ms);
        else
            wait_until_woken(identity, wait_ms);
        if (read(identity->wake_fd, &woken, sizeof woken) < 0)
            continue; /* nobody woke us */
    }
    return NULL;
}

static void wake(struct identity *identity)
{
    const uint64_t one = 1;

    if (write(identity->wake_fd, &one, sizeof one) < 0)
        return; /* full: it is awake already */
}

/* ---- Life */

static enum status start(struct identity *identity, const struct identity_config *config,
                         struct error *err)
{
    CLEANUP(buffer_clear) struct buffer node = {0};
    enum status s;

    /* Not the process's own queue, which others consume. */
    buffer_printf(&node, "%s.identity", config->node_id);
    identity->node = buffer_take(&node);
    identity->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (identity->wake_fd < 0)
        return error_set(err, STATUS_UNAVAILABLE, "cannot open an eventfd");
    s = rpc_client_open(config->auth_rpc, config->rpc_key, &identity->auth, err);
    if (s == STATUS_OK)
        s = bus_open(config->amqp_url, identity->node, &identity->bus, err);
    if (s != STATUS_OK)
        return s;
    if (pthread_create(&identity->thread, NULL, run, identity) != 0)
        return error_set(err, STATUS_UNAVAILABLE, "cannot start a thread");
    identity->running = true;
    pthread_setname_np(identity->thread, "identity");
    return STATUS_OK;
}

static void init_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;

    /* Requests overlap all the time: a writer that waits for none would wait for ever. */
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

enum status identity_open(const struct identity_config *config, struct identity **ret,
                          struct error *err)
{
    struct identity *identity = memory_new(sizeof *identity);
    enum status s;

    init_lock(&identity->lock);
    identity->strangers = paces_new();
    identity->wake_fd = -1;
    identity->backoff_ms = RETRY_MS;
    identity->events = config->events;
    identity->n_events = config->n_events;
    identity->missed = config->missed;
    identity->state = config->state;
    identity->listener = config->ended;
    identity->listener_context = config->context;
    s = start(identity, config, err);
    if (s != STATUS_OK) {
        identity_close(identity);
        return s;
    }
    *ret = identity;
    return STATUS_OK;
}

void identity_stop(struct identity *identity)
{
    if (!identity || !identity->running)
        return;
    atomic_store(&identity->stopping, true);
    wake(identity);
    pthread_join(identity->thread, NULL);
    identity->running = false;
}

void identity_close(struct identity *identity)
{
    if (!identity)
        return;
    identity_stop(identity);
    bus_close(identity->bus);
    rpc_client_close(identity->auth);
    token_keys_close(identity->keys);
    refusals_clear(&identity->refusals);
    known_services_clear(&identity->services);
    paces_free(identity->strangers);
    if (identity->wake_fd >= 0)
        (void)close(identity->wake_fd);
    pthread_rwlock_destroy(&identity->lock);
    free(identity->node);
    free(identity);
}

void identity_listen(struct identity *identity,
                     void (*ended)(void *context, const char *user_id, const char *session_id,
                                   const char *reason),
                     void *context)
{
    pthread_rwlock_wrlock(&identity->lock);
    identity->listener = ended;
    identity->listener_context = context;
    pthread_rwlock_unlock(&identity->lock);
}

static bool has_keys(struct identity *identity)
{
    bool has;

    pthread_rwlock_rdlock(&identity->lock);
    has = identity->keys != NULL;
    pthread_rwlock_unlock(&identity->lock);
    return has;
}

void identity_print_reasons(struct identity *identity, struct buffer *ret)
{
    if (!has_keys(identity))
        buffer_add_text(ret, "identity: auth has not told its keys yet\n");
    if (!atomic_load(&identity->attached))
        buffer_add_text(ret, "bus: not connected, so that ended sessions would go unnoticed\n");
    else if (!atomic_load(&identity->listed))
        buffer_add_text(ret, "identity: auth has not told the ended sessions yet\n");
}

enum status identity_claims(struct identity *identity, const char *token, struct token_claims *ret,
                            struct error *err)
{
    struct token_claims claims;
    enum status s;

    pthread_rwlock_rdlock(&identity->lock);
    if (!identity->keys || !identity->ever_listed)
        s = error_set(err, STATUS_UNAVAILABLE, "auth's keys are not known yet");
    else
        s = token_verify(identity->keys, token, clock_now(), &claims, err);
    /* Perhaps it names a key that auth has made since. */
    if (s == STATUS_UNAUTHENTICATED && !atomic_exchange(&identity->keys_wanted, true))
        wake(identity);
    if (s == STATUS_OK)
        s = refusals_check(&identity->refusals, &claims, err);
    pthread_rwlock_unlock(&identity->lock);
    if (s == STATUS_OK)
        *ret = claims;
    return s;
}

/* ---- Service accounts */

/* Anyone can make up a token that auth must look for: so many a second as one may try to log in. */
static enum status check_pace(struct identity *identity, struct call *call, struct error *err)
{
    char network[ADDRESS_MAX];
    enum status s;

    address_network(call->address, network);
    s = paces_take(identity->strangers, HTTP_CALLS, network, clock_monotonic(), err);
    if (s != STATUS_OK)
        http_set_retry_after(call, 1);
    return s;
}

static enum status ask_service(struct identity *identity, const char *token_hash, struct call *call,
                               struct token_claims *ret, struct error *err)
{
    const struct service_query query = {.token_hash = (char *)token_hash}; /* only read */
    struct service_identity reply;
    enum status s = check_pace(identity, call, err);

    if (s != STATUS_OK)
        return s;
    s = rpc_call(identity->auth, RPC_AUTH_FIND_SERVICE, &service_query_record, &query,
                 &service_identity_record, &reply, ASK_MS, err);
    if (s != STATUS_OK)
        return s;
    *ret = (struct token_claims){.generation = reply.generation, .role = ROLE_SERVICE};
    (void)snprintf(ret->user_id, sizeof ret->user_id, "%s", reply.user_id); /* ours: both fit */
    (void)snprintf(ret->session_id, sizeof ret->session_id, "%s",
                   reply.session_id ? reply.session_id : "");
    record_clear(&service_identity_record, &reply);
    return STATUS_OK;
}

/* auth is asked without the lock, and what it said is judged by all that was heard meanwhile. */
static enum status service_claims(struct identity *identity, const char *token, struct call *call,
                                  struct token_claims *ret, struct error *err)
{
    char hash[REFRESH_HASH_MAX];
    bool is_known;
    enum status s = STATUS_OK;

    refresh_token_hash(token, hash);
    pthread_rwlock_rdlock(&identity->lock);
    is_known = known_services_find(&identity->services, hash, clock_monotonic(), ret);
    pthread_rwlock_unlock(&identity->lock);
    if (!is_known)
        s = ask_service(identity, hash, call, ret, err);
    if (s != STATUS_OK)
        return s;
    if (is_known)
        pthread_rwlock_rdlock(&identity->lock);
    else
        pthread_rwlock_wrlock(&identity->lock);
    if (!identity->ever_listed)
        s = error_set(err, STATUS_UNAVAILABLE, "the ended sessions are not known yet");
    else
        s = refusals_check(&identity->refusals, ret, err);
    if (s == STATUS_OK && !is_known)
        known_services_keep(&identity->services, hash, ret, clock_monotonic());
    pthread_rwlock_unlock(&identity->lock);
    return s;
}

int64_t identity_muted_until(struct identity *identity, const char *user_id)
{
    int64_t until;

    pthread_rwlock_rdlock(&identity->lock);
    until = refusals_muted_until(&identity->refusals, user_id, clock_now());
    pthread_rwlock_unlock(&identity->lock);
    return until;
}

enum status identity_verify(void *context, const char *token, struct call *call, struct error *err)
{
    struct token_claims claims;
    enum status s;

    s = service_token_is(token) ? service_claims(context, token, call, &claims, err)
                                : identity_claims(context, token, &claims, err);
    if (s != STATUS_OK)
        return s;
    strcpy(call->user_id, claims.user_id);
    strcpy(call->session_id, claims.session_id);
    strcpy(call->role, claims.role);
    return STATUS_OK;
}
