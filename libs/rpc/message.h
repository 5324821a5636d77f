#ifndef RPC_MESSAGE_H
#define RPC_MESSAGE_H

#include <nng/nng.h>

#include "base/error.h"
#include "base/slice.h"
#include "record/record.h"
#include "rpc/key.h"
#include "rpc/rpc.h"

/* What is on the wire, in both directions: a seal when there is a key (RPC_KEY_FILE), one line, a
 * newline, and a JSON text:
 *
 *     [ MAC 32 | kind 1 | time 8 | nonce 16 ] line \n text
 *
 * A question's line is the method's name, and after a space the traceparent where there is one
 * ("auth.keys 00-…-01"); an answer's is the five digits of its status and, after a failure, a space
 * and the field at fault. The text of a failure is not JSON but for people.
 *
 * The MAC (libsodium's crypto_auth, HMAC-SHA-512-256) is over all that follows it. The kind is 'Q'
 * or 'A', so that no question is taken for an answer. The time is Unix milliseconds, big-endian, and
 * what is further than a minute from the receiver's is refused. The nonce is a question's own, and
 * its answer repeats it: so an answer is of this question and of no other, however well recorded.
 *
 * Which server a question is for is not in the seal: a method's name begins with its service's, and
 * all replicas of that have the same answer. Nor does a server keep nonces: nng asks again itself
 * when a connection is lost, so methods are harmless to repeat. Who listens on the way and repeats
 * one within its minute can set back what was changed again within that minute (a nickname that
 * `auth` keeps), and learns what he reads anyway. A question with a wrong seal is never handled: its
 * answer is a plain "50301" with the reason (sealed when only the time was wrong), which only
 * somebody without a key believes. */

/* What is longer is not sent: the other side would cut the connection in the middle of it. The rest
 * is room for the seal, the line and nng's own header. */
#define MESSAGE_BODY_MAX (RPC_MESSAGE_MAX - 4096)

/* Cut a message's content at its first newline. False: there is none. */
bool message_cut(struct slice content, struct slice *ret_line, struct slice *ret_rest);

struct message_question {
    struct slice method;
    struct slice traceparent; /* as it came; empty: none */
    struct slice text;
};

/* False: it is none. */
bool message_cut_question(struct slice content, struct message_question *ret);

/* A new message of line, newline and rest, sealed when there is a key; the caller owns it. */
nng_msg *message_new(const struct rpc_key *key, const struct seal *seal, struct slice line,
                     struct slice rest);

/* Check and cut off the seal of a message that was received now; without a key there is none, and
 * *ret_seal stays as it was. Errors as seal_read(). */
MUST_CHECK enum status message_open(const struct rpc_key *key, enum seal_kind kind,
                                    struct slice message, struct seal *ret_seal,
                                    struct slice *ret_content, struct error *err);

/* The answer of a handler: its reply's JSON, or what err says. */
nng_msg *message_from_answer(const struct rpc_key *key, const struct seal *seal, enum status status,
                             const struct record *rec, const void *reply, struct error *err);

/* Read an answer's content into *ret, or into err what the other side reported. */
MUST_CHECK enum status message_read_answer(struct slice content, const struct record *rec,
                                           void *ret, struct error *err);

/* nng's failure as ours: UNAVAILABLE. */
enum status message_failed(const char *what, int failure, struct error *err);

static inline struct slice message_bytes(nng_msg *msg)
{
    return (struct slice){nng_msg_body(msg), nng_msg_len(msg)};
}

#endif
