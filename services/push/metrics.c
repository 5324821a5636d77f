#include "push.h"

void push_metrics(void *state, struct buffer *ret)
{
    struct push_state *push = state;
    const struct {
        const char *name;
        const char *type;
        long long value;
    } rows[] = {
        {"users", "gauge", atomic_load(&push->users)},
        {"groups", "gauge", atomic_load(&push->groups)},
        {"deliveries_total", "counter", atomic_load(&push->deliveries)},
        {"published_total", "counter", atomic_load(&push->published)},
        {"frames_refused_total", "counter", atomic_load(&push->refused)},
        {"resyncs_total", "counter", atomic_load(&push->resyncs)},
        {"outgoing_bytes", "gauge", (long long)atomic_load(&push->outgoing.bytes)},
        {"router_letters", "gauge", (long long)atomic_load(&push->to_router.n)},
    };

    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        buffer_printf(ret, "# TYPE parley_push_%s %s\nparley_push_%s %lld\n", rows[i].name,
                      rows[i].type, rows[i].name, rows[i].value);
    ws_server_metrics(push->server, ret);
}
