#include "file_sends.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "files.h"

#define USES_PAGE 500 /* let go of at once */

static bool is_of_a_file(int64_t msg_type)
{
    return msg_type >= MSG_IMAGE && msg_type <= MSG_FILE;
}

static enum status read_content(const char *text, struct content_file *ret, struct error *err)
{
    return record_from_json(&content_file_record, text, strlen(text), ret, err);
}

static bool names_a_file(const struct command *command)
{
    return command->kind == COMMAND_SEND && is_of_a_file(command->frame.send.msg_type);
}

/* Its content is complete, and its file another's; it was checked on the way in, maybe long ago. */
static bool is_forwarded(const struct command *command)
{
    return command->envelope.kind == ENVELOPE_FORWARD;
}

/* ---- Sends */

/* The files that are named, the users whose they must be, and the forwarded ones, which may be
 * anybody's. */
struct named {
    struct strings files;
    struct strings users;
    struct strings forwarded;
};

static void collect(const struct command *command, struct named *ret)
{
    struct content_file content;

    if (!names_a_file(command) ||
        read_content(command->frame.send.content.text, &content, NULL) != STATUS_OK)
        return; /* checked at the edge and on the way in: cannot fail */
    strings_add(&ret->files, content.file_id);
    if (is_forwarded(command))
        strings_add(&ret->forwarded, content.file_id);
    else
        strings_add(&ret->users, command->user_id);
    record_clear(&content_file_record, &content);
}

enum status file_sends_load(struct store *store, const struct command *commands, size_t n,
                            struct list *ret, struct error *err)
{
    struct named named = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n; i++)
        collect(&commands[i], &named);
    if (named.files.n > 0)
        s = store_update(store, FILES, STORE_MANY, NULL, err,
                         "[{'_id': {'$in': %p}, '$or': [{'user_id': {'$in': %p}}, "
                         "{'_id': {'$in': %p}}]}, {'$max': {'sweep_at': %ld}}]",
                         (void *)&named.files, (void *)&named.users, (void *)&named.forwarded,
                         clock_now() + FILE_UNUSED_MS);
    if (s == STATUS_OK && named.files.n > 0)
        s = store_find(store, FILES, &(struct store_find){0}, &file_document_record, ret, err,
                       "{'_id': {'$in': %p}}", (void *)&named.files);
    strings_clear(&named.files);
    strings_clear(&named.users);
    strings_clear(&named.forwarded);
    return s;
}

void file_sends_clear(struct list *files)
{
    list_clear(files, &file_document_record);
}

static const struct file_document *find(const struct list *files, const char *file_id)
{
    const struct file_document *file = files->items;

    for (size_t i = 0; i < files->n; i++)
        if (strcmp(file[i].id, file_id) == 0)
            return &file[i];
    return NULL;
}

/* The server's word, but for what it cannot measure. */
static void complete(const struct file_document *file, const struct content_file *said,
                     struct frame_send *send)
{
    CLEANUP(buffer_clear) struct buffer json = {0};
    struct content_file content;

    file_to_content(file, &content);
    content.file_type = (char *)file_kind_in(send->msg_type, file->file_type);
    content.duration = said->duration;
    if (!content.width || !content.height) {
        content.width = said->width;
        content.height = said->height;
    }
    record_to_json(&content_file_record, &content, &json);
    free(content.url);
    free(content.thumbnail_url);
    free(send->content.text);
    send->content.text = buffer_take(&json);
}

enum status file_send_judge(const struct list *files, struct command *command)
{
    struct frame_send *send = &command->frame.send;
    const struct file_document *file;
    struct content_file said;
    enum status s;

    if (!names_a_file(command))
        return STATUS_OK;
    s = read_content(send->content.text, &said, &command->error);
    if (s != STATUS_OK)
        return s;
    file = find(files, said.file_id);
    if (is_forwarded(command))
        s = file ? STATUS_OK
                 : error_field(&command->error, STATUS_NOT_FOUND, "message_id",
                               "the message's file is gone");
    else if (!file || strcmp(file->user_id, command->user_id) != 0)
        s = error_field(&command->error, STATUS_INVALID, "content.file_id",
                        "field 'content.file_id' must name a file that you uploaded");
    else if (!file_kind_fits(send->msg_type, file->file_type))
        s = error_field(&command->error, STATUS_INVALID, "msg_type",
                        "field 'msg_type' must be one for a file of type %s", file->file_type);
    else
        complete(file, &said, send);
    record_clear(&content_file_record, &said);
    return s;
}

