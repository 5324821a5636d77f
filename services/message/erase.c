/* RPC_MESSAGE_ERASE: a user who goes takes his rows along, and nothing that others have. What he wrote
 * is in their conversations, and his id there leads to nobody (docs/decisions/0089). A private
 * conversation that nobody has any more goes with its messages, what became of them, and what search
 * knows of them; his files go unless a message of others holds them. What he wrote elsewhere, his
 * reactions and edits too, stays (docs/decisions/0132). */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "file_sends.h"
#include "files.h"
#include "message.h"
#include "sync_states.h"
#include "vanished.h"
#include "wire/internal.h"

#define ERASE_MS 300 /* of work for one question */
#define ROWS 100
#define SEQS 2000 /* of messages deleted at once */

struct erasure {
    struct message_state *message;
    const char *user_id;
    int64_t deadline;
};

struct erased_row {
    char *id;
    char *conversation_id;
};

static const struct field erased_row_fields[] = {
    FIELD_NAMED(struct erased_row, id, "_id"),
    FIELD(struct erased_row, conversation_id),
};
static const struct record erased_row_record =
    RECORD("message.erased_row", struct erased_row, erased_row_fields);

/* Of a message or a change: the number by which those of a conversation are in order. */
struct first {
    int64_t seq;
    int64_t change_seq;
};

static const struct field first_fields[] = {FIELD(struct first, seq),
                                            FIELD(struct first, change_seq)};
static const struct record first_record = RECORD("message.first", struct first, first_fields);

struct erased_message {
    char *id; /* "_id" */
};

static const struct field erased_message_fields[] = {FIELD_NAMED(struct erased_message, id, "_id")};
static const struct record erased_message_record =
    RECORD("message.erased_message", struct erased_message, erased_message_fields);

static bool is_time_up(const struct erasure *erasure)
{
    return clock_monotonic() >= erasure->deadline;
}

/* Every row is marked before anybody looks at those of others: of two who go at once, one at least
 * sees that the other goes too. */
static enum status mark_rows(const struct erasure *erasure, struct error *err)
{
    return store_update(erasure->message->store, CONVERSATION_USERS, STORE_MANY, NULL, err,
                        "[{'user_id': %s, 'erased': {'$ne': true}}, {'$set': {'erased': true}}]",
                        erasure->user_id);
}

/* "single:<a>:<b>"; the caller frees it. NULL for a group. */
static char *other_row_id(const char *user_id, const char *conversation_id)
{
    struct buffer id = {0};
    const char *a = conversation_id + strlen("single:");
    const char *b = strchr(a, ':');

    if (strncmp(conversation_id, "single:", strlen("single:")) != 0 || !b)
        return NULL;
    if (strcmp(b + 1, user_id) == 0)
        buffer_add(&id, a, (size_t)(b - a));
    else
        buffer_add_text(&id, b + 1);
    buffer_printf(&id, "/%s", conversation_id);
    return buffer_take(&id);
}

static enum status has_reader(const struct erasure *erasure, const char *conversation_id, bool *ret,
                              struct error *err)
{
    CLEANUP(free) char *other = other_row_id(erasure->user_id, conversation_id);
    int64_t n = 0;
    enum status s;

    *ret = true;
    if (!other)
        return STATUS_OK;
    s = store_count(erasure->message->store, CONVERSATION_USERS, 1, &n, err,
                    "{'_id': %s, 'erased': {'$ne': true}}", other);
    *ret = n > 0;
    return s;
}

/* All zeroes: nothing is left. */
static enum status find_first(const struct erasure *erasure, const char *collection,
                              const char *sort, const char *conversation_id, struct first *ret,
                              struct error *err)
{
    const struct store_find how = {.sort = sort, .limit = 1};
    struct list found = {0};
    enum status s = store_find(erasure->message->store, collection, &how, &first_record, &found,
                               err, "{'conversation_id': %s}", conversation_id);

    *ret = found.n > 0 ? *(const struct first *)found.items : (struct first){0};
    free(found.items);
    return s;
}

static enum status forget_terms(const struct erasure *erasure, const char *conversation_id,
                                int64_t end, struct error *err)
{
    struct list found = {0};
    struct strings ids = {0};
    struct erased_message *messages;
    enum status s = store_find(
        erasure->message->store, MESSAGES, &(struct store_find){0}, &erased_message_record, &found,
        err, "{'conversation_id': %s, 'seq': {'$lt': %ld}}", conversation_id, end);

    messages = found.items;
    for (size_t i = 0; i < found.n; i++) {
        strings_add(&ids, messages[i].id);
        record_clear(&erased_message_record, &messages[i]);
    }
    free(found.items);
    if (s == STATUS_OK && ids.n > 0)
        s = search_forget(erasure->message->store, &ids, err);
    strings_clear(&ids);
    return s;
}

