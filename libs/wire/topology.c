#include "wire/topology.h"

#include <assert.h>
#include <stdio.h>

#include "wire/internal.h"

const struct exchange_info exchanges[EXCHANGE_COUNT] = {
    [EXCHANGE_COMMAND] = {"im.command", "direct", true, "requests to do something"},
    [EXCHANGE_EVENT] = {"im.event", "topic", true, "what happened"},
    [EXCHANGE_DELIVER] = {"im.deliver", "direct", true, "frames for people, answers for nodes"},
    [EXCHANGE_DEAD] = {"im.dead", "topic", true, "what could not be handled, with its reason"},
    [EXCHANGE_INBOUND] = {"im.inbound", "direct", true, "messages of service accounts"},
};

/* Unacked commands are the sender's to repeat, so a partition that is full refuses: 64 MiB are
 * some 200,000 messages, half a minute of the fastest consumer. prefetch: enough AMQP messages
 * for a full batch of 256 even when each holds one command. */
#define PARTITION(k) \
    [QUEUE_MESSAGE_P0 + (k)] = {"message.p" #k, \
                                EXCHANGE_COMMAND, \
                                "message.p" #k, \
                                .prefetch = 256, \
                                .max_length_bytes = 64 << 20, \
                                .why = "commands of the conversations with hash % 16 = " #k}

const struct queue_info queues[QUEUE_COUNT] = {
    PARTITION(0),
    PARTITION(1),
    PARTITION(2),
    PARTITION(3),
    PARTITION(4),
    PARTITION(5),
    PARTITION(6),
    PARTITION(7),
    PARTITION(8),
    PARTITION(9),
    PARTITION(10),
    PARTITION(11),
    PARTITION(12),
    PARTITION(13),
    PARTITION(14),
    PARTITION(15),
    /* Each command may cost seconds (a webhook): a few at once, tried again for some minutes. */
    [QUEUE_BOT_COMMAND] = {"bot.command", EXCHANGE_EVENT, EVENT_STORED_COMMAND, .prefetch = 16,
                           .max_attempts = 5, .retry_ms = 2000, .max_length_bytes = 64 << 20,
                           .why = "messages that a bot must see"},
    /* Old news are no news: what does not fit is told by the next look. */
    [QUEUE_USER_PRESENCE] = {"user.presence", EXCHANGE_EVENT, EVENT_PRESENCE, .prefetch = 64,
                             .max_length_bytes = 16 << 20, .drop_oldest = true,
                             .why = "who came and went, for their friends"},
    /* Confirmed by the broker, so it is ours to carry out: never put aside, where its user_id would be
     * lost, but kept in hand and tried again. Who publishes past the limit is told by a nack. */
    [QUEUE_MESSAGE_INBOUND] = {"message.inbound", EXCHANGE_INBOUND, "message.inbound",
                               .prefetch = 64, .max_length_bytes = 64 << 20,
                               .why = "messages of service accounts, one frame.send each"},
    [QUEUE_DEAD] = {"dead", EXCHANGE_DEAD, "#", .max_length_bytes = 64 << 20, .drop_oldest = true,
                    .why = "all that was parked, for an operator to look at"},
};

const struct event_info event_infos[] = {
    {EVENT_USER_REGISTERED, &account_record, "somebody has an account"},
    {EVENT_SESSION_ENDED, &session_ended_record, "a log-in is over"},
    {EVENT_STORED_COMMAND, &stored_command_record, "a message that a bot must see"},
    {EVENT_KEYS, &nothing_record, "auth's public keys have changed"},
    {EVENT_USER_RESTRICTED, &user_restricted_record, "a role, a ban or a mute has changed"},
    {EVENT_USER_RELATION, &user_relation_record, "friends, or a block, between two people"},
    {EVENT_MESSAGE_OWNER, &message_owner_record, "which partitions a process of message holds"},
    {EVENT_PRESENCE, &presence_changes_record, "who came online and who went"},
};
const size_t n_event_infos = N_ELEMENTS(event_infos);

int topology_partition(const char *conversation_id, size_t length)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)conversation_id[i]) * 16777619U;
    return (int)(hash % PARTITIONS);
}

/* Ids that reach here were checked to be far shorter than TOPOLOGY_NAME_MAX. */
static void name(char *ret, const char *prefix, const char *a, const char *dot, const char *b)
{
    int n = snprintf(ret, TOPOLOGY_NAME_MAX, "%s%s%s%s", prefix, a, dot, b);

    assert(n > 0 && n < TOPOLOGY_NAME_MAX);
    (void)n;
}

void topology_partition_key(int partition, char *ret)
{
    name(ret, queues[QUEUE_MESSAGE_P0 + partition].key, "", "", "");
}

void topology_user_key(const char *user_id, char *ret)
{
    name(ret, "u.", user_id, "", "");
}

void topology_group_key(const char *group_id, char *ret)
{
    name(ret, "g.", group_id, "", "");
}

void topology_node_key(const char *node, char *ret)
{
    name(ret, "n.", node, "", "");
}

void topology_node_queue(const char *node, char *ret)
{
    name(ret, NODE_QUEUE_PREFIX, node, "", "");
}

void topology_user_queue(const char *user_id, const char *node, char *ret)
{
    name(ret, "user.", user_id, ".", node);
}
