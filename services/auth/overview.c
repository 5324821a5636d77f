/* GET /v1/admin/overview. What cannot be had just now is null: who looks because something is wrong
 * must see the rest. */

#include "admin.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cache/presence.h"
#include "cache/tally.h"
#include "log/log.h"
#include "wire/internal.h"
#include "wire/overview.h"

#define FIGURES_MS 2000

static void add_rights(const char *role, struct strings *ret)
{
    for (enum right right = RIGHT_NONE + 1; right < RIGHT_COUNT; right++)
        if (role_has(role, right))
            strings_add(ret, right_name(right));
}

/* *ret stays NULL when it is not to be had. */
static void look_at_redis(struct auth_state *auth, void **ret)
{
    struct admin_live live = {0};
    struct error err;
    enum status s = cache_count_online(auth->context->cache, &live.online, &err);

    if (s == STATUS_OK)
        s = cache_get_tally(auth->context->cache, TALLY_MESSAGES, &live.messages_10s, &err);
    if (s != STATUS_OK) {
        log_warn("overview without presence", LOG_TEXT("reason", err.text));
        return;
    }
    *ret = memory_new(sizeof live);
    *(struct admin_live *)*ret = live;
}

static void ask_message(struct auth_state *auth, void **ret)
{
    struct message_figures figures;
    struct error err;
    enum status s =
        rpc_call(auth->message, RPC_MESSAGE_FIGURES, &nothing_record, &(struct nothing){0},
                 &message_figures_record, &figures, FIGURES_MS, &err);

    if (s != STATUS_OK) {
        log_warn("overview without message", LOG_TEXT("reason", err.text));
        return;
    }
    *ret = memory_new(sizeof figures);
    *(struct message_figures *)*ret = figures;
}

enum status handle_admin_overview(void *state, struct call *call, const void *request, void *reply,
                                  struct error *err)
{
    struct auth_state *auth = state;
    struct admin_overview *ret = reply;
    struct store_size size = {0};
    enum status s = store_estimate(auth->store, ACCOUNTS, &ret->accounts, err);

    (void)request;
    if (s == STATUS_OK)
        s = store_measure(auth->store, NULL, &size, err);
    if (s != STATUS_OK)
        return s;
    ret->at = clock_now();
    ret->data_bytes = size.data_bytes;
    ret->index_bytes = size.index_bytes;
    add_rights(call->role, &ret->rights);
    look_at_redis(auth, &ret->live);
    ask_message(auth, &ret->stored);
    return STATUS_OK;
}
