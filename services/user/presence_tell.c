#include "presence_tell.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "cache/presence.h"
#include "parcels.h"
#include "user.h"
#include "wire/frames.h"

#define USERS_PER_QUERY 20 /* their friends are in memory at once: 100,000 at most */

/* ---- How it gets there */

static enum status deliver(void *context, const char *node, struct slice body, struct error *err)
{
    struct user_state *user = context;
    char key[TOPOLOGY_NAME_MAX];

    topology_node_key(node, key);
    return ask_deliver(user->ask, key, body, err);
}

static void add_recipient(struct parcels *parcels, const char *user_id, const struct strings *nodes,
                          struct slice frame)
{
    for (size_t i = 0; i < nodes->n; i++)
        parcels_add(parcels, nodes->items[i], user_id, frame);
}

static void make_frame(const struct presence_news *news, struct buffer *ret)
{
    const struct frame_presence frame = {
        .type = FRAME_PRESENCE,
        .user_id = (char *)news->user_id,
        .online = news->online,
        .last_seen = news->last_seen,
    };

    record_to_json(&frame_presence_record, &frame, ret);
}

/* ---- Who gets it */

struct friend
{
    size_t place; /* in ids and online */
    UT_hash_handle hh;
};

struct edge { /* this friend hears of that news */
    size_t news;
    size_t place;
};

struct audience {
    struct strings ids; /* of the friends, none twice */
    struct friend *friends;
    struct edge *edges;
    size_t n_edges;
    size_t room;
};

static size_t place_of(struct audience *audience, const char *user_id)
{
    struct friend *friend;

    HASH_FIND_STR(audience->friends, user_id, friend);
    if (friend)
        return friend->place;
    friend = memory_new(sizeof *friend);
    friend->place = audience->ids.n;
    strings_add(&audience->ids, user_id);
    HASH_ADD_KEYPTR(hh, audience->friends, audience->ids.items[friend->place], strlen(user_id),
                    friend);
    return friend->place;
}

static void add_edge(struct audience *audience, size_t news, const char *user_id)
{
    size_t place = place_of(audience, user_id);

    if (audience->n_edges == audience->room) {
        audience->room = audience->room ? audience->room * 2 : 64;
        audience->edges = memory_grow(audience->edges, audience->room, sizeof *audience->edges);
    }
    audience->edges[audience->n_edges++] = (struct edge){news, place};
}

static void audience_clear_at(struct audience *audience)
{
    struct friend *friend, *next;

    HASH_ITER(hh, audience->friends, friend, next) {
        HASH_DEL(audience->friends, friend);
        free(friend);
    }
    strings_clear(&audience->ids);
    free(audience->edges);
}

/* Two friends may both be in the news, and hear of each other. */
static void add_relation(struct audience *audience, const struct relation *relation,
                         const struct presence_news *news, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *user_id = news[i].user_id;

        if (strcmp(user_id, relation->user_a) != 0 && strcmp(user_id, relation->user_b) != 0)
            continue;
        if (!relation_is_blocked_by(relation, user_id))
            add_edge(audience, i, relation_other(relation, user_id));
    }
}

static enum status find_audience(struct user_state *user, const struct presence_news *news,
                                 size_t n, struct audience *ret, struct error *err)
{
    CLEANUP(relations_clear) struct list found = {0};
    const struct relation *relations;
    struct strings ids = {0};
    enum status s;

    for (size_t i = 0; i < n; i++)
        strings_add(&ids, news[i].user_id);
    s = relations_of_friends(user, &ids, &found, err);
    strings_clear(&ids);
    relations = found.items;
    for (size_t i = 0; s == STATUS_OK && i < found.n; i++)
        add_relation(ret, &relations[i], news, n);
    return s;
}

/* n is USERS_PER_QUERY at most. */
static enum status tell_some(struct user_state *user, struct parcels *parcels,
                             const struct presence_news *news, size_t n, struct error *err)
{
    CLEANUP(audience_clear) struct audience audience = {0};
    CLEANUP(free) struct cache_online *online = NULL;
    enum status s = find_audience(user, news, n, &audience, err);

    if (s != STATUS_OK || audience.ids.n == 0)
        return s;
    online = memory_grow(NULL, audience.ids.n, sizeof *online);
    s = cache_find_online(user->cache, &audience.ids, online, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(buffer_clear) struct buffer frame = {0};
        struct slice text;

        make_frame(&news[i], &frame);
        text = (struct slice){frame.data, frame.length};
        for (size_t k = 0; k < audience.n_edges; k++)
            if (audience.edges[k].news == i)
                add_recipient(parcels, audience.ids.items[audience.edges[k].place],
                              &online[audience.edges[k].place].nodes, text);
        parcels_close(parcels, text);
    }
    cache_online_clear(online, audience.ids.n);
    return STATUS_OK;
}

enum status presence_tell(struct user_state *user, const struct presence_news *news, size_t n,
                          struct error *err)
{
    struct parcels parcels = {.deliver = deliver, .context = user};
    enum status s = STATUS_OK;

    for (size_t i = 0; s == STATUS_OK && i < n; i += USERS_PER_QUERY)
        s = tell_some(user, &parcels, &news[i], n - i < USERS_PER_QUERY ? n - i : USERS_PER_QUERY,
                      err);
    return parcels_send(&parcels, s, err);
}

enum status presence_tell_one(struct user_state *user, const char *user_id,
                              const struct presence_news *news, struct error *err)
{
    char *item = (char *)user_id;
    const struct strings ids = {.items = &item, .n = 1};
    CLEANUP(buffer_clear) struct buffer frame = {0};
    struct parcels parcels = {.deliver = deliver, .context = user};
    struct cache_online online;
    struct slice text;
    enum status s = cache_find_online(user->cache, &ids, &online, err);

    if (s != STATUS_OK)
        return s;
    make_frame(news, &frame);
    text = (struct slice){frame.data, frame.length};
    add_recipient(&parcels, user_id, &online.nodes, text);
    parcels_close(&parcels, text);
    cache_online_clear(&online, 1);
    return parcels_send(&parcels, STATUS_OK, err);
}
