/* bot: answers commands. */

#include "bot.h"

static struct bot_state bot_state;

static const struct worker workers[] = {
    {"inbox", inbox_run},
};

static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct bot_state *bot = state;

    (void)err;
    bot->context = context;
    return STATUS_OK;
}

static bool is_ready(void *state, struct buffer *why)
{
    struct bot_state *bot = state;

    if (atomic_load(&bot->connected))
        return true;
    buffer_add_text(why, "bus: not reading commands\n");
    return false;
}

static void add_counter(struct buffer *ret, const char *what, int64_t count)
{
    buffer_printf(ret, "parley_bot_commands_total{outcome=\"%s\"} %lld\n", what, (long long)count);
}

static void metrics(void *state, struct buffer *ret)
{
    struct bot_state *bot = state;

    buffer_add_text(ret, "# TYPE parley_bot_commands_total counter\n");
    add_counter(ret, "answered", atomic_load(&bot->answered));
    add_counter(ret, "refused", atomic_load(&bot->refused));
    add_counter(ret, "retried", atomic_load(&bot->retried));
    add_counter(ret, "parked", atomic_load(&bot->parked));
}

static const struct service bot = {
    .name = "bot",
    .uses = USES_BUS | USES_ASK,
    .state = &bot_state,
    .start = start,
    .is_ready = is_ready,
    .metrics = metrics,
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
};

int main(int argc, char **argv)
{
    return service_run(&bot, argc, argv);
}
