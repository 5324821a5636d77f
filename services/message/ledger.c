#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wire/topology.h"

#define ROW_ID_MAX (ID_MAX + CONVERSATION_ID_MAX)

static void row_id(const char *user_id, const char *conversation_id, char ret[ROW_ID_MAX])
{
    (void)snprintf(ret, ROW_ID_MAX, "%s/%s", user_id, conversation_id); /* fits: both are checked */
}

static bool is_of(unsigned partitions, const char *conversation_id)
{
    return partitions >> topology_partition(conversation_id, strlen(conversation_id)) & 1;
}

void ledger_forget(struct ledger *ledger, unsigned partitions)
{
    struct conversation *conversation;
    struct conversation *next;
    struct row *row;
    struct row *next_row;

    HASH_ITER(hh, ledger->conversations, conversation, next) {
        if (!is_of(partitions, conversation->doc.id))
            continue;
        HASH_DEL(ledger->conversations, conversation);
        record_clear(&conversation_document_record, &conversation->doc);
        free(conversation);
    }
    HASH_ITER(hh, ledger->rows, row, next_row) {
        if (!is_of(partitions, row->doc.conversation_id))
            continue;
        HASH_DEL(ledger->rows, row);
        record_clear(&row_document_record, &row->doc);
        free(row);
    }
}

void ledger_clear(struct ledger *ledger)
{
    ledger_forget(ledger, ALL_PARTITIONS);
    ledger->draft_bytes = 0;
}

void ledger_trim(struct ledger *ledger)
{
    if (HASH_COUNT(ledger->conversations) > LEDGER_CONVERSATIONS_MAX ||
        HASH_COUNT(ledger->rows) > LEDGER_ROWS_MAX || ledger->draft_bytes > LEDGER_DRAFT_BYTES_MAX)
        ledger_clear(ledger);
}

struct conversation *ledger_find(struct ledger *ledger, const char *conversation_id)
{
    struct conversation *conversation;

    HASH_FIND_STR(ledger->conversations, conversation_id, conversation);
    return conversation;
}

bool ledger_is_republish_due(const struct conversation *conversation, int64_t seq)
{
    int64_t back = conversation->loaded_seq - seq;

    return back >= 0 && back < REPUBLISH_MAX && !conversation->republished[back];
}

bool ledger_take_republish(struct conversation *conversation, int64_t seq)
{
    if (!ledger_is_republish_due(conversation, seq))
        return false;
    return conversation->republished[conversation->loaded_seq - seq] = true;
}

struct row *ledger_find_row(struct ledger *ledger, const char *user_id, const char *conversation_id)
{
    char id[ROW_ID_MAX];
    struct row *row;

    row_id(user_id, conversation_id, id);
    HASH_FIND_STR(ledger->rows, id, row);
    return row;
}

static struct conversation *add_conversation(struct ledger *ledger, const char *id)
{
    struct conversation *conversation = memory_new(sizeof *conversation);

    conversation->doc.id = memory_text(id);
    HASH_ADD_KEYPTR(hh, ledger->conversations, conversation->doc.id, strlen(conversation->doc.id),
                    conversation);
    return conversation;
}

/* Replace what was added empty by what is stored. The hash's key moves with the document. */
static void set_document(struct ledger *ledger, struct conversation_document *doc)
{
    struct conversation *conversation = ledger_find(ledger, doc->id);

    HASH_DEL(ledger->conversations, conversation);
    record_clear(&conversation_document_record, &conversation->doc);
    conversation->doc = *doc;
    *doc = (struct conversation_document){0};
    HASH_ADD_KEYPTR(hh, ledger->conversations, conversation->doc.id, strlen(conversation->doc.id),
                    conversation);
}

/* What a former owner stored and did not live to count: a batch at most. All conversations that
 * have no document yet are one query, because one client can begin many. */
