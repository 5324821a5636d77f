#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include <stdatomic.h>

#include "documents.h"
#include "permission.h"
#include "service/service.h"
#include "wire/message_api.h"

/* message: the store of messages. One thread, the owner, writes: it consumes the partitions
 * (owner.c) in batches (batch.c). HTTP and RPC threads only read. */
struct message_state {
    struct service_context *context;
    struct store *store;
    struct rpc_client *user_rpc;
    struct permission_news news;
    atomic_int partitions; /* how many are ours */
    atomic_int_fast64_t batches;
    atomic_int_fast64_t commands;
    atomic_int_fast64_t stored;
    atomic_int_fast64_t parked;
};

/* owner.c: the worker. */
void owner_run(void *state, struct service_context *context);

/* history.c */
enum status handle_private_history(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err);
enum status handle_group_history(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err);

/* A stored message as clients see it; *ret owns nothing of its own but copies of all texts. */
void message_to_frame(const struct message_document *message, struct frame_message *ret);

/* conversations.c */
enum status handle_conversations(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err);

/* How many messages of others the row's user has not read: 999 at most. */
int64_t conversations_unread(const struct conversation_document *conversation,
                             const struct row_document *row);

/* peers.c: RPC_MESSAGE_PEERS */
enum status handle_peers(void *state, const void *request, void *reply, struct error *err);

/* send.c */
enum status handle_send(void *state, struct call *call, const void *request, void *reply,
                        struct error *err);

/* export.c, erase.c: data rights */
enum status handle_export(void *state, const void *request, void *reply, struct error *err);
enum status handle_erase(void *state, const void *request, void *reply, struct error *err);

/* fellows.c: RPC_MESSAGE_FELLOWS */
enum status handle_fellows(void *state, const void *request, void *reply, struct error *err);

/* groups.c: RPC_MESSAGE_GROUPS */
enum status handle_groups(void *state, const void *request, void *reply, struct error *err);

#endif
