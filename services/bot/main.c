/* bot: answers commands. */

#include "bot.h"

#include <stdio.h>

#include "wire/bot_api.h"
#include "wire/internal.h"
#include "wire/user_api.h"

#define HUBOT "hubot"
#define FIND_TIMEOUT_MS 1000

static struct bot_state bot_state;

static const struct http_route routes[] = {
    {"GET", "/api/bots/{user_id}", HTTP_USER, &user_path_record, &bot_profile_record,
     .handle = handle_bot},
};

static const struct worker workers[] = {
    {"inbox", inbox_run},
};

/* auth makes it at its start. */
static enum status find_hubot(struct bot_state *bot, struct error *err)
{
    const struct account_query query = {.username = (char *)HUBOT}; /* only read */
    struct account hubot;
    enum status s = rpc_call(bot->auth, RPC_AUTH_FIND_ACCOUNT, &account_query_record, &query,
                             &account_record, &hubot, FIND_TIMEOUT_MS, err);

    if (s == STATUS_NOT_FOUND)
        return error_set(err, STATUS_UNAVAILABLE, "there is no " HUBOT " yet");
    if (s != STATUS_OK)
        return s;
    (void)snprintf(bot->hubot_id, sizeof bot->hubot_id, "%s", hubot.user_id); /* ours: fits */
    record_clear(&account_record, &hubot);
    return STATUS_OK;
}

/* Called again while auth is away. */
static enum status start(void *state, struct service_context *context, struct error *err)
{
    struct bot_state *bot = state;
    enum status s = STATUS_OK;

    bot->context = context;
    if (!bot->auth)
        s = rpc_client_open(context->config->auth_rpc, context->rpc_key, &bot->auth, err);
    return s == STATUS_OK ? find_hubot(bot, err) : s;
}

static void stop(void *state)
{
    struct bot_state *bot = state;

    rpc_client_close(bot->auth);
}

static bool is_ready(void *state, struct buffer *why)
{
    struct bot_state *bot = state;

    if (atomic_load(&bot->connected))
        return true;
    buffer_add_text(why, "bus: not reading commands\n");
    return false;
}

static struct metrics *const all_metrics[] = {&bot_metrics};

static const struct service bot = {
    .name = "bot",
    .uses = USES_BUS | USES_IDENTITY | USES_ASK,
    .state = &bot_state,
    .start = start,
    .stop = stop,
    .is_ready = is_ready,
    .metrics = all_metrics,
    .n_metrics = N_ELEMENTS(all_metrics),
    .routes = routes,
    .n_routes = N_ELEMENTS(routes),
    .workers = workers,
    .n_workers = N_ELEMENTS(workers),
    .serves_http = true,
};

int main(int argc, char **argv)
{
    return service_run(&bot, argc, argv);
}