static enum status load_above(struct ledger *ledger, const struct strings *ids,
                              struct list *ret_recovered, struct error *err)
{
    const struct store_find by_seq = {.sort = "{'conversation_id': 1, 'seq': 1}"};
    const struct message_document *messages;
    struct strings begun = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < ids->n && s == STATUS_OK; i++) {
        struct conversation *conversation = ledger_find(ledger, ids->items[i]);

        conversation->loaded_seq = conversation->doc.last_seq;
        if (conversation->doc.last_seq == 0)
            strings_add(&begun, ids->items[i]);
        else
            s = store_find(ledger->store, MESSAGES, &by_seq, &message_document_record,
                           ret_recovered, err, "{'conversation_id': %s, 'seq': {'$gt': %ld}}",
                           conversation->doc.id, conversation->doc.last_seq);
    }
    if (s == STATUS_OK && begun.n > 0)
        s = store_find(ledger->store, MESSAGES, &by_seq, &message_document_record, ret_recovered,
                       err, "{'conversation_id': {'$in': %p}}", (void *)&begun);
    strings_clear(&begun);
    messages = ret_recovered->items;
    for (size_t i = 0; s == STATUS_OK && i < ret_recovered->n; i++)
        ledger_find(ledger, messages[i].conversation_id)->loaded_seq = messages[i].seq;
    return s;
}

/* The next change of each, by its _id in one query; where it is there, all that follow. */
static enum status load_changes_above(struct ledger *ledger, const struct strings *ids,
                                      struct list *ret_changes, struct error *err)
{
    const struct store_find by_seq = {.sort = "{'conversation_id': 1, 'change_seq': 1}"};
    struct list next = {0};
    struct strings next_ids = {0};
    struct change_document *found;
    enum status s;

    for (size_t i = 0; i < ids->n; i++) {
        struct conversation *conversation = ledger_find(ledger, ids->items[i]);
        CLEANUP(free) char *id = change_id(conversation->doc.id, conversation->doc.change_seq + 1);

        conversation->loaded_change_seq = conversation->doc.change_seq;
        strings_add(&next_ids, id);
    }
    s = store_find(ledger->store, CHANGES, &(struct store_find){0}, &change_document_record, &next,
                   err, "{'_id': {'$in': %p}}", (void *)&next_ids);
    found = next.items;
    for (size_t i = 0; i < next.n; i++) {
        if (s == STATUS_OK)
            s = store_find(ledger->store, CHANGES, &by_seq, &change_document_record, ret_changes,
                           err, "{'conversation_id': %s, 'change_seq': {'$gte': %ld}}",
                           found[i].conversation_id, found[i].change_seq);
        record_clear(&change_document_record, &found[i]);
    }
    free(next.items);
    strings_clear(&next_ids);
    found = ret_changes->items;
    for (size_t i = 0; s == STATUS_OK && i < ret_changes->n; i++)
        ledger_find(ledger, found[i].conversation_id)->loaded_change_seq = found[i].change_seq;
    return s;
}

static enum status load_documents(struct ledger *ledger, const struct strings *ids,
                                  struct list *ret_recovered, struct list *ret_changes,
                                  struct error *err)
{
    struct list found = {0};
    struct conversation_document *docs;
    enum status s =
        store_find(ledger->store, CONVERSATIONS, &(struct store_find){0},
                   &conversation_document_record, &found, err, "{'_id': {'$in': %p}}", (void *)ids);

    docs = found.items;
    for (size_t i = 0; s == STATUS_OK && i < found.n; i++)
        set_document(ledger, &docs[i]);
    list_clear(&found, &conversation_document_record);
    if (s == STATUS_OK)
        s = load_above(ledger, ids, ret_recovered, err);
    return s == STATUS_OK ? load_changes_above(ledger, ids, ret_changes, err) : s;
}

enum status ledger_load(struct ledger *ledger, struct command *commands, size_t n,
                        struct list *ret_recovered, struct list *ret_changes, struct error *err)
{
    struct strings unknown = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n; i++) {
        if (commands[i].kind == COMMAND_UNREADABLE)
            continue;
        if (!ledger_find(ledger, commands[i].conversation_id)) {
            (void)add_conversation(ledger, commands[i].conversation_id);
            strings_add(&unknown, commands[i].conversation_id);
        }
    }
    if (unknown.n > 0)
        s = load_documents(ledger, &unknown, ret_recovered, ret_changes, err);
    strings_clear(&unknown);
    for (size_t i = 0; s == STATUS_OK && i < n; i++)
        if (commands[i].kind != COMMAND_UNREADABLE)
            commands[i].conversation = ledger_find(ledger, commands[i].conversation_id);
    return s;
}

