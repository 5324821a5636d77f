/* RPC_MESSAGE_EXPORT: a user's conversations, and in them what is his to take along: all of his
 * private ones, and in groups what he wrote himself (docs/decisions/0088); what he did to messages;
 * then the files that he uploaded. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "files.h"
#include "message.h"
#include "wire/internal.h"

#define PAGE_BYTES (256 * 1024)
#define PAGE_PARTS 1000 /* the record's limit: one more batch must fit */
#define PAGE_MS 300     /* what one question may take */
#define ROWS 200
#define BATCH 250    /* messages in memory: 250 of the longest are 15 MB */
#define WINDOW 20000 /* seqs looked at by one query: in a group few of them may be his */

#define IN_CONVERSATIONS "conversations/"
#define IN_MESSAGES "messages/"
#define IN_CHANGES "changes/"
#define IN_FILES "files/" /* what is told of them */
#define IN_BYTES "bytes/" /* they themselves */
#define FILES_PAGE 200

/* A line of conversations.json. */
struct settings {
    char *conversation_id;
    char *group_id;
    char *name;
    char *role; /* in a group */
    int64_t last_seq;
    int64_t read_seq;
    int64_t updated_at;
    int64_t ttl;
    bool pinned;
    bool muted;
    bool hidden;
    char *draft;
};

static const struct field settings_fields[] = {
    FIELD(struct settings, conversation_id),
    FIELD(struct settings, group_id),
    FIELD(struct settings, name),
    FIELD(struct settings, last_seq),
    FIELD(struct settings, read_seq),
    FIELD(struct settings, updated_at),
    FIELD(struct settings, role),
    FIELD(struct settings, ttl, .omit_zero = true),
    FIELD(struct settings, pinned),
    FIELD(struct settings, muted),
    FIELD(struct settings, hidden),
    FIELD(struct settings, draft),
};
static const struct record settings_record =
    RECORD("message.exported_settings", struct settings, settings_fields);

struct export
{
    struct message_state *message;
    const char *user_id;
    struct export_page *page;
    size_t bytes;
    int64_t deadline;
};

/* Where in the messages it is. */
struct place {
    char conversation_id[CONVERSATION_ID_MAX]; /* "": before the first */
    int64_t seq;                               /* up to here it is done */
    int64_t end;
    bool only_own;
};

static void add_part(struct export *export, const char *name, struct buffer *json)
{
    struct export_part *part = list_add(&export->page->parts, &export_part_record);

    export->bytes += json->length;
    part->name = memory_text(name);
    part->json = buffer_take(json);
}

static bool is_full(const struct export *export)
{
    return export->bytes >= PAGE_BYTES || export->page->parts.n > PAGE_PARTS - BATCH ||
           clock_monotonic() >= export->deadline;
}

/* Rows of the user's after that of after ("": from the first), in the order of their ids. */
static enum status find_rows(const struct export *export, const char *after, int64_t limit,
                             struct list *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'_id': 1}", .limit = limit};
    CLEANUP(buffer_clear) struct buffer from = {0};
    CLEANUP(buffer_clear) struct buffer to = {0};

    buffer_printf(&from, "%s/%s", export->user_id, after);
    buffer_printf(&to, "%s0", export->user_id); /* "0" comes after "/" */
    return store_find(export->message->store, CONVERSATION_USERS, &how, &row_document_record, ret,
                      err, "{'_id': {'$gt': %s, '$lt': %s}}", buffer_text(&from), buffer_text(&to));
}

/* ---- conversations.json */

static const struct conversation_document *find_conversation(const struct list *conversations,
                                                             const char *id)
{
    const struct conversation_document *items = conversations->items;

    for (size_t i = 0; i < conversations->n; i++)
        if (strcmp(items[i].id, id) == 0)
            return &items[i];
    return NULL;
}

/* Up to where he may know of it: who left a group does not learn what came afterwards. */
static int64_t visible_end(const struct row_document *row, int64_t last_seq)
{
    const struct span *spans = row->spans.items;
    int64_t to_seq = row->spans.n > 0 ? spans[row->spans.n - 1].to_seq : 0;

    return to_seq > 0 && to_seq < last_seq ? to_seq : last_seq;
}

