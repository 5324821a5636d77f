#include "presence_tell.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "cache/presence.h"
#include "user.h"
#include "wire/frames.h"

#define USERS_PER_QUERY 20 /* their friends are in memory at once: 100,000 at most */
#define USERS_PER_ENVELOPE 500
#define BODY_MAX (256 << 10) /* bytes of an AMQP message */

/* ---- What goes to a node */

struct out {
    char node[CACHE_LIFE_MAX];
    struct buffer body;  /* envelopes */
    struct buffer users; /* who gets the frame in hand */
    size_t n_users;
};

struct outs {
    struct user_state *user;
    struct out *items;
    size_t n;
    enum status status; /* of what was delivered */
    struct error error;
};

static void deliver(struct outs *outs, struct out *out)
{
    char key[TOPOLOGY_NAME_MAX];

    if (out->body.length == 0)
        return;
    topology_node_key(out->node, key);
    if (outs->status == STATUS_OK)
        outs->status = ask_deliver(outs->user->ask, key,
                                   (struct slice){out->body.data, out->body.length}, &outs->error);
    out->body.length = 0;
}

/* The frame in hand, for those who were gathered for it. */
static void close_envelope(struct outs *outs, struct out *out, struct slice frame)
{
    const struct envelope envelope = {
        .kind = ENVELOPE_USERS,
        .users_in = {out->users.data, out->users.length},
        .payload = frame,
    };

    if (out->n_users == 0)
        return;
    envelope_add(&out->body, &envelope);
    out->users.length = out->n_users = 0;
    if (out->body.length >= BODY_MAX)
        deliver(outs, out);
}

static void close_all(struct outs *outs, struct slice frame)
{
    for (size_t i = 0; i < outs->n; i++)
        close_envelope(outs, &outs->items[i], frame);
}

static struct out *get_out(struct outs *outs, const char *node)
{
    struct out *out;

    for (size_t i = 0; i < outs->n; i++)
        if (strcmp(outs->items[i].node, node) == 0)
            return &outs->items[i];
    outs->items = memory_grow(outs->items, outs->n + 1, sizeof *outs->items);
    out = &outs->items[outs->n++];
    *out = (struct out){0};
    strncat(out->node, node, sizeof out->node - 1);
    return out;
}

static void add_recipient(struct outs *outs, const char *user_id, const struct strings *nodes,
                          struct slice frame)
{
    for (size_t i = 0; i < nodes->n; i++) {
        struct out *out = get_out(outs, nodes->items[i]);

        if (out->n_users == USERS_PER_ENVELOPE)
            close_envelope(outs, out, frame);
        if (out->n_users++ > 0)
            buffer_add_text(&out->users, ",");
        buffer_add_text(&out->users, user_id);
    }
}

/* s is what happened so far. */
static enum status outs_end(struct outs *outs, enum status s, struct error *err)
{
    for (size_t i = 0; i < outs->n; i++) {
        deliver(outs, &outs->items[i]);
        buffer_clear(&outs->items[i].body);
        buffer_clear(&outs->items[i].users);
    }
    free(outs->items);
    if (s == STATUS_OK && outs->status != STATUS_OK)
        *err = outs->error;
    return s == STATUS_OK ? outs->status : s;
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
static enum status tell_some(struct outs *outs, const struct presence_news *news, size_t n,
                             struct error *err)
{
    CLEANUP(audience_clear) struct audience audience = {0};
    CLEANUP(free) struct cache_online *online = NULL;
    enum status s = find_audience(outs->user, news, n, &audience, err);

    if (s != STATUS_OK || audience.ids.n == 0)
        return s;
    online = memory_grow(NULL, audience.ids.n, sizeof *online);
    s = cache_find_online(outs->user->cache, &audience.ids, online, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(buffer_clear) struct buffer frame = {0};
        struct slice text;

        make_frame(&news[i], &frame);
        text = (struct slice){frame.data, frame.length};
        for (size_t k = 0; k < audience.n_edges; k++)
            if (audience.edges[k].news == i)
                add_recipient(outs, audience.ids.items[audience.edges[k].place],
                              &online[audience.edges[k].place].nodes, text);
        close_all(outs, text);
    }
    cache_online_clear(online, audience.ids.n);
    return STATUS_OK;
}

enum status presence_tell(struct user_state *user, const struct presence_news *news, size_t n,
                          struct error *err)
{
    struct outs outs = {.user = user};
    enum status s = STATUS_OK;

    for (size_t i = 0; s == STATUS_OK && i < n; i += USERS_PER_QUERY)
        s = tell_some(&outs, &news[i], n - i < USERS_PER_QUERY ? n - i : USERS_PER_QUERY, err);
    return outs_end(&outs, s, err);
}

enum status presence_tell_one(struct user_state *user, const char *user_id,
                              const struct presence_news *news, struct error *err)
{
    char *item = (char *)user_id;
    const struct strings ids = {.items = &item, .n = 1};
    CLEANUP(buffer_clear) struct buffer frame = {0};
    struct outs outs = {.user = user};
    struct cache_online online;
    struct slice text;
    enum status s = cache_find_online(user->cache, &ids, &online, err);

    if (s != STATUS_OK)
        return s;
    make_frame(news, &frame);
    text = (struct slice){frame.data, frame.length};
    add_recipient(&outs, user_id, &online.nodes, text);
    close_all(&outs, text);
    cache_online_clear(&online, 1);
    return outs_end(&outs, STATUS_OK, err);
}
