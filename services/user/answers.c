#include <stdlib.h>

#include "base/memory.h"
#include "user.h"

/* Anyone may write to anyone who exists. */
enum status handle_may_write(void *state, const void *request, void *reply, struct error *err)
{
    const struct pairs *pairs = request;
    const struct pair *items = pairs->pairs.items;
    struct pair_answers *answers = reply;
    CLEANUP(profiles_clear) struct list found = {0};
    CLEANUP(free) char **to = memory_grow(NULL, pairs->pairs.n + 1, sizeof *to);
    const struct strings ids = {.items = to, .n = pairs->pairs.n};
    enum status s;

    for (size_t i = 0; i < ids.n; i++)
        to[i] = items[i].to;
    s = profiles_find(state, &ids, &found, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < ids.n; i++) {
        struct pair_answer *answer = list_add(&answers->answers, &pair_answer_record);
        const struct user_own *profile = profiles_get(&found, to[i]);

        answer->code = status_code(profile ? STATUS_OK : STATUS_NOT_FOUND);
        answer->bot = profile && profile->bot;
    }
    return STATUS_OK;
}

enum status handle_find(void *state, const void *request, void *reply, struct error *err)
{
    const struct user_ids *ids = request;
    struct accounts *accounts = reply;
    CLEANUP(profiles_clear) struct list found = {0};
    enum status s;

    s = profiles_find(state, &ids->user_ids, &found, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < found.n; i++) {
        struct user_own *profile = &((struct user_own *)found.items)[i];
        struct account *account = list_add(&accounts->accounts, &account_record);

        account->user_id = TAKE(profile->user_id);
        account->username = TAKE(profile->username);
        account->nickname = TAKE(profile->nickname);
        account->bot = profile->bot;
        account->created_at = profile->created_at;
    }
    return STATUS_OK;
}
