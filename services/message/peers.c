/* RPC_MESSAGE_PEERS: how one's private conversations stand, for the list of friends. Three queries by
 * _id, however many they are; more only where something was recalled, hidden or has expired. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "unread.h"
#include "wire/internal.h"

struct standing {
    struct list conversations; /* struct conversation_document */
    struct list rows;          /* struct row_document */
    struct list messages;      /* struct message_document, the newest of each conversation */
};

static void standing_clear(struct standing *standing)
{
    list_clear(&standing->conversations, &conversation_document_record);
    list_clear(&standing->rows, &row_document_record);
    list_clear(&standing->messages, &message_document_record);
}

static enum status find_by_ids(struct message_state *message, const char *collection,
                               const struct record *rec, const struct strings *ids,
                               struct list *ret, struct error *err)
{
    if (ids->n == 0)
        return STATUS_OK;
    return store_find(message->store, collection, &(struct store_find){0}, rec, ret, err,
                      "{'_id': {'$in': %p}}", (void *)ids);
}

static enum status load(struct message_state *message, const struct peers_query *query,
                        struct standing *ret, struct error *err)
{
    const struct conversation_document *conversation;
    struct strings conversations = {0};
    struct strings rows = {0};
    struct strings messages = {0};
    enum status s;

    for (size_t i = 0; i < query->peer_ids.n; i++) {
        char conversation_id[CONVERSATION_ID_MAX];
        char row_id[ID_MAX + CONVERSATION_ID_MAX];

        conversation_id_single(query->user_id, query->peer_ids.items[i], conversation_id);
        (void)snprintf(row_id, sizeof row_id, "%s/%s", query->user_id, conversation_id);
        strings_add(&conversations, conversation_id);
        strings_add(&rows, row_id);
    }
    s = find_by_ids(message, CONVERSATIONS, &conversation_document_record, &conversations,
                    &ret->conversations, err);
    if (s == STATUS_OK)
        s = find_by_ids(message, CONVERSATION_USERS, &row_document_record, &rows, &ret->rows, err);
    conversation = ret->conversations.items;
    for (size_t i = 0; i < ret->conversations.n; i++)
        if (conversation[i].last_id)
            strings_add(&messages, conversation[i].last_id);
    if (s == STATUS_OK)
        s = find_by_ids(message, MESSAGES, &message_document_record, &messages, &ret->messages,
                        err);
    strings_clear(&conversations);
    strings_clear(&rows);
    strings_clear(&messages);
    return s;
}

static const struct conversation_document *find_conversation(const struct standing *standing,
                                                             const char *id)
{
    const struct conversation_document *conversation = standing->conversations.items;

    for (size_t i = 0; i < standing->conversations.n; i++)
        if (strcmp(conversation[i].id, id) == 0)
            return &conversation[i];
    return NULL;
}

static const struct row_document *find_row(const struct standing *standing, const char *id)
{
    const struct row_document *row = standing->rows.items;

    for (size_t i = 0; i < standing->rows.n; i++)
        if (strcmp(row[i].conversation_id, id) == 0)
            return &row[i];
    return NULL;
}

static const struct message_document *find_message(const struct standing *standing, const char *id)
{
    const struct message_document *message = standing->messages.items;

    for (size_t i = 0; i < standing->messages.n; i++)
        if (strcmp(message[i].id, id) == 0)
            return &message[i];
    return NULL;
}

/* The newest that he may see: as a rule the newest, which is at hand. */
static enum status add_last_message(struct message_state *message, const struct standing *standing,
                                    const struct conversation_document *conversation,
                                    const struct row_document *row, struct peer *ret,
                                    struct error *err)
{
    const struct message_document *last =
        conversation->last_id ? find_message(standing, conversation->last_id) : NULL;
    struct message_document found = {0};
    enum status s = STATUS_OK;

    if (!last || last->expires_at != 0 || row->hidden_seq >= last->seq) {
        s = unread_last_message(message, conversation, row, &found, err);
        last = s == STATUS_OK ? &found : NULL;
    }
    if (last) {
        ret->last_message = memory_new(sizeof(struct frame_message));
        message_to_view(last, ret->last_message);
    }
    record_clear(&message_document_record, &found);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status fill_peer(struct message_state *message, const struct standing *standing,
                             const struct conversation_document *conversation,
                             const struct row_document *row, struct peer *ret, struct error *err)
{
    enum status s = unread_count(message, conversation, row, &ret->unread_count, err);

    ret->last_time = conversation->updated_at;
    return s == STATUS_OK ? add_last_message(message, standing, conversation, row, ret, err) : s;
}

enum status handle_peers(void *state, const void *request, void *reply, struct error *err)
{
    const struct peers_query *query = request;
    struct peers *peers = reply;
    struct standing standing = {0};
    enum status s = load(state, query, &standing, err);

    for (size_t i = 0; s == STATUS_OK && i < query->peer_ids.n; i++) {
        const char *peer_id = query->peer_ids.items[i];
        char conversation_id[CONVERSATION_ID_MAX];
        const struct conversation_document *conversation;
        const struct row_document *row;
        struct peer *peer;

        conversation_id_single(query->user_id, peer_id, conversation_id);
        conversation = find_conversation(&standing, conversation_id);
        row = find_row(&standing, conversation_id);
        if (!conversation || !row || conversation->last_seq == 0)
            continue;
        peer = list_add(&peers->peers, &peer_record);
        peer->user_id = memory_text(peer_id);
        s = fill_peer(state, &standing, conversation, row, peer, err);
    }
    standing_clear(&standing);
    return s;
}
