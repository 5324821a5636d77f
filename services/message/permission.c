#include "permission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/memory.h"

#define PAIR_KEY_MAX (2 * ID_MAX + 1)
#define PAIRS_PER_CALL 256 /* user.pairs */

struct permission {
    char key[PAIR_KEY_MAX];
    int64_t code;
    bool bot;
    int64_t until;
    UT_hash_handle hh;
};

static void pair_key(const char *from, const char *to, char ret[PAIR_KEY_MAX])
{
    (void)snprintf(ret, PAIR_KEY_MAX, "%s>%s", from, to);
}

static struct permission *find(struct permissions *permissions, const char *from, const char *to)
{
    char key[PAIR_KEY_MAX];
    struct permission *pair;

    pair_key(from, to, key);
    HASH_FIND_STR(permissions->pairs, key, pair);
    return pair && pair->until > clock_monotonic() ? pair : NULL;
}

void permissions_clear(struct permissions *permissions)
{
    struct permission *pair;
    struct permission *next;

    HASH_ITER(hh, permissions->pairs, pair, next) {
        HASH_DEL(permissions->pairs, pair);
        free(pair);
    }
}

static void keep(struct permissions *permissions, const struct pair *asked,
                 const struct pair_answer *answer)
{
    char key[PAIR_KEY_MAX];
    struct permission *pair;

    pair_key(asked->from, asked->to, key);
    HASH_FIND_STR(permissions->pairs, key, pair);
    if (!pair) {
        pair = memory_new(sizeof *pair);
        memcpy(pair->key, key, sizeof key);
        HASH_ADD_STR(permissions->pairs, key, pair);
    }
    pair->code = answer->code;
    pair->bot = answer->bot;
    pair->until = clock_monotonic() + PERMISSION_MS;
}

static void ask(struct permissions *permissions, struct pairs *pairs)
{
    struct pair_answers answers = {0};
    const struct pair *asked = pairs->pairs.items;
    const struct pair_answer *answer;

    pairs->purpose = memory_text("message");
    if (rpc_call(permissions->user_rpc, RPC_USER_MAY_WRITE, &pairs_record, pairs,
                 &pair_answers_record, &answers, PERMISSION_TIMEOUT_MS, NULL) != STATUS_OK)
        return;
    answer = answers.answers.items;
    for (size_t i = 0; i < answers.answers.n && i < pairs->pairs.n; i++)
        keep(permissions, &asked[i], &answer[i]);
    record_clear(&pair_answers_record, &answers);
}

static const char *recipient(const struct command *command)
{
    if (command->kind == COMMAND_SEND)
        return command->frame.send.to;
    return command->kind == COMMAND_TYPING ? command->frame.typing.to : NULL;
}

void permissions_load(struct permissions *permissions, const struct command *commands, size_t n)
{
    struct pairs pairs = {0};

    if (HASH_COUNT(permissions->pairs) > PERMISSION_MAX)
        permissions_clear(permissions);
    for (size_t i = 0; i < n; i++) {
        const char *to = recipient(&commands[i]);
        struct pair *pair;

        if (!to || find(permissions, commands[i].user_id, to))
            continue;
        pair = list_add(&pairs.pairs, &pair_record);
        pair->from = memory_text(commands[i].user_id);
        pair->to = memory_text(to);
        if (pairs.pairs.n == PAIRS_PER_CALL) {
            ask(permissions, &pairs);
            record_clear(&pairs_record, &pairs);
        }
    }
    if (pairs.pairs.n > 0)
        ask(permissions, &pairs);
    record_clear(&pairs_record, &pairs);
}

enum status permissions_check(struct permissions *permissions, const char *from, const char *to,
                              bool *ret_bot, struct error *err)
{
    const struct permission *pair = find(permissions, from, to);

    if (!pair)
        return error_set(err, STATUS_UNAVAILABLE,
                         "people cannot be looked up right now, try again");
    *ret_bot = pair->bot;
    if (pair->code == 0)
        return STATUS_OK;
    if (status_from_code(pair->code) == STATUS_NOT_FOUND)
        return error_field(err, STATUS_NOT_FOUND, "to", "there is no such user");
    return error_field(err, status_from_code(pair->code), "to", "you may not write to this user");
}
