#ifndef RPC_MESSAGE_H
#define RPC_MESSAGE_H

#include <nng/nng.h>

#include "base/error.h"
#include "base/slice.h"
#include "record/record.h"
#include "rpc/rpc.h"

/* What both sides of libs/rpc share: one line, a newline, and a JSON text.
 *
 * A request's line is the method's name; an answer's is the five digits of its status and, after a
 * failure, a space and the field at fault. The text of a failure is not JSON but for people. */

/* What is longer is not sent: the other side would cut the connection in the middle of it. The rest
 * is room for the line and nng's own header. */
#define MESSAGE_BODY_MAX (RPC_MESSAGE_MAX - 4096)

/* Cut a message's bytes at its first newline. False: there is none. */
bool message_cut(nng_msg *msg, struct slice *ret_line, struct slice *ret_rest);

/* A new message of line, newline and rest; the caller owns it. */
nng_msg *message_new(struct slice line, struct slice rest);

/* The answer of a handler: its reply's JSON, or what err says. */
nng_msg *message_from_answer(enum status status, const struct record *rec, const void *reply,
                             struct error *err);

/* Read an answer into *ret, or into err what the other side reported. */
MUST_CHECK enum status message_read_answer(nng_msg *msg, const struct record *rec, void *ret,
                                           struct error *err);

/* nng's failure as ours: UNAVAILABLE. */
enum status message_failed(const char *what, int failure, struct error *err);

#endif
