/* Figures for administrators: how much there is (asked by auth), and how much comes (left in Redis,
 * where those of all processes meet). */

#include <poll.h>

#include "base/clock.h"
#include "blob/blob.h"
#include "cache/tally.h"
#include "message.h"
#include "wire/overview.h"

#define TALLY_MS 1000

enum status handle_figures(void *state, const void *request, void *reply, struct error *err)
{
    struct message_state *message = state;
    struct message_figures *ret = reply;
    enum status s = store_estimate(message->store, MESSAGES, &ret->messages, err);

    (void)request;
    if (s == STATUS_OK)
        s = store_estimate(message->store, CONVERSATIONS, &ret->conversations, err);
    if (s == STATUS_OK)
        s = blobs_measure(message->blobs, &ret->files, &ret->file_bytes, err);
    return s;
}

/* Redis away: what comes meanwhile is in no figure. Whoever looks is told that it is away. */
void tally_run(void *state, struct service_context *context)
{
    struct message_state *message = state;
    int64_t told = 0;

    while (!atomic_load(&context->stopping)) {
        int64_t stored = atomic_load(&message->stored);

        if (stored > told)
            (void)!cache_tally(context->cache, TALLY_MESSAGES, stored - told, NULL);
        told = stored;
        (void)poll(NULL, 0, TALLY_MS);
    }
}
