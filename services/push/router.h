#ifndef PUSH_ROUTER_H
#define PUSH_ROUTER_H

#include "push.h"
#include "registry.h"
#include "wire/envelope.h"
#include "wire/frames.h"

/* Inside the router's thread: what its files share. */

#define CHANNEL_NODE 2
#define CHANNEL_USERS 3 /* … CHANNEL_USERS + USER_CHANNELS - 1 */
#define USER_CHANNELS 4

struct user_queue {
    struct user *first;
    struct user *last;
};

struct router {
    struct push_state *push;
    const char *node;
    struct registry registry;
    struct bus *bus;
    struct ws_outbox *outbox;
    struct letters lookups; /* to be sent at the turn's end */
    struct letters presence;
    struct user_queue fresh; /* to be subscribed: somebody waits at the door */
    struct user_queue again; /* after a loss, at a bounded rate */
    struct recent *recent;   /* sessions that just ended */
    bool is_connected;
    bool is_draining;
    int64_t epoch; /* counts connections */
    int64_t now;
    int64_t turned_at;
    int64_t again_at;
    int64_t connect_at;
    int64_t backoff_ms;
    int64_t drain_until;
    struct departure *departures; /* under way */
    uint64_t *ids;                /* scratch */
    size_t n_ids;
    size_t ids_room;
    size_t n_sent; /* sockets that got what is delivered now */
};

/* subscriptions.c: what the broker is asked for. */
void subscriptions_connect(struct router *router);
void subscriptions_lose(struct router *router, const struct error *err);
void subscriptions_want(struct router *router, struct user *user);
void subscriptions_turn(struct router *router); /* what is due of all of it */
void subscriptions_groups(struct router *router, struct letter *letter);
int subscriptions_wait_ms(const struct router *router);

/* fanout.c: what comes from the broker. */
void fanout_delivery(struct router *router, const struct delivery *delivery);
void fanout_system(struct router *router, struct user *user, const struct system_content *content);
void fanout_resync(struct router *router, struct user *user, const char *conversation_id);

/* sessions.c: sockets that come, go and end. */
void sessions_open(struct router *router, const struct letter *letter);
void sessions_close(struct router *router, const struct letter *letter);
void sessions_end(struct router *router, const struct letter *letter);
void sessions_check_all(struct router *router);
void sessions_end_all(struct router *router, const struct letter *letter);
void sessions_clear(struct router *router);

/* drain.c: sockets that are to go although we stay. */
void drain_start(struct router *router, const struct letter *letter);
void drain_turn(struct router *router);
void drain_clear(struct router *router);

#endif
