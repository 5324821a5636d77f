#include "marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* ---- How far */

int64_t mark_reach(const struct row_document *row, const struct conversation_document *conversation,
                   int64_t seq)
{
    const struct span *spans = row->spans.items;
    int64_t reach = 0;

    if (seq > conversation->last_seq)
        seq = conversation->last_seq;
    if (!conversation->group_id)
        return seq;
    for (size_t i = 0; i < row->spans.n && spans[i].from_seq <= seq; i++)
        reach = spans[i].to_seq != 0 && spans[i].to_seq < seq ? spans[i].to_seq : seq;
    return reach;
}

bool mark_count(const struct row_document *row, const struct conversation_document *conversation,
                int64_t seq, int64_t *ret)
{
    int64_t messages = conversation->last_seq - row->read_seq;
    int64_t counting = conversation->count - row->read_count;

    if (seq >= conversation->last_seq || counting == 0)
        *ret = conversation->count;
    else if (counting == messages) /* system messages are rare */
        *ret = row->read_count + seq - row->read_seq;
    else
        return false;
    return true;
}

struct place {
    int64_t seq;
    int64_t count;
    int64_t msg_type;
};

static const struct field place_fields[] = {
    FIELD(struct place, seq),
    FIELD(struct place, count),
    FIELD(struct place, msg_type),
};
static const struct record place_record = RECORD("message.place", struct place, place_fields);

/* From the message at seq, or the next one that is left: what is gone between lies below removed_seq,
 * and then unread is counted anew. NOT_FOUND: nothing is left. */
static enum status find_count(const struct effects *effects, const struct row_document *row,
                              const struct conversation_document *conversation, int64_t seq,
                              int64_t *ret, struct error *err)
{
    static const struct store_find how = {.sort = "{'seq': 1}", .limit = 1};
    struct list found = {0};
    const struct place *place;
    enum status s;

    if (mark_count(row, conversation, seq, ret))
        return STATUS_OK;
    s = store_find(effects->ledger->store, MESSAGES, &how, &place_record, &found, err,
                   "{'conversation_id': %s, 'seq': {'$gte': %ld}}", conversation->id, seq);
    place = found.items;
    if (s == STATUS_OK && found.n == 0)
        s = error_set(err, STATUS_NOT_FOUND, "no message at or after seq");
    else if (s == STATUS_OK)
        *ret = place->count - (place->seq > seq && place->msg_type != MSG_SYSTEM);
    free(found.items);
    return s;
}

/* ---- Judging */

static void raise(int64_t *value, int64_t to)
{
    if (*value < to)
        *value = to;
}

static void mark_row(struct effects *effects, struct row *row)
{
    if (row->marks.is_marked)
        return;
    row->marks = (struct row_marks){.is_marked = true, .next = effects->marked};
    effects->marked = row;
}

/* One more that his other devices are to learn. */
static void step(struct row *row)
{
    row->marks.steps++;
    row->doc.version++;
}

/* The socket that has read gets no echo, unless another one has as well. */
static void note_reader(struct row_marks *marks, const struct command *command)
{
    const struct command *before = marks->reader;

    if (!before)
        marks->reader = command;
    else if (before->envelope.connection_id != command->envelope.connection_id)
        marks->has_readers = true;
}

/* What a former owner did not live to tell is asked for again; it is told once more. */
static enum status read_to(struct effects *effects, const struct command *command, struct row *row,
                           int64_t seq, bool may_tell, struct error *err)
{
    const struct conversation_document *conversation = &command->conversation->doc;
    int64_t count = 0;
    enum status s;

    seq = mark_reach(&row->doc, conversation, seq);
    if (seq > row->doc.read_seq) {
        s = find_count(effects, &row->doc, conversation, seq, &count, err);
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
        row->doc.read_seq = seq;
        raise(&row->doc.read_count, count);
    } else if (row->doc.read_seq == 0 ||
               (row->is_read_told && (!may_tell || row->doc.receipt_seq == row->doc.read_seq))) {
        return STATUS_OK;
    }
    mark_row(effects, row);
    if (!row->marks.tells_self)
        step(row);
    row->marks.tells_self = row->is_read_told = true;
    note_reader(&row->marks, command);
    if (may_tell) {
        row->doc.receipt_seq = row->doc.read_seq;
        raise(&row->doc.delivered_seq, row->doc.read_seq);
        row->marks.tells_read = true;
    }
    return STATUS_OK;
}