/* Below end; the messages last, because by them the rest is found. */
static enum status delete_messages(const struct erasure *erasure, const char *conversation_id,
                                   int64_t end, struct error *err)
{
    struct store *store = erasure->message->store;
    enum status s = forget_terms(erasure, conversation_id, end, err);

    if (s == STATUS_OK)
        s = file_uses_remove_up_to(store, conversation_id, end - 1, err);
    if (s == STATUS_OK)
        s = store_delete(store, MESSAGES, NULL, err, "{'conversation_id': %s, 'seq': {'$lt': %ld}}",
                         conversation_id, end);
    return s;
}

/* From the first that is left, so that it goes on wherever it was stopped. */
static enum status delete_some(const struct erasure *erasure, const char *conversation_id,
                               bool *ret_done, struct error *err)
{
    struct store *store = erasure->message->store;
    struct first first;
    enum status s = find_first(erasure, MESSAGES, "{'seq': 1}", conversation_id, &first, err);

    if (s == STATUS_OK && first.seq > 0)
        return delete_messages(erasure, conversation_id, first.seq + SEQS, err);
    if (s == STATUS_OK)
        s = find_first(erasure, CHANGES, "{'change_seq': 1}", conversation_id, &first, err);
    if (s == STATUS_OK && first.change_seq > 0)
        return store_delete(store, CHANGES, NULL, err,
                            "{'conversation_id': %s, 'change_seq': {'$lt': %ld}}", conversation_id,
                            first.change_seq + SEQS);
    if (s == STATUS_OK)
        s = vanished_erase(store, conversation_id, ret_done, err);
    if (s != STATUS_OK || !*ret_done)
        return s;
    return store_delete(store, CONVERSATIONS, NULL, err, "{'_id': %s}", conversation_id);
}

static enum status delete_conversation(const struct erasure *erasure, const char *conversation_id,
                                       bool *ret_done, struct error *err)
{
    enum status s = STATUS_OK;

    *ret_done = false;
    while (s == STATUS_OK && !*ret_done && !is_time_up(erasure))
        s = delete_some(erasure, conversation_id, ret_done, err);
    return s;
}

/* The row goes last: while it is there, somebody comes back to it. */
static enum status erase_row(const struct erasure *erasure, const struct erased_row *row,
                             bool *ret_done, struct error *err)
{
    bool is_read = true;
    enum status s = has_reader(erasure, row->conversation_id, &is_read, err);

    *ret_done = true;
    if (s == STATUS_OK && !is_read)
        s = delete_conversation(erasure, row->conversation_id, ret_done, err);
    if (s == STATUS_OK && *ret_done)
        s = store_delete(erasure->message->store, HIDDEN, NULL, err, "{'row_id': %s}", row->id);
    if (s == STATUS_OK && *ret_done)
        s = store_delete(erasure->message->store, CONVERSATION_USERS, NULL, err, "{'_id': %s}",
                         row->id);
    return s;
}

/* *ret_left: how many there were; 0 is the end. */
static enum status erase_some(const struct erasure *erasure, size_t *ret_left, struct error *err)
{
    static const struct store_find how = {.limit = ROWS};
    struct list found = {0};
    struct erased_row *rows;
    enum status s =
        store_find(erasure->message->store, CONVERSATION_USERS, &how, &erased_row_record, &found,
                   err, "{'user_id': %s}", erasure->user_id);

    rows = found.items;
    *ret_left = found.n;
    for (size_t i = 0; i < found.n; i++) {
        bool done;

        if (s == STATUS_OK && !is_time_up(erasure))
            s = erase_row(erasure, &rows[i], &done, err);
        record_clear(&erased_row_record, &rows[i]);
    }
    free_at(&found.items);
    return s;
}

enum status handle_erase(void *state, const void *request, void *reply, struct error *err)
{
    const struct erase *erase = request;
    struct erased *erased = reply;
    const struct erasure erasure = {
        .message = state, .user_id = erase->user_id, .deadline = clock_monotonic() + ERASE_MS};
    enum status s = mark_rows(&erasure, err);

    while (s == STATUS_OK && !erased->done && !is_time_up(&erasure)) {
        size_t left = 0;

        s = erase_some(&erasure, &left, err);
        if (s == STATUS_OK && left == 0)
            s = store_delete(erasure.message->store, SYNC_STATES, NULL, err, "{'user_id': %s}",
                             erasure.user_id);
        if (s == STATUS_OK && left == 0)
            s = files_erase(erasure.message, erasure.user_id, erasure.deadline, &erased->done, err);
    }
    return s;
}
