#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include <stdatomic.h>

#include "documents.h"
#include "permission.h"
#include "search_queue.h"
#include "service/service.h"
#include "share.h"
#include "wire/envelope.h"
#include "wire/message_api.h"

/* message: the store of messages. One thread, the owner, writes: it consumes the partitions
 * (owner.c) in batches (batch.c). HTTP and RPC threads only read. */
struct message_config {
    int64_t file_max_bytes;
    int64_t retention_days; /* 0: for ever */
};

struct message_state {
    struct service_context *context;
    const struct message_config *config;
    struct store *store;
    struct rpc_client *user_rpc;
    struct blobs *blobs; /* what files hold */
    struct rpc_client *auth_rpc;
    struct permission_news news;
    struct search_queue search_queue; /* from the owner to the indexer */
    struct share share;               /* of the partitions, among the processes of message */
    atomic_int partitions;            /* how many are ours */
    atomic_int quota;                 /* how many may be */
    atomic_int_fast64_t commands;
    atomic_int_fast64_t stored;
};

/* metrics.c */
enum {
    MESSAGE_PARTITIONS,
    MESSAGE_COMMANDS, /* enum command_kind, status */
    MESSAGE_BATCH_COMMANDS,
    MESSAGE_BATCH_SECONDS, /* step */
    MESSAGE_BATCHES_FAILED,
    MESSAGE_STORED,
    MESSAGE_INDEXED,
    MESSAGE_INBOUND, /* 0: stored, 1: refused */
};
enum message_step {
    MESSAGE_STEP_LOAD,
    MESSAGE_STEP_JUDGE,
    MESSAGE_STEP_STORE,
    MESSAGE_STEP_EFFECTS,
    MESSAGE_STEP_PUBLISH,
};
extern struct metrics message_metrics;
struct command;
void message_count_batch(const struct command *commands, size_t n); /* that were carried out */
void message_measure(void *state);

/* owner.c: the worker. */
void owner_run(void *state, struct service_context *context);

/* inbound.c: the worker for im.inbound. */
void inbound_run(void *state, struct service_context *context);

/* sweeper.c: the worker that has removed what has expired. */
void sweeper_run(void *state, struct service_context *context);

/* timers.c */
http_handler handle_timer;

/* history.c */
enum status handle_private_history(void *state, struct call *call, const void *request, void *reply,
                                   struct error *err);
enum status handle_group_history(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err);
enum status handle_message(void *state, struct call *call, const void *request, void *reply,
                           struct error *err);

/* view.c: a message as clients see it. Live: *ret owns nothing, and its texts are message's. */
void message_to_frame(const struct message_document *message, struct frame_message *ret);

/* In histories, lists and sync: with both sets of names, and what became of it. The caller clears
 * *ret (zeroed before). */
void message_to_view(const struct message_document *message, struct frame_message *ret);

/* partition.c: send value, as JSON by rec, to the partition of the conversation for the caller, and
 * wait for its ack (5 s: UNAVAILABLE; it may still be carried out). A refusal is returned as the
 * error that it is. The caller clears *ret after STATUS_OK. */
MUST_CHECK enum status partition_ask(struct message_state *message, const struct call *call,
                                     enum envelope_kind kind, const char *conversation_id,
                                     const struct record *rec, const void *value,
                                     struct frame_ack *ret, struct error *err);

/* forward.c */
enum status handle_forward(void *state, struct call *call, const void *request, void *reply,
                           struct error *err);

/* change_requests.c */
http_handler handle_edit;
http_handler handle_delete;
http_handler handle_react;
http_handler handle_unreact;
http_handler handle_pin;
http_handler handle_unpin;

/* mark_requests.c */
http_handler handle_conversation_change;
http_handler handle_conversation_hide;
/* DELETE …/messages/{message_id}?scope=me: NOT_FOUND. The caller clears *ret. */
MUST_CHECK enum status mark_hide_message(struct message_state *message, struct call *call,
                                         const char *conversation_id, const char *message_id,
                                         struct message_changed *ret, struct error *err);

/* receipts.c */
http_handler handle_receipts;

/* conversations.c */
enum status handle_conversations(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err);

/* sync.c */
enum status handle_sync(void *state, struct call *call, const void *request, void *reply,
                        struct error *err);

/* peers.c: RPC_MESSAGE_PEERS */
enum status handle_peers(void *state, const void *request, void *reply, struct error *err);

/* search.c */
http_handler handle_message_search;

/* indexer.c: the worker that makes messages findable. */
void indexer_run(void *state, struct service_context *context);

/* terms.c: messages (their _id) that are removed altogether; once they are. */
MUST_CHECK enum status search_forget(struct store *store, const struct strings *ids,
                                     struct error *err);

/* send.c */
enum status handle_send(void *state, struct call *call, const void *request, void *reply,
                        struct error *err);

/* figures.c: RPC_MESSAGE_FIGURES, and the worker that says how many messages came lately. */
enum status handle_figures(void *state, const void *request, void *reply, struct error *err);
void tally_run(void *state, struct service_context *context);

/* moderation.c: RPC_MESSAGE_LOOK_UP and RPC_MESSAGE_RECALL */
enum status handle_look_up(void *state, const void *request, void *reply, struct error *err);
enum status handle_administrators_recall(void *state, const void *request, void *reply,
                                         struct error *err);

/* export.c, erase.c: data rights */
enum status handle_export(void *state, const void *request, void *reply, struct error *err);
enum status handle_erase(void *state, const void *request, void *reply, struct error *err);

/* avatars.c: RPC_MESSAGE_AVATAR */
enum status handle_avatar(void *state, const void *request, void *reply, struct error *err);

/* fellows.c: RPC_MESSAGE_FELLOWS */
enum status handle_fellows(void *state, const void *request, void *reply, struct error *err);

/* groups.c: RPC_MESSAGE_GROUPS */
enum status handle_groups(void *state, const void *request, void *reply, struct error *err);

#endif
