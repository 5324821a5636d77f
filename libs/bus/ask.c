/* Commands with an answer. A caller's request lives on the caller's stack: it is in the outbox until
 * it was published, then in the table of those that wait, and in neither once the caller returns;
 * all of it under one lock, which is never held while the bus is touched. */

#include "bus/ask.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"

#define CHANNEL_ANSWERS 2
#define REFUSED_MS 500 /* connected, but not served: not again at full speed */
#define CALLS_MAX 4096 /* as many as HTTP threads could ask at once, and room */

struct request {
    uint64_t id;
    struct request *next; /* in the outbox */
    UT_hash_handle hh;    /* in waiting */
    struct buffer body;   /* taken over by the thread when it publishes */
    char key[TOPOLOGY_NAME_MAX];
    bool is_event;
    bool is_done;
    enum status status;
    struct error error;
    char *answer;
    pthread_cond_t done;
};

struct ask {
    struct bus *bus;
    char *node;
    pthread_t thread;
    pthread_mutex_t lock;
    int wake;
    atomic_bool stopping;
    atomic_bool connected;
    uint64_t last_id;
    struct request *outbox;
    struct request **outbox_end;
    struct request *waiting; /* hash by id: every request that is not done */
    struct frames *deliveries;
    struct frames **deliveries_end;
    size_t n_deliveries;
    size_t delivery_bytes;
};

/* What ask_deliver() was given. */
struct frames {
    struct frames *next;
    char key[TOPOLOGY_NAME_MAX];
    struct buffer body;
};

/* Under the lock. The request belongs to its caller again afterwards. */
static void finish(struct ask *ask, struct request *request, enum status status,
                   const struct error *err)
{
    HASH_DEL(ask->waiting, request);
    request->status = status;
    if (err)
        request->error = *err;
    request->is_done = true;
    pthread_cond_signal(&request->done);
}

static void finish_id(struct ask *ask, uint64_t id, enum status status, struct slice answer,
                      const struct error *err)
{
    struct request *request;

    pthread_mutex_lock(&ask->lock);
    HASH_FIND(hh, ask->waiting, &id, sizeof id, request);
    if (request) {
        if (status == STATUS_OK && !request->is_event)
            request->answer = memory_text_n(answer.data, answer.length);
        finish(ask, request, status, err);
    }
    pthread_mutex_unlock(&ask->lock);
}

/* Take one request's bytes out of the outbox. Its id tells afterwards whether it is still there. */
static bool take_outgoing(struct ask *ask, struct request *ret)
{
    struct request *request;

    pthread_mutex_lock(&ask->lock);
    request = ask->outbox;
    if (request) {
        ask->outbox = request->next;
        if (!ask->outbox)
            ask->outbox_end = &ask->outbox;
        *ret = *request;
        request->body = (struct buffer){0};
    }
    pthread_mutex_unlock(&ask->lock);
    return request != NULL;
}

static enum status publish_all(struct ask *ask, struct error *err)
{
    struct request request;
    enum status s = STATUS_OK;

    while (s == STATUS_OK && take_outgoing(ask, &request)) {
        const struct slice body = {request.body.data, request.body.length};

        s = bus_publish(ask->bus, request.is_event ? EXCHANGE_EVENT : EXCHANGE_COMMAND, request.key,
                        NULL, 0, body, request.is_event ? BUS_PERSISTENT : 0, err);
        if (s == STATUS_OK && request.is_event)
            s = bus_confirm(ask->bus, err);
        if (s != STATUS_OK || request.is_event)
            finish_id(ask, request.id, s, (struct slice){0}, err);
        buffer_clear(&request.body);
    }
    return s;
}

static void free_frames(struct frames *frames)
{
    while (frames) {
        struct frames *next = frames->next;

        buffer_clear(&frames->body);
        free(frames);
        frames = next;
    }
}

static struct frames *take_deliveries(struct ask *ask)
{
    struct frames *all;

    pthread_mutex_lock(&ask->lock);
    all = ask->deliveries;
    ask->deliveries = NULL;
    ask->deliveries_end = &ask->deliveries;
    ask->n_deliveries = 0;
    ask->delivery_bytes = 0;
    pthread_mutex_unlock(&ask->lock);
    return all;
}

static enum status deliver_all(struct ask *ask, struct error *err)
{
    struct frames *all = take_deliveries(ask);
    enum status s = STATUS_OK;