static void add_settings(struct export *export, const struct row_document *row,
                         const struct conversation_document *conversation)
{
    const struct settings settings = {
        .conversation_id = row->conversation_id,
        .group_id = conversation->group_id,
        .name = conversation->name,
        .last_seq = visible_end(row, conversation->last_seq),
        .read_seq = row->read_seq,
        .updated_at = conversation->updated_at,
        .role = row->role,
        .ttl = conversation->ttl,
        .pinned = row->pinned,
        .muted = row->muted,
        .hidden = row->hide_seq > 0 && row->hide_seq >= conversation->last_seq,
        .draft = row->draft && row->draft[0] ? row->draft : NULL,
    };
    CLEANUP(buffer_clear) struct buffer json = {0};

    record_to_json(&settings_record, &settings, &json);
    add_part(export, "conversations.json", &json);
}

static enum status add_rows(struct export *export, const struct list *rows, struct error *err)
{
    const struct row_document *row = rows->items;
    struct list conversations = {0};
    struct strings ids = {0};
    enum status s;

    for (size_t i = 0; i < rows->n; i++)
        strings_add(&ids, row[i].conversation_id);
    s = store_find(export->message->store, CONVERSATIONS, &(struct store_find){0},
                   &conversation_document_record, &conversations, err, "{'_id': {'$in': %p}}",
                   (void *)&ids);
    for (size_t i = 0; s == STATUS_OK && i < rows->n; i++) {
        const struct conversation_document *found =
            find_conversation(&conversations, row[i].conversation_id);

        if (found)
            add_settings(export, &row[i], found);
    }
    list_clear(&conversations, &conversation_document_record);
    strings_clear(&ids);
    return s;
}

static enum status export_conversations(struct export *export, const char *after, struct error *err)
{
    struct buffer cursor = {0};
    struct list rows = {0};
    enum status s = find_rows(export, after, ROWS, &rows, err);

    if (s == STATUS_OK && rows.n > 0)
        s = add_rows(export, &rows, err);
    if (s == STATUS_OK) {
        if (rows.n == ROWS)
            buffer_printf(&cursor, IN_CONVERSATIONS "%s",
                          ((struct row_document *)rows.items)[ROWS - 1].conversation_id);
        else
            buffer_add_text(&cursor, IN_MESSAGES);
        export->page->next_cursor = buffer_take(&cursor);
    }
    list_clear(&rows, &row_document_record);
    return s;
}

/* ---- messages/<conversation_id>.json */

/* A colon is no part of a file's name everywhere. */
static void name_file(const char *conversation_id, struct buffer *ret)
{
    buffer_printf(ret, "messages/%s.json", conversation_id);
    for (char *c = buffer_text(ret); *c; c++)
        if (*c == ':')
            *c = '_';
}

/* Go to the row's conversation, after seq. What is not there any more has nothing to read. */
static enum status enter(struct export *export, const struct row_document *row, int64_t seq,
                         struct place *ret, struct error *err)
{
    const struct span *spans = row->spans.items;
    struct conversation_document conversation = {0};
    enum status s;

    s = store_find_one(export->message->store, CONVERSATIONS, &conversation_document_record,
                       &conversation, err, "{'_id': %s}", row->conversation_id);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    (void)snprintf(ret->conversation_id, sizeof ret->conversation_id, "%s", row->conversation_id);
    ret->only_own = strncmp(row->conversation_id, "group:", 6) == 0;
    ret->seq = seq;
    ret->end = visible_end(row, conversation.last_seq);
    /* He wrote nothing before he joined; of who left very often the first joining is forgotten. */
    if (row->spans.n > 0 && row->spans.n < SPANS_MAX && spans[0].from_seq - 1 > seq)
        ret->seq = spans[0].from_seq - 1;
    record_clear(&conversation_document_record, &conversation);
    return STATUS_OK;
}

/* NOT_FOUND: that was the last. */
static enum status enter_next(struct export *export, struct place *place, struct error *err)
{
    struct list rows = {0};
    enum status s = find_rows(export, place->conversation_id, 1, &rows, err);

    if (s == STATUS_OK)
        s = rows.n > 0 ? enter(export, rows.items, 0, place, err) : STATUS_NOT_FOUND;
    list_clear(&rows, &row_document_record);
    return s;
}

/* "<conversation_id>/<seq>" */
static enum status enter_again(struct export *export, const char *cursor, struct place *place,
                               struct error *err)
{
    size_t length = strcspn(cursor, "/");
    CLEANUP(free) char *conversation_id = memory_text_n(cursor, length);
    CLEANUP(buffer_clear) struct buffer id = {0};
    struct row_document row = {0};
    enum status s;

