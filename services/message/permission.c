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
    bool for_messages; /* asked for a message, which is good for typing too; not the other way */
    int64_t until;
    UT_hash_handle hh;
};

static void pair_key(const char *from, const char *to, char ret[PAIR_KEY_MAX])
{
    (void)snprintf(ret, PAIR_KEY_MAX, "%s>%s", from, to);
}

/* With FRIEND_POLICY=open a first message makes friends, and only asking tells user of it: so what
 * was asked for typing does not answer for messages. */
static struct permission *find(struct permissions *permissions, const char *from, const char *to,
                               bool for_messages)
{
    char key[PAIR_KEY_MAX];
    struct permission *pair;

    pair_key(from, to, key);
    HASH_FIND_STR(permissions->pairs, key, pair);
    if (!pair || pair->until <= clock_monotonic() || (for_messages && !pair->for_messages))
        return NULL;
    return pair;
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

/* ---- What has changed */

void permission_news_add(struct permission_news *news, const char *user_id, const char *other_id)
{
    pthread_mutex_lock(&news->lock);
    if (news->pairs.n < (size_t)2 * PERMISSION_NEWS_MAX) {
        strings_add(&news->pairs, user_id);
        strings_add(&news->pairs, other_id);
    } else {
        news->is_all = true;
    }
    pthread_mutex_unlock(&news->lock);
}

void permission_news_add_all(struct permission_news *news)
{
    pthread_mutex_lock(&news->lock);
    news->is_all = true;
    pthread_mutex_unlock(&news->lock);
}

static void forget(struct permissions *permissions, const char *from, const char *to)
{
    char key[PAIR_KEY_MAX];
    struct permission *pair;

    pair_key(from, to, key);
    HASH_FIND_STR(permissions->pairs, key, pair);
    if (pair) {
        HASH_DEL(permissions->pairs, pair);
        free(pair);
    }
}

static void hear(struct permissions *permissions)
{
    struct permission_news *news = permissions->news;
    struct strings pairs;
    bool is_all;

    pthread_mutex_lock(&news->lock);
    pairs = news->pairs;
    is_all = news->is_all;
    news->pairs = (struct strings){0};
    news->is_all = false;
    pthread_mutex_unlock(&news->lock);
    if (is_all)
        permissions_clear(permissions);
    for (size_t i = 0; i + 1 < pairs.n; i += 2) {
        forget(permissions, pairs.items[i], pairs.items[i + 1]);
        forget(permissions, pairs.items[i + 1], pairs.items[i]);
    }
    strings_clear(&pairs);
}

/* ---- Asking */

static void keep(struct permissions *permissions, const struct pair *asked,
                 const struct pair_answer *answer, bool for_messages)
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
    pair->for_messages = for_messages;
    pair->until = clock_monotonic() + PERMISSION_MS;
}

/* Ask for pairs and empty them. */
static void ask(struct permissions *permissions, struct pairs *pairs, bool for_messages)
{
    struct pair_answers answers = {0};
    const struct pair *asked = pairs->pairs.items;
    const struct pair_answer *answer;

    pairs->purpose = memory_text(for_messages ? "message" : "typing");
    if (permissions->ask(permissions->context, pairs, &answers) == STATUS_OK) {
        answer = answers.answers.items;
        for (size_t i = 0; i < answers.answers.n && i < pairs->pairs.n; i++)
            keep(permissions, &asked[i], &answer[i], for_messages);
        record_clear(&pair_answers_record, &answers);
    }
    record_clear(&pairs_record, pairs);
}

/* PAIRS_PER_CALL at most to look through. */
static bool is_asked(const struct pairs *pairs, const char *from, const char *to)
{
    const struct pair *asked = pairs->pairs.items;

    for (size_t i = 0; i < pairs->pairs.n; i++)
        if (strcmp(asked[i].from, from) == 0 && strcmp(asked[i].to, to) == 0)
            return true;
    return false;
}

static void want(struct permissions *permissions, struct pairs *pairs, const char *from,
                 const char *to, bool for_messages)
{
    struct pair *pair;

    if (find(permissions, from, to, for_messages) || is_asked(pairs, from, to))
        return;
    pair = list_add(&pairs->pairs, &pair_record);
    pair->from = memory_text(from);
    pair->to = memory_text(to);
    if (pairs->pairs.n == PAIRS_PER_CALL)
        ask(permissions, pairs, for_messages);
}

static void load(struct permissions *permissions, const struct command *commands, size_t n,
                 bool for_messages)
{
    struct pairs pairs = {0};

    for (size_t i = 0; i < n; i++) {
        const struct command *command = &commands[i];
        const char *to = command_recipient(command);

        if ((command->kind == COMMAND_SEND) != for_messages)
            continue;
        if (to && !command->muted_until)
            want(permissions, &pairs, command->user_id, to, for_messages);
        if (command_is_receipt(command)) {
            want(permissions, &pairs, command->user_id, command->peer_id, for_messages);
            want(permissions, &pairs, command->peer_id, command->user_id, for_messages);
        }
    }
    if (pairs.pairs.n > 0)
        ask(permissions, &pairs, for_messages);
}

void permissions_load(struct permissions *permissions, const struct command *commands, size_t n)
{
    hear(permissions);
    if (HASH_COUNT(permissions->pairs) > PERMISSION_MAX)
        permissions_clear(permissions);
    load(permissions, commands, n, true);
    load(permissions, commands, n, false);
}

enum status permissions_check(struct permissions *permissions, const struct command *command,
                              bool *ret_bot, struct error *err)
{
    const struct permission *pair = find(permissions, command->user_id, command_recipient(command),
                                         command->kind == COMMAND_SEND);

    if (!pair)
        return error_set(err, STATUS_UNAVAILABLE,
                         "people cannot be looked up right now, try again");
    *ret_bot = pair->bot;
    switch (status_from_code(pair->code)) {
    case STATUS_OK:
        return STATUS_OK;
    case STATUS_NOT_FOUND:
        return error_field(err, STATUS_NOT_FOUND, "to", "there is no such user");
    case STATUS_FORBIDDEN:
        return error_field(err, STATUS_FORBIDDEN, "to",
                           "only friends of this user may write to him");
    default:
        return error_field(err, status_from_code(pair->code), "to",
                           "you may not write to this user");
    }
}

static bool is_open(struct permissions *permissions, const char *from, const char *to)
{
    const struct permission *pair = find(permissions, from, to, false);

    return pair && status_from_code(pair->code) == STATUS_OK;
}

bool permissions_are_open(struct permissions *permissions, const char *a, const char *b)
{
    return is_open(permissions, a, b) && is_open(permissions, b, a);
}