    for (struct frames *each = all; each && s == STATUS_OK; each = each->next)
        s = bus_publish(ask->bus, EXCHANGE_DELIVER, each->key, NULL, 0,
                        (struct slice){each->body.data, each->body.length}, 0, err);
    free_frames(all);
    return s;
}

static void take_answers(struct ask *ask, const struct delivery *delivery)
{
    struct slice rest = delivery->body;
    struct envelope envelope;

    while (envelope_next(&rest, &envelope, NULL) == STATUS_OK)
        if (envelope.kind == ENVELOPE_ANSWER)
            finish_id(ask, envelope.connection_id, STATUS_OK, envelope.payload, NULL);
}

/* Whoever waits learns it at once: what became of his command is unknown. */
static void fail_all(struct ask *ask)
{
    struct request *request;
    struct request *next;
    struct error err;

    (void)error_set(&err, STATUS_UNAVAILABLE, "the connection to RabbitMQ was lost, try again");
    pthread_mutex_lock(&ask->lock);
    ask->outbox = NULL;
    ask->outbox_end = &ask->outbox;
    HASH_ITER(hh, ask->waiting, request, next)
        finish(ask, request, STATUS_UNAVAILABLE, &err);
    pthread_mutex_unlock(&ask->lock);
    free_frames(take_deliveries(ask));
}

static void serve(struct ask *ask)
{
    struct error err;

    for (;;) {
        struct delivery delivery = {0};
        eventfd_t count;
        enum status s = publish_all(ask, &err);

        if (s == STATUS_OK)
            s = deliver_all(ask, &err);
        if (s != STATUS_OK || atomic_load(&ask->stopping))
            return;
        s = bus_take(ask->bus, 500, ask->wake, &delivery, &err);
        if (s == STATUS_OK)
            take_answers(ask, &delivery);
        else if (s != STATUS_NOT_FOUND)
            return;
        bus_delivery_clear(&delivery);
        (void)eventfd_read(ask->wake, &count); /* non-blocking: nothing to read is fine */
    }
}

static void *run(void *arg)
{
    struct ask *ask = arg;

    pthread_setname_np(pthread_self(), "ask");
    while (!atomic_load(&ask->stopping)) {
        struct error err;

        if (bus_reconnect(ask->bus, &ask->stopping, &err) != STATUS_OK)
            continue;
        if (bus_consume_node(ask->bus, CHANNEL_ANSWERS, ask->node, &err) != STATUS_OK) {
            (void)poll(NULL, 0, REFUSED_MS);
            continue;
        }
        atomic_store(&ask->connected, true);
        serve(ask);
        atomic_store(&ask->connected, false);
        fail_all(ask);
    }
    fail_all(ask);
    return NULL;
}

enum status ask_open(const char *amqp_url, const char *node, struct ask **ret, struct error *err)
{
    struct ask *ask = memory_new(sizeof *ask);
    enum status s = bus_open(amqp_url, node, &ask->bus, err);

    if (s != STATUS_OK) {
        free(ask);
        return s;
    }
    ask->node = memory_text(node);
    ask->outbox_end = &ask->outbox;
    ask->deliveries_end = &ask->deliveries;
    /* An answer to a question of this node's earlier life must not fit one of ours. */
    ask->last_id = (uint64_t)clock_now() << 20;
    pthread_mutex_init(&ask->lock, NULL);
    ask->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (ask->wake < 0 || pthread_create(&ask->thread, NULL, run, ask) != 0) {
        s = error_set(err, STATUS_UNAVAILABLE, "out of files or threads");
        if (ask->wake >= 0)
            close(ask->wake);
        bus_close(ask->bus);
        free(ask->node);
        free(ask);
        return s;
    }
    *ret = ask;
    return STATUS_OK;
}

void ask_close(struct ask *ask)
{
    if (!ask)
        return;
    atomic_store(&ask->stopping, true);
    (void)eventfd_write(ask->wake, 1);
    pthread_join(ask->thread, NULL);
    bus_close(ask->bus);
    close(ask->wake);
    pthread_mutex_destroy(&ask->lock);
    free(ask->node);
    free(ask);
}

bool ask_is_connected(const struct ask *ask)
{
    return atomic_load(&ask->connected);
}