/* In groups nobody is shown it, and who may not be told need not be remembered. */
static void deliver_to(struct effects *effects, const struct command *command, struct row *row,
                       int64_t seq, bool may_tell)
{
    seq = mark_reach(&row->doc, &command->conversation->doc, seq);
    if (!may_tell || (seq <= row->doc.delivered_seq && row->is_delivered_told) ||
        seq <= row->doc.receipt_seq)
        return;
    mark_row(effects, row);
    raise(&row->doc.delivered_seq, seq);
    row->is_delivered_told = row->marks.tells_delivered = true;
}

static void set(struct effects *effects, const struct command *command, struct row *row)
{
    const struct user_mark *mark = &command->mark;

    if (!mark->pinned.is_set && !mark->muted.is_set && !mark->draft && !mark->hide)
        return;
    mark_row(effects, row);
    step(row);
    row->marks.is_set = row->marks.tells_settings = true;
    if (mark->pinned.is_set)
        row->doc.pinned = mark->pinned.value;
    if (mark->muted.is_set)
        row->doc.muted = mark->muted.value;
    if (mark->hide)
        row->doc.hide_seq = command->conversation->doc.last_seq;
    if (mark->draft) {
        free(row->doc.draft);
        row->doc.draft = memory_text(mark->draft);
        effects->ledger->draft_bytes += strlen(mark->draft);
    }
}

static void add_hidden(struct effects *effects, const struct row *row,
                       const struct message_document *message)
{
    CLEANUP(buffer_clear) struct buffer id = {0};

    buffer_printf(&id, "%s/%s", row->doc.id, message_id_of(message));
    if (!effects->hidden)
        effects->hidden = store_bulk_new(effects->ledger->store, HIDDEN);
    store_bulk_add(effects->hidden, STORE_UPSERT,
                   "[{'_id': %s}, {'$max': {'version': %ld}, '$setOnInsert': {'row_id': %s, "
                   "'user_id': %s, 'message_id': %s, 'seq': %ld}}]",
                   buffer_text(&id), row->doc.version, row->doc.id, row->doc.user_id,
                   message_id_of(message), message->seq);
    if (!effects->messages)
        effects->messages = store_bulk_new(effects->ledger->store, MESSAGES);
    store_bulk_add(effects->messages, 0, "[{'_id': %s}, {'$addToSet': {'hidden_for': %s}}]",
                   message->id, row->doc.user_id);
}

/* Done before, it is done again: whether a former owner came to its end is not to be seen. */
static enum status hide_message(struct effects *effects, const struct command *command,
                                struct row *row, struct message_document *message,
                                struct error *err)
{
    const struct conversation_document *conversation = &command->conversation->doc;

    if (!message || message->seq < conversation->first_seq ||
        (conversation->group_id && !row_sees(&row->doc, message->seq)))
        return error_field(err, STATUS_NOT_FOUND, "message_id", "there is no such message");
    mark_row(effects, row);
    step(row);
    row->marks.is_set = true;
    strings_add(&row->marks.hidden_ids, message_id_of(message));
    raise(&row->doc.hidden_seq, message->seq);
    if (!strings_has(&message->hidden_for, row->doc.user_id))
        strings_add(&message->hidden_for, row->doc.user_id);
    add_hidden(effects, row, message);
    return STATUS_OK;
}

enum status mark_judge(struct effects *effects, const struct command *command, struct row *row,
                       struct message_document *message, bool may_tell, struct error *err)
{
    const struct user_mark *mark = &command->mark;
    const struct frame *frame = &command->frame;
    int64_t read_seq = frame->record == &frame_read_record ? frame->read.seq : mark->read_seq;
    enum status s = STATUS_OK;

    if (!row || !row->exists || command->conversation->doc.last_seq == 0)
        return error_field(err, STATUS_NOT_FOUND, "conversation_id",
                           "there is no such conversation");
    if (mark->hide_message_id)
        return hide_message(effects, command, row, message, err);
    if (frame->record == &frame_delivered_record)
        deliver_to(effects, command, row, frame->delivered.seq, may_tell);
    else if (read_seq > 0)
        s = read_to(effects, command, row, read_seq, may_tell, err);
    if (s == STATUS_OK)
        set(effects, command, row);
    return s;
}

