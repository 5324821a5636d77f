#ifndef MESSAGE_PERMISSION_H
#define MESSAGE_PERMISSION_H

#include "command.h"
#include "rpc/rpc.h"

/* May one person write to another? `user` knows; its answers are kept for 30 s. One thread. */

#define PERMISSION_MS 30000
#define PERMISSION_TIMEOUT_MS 1000
#define PERMISSION_MAX 200000 /* pairs in memory; past that all are asked for again */

struct permission; /* one pair's answer */

struct permissions {
    struct rpc_client *user_rpc;
    struct permission *pairs; /* hash */
};

void permissions_clear(struct permissions *permissions);

/* Ask for all pairs of the commands that are not known, in one call. Without an answer they stay
 * unknown, and only the commands that need them are refused. */
void permissions_load(struct permissions *permissions, const struct command *commands, size_t n);

/* *ret_bot: the recipient is a bot. NOT_FOUND and the like is user's answer, UNAVAILABLE: none. */
enum status permissions_check(struct permissions *permissions, const char *from, const char *to,
                              bool *ret_bot, struct error *err);

#endif
