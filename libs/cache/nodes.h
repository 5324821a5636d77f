#ifndef CACHE_NODES_H
#define CACHE_NODES_H

#include "cache/presence.h"

/* The push nodes as Redis knows them: for operators. */
struct cache_node {
    char *life;      /* "<node>#<unique>": one run of a process */
    char *address;   /* NULL: it has ended, or was never complete */
    int64_t sockets; /* at its last refresh */
    int64_t age_ms;  /* since then; CACHE_ONLINE_MS and more: it is dead */
};
extern const struct record cache_node_record;

/* Append all of them to *ret, by their names: struct cache_node. Any thread. */
MUST_CHECK enum status cache_list_nodes(struct cache *cache, struct list *ret, struct error *err);

#endif
