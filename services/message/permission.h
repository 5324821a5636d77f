#ifndef MESSAGE_PERMISSION_H
#define MESSAGE_PERMISSION_H

#include <pthread.h>

#include "command.h"

/* May one person write to another? `user` knows; its answers are kept for 30 s, or until it says
 * that something changed between the two. One thread, but for what it hears of. */

#define PERMISSION_MS 30000
#define PERMISSION_MAX 200000 /* pairs in memory; past that all are asked for again */

/* What others' threads have heard: whose answers are stale. It is taken over before each batch asks
 * anything, so an answer that was on its way when the event came is dropped by the next batch. */
struct permission_news {
    pthread_mutex_t lock;
    struct strings pairs; /* user_id and other_id in turn */
    bool is_all;          /* the events were too many, or may have been missed */
};
#define PERMISSION_NEWS_INITIALIZER \
    { \
        .lock = PTHREAD_MUTEX_INITIALIZER \
    }
#define PERMISSION_NEWS_MAX 10000 /* pairs that wait for a batch; past that all are stale */

/* Any thread. */
void permission_news_add(struct permission_news *news, const char *user_id, const char *other_id);
void permission_news_add_all(struct permission_news *news);

/* RPC_USER_MAY_WRITE. */
typedef enum status permission_ask(void *context, const struct pairs *pairs,
                                   struct pair_answers *ret);

struct permission; /* one pair's answer */

struct permissions {
    permission_ask *ask;
    void *context;
    struct permission_news *news;
    struct permission *pairs; /* hash */
};

void permissions_clear(struct permissions *permissions);

/* Drop what is stale, and ask for all pairs of the commands that are not known, in one call for
 * messages and one for typing and changes; what the muted send is not asked about. Without an answer they stay unknown, and only the commands that need
 * them are refused. */
void permissions_load(struct permissions *permissions, const struct command *commands, size_t n);

/* May the command, a private one, reach its recipient? *ret_bot: he is a bot. NOT_FOUND and the like
 * is user's answer, UNAVAILABLE: none. */
enum status permissions_check(struct permissions *permissions, const struct command *command,
                              bool *ret_bot, struct error *err);

/* May both, of a receipt, write to each other? Without an answer they may not. */
bool permissions_are_open(struct permissions *permissions, const char *a, const char *b);

#endif