/* ---- Uses */

void file_uses_note(struct file_uses *uses, struct store *store,
                    const struct message_document *message)
{
    CLEANUP(buffer_clear) struct buffer id = {0};
    struct content_file content;

    if (!is_of_a_file(message->msg_type) || message->recalled_at ||
        read_content(message->content.text, &content, NULL) != STATUS_OK)
        return;
    if (!uses->added)
        uses->added = store_bulk_new(store, FILE_USES);
    buffer_printf(&id, "%s/%s", content.file_id, message->id);
    store_bulk_add(uses->added, STORE_UPSERT,
                   "[{'_id': %s}, {'$setOnInsert': {'file_id': %s, 'message_id': %s, "
                   "'conversation_id': %s, 'seq': %ld}}]",
                   buffer_text(&id), content.file_id, message->id, message->conversation_id,
                   message->seq);
    record_clear(&content_file_record, &content);
}

void file_uses_note_left(struct file_uses *uses, const struct message_document *message)
{
    if (is_of_a_file(message->msg_type))
        strings_add(&uses->left, message->id);
}

/* The files are due before they are let go of, so that a crash in between forgets none; by so much
 * later that they have been let go of when the sweeper looks. */
static enum status remove_uses(struct store *store, struct list *found, struct error *err)
{
    const struct file_use *use = found->items;
    struct strings files = {0};
    struct strings ids = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < found->n; i++) {
        strings_add(&files, use[i].file_id);
        strings_add(&ids, use[i].id);
    }
    if (files.n > 0)
        s = store_update(store, FILES, STORE_MANY, NULL, err,
                         "[{'_id': {'$in': %p}}, {'$max': {'sweep_at': %ld}}]", (void *)&files,
                         clock_now() + FILE_LEFT_MS);
    if (s == STATUS_OK && files.n > 0)
        s = store_delete(store, FILE_USES, NULL, err, "{'_id': {'$in': %p}}", (void *)&ids);
    strings_clear(&files);
    strings_clear(&ids);
    return s;
}

enum status file_uses_remove(struct store *store, const struct strings *message_ids,
                             struct error *err)
{
    struct list found = {0};
    enum status s = store_find(store, FILE_USES, &(struct store_find){0}, &file_use_record, &found,
                               err, "{'message_id': {'$in': %p}}", (const void *)message_ids);

    if (s == STATUS_OK)
        s = remove_uses(store, &found, err);
    list_clear(&found, &file_use_record);
    return s;
}

enum status file_uses_remove_up_to(struct store *store, const char *conversation_id, int64_t seq,
                                   struct error *err)
{
    enum status s = STATUS_OK;
    size_t n = USES_PAGE;

    while (s == STATUS_OK && n == USES_PAGE) {
        struct list found = {0};

        s = store_find(store, FILE_USES, &(struct store_find){.limit = USES_PAGE}, &file_use_record,
                       &found, err, "{'conversation_id': %s, 'seq': {'$lte': %ld}}",
                       conversation_id, seq);
        if (s == STATUS_OK)
            s = remove_uses(store, &found, err);
        n = found.n;
        list_clear(&found, &file_use_record);
    }
    return s;
}

enum status file_uses_write(struct file_uses *uses, struct store *store, struct error *err)
{
    enum status s = STATUS_OK;

    if (uses->added)
        s = store_bulk_run(TAKE(uses->added), err);
    if (s == STATUS_OK && uses->left.n > 0)
        s = file_uses_remove(store, &uses->left, err);
    file_uses_clear(uses);
    return s;
}

void file_uses_clear(struct file_uses *uses)
{
    store_bulk_free(TAKE(uses->added));
    strings_clear(&uses->left);
}