    if (length >= CONVERSATION_ID_MAX || !cursor[length])
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    buffer_printf(&id, "%s/%s", export->user_id, conversation_id);
    s = store_find_one(export->message->store, CONVERSATION_USERS, &row_document_record, &row, err,
                       "{'_id': %s}", buffer_text(&id));
    if (s == STATUS_OK)
        s = enter(export, &row, strtoll(cursor + length + 1, NULL, 10), place, err);
    else if (s == STATUS_NOT_FOUND) { /* gone since: the next one */
        memcpy(place->conversation_id, conversation_id, length + 1);
        s = STATUS_OK;
    }
    record_clear(&row_document_record, &row);
    return s;
}

/* What he deleted for himself is still his, and marked: a member that clients never see, hence no
 * part of the frame's table. */
static void mark_hidden(const struct export *export, const struct message_document *message,
                        struct buffer *json)
{
    if (!strings_has(&message->hidden_for, export->user_id))
        return;
    json->length--; /* the brace */
    buffer_add_text(json, ",\"hidden\":true}");
}

/* As many as the page takes, since a batch of long ones is no answer; how many that is. */
static size_t add_messages(struct export *export, const struct place *place,
                           const struct list *found)
{
    const struct message_document *messages = found->items;
    CLEANUP(buffer_clear) struct buffer name = {0};
    size_t n;

    name_file(place->conversation_id, &name);
    for (n = 0; n < found->n && export->bytes < PAGE_BYTES; n++) {
        CLEANUP(buffer_clear) struct buffer json = {0};
        struct frame_message frame;

        message_to_view(&messages[n], &frame);
        record_to_json(&frame_message_record, &frame, &json);
        record_clear(&frame_message_record, &frame);
        mark_hidden(export, &messages[n], &json);
        add_part(export, buffer_text(&name), &json);
    }
    return n;
}

/* One query's worth. */
static enum status read_on(struct export *export, struct place *place, struct error *err)
{
    const struct store_find how = {.sort = "{'seq': 1}", .limit = BATCH};
    int64_t to = place->end - place->seq > WINDOW ? place->seq + WINDOW : place->end;
    struct store *store = export->message->store;
    struct list found = {0};
    enum status s;

    if (place->only_own)
        s = store_find(store, MESSAGES, &how, &message_document_record, &found, err,
                       "{'conversation_id': %s, 'seq': {'$gt': %ld, '$lte': %ld}, "
                       "'from_user_id': %s, 'expires_at': {'$not': {'$lte': %ld}}}",
                       place->conversation_id, place->seq, to, export->user_id, clock_now());
    else
        s = store_find(store, MESSAGES, &how, &message_document_record, &found, err,
                       "{'conversation_id': %s, 'seq': {'$gt': %ld, '$lte': %ld}, "
                       "'expires_at': {'$not': {'$lte': %ld}}}",
                       place->conversation_id, place->seq, to, clock_now());
    if (s == STATUS_OK) {
        size_t n = add_messages(export, place, &found);

        if (n < found.n || n == BATCH) /* bytes are left for one at least: see is_full() */
            place->seq = ((struct message_document *)found.items)[n - 1].seq;
        else
            place->seq = to;
    }
    list_clear(&found, &message_document_record);
    return s;
}

static enum status export_messages(struct export *export, const char *cursor, struct error *err)
{
    struct place place = {0};
    struct buffer next = {0};
    enum status s = *cursor ? enter_again(export, cursor, &place, err) : STATUS_OK;

    while (s == STATUS_OK && !is_full(export))
        s = place.seq < place.end ? read_on(export, &place, err) : enter_next(export, &place, err);
    if (s == STATUS_NOT_FOUND) {
        export->page->next_cursor = memory_text(IN_CHANGES);
        return STATUS_OK;
    }
    if (s != STATUS_OK)
        return s;
    buffer_add_text(&next, IN_MESSAGES);
    if (place.conversation_id[0]) /* else not even the first was entered in time */
        buffer_printf(&next, "%s/%lld", place.conversation_id, (long long)place.seq);
    export->page->next_cursor = buffer_take(&next);
    return STATUS_OK;
}

/* ---- changes.json: his edits, recalls, reactions and pins */

static const struct field shown_change_fields[] = {
    FIELD(struct change_document, conversation_id),
    FIELD(struct change_document, seq),
    FIELD(struct change_document, kind),
    FIELD(struct change_document, content),
    FIELD(struct change_document, old_content),
    FIELD(struct change_document, emoji),
    FIELD(struct change_document, removed),
    FIELD(struct change_document, created_at),
};
static const struct record shown_change_record =
    RECORD("message.exported_change", struct change_document, shown_change_fields);

