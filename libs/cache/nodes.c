#include "cache/nodes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cache/connection.h"

static const struct field node_fields[] = {
    FIELD(struct cache_node, life),
    FIELD(struct cache_node, address),
    FIELD(struct cache_node, sockets),
    FIELD(struct cache_node, age_ms),
};
const struct record cache_node_record = RECORD("cache.node", struct cache_node, node_fields);

static int by_life(const void *a, const void *b)
{
    return strcmp(((const struct cache_node *)a)->life, ((const struct cache_node *)b)->life);
}

/* Now, by Redis's own clock, as the scores are. */
static enum status read_time(struct cache *cache, int64_t *ret, struct error *err)
{
    redisReply *reply;
    enum status s = cache_read(cache, &reply, err);

    if (s != STATUS_OK)
        return s;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        *ret = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
               strtoll(reply->element[1]->str, NULL, 10) / 1000;
    freeReplyObject(reply);
    return STATUS_OK;
}

static enum status read_lives(struct cache *cache, int64_t now, struct list *ret, struct error *err)
{
    redisReply *reply;
    enum status s = cache_read(cache, &reply, err);

    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2) {
        struct cache_node *node = list_add(ret, &cache_node_record);

        node->life = memory_text_n(reply->element[i]->str, reply->element[i]->len);
        node->age_ms = now - (int64_t)strtod(reply->element[i + 1]->str, NULL);
    }
    freeReplyObject(reply);
    return STATUS_OK;
}

static enum status read_about(struct cache *cache, struct cache_node *node, struct error *err)
{
    redisReply *reply;
    enum status s;

    (void)redisAppendCommand(cache->context, "HMGET im:node:%s address sockets", node->life);
    s = cache_read(cache, &reply, err);
    if (s != STATUS_OK)
        return s;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[0]->str)
        node->address = memory_text(reply->element[0]->str);
    if (node->address && reply->element[1]->str)
        node->sockets = strtoll(reply->element[1]->str, NULL, 10);
    freeReplyObject(reply);
    return STATUS_OK;
}

enum status cache_list_nodes(struct cache *cache, struct list *ret, struct error *err)
{
    struct cache_node *nodes;
    int64_t now = 0;
    enum status s = cache_lock(cache, err);

    if (s == STATUS_OK) {
        (void)redisAppendCommand(cache->context, "TIME"); /* only fails when out of memory */
        (void)redisAppendCommand(cache->context, "ZRANGE im:nodes 0 -1 WITHSCORES");
        s = read_time(cache, &now, err);
    }
    if (s == STATUS_OK)
        s = read_lives(cache, now, ret, err);
    nodes = ret->items;
    for (size_t i = 0; s == STATUS_OK && i < ret->n; i++)
        s = read_about(cache, &nodes[i], err);
    cache_unlock(cache);
    if (s == STATUS_OK && ret->n > 0)
        qsort(ret->items, ret->n, sizeof *nodes, by_life);
    return s;
}