static struct timespec deadline(int timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* Under the lock: forget a request that nobody will wait for. */
static void abandon(struct ask *ask, struct request *request)
{
    struct request **link = &ask->outbox;

    HASH_DEL(ask->waiting, request);
    while (*link && *link != request)
        link = &(*link)->next;
    if (*link) {
        *link = request->next;
        if (!request->next)
            ask->outbox_end = link;
    }
}

/* Queue the request, whose body, key and kind are set, and wait until it is done. */
static enum status wait_for(struct ask *ask, struct request *request, int timeout_ms,
                            struct error *err)
{
    struct timespec until = deadline(timeout_ms);
    pthread_condattr_t clock;

    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&request->done, &clock);
    pthread_condattr_destroy(&clock);

    *ask->outbox_end = request;
    ask->outbox_end = &request->next;
    HASH_ADD(hh, ask->waiting, id, sizeof request->id, request);
    (void)eventfd_write(ask->wake, 1);
    while (!request->is_done)
        if (pthread_cond_timedwait(&request->done, &ask->lock, &until) != 0 && !request->is_done) {
            abandon(ask, request);
            request->status =
                error_set(&request->error, STATUS_UNAVAILABLE, "no answer in time, try again");
            break;
        }
    pthread_cond_destroy(&request->done);
    if (request->status != STATUS_OK && err)
        *err = request->error;
    return request->status;
}

static bool is_full(const struct ask *ask)
{
    return HASH_COUNT(ask->waiting) >= CALLS_MAX || !atomic_load(&ask->connected) ||
           atomic_load(&ask->stopping);
}

enum status ask_call(struct ask *ask, const struct envelope *envelope, int timeout_ms, char **ret,
                     struct error *err)
{
    struct request request = {0};
    struct envelope full = *envelope;
    enum status s;

    full.node = slice_of(ask->node);
    topology_partition_key(
        topology_partition(envelope->conversation_id.data, envelope->conversation_id.length),
        request.key);
    pthread_mutex_lock(&ask->lock);
    if (is_full(ask)) {
        s = error_set(err, STATUS_UNAVAILABLE, "not connected to RabbitMQ, try again");
    } else {
        request.id = full.connection_id = ++ask->last_id;
        envelope_add(&request.body, &full);
        s = wait_for(ask, &request, timeout_ms, err);
    }
    pthread_mutex_unlock(&ask->lock);
    buffer_clear(&request.body);
    if (s == STATUS_OK)
        *ret = request.answer;
    return s;
}

enum status ask_publish_event(struct ask *ask, const char *key, const char *json, struct error *err)
{
    struct request request = {.is_event = true};
    const struct envelope event = {.kind = ENVELOPE_EVENT, .payload = slice_of(json)};
    enum status s;

    (void)memccpy(request.key, key, '\0', sizeof request.key - 1);
    envelope_add(&request.body, &event);
    pthread_mutex_lock(&ask->lock);
    if (is_full(ask)) {
        s = error_set(err, STATUS_UNAVAILABLE, "not connected to RabbitMQ, try again");
    } else {
        request.id = ++ask->last_id;
        s = wait_for(ask, &request, 5000, err);
    }
    pthread_mutex_unlock(&ask->lock);
    buffer_clear(&request.body);
    return s;
}

/* Under the lock. */
static bool has_room(const struct ask *ask, size_t length)
{
    return ask->n_deliveries < ASK_DELIVERIES_MAX &&
           ask->delivery_bytes + length <= ASK_DELIVERY_BYTES_MAX && atomic_load(&ask->connected) &&
           !atomic_load(&ask->stopping);
}

enum status ask_deliver(struct ask *ask, const char *key, struct slice body, struct error *err)
{
    struct frames *frames = memory_new(sizeof *frames);
    bool is_taken;

    (void)memccpy(frames->key, key, '\0', sizeof frames->key - 1);
    buffer_add(&frames->body, body.data, body.length);
    pthread_mutex_lock(&ask->lock);
    is_taken = has_room(ask, body.length);
    if (is_taken) {
        *ask->deliveries_end = frames;
        ask->deliveries_end = &frames->next;
        ask->n_deliveries++;
        ask->delivery_bytes += body.length;
        (void)eventfd_write(ask->wake, 1);
    }
    pthread_mutex_unlock(&ask->lock);
    if (is_taken)
        return STATUS_OK;
    free_frames(frames);
    return error_set(err, STATUS_UNAVAILABLE, "not connected to RabbitMQ, try again");
}