/* Note that a row is wanted: known as absent until it is found. */
static void want_row(struct ledger *ledger, const char *user_id, const char *conversation_id,
                     struct strings *wanted)
{
    struct row *row;

    if (ledger_find_row(ledger, user_id, conversation_id))
        return;
    row = memory_new(sizeof *row);
    row->doc.id = memory_new(ROW_ID_MAX);
    row_id(user_id, conversation_id, row->doc.id);
    row->doc.user_id = memory_text(user_id);
    row->doc.conversation_id = memory_text(conversation_id);
    HASH_ADD_KEYPTR(hh, ledger->rows, row->doc.id, strlen(row->doc.id), row);
    strings_add(wanted, row->doc.id);
}

static void want_change(struct ledger *ledger, const struct group_change *change,
                        const char *conversation_id, struct strings *wanted)
{
    const struct group_role *roles = change->roles.items;

    for (size_t i = 0; i < change->users_in.n; i++)
        want_row(ledger, change->users_in.items[i], conversation_id, wanted);
    for (size_t i = 0; i < change->users_out.n; i++)
        want_row(ledger, change->users_out.items[i], conversation_id, wanted);
    for (size_t i = 0; i < change->roles.n; i++)
        want_row(ledger, roles[i].user_id, conversation_id, wanted);
}

static void want_recovered(struct ledger *ledger, const struct list *recovered,
                           struct strings *wanted)
{
    const struct message_document *messages = recovered->items;

    for (size_t i = 0; i < recovered->n; i++) {
        struct group_change change;

        if (!messages[i].change.text ||
            record_from_json(&group_change_record, messages[i].change.text,
                             strlen(messages[i].change.text), &change, NULL) != STATUS_OK)
            continue;
        want_change(ledger, &change, messages[i].conversation_id, wanted);
        record_clear(&group_change_record, &change);
    }
}

static void set_row(struct ledger *ledger, struct row_document *doc)
{
    struct row *row = ledger_find_row(ledger, doc->user_id, doc->conversation_id);

    HASH_DEL(ledger->rows, row);
    record_clear(&row_document_record, &row->doc);
    row->doc = *doc;
    row->exists = true;
    if (row->doc.draft)
        ledger->draft_bytes += strlen(row->doc.draft);
    *doc = (struct row_document){0};
    HASH_ADD_KEYPTR(hh, ledger->rows, row->doc.id, strlen(row->doc.id), row);
}

enum status ledger_load_rows(struct ledger *ledger, const struct command *commands, size_t n,
                             const struct list *recovered, struct error *err)
{
    struct strings wanted = {0};
    struct list found = {0};
    struct row_document *rows;
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n; i++) {
        const struct command *command = &commands[i];

        if (command->kind == COMMAND_MEMBERS)
            want_change(ledger, &command->change, command->conversation_id, &wanted);
        else if (command->kind != COMMAND_UNREADABLE && command->kind != COMMAND_EXPIRE &&
                 (command->kind == COMMAND_MARK ||
                  strncmp(command->conversation_id, "group:", 6) == 0))
            want_row(ledger, command->user_id, command->conversation_id, &wanted);
    }
    want_recovered(ledger, recovered, &wanted);
    if (wanted.n > 0)
        s = store_find(ledger->store, CONVERSATION_USERS, &(struct store_find){0},
                       &row_document_record, &found, err, "{'_id': {'$in': %p}}", (void *)&wanted);
    rows = found.items;
    for (size_t i = 0; i < found.n; i++) {
        if (s == STATUS_OK)
            set_row(ledger, &rows[i]);
        record_clear(&row_document_record, &rows[i]);
    }
    free(found.items);
    strings_clear(&wanted);
    return s;
}
