#ifndef MESSAGE_BATCH_H
#define MESSAGE_BATCH_H

#include "effects.h"
#include "message.h"
#include "permission.h"

/* The group commit. Order, each step by majority before the next: messages, rows, conversations,
 * events that bots wait for (confirmed), frames, answers; then the owner acknowledges the commands.
 * A crash between any two repeats what follows and loses nothing. */
struct batch_context {
    struct message_state *message;
    struct ledger *ledger;
    struct permissions *permissions;
    struct bus *publish;
};

/* Carry out n commands and answer them. On STATUS_OK each has its outcome and its answer is on the
 * way. Otherwise nothing is known about any of them and the ledger is stale: UNAVAILABLE or
 * ID_TAKEN (an outcome is unknown, or another owner stored something: claim the partitions again),
 * INTERNAL (one of them cannot be handled). */
MUST_CHECK enum status batch_run(const struct batch_context *context, struct command *commands,
                                 size_t n, struct error *err);

/* Refuse one command that cannot be handled. */
MUST_CHECK enum status batch_refuse(const struct batch_context *context, struct command *command,
                                    struct error *err);

#endif