/* ---- Writing and telling */

/* Numbers only rise, whoever writes them, and so does version: a former owner that wakes up late takes
 * nothing back. */
static void write_numbers(struct effects *effects, const struct row *row)
{
    const struct row_document *doc = &row->doc;

    store_bulk_add(
        effects->rows, 0,
        "[{'_id': %s}, {'$max': {'read_seq': %ld, 'read_count': %ld, 'receipt_seq': %ld, "
        "'delivered_seq': %ld}, '$inc': {'version': %ld}}]",
        doc->id, doc->read_seq, doc->read_count, doc->receipt_seq, doc->delivered_seq,
        row->marks.steps);
}

/* Settings go to and fro, so they are set only if the row is as it was; see store_bulk_run_all(). */
static void write_settings(struct effects *effects, const struct row *row)
{
    const struct row_document *doc = &row->doc;

    if (!effects->settings)
        effects->settings = store_bulk_new(effects->ledger->store, CONVERSATION_USERS);
    store_bulk_add(
        effects->settings, 0,
        "[{'_id': %s, 'version': {'$not': {'$gt': %ld}}}, {'$set': {'pinned': %d, 'muted': %d, "
        "'draft': %s}, '$max': {'read_seq': %ld, 'read_count': %ld, 'receipt_seq': %ld, "
        "'delivered_seq': %ld, 'hide_seq': %ld, 'hidden_seq': %ld}, '$inc': {'version': %ld}}]",
        doc->id, doc->version - row->marks.steps, doc->pinned, doc->muted,
        doc->draft ? doc->draft : "", doc->read_seq, doc->read_count, doc->receipt_seq,
        doc->delivered_seq, doc->hide_seq, doc->hidden_seq, row->marks.steps);
}

static void tell(const struct row *row, struct announcement *announcement,
                 const struct conversation_document *conversation)
{
    const struct row_marks *marks = &row->marks;
    const struct row_document *doc = &row->doc;
    struct system_content content = {
        .event = (char *)EVENT_CONVERSATION_UPDATED,
        .conversation_id = doc->conversation_id,
    };

    if (marks->tells_self)
        announce_own_reading(announcement, doc, marks->has_readers ? NULL : marks->reader);
    if (marks->tells_read)
        announce_receipt(announcement, doc, FRAME_READ, doc->receipt_seq);
    if (marks->tells_delivered && doc->delivered_seq > doc->receipt_seq)
        announce_receipt(announcement, doc, FRAME_DELIVERED, doc->delivered_seq);
    if (marks->tells_settings) {
        content.pinned = (struct maybe){true, doc->pinned};
        content.muted = (struct maybe){true, doc->muted};
        content.hidden = (struct maybe){true, doc->hide_seq >= conversation->last_seq};
        content.hide_seq = doc->hide_seq;
        content.draft = doc->draft ? doc->draft : (char *)"";
        announce_to_oneself(announcement, doc->user_id, &content);
    }
    if (marks->hidden_ids.n > 0) {
        announce_to_oneself(announcement, doc->user_id,
                            &(struct system_content){.event = (char *)EVENT_MESSAGE_HIDDEN,
                                                     .conversation_id = doc->conversation_id,
                                                     .message_ids = marks->hidden_ids});
    }
}

void marks_flush(struct effects *effects, struct announcement *announcement)
{
    for (struct row *row = effects->marked; row; row = row->marks.next) {
        struct conversation *conversation = ledger_find(effects->ledger, row->doc.conversation_id);

        if (row->marks.is_set)
            write_settings(effects, row);
        else
            write_numbers(effects, row);
        if (row->marks.tells_read || row->marks.tells_delivered)
            effects_touch(effects, conversation);
        tell(row, announcement, &conversation->doc);
    }
}

void marks_clear(struct effects *effects)
{
    struct row *next;

    for (struct row *row = effects->marked; row; row = next) {
        next = row->marks.next;
        strings_clear(&row->marks.hidden_ids);
        row->marks = (struct row_marks){0};
    }
    effects->marked = NULL;
    store_bulk_free(TAKE(effects->hidden));
    store_bulk_free(TAKE(effects->settings));
}
