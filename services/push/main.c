/* push: people's sockets. */

#include <unistd.h>

#include "push.h"
#include "wire/frames.h"

static const struct ws_handler handler = {
    .request = door_request,
    .message = inbound_message,
    .closed = door_closed,
    .turn = inbound_turn,
};

static const struct worker workers[] = {
    {"router", router_run},
    {"publisher", publisher_run},
    {"lookups", lookups_run},
    {"presence", presence_run},
};

#define LOOPS_MAX 4 /* one per core; past four the router is the narrow place */

static size_t count_loops(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > LOOPS_MAX ? LOOPS_MAX : (size_t)cores;
}

static enum status open_mailboxes(struct push_state *push, struct error *err)
{
    enum status s = mailbox_init(&push->to_router, err);

    if (s == STATUS_OK)
        s = mailbox_init(&push->to_lookups, err);
    if (s == STATUS_OK)
        s = mailbox_init(&push->to_presence, err);
    if (s == STATUS_OK)
        s = outgoing_init(&push->outgoing, err);
    return s;
}

static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct push_state *push = state;
    const struct ws_config config = {
        .listen = context->config->listen,
        .path = "/ws",
        .n_loops = count_loops(),
        .limits = {.message_max = FRAME_MAX},
        .handler = &handler,
        .context = push,
    };
    enum status s = open_mailboxes(push, err);

    push->context = context;
    if (s == STATUS_OK)
        s = rpc_client_open(context->config->auth_rpc, context->rpc_key, &push->auth_rpc, err);
    if (s == STATUS_OK)
        s = rpc_client_open(context->config->message_rpc, context->rpc_key, &push->message_rpc,
                            err);
    if (s == STATUS_OK)
        s = ws_server_open(&config, &push->server, err);
    if (s == STATUS_OK)
        identity_listen(context->identity, router_session_ended, push);
    return s;
}

static void stop(void *state)
{
    struct push_state *push = state;

    identity_listen(push->context->identity, NULL, NULL);
    ws_server_close(push->server);
    rpc_client_close(push->auth_rpc);
    rpc_client_close(push->message_rpc);
    for (size_t i = 0; i < WS_LOOPS_MAX; i++) {
        letters_clear(&push->gathered[i].letters);
        for (int k = 0; k < PARTITIONS; k++)
            buffer_clear(&push->gathered[i].commands[k]);
    }
    mailbox_clear(&push->to_router);
    mailbox_clear(&push->to_lookups);
    mailbox_clear(&push->to_presence);
    outgoing_clear(&push->outgoing);
}

static bool is_ready(void *state, struct buffer *why)
{
    struct push_state *push = state;
    bool consuming = atomic_load(&push->is_consuming);
    bool publishing = atomic_load(&push->is_publishing);

    if (!consuming)
        buffer_add_text(why, "rabbitmq: nothing can be consumed\n");
    if (!publishing)
        buffer_add_text(why, "rabbitmq: nothing can be published\n");
    return consuming && publishing;
}

static struct push_state push_state;

static struct metrics *const all_metrics[] = {&push_metrics, &ws_metrics};

static const struct service push = {
    .name = "push",
    .uses = USES_BUS | USES_CACHE | USES_IDENTITY,
    .state = &push_state,
    .start = start,
    .stop = stop,
    .is_ready = is_ready,
    .drain = drain_begin,
    .is_drained = drain_is_done,
    .metrics = all_metrics,
    .n_metrics = N_ELEMENTS(all_metrics),
    .measure = push_measure,
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
};

int main(int argc, char **argv)
{
    return service_run(&push, argc, argv);
}
