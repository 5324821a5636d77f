#ifndef USER_PRESENCE_TELL_H
#define USER_PRESENCE_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct user_state;

/* What friends are to see of a user from now on. */
struct presence_news {
    const char *user_id;
    bool online;
    int64_t last_seen; /* 0: hidden */
};

/* Tell the friends of n users who are online themselves, but none whom the user has blocked: frames
 * 40, put together per node, so that a friend of a thousand gets a thousand frames in a few writes.
 * Any thread. UNAVAILABLE: the store, Redis or RabbitMQ is away, and not all were told; telling again
 * is harmless. */
MUST_CHECK enum status presence_tell(struct user_state *user, const struct presence_news *news,
                                     size_t n, struct error *err);

/* Tell one user, wherever he is. */
MUST_CHECK enum status presence_tell_one(struct user_state *user, const char *user_id,
                                         const struct presence_news *news, struct error *err);

#endif
