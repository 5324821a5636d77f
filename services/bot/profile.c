/* GET /api/bots/{user_id}: who a bot is, and what it can be asked for. */

#include <string.h>

#include "base/memory.h"
#include "bot.h"
#include "wire/bot_api.h"
#include "wire/user_api.h"

#define FIND_TIMEOUT_MS 1000

static void add_commands(struct list *ret)
{
    for (size_t i = 0; i < n_builtin_commands; i++) {
        struct bot_command *command = list_add(ret, &bot_command_record);

        command->name = memory_text(builtin_commands[i].name);
        command->usage = memory_text(builtin_commands[i].usage);
        command->about = memory_text(builtin_commands[i].about);
    }
}

/* People are no bots, and who knows an id learns no more than that. */
enum status handle_bot(void *state, struct call *call, const void *request, void *reply,
                       struct error *err)
{
    struct bot_state *bot = state;
    const struct user_path *path = request;
    const struct account_query query = {.user_id = path->user_id};
    struct bot_profile *ret = reply;
    struct account account = {0};
    enum status s = rpc_call(bot->auth, RPC_AUTH_FIND_ACCOUNT, &account_query_record, &query,
                             &account_record, &account, FIND_TIMEOUT_MS, err);

    (void)call;
    if (s == STATUS_NOT_FOUND || (s == STATUS_OK && (!account.bot || account.deleted)))
        s = error_set(err, STATUS_NOT_FOUND, "there is no such bot");
    if (s == STATUS_OK) {
        ret->user_id = TAKE(account.user_id);
        ret->username = TAKE(account.username);
        ret->nickname = TAKE(account.nickname);
        if (strcmp(ret->user_id, bot->hubot_id) == 0)
            add_commands(&ret->commands);
    }
    record_clear(&account_record, &account);
    return s;
}
