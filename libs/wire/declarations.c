#include "wire/declarations.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void topology_retry_queue(const struct queue_info *info, char *ret)
{
    int n = snprintf(ret, TOPOLOGY_NAME_MAX, "%s.retry", info->name);

    assert(n > 0 && n < TOPOLOGY_NAME_MAX);
    (void)n;
}

static struct queue_declaration declaration_of(const struct queue_info *info)
{
    struct queue_declaration ret = {
        .arguments = {{.name = "x-max-length-bytes", .number = info->max_length_bytes},
                      {.name = "x-overflow",
                       .text = info->drop_oldest ? "drop-head" : "reject-publish"}},
        .n_arguments = 2,
        .exchange = info->exchange,
        .key = info->key,
    };

    assert(strlen(info->name) < sizeof ret.name);
    strcpy(ret.name, info->name);
    return ret;
}

/* It holds what is put aside and returns it to the queue when its time is over. */
static struct queue_declaration retry_of(const struct queue_info *info)
{
    struct queue_declaration ret = {
        .arguments = {{.name = "x-message-ttl", .number = info->retry_ms},
                      {.name = "x-dead-letter-exchange", .text = ""},
                      {.name = "x-dead-letter-routing-key", .text = info->name}},
        .n_arguments = 3,
        .exchange = EXCHANGE_COMMAND,
    };

    topology_retry_queue(info, ret.name);
    return ret;
}

size_t topology_declarations(struct queue_declaration ret[DECLARATIONS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        ret[n++] = declaration_of(&queues[i]);
        if (queues[i].max_attempts > 0)
            ret[n++] = retry_of(&queues[i]);
    }
    return n;
}
