#ifndef RPC_KEY_H
#define RPC_KEY_H

#include "base/error.h"
#include "base/slice.h"
#include "rpc/rpc.h"

/* The seal on a message: who has written it, when, and as what. message.h has its place on the
 * wire. Without I/O but for rpc_key_read(). */

#define SEAL_NONCE 16 /* bytes: none comes twice by chance */
#define SEAL_BYTES 57 /* the MAC's 32, the kind's 1, the time's 8, the nonce */

/* How far the two machines' clocks may differ, and for how long a recorded question is good. */
#define SEAL_AGE_MAX_MS 60000

enum seal_kind { SEAL_QUESTION = 'Q', SEAL_ANSWER = 'A' };

struct seal {
    enum seal_kind kind;
    int64_t time; /* of writing it, Unix ms */
    unsigned char nonce[SEAL_NONCE];
};

/* A new question's: now, and a nonce of its own. */
struct seal seal_new_question(void);
/* Of the answer to that question. */
struct seal seal_new_answer(const struct seal *question);

/* Write the seal of the length bytes at data, whose first SEAL_BYTES are room for it. */
void seal_write(const struct rpc_key *key, const struct seal *seal, char *data, size_t length);

/* Check a message of that kind, received at the time now_ms, and cut its seal off.
 * UNAUTHENTICATED: not with this key, or something else than that kind; *ret is zeroed. EXPIRED:
 * ours, but its time is too far from now; *ret is filled. */
MUST_CHECK enum status seal_read(const struct rpc_key *key, enum seal_kind kind, int64_t now_ms,
                                 struct slice message, struct seal *ret, struct slice *ret_content,
                                 struct error *err);

#endif