/* In the order of their ids, after that of the cursor. One at least, and as many as the page takes. */
static enum status export_changes(struct export *export, const char *after, struct error *err)
{
    static const struct store_find how = {.sort = "{'_id': 1}", .limit = BATCH};
    struct buffer cursor = {0};
    struct list found = {0};
    const struct change_document *changes;
    size_t n = 0;
    enum status s =
        store_find(export->message->store, CHANGES, &how, &change_document_record, &found, err,
                   "{'user_id': %s, '_id': {'$gt': %s}}", export->user_id, after);

    changes = found.items;
    while (s == STATUS_OK && n < found.n && export->bytes < PAGE_BYTES) {
        CLEANUP(buffer_clear) struct buffer json = {0};

        record_to_json(&shown_change_record, &changes[n++], &json);
        add_part(export, "changes.json", &json);
    }
    if (s == STATUS_OK) {
        if (n == BATCH || n < found.n)
            buffer_printf(&cursor, IN_CHANGES "%s", changes[n - 1].id);
        else
            buffer_add_text(&cursor, IN_FILES);
        export->page->next_cursor = buffer_take(&cursor);
    }
    list_clear(&found, &change_document_record);
    return s;
}

/* ---- files.json, files/<file_id>.<extension> */

static const struct field shown_file_fields[] = {
    FIELD_NAMED(struct file_document, id, "file_id"), FIELD(struct file_document, file_name),
    FIELD(struct file_document, file_size),           FIELD(struct file_document, file_type),
    FIELD(struct file_document, mime_type),           FIELD(struct file_document, sha256),
    FIELD(struct file_document, created_at),
};
static const struct record shown_file_record =
    RECORD("message.exported_file", struct file_document, shown_file_fields);

static void add_file(struct export *export, const struct file_document *file)
{
    CLEANUP(buffer_clear) struct buffer json = {0};

    record_to_json(&shown_file_record, file, &json);
    add_part(export, "files.json", &json);
}

static void add_bytes(struct export *export, const struct file_document *file)
{
    struct export_part *part = list_add(&export->page->parts, &export_part_record);
    struct buffer name = {0};

    buffer_printf(&name, "files/%s.%s", file->id, file_type_find(file->mime_type)->extension);
    part->name = buffer_take(&name);
    part->blob = memory_text(file->sha256);
}

/* His files in the order of their ids, after the one that the cursor names. At the end the cursor is
 * that of what comes next, or NULL. */
static enum status export_files(struct export *export, const char *place, const char *after,
                                void (*add)(struct export *export,
                                            const struct file_document *file),
                                const char *next, struct error *err)
{
    const struct store_find how = {.sort = "{'_id': 1}", .limit = FILES_PAGE};
    struct buffer cursor = {0};
    struct list files = {0};
    const struct file_document *file;
    enum status s = store_find(export->message->store, FILES, &how, &file_document_record, &files,
                               err, "{'user_id': %s, '_id': {'$gt': %s}}", export->user_id, after);

    file = files.items;
    for (size_t i = 0; s == STATUS_OK && i < files.n; i++)
        add(export, &file[i]);
    if (s == STATUS_OK && files.n == FILES_PAGE)
        buffer_printf(&cursor, "%s%s", place, file[FILES_PAGE - 1].id);
    else if (s == STATUS_OK && next)
        buffer_add_text(&cursor, next);
    if (cursor.length > 0)
        export->page->next_cursor = buffer_take(&cursor);
    list_clear(&files, &file_document_record);
    return s;
}

enum status handle_export(void *state, const void *request, void *reply, struct error *err)
{
    const struct export_query *query = request;
    struct export export = {.message = state,
                            .user_id = query->user_id,
                            .page = reply,
                            .deadline = clock_monotonic() + PAGE_MS};
    const char *cursor = query->cursor ? query->cursor : IN_CONVERSATIONS;

    if (strncmp(cursor, IN_CONVERSATIONS, strlen(IN_CONVERSATIONS)) == 0)
        return export_conversations(&export, cursor + strlen(IN_CONVERSATIONS), err);
    if (strncmp(cursor, IN_MESSAGES, strlen(IN_MESSAGES)) == 0)
        return export_messages(&export, cursor + strlen(IN_MESSAGES), err);
    if (strncmp(cursor, IN_CHANGES, strlen(IN_CHANGES)) == 0)
        return export_changes(&export, cursor + strlen(IN_CHANGES), err);
    if (strncmp(cursor, IN_FILES, strlen(IN_FILES)) == 0)
        return export_files(&export, IN_FILES, cursor + strlen(IN_FILES), add_file, IN_BYTES, err);
    if (strncmp(cursor, IN_BYTES, strlen(IN_BYTES)) == 0)
        return export_files(&export, IN_BYTES, cursor + strlen(IN_BYTES), add_bytes, NULL, err);
    return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
}
