/* Who may see a file: who uploaded it, who may read a message that holds it (readable.h), and of an
 * avatar everybody. */

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files.h"
#include "readable.h"

/* Messages that hold a file, looked at at once: a file that more of them hold is a sticker, and its
 * reader is found by his own conversations. */
#define USES_MAX 100
#define ROWS_MAX 10000

struct row_conversation {
    char *conversation_id;
};
static const struct field row_conversation_fields[] = {
    FIELD(struct row_conversation, conversation_id),
};
static const struct record row_conversation_record =
    RECORD("message.row_conversation", struct row_conversation, row_conversation_fields);

static void take_conversations(struct list *rows, struct strings *ret)
{
    const struct row_conversation *row = rows->items;

    for (size_t i = 0; i < rows->n; i++)
        strings_add(ret, row[i].conversation_id);
    list_clear(rows, &row_conversation_record);
}

/* Of the conversations of these uses those that the user has a row of: a stranger has none, and
 * costs no more than this. */
static enum status find_common(struct message_state *message, const char *user_id,
                               const struct list *uses, struct strings *ret, struct error *err)
{
    const struct file_use *use = uses->items;
    struct strings ids = {0};
    struct list rows = {0};
    enum status s;

    for (size_t i = 0; i < uses->n; i++) {
        CLEANUP(buffer_clear) struct buffer id = {0};

        buffer_printf(&id, "%s/%s", user_id, use[i].conversation_id);
        strings_add(&ids, buffer_text(&id));
    }
    s = store_find(message->store, CONVERSATION_USERS, &(struct store_find){0},
                   &row_conversation_record, &rows, err, "{'_id': {'$in': %p}}", (void *)&ids);
    take_conversations(&rows, ret);
    strings_clear(&ids);
    return s;
}

static enum status is_readable(struct message_state *message, const char *user_id,
                               const struct file_use *use, struct error *err)
{
    CLEANUP(readable_clear) struct readable readable = {0};
    struct message_document found = {0};
    enum status s = readable_load(message, use->conversation_id, user_id, &readable, err);

    if (s == STATUS_OK)
        s = readable_find_one(message, &readable,
                              use->message_id + strlen(use->conversation_id) + 1, &found, err);
    if (s == STATUS_OK && found.recalled_at)
        s = STATUS_NOT_FOUND;
    record_clear(&message_document_record, &found);
    return s;
}

/* NOT_FOUND: none of these messages is for his eyes. */
static enum status find_readable(struct message_state *message, const char *user_id,
                                 const struct list *uses, struct error *err)
{
    const struct file_use *use = uses->items;
    struct strings common = {0};
    enum status s = STATUS_OK;
    enum status readable = STATUS_NOT_FOUND;

    if (uses->n > 0)
        s = find_common(message, user_id, uses, &common, err);
    for (size_t i = 0; s == STATUS_OK && readable == STATUS_NOT_FOUND && i < uses->n; i++)
        if (strings_has(&common, use[i].conversation_id))
            readable = is_readable(message, user_id, &use[i], err);
    strings_clear(&common);
    return s == STATUS_OK ? readable : s;
}

/* Of a file in many messages those in his own conversations, the newest of them. */
static enum status find_own_uses(struct message_state *message, const char *user_id,
                                 const char *file_id, struct list *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'seq': -1}", .limit = USES_MAX};
    struct list rows = {0};
    struct strings ids = {0};
    enum status s =
        store_find(message->store, CONVERSATION_USERS, &(struct store_find){.limit = ROWS_MAX},
                   &row_conversation_record, &rows, err, "{'user_id': %s}", user_id);

    take_conversations(&rows, &ids);
    if (s == STATUS_OK && ids.n > 0)
        s = store_find(message->store, FILE_USES, &how, &file_use_record, ret, err,
                       "{'file_id': %s, 'conversation_id': {'$in': %p}}", file_id, (void *)&ids);
    strings_clear(&ids);
    return s;
}

static enum status check(struct message_state *message, const char *user_id, const char *file_id,
                         struct error *err)
{
    struct list uses = {0};
    struct list own = {0};
    enum status s = store_find(message->store, FILE_USES, &(struct store_find){.limit = USES_MAX},
                               &file_use_record, &uses, err, "{'file_id': %s}", file_id);

    if (s == STATUS_OK)
        s = find_readable(message, user_id, &uses, err);
    if (s == STATUS_NOT_FOUND && uses.n == USES_MAX) {
        s = find_own_uses(message, user_id, file_id, &own, err);
        if (s == STATUS_OK)
            s = find_readable(message, user_id, &own, err);
    }
    list_clear(&uses, &file_use_record);
    list_clear(&own, &file_use_record);
    return s;
}

enum status file_find_visible(struct message_state *message, const char *user_id,
                              const char *file_id, struct file_document *ret, struct error *err)
{
    enum status s = store_find_one(message->store, FILES, &file_document_record, ret, err,
                                   "{'_id': %s}", file_id);

    if (s == STATUS_OK && !ret->avatar_of && strcmp(ret->user_id, user_id) != 0)
        s = check(message, user_id, file_id, err);
    if (s == STATUS_NOT_FOUND)
        s = error_set(err, s, "there is no such file");
    if (s != STATUS_OK)
        record_clear(&file_document_record, ret);
    return s;
}
