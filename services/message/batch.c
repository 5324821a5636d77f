#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "base/clock.h"
#include "base/memory.h"
#include "marks.h"
#include "references.h"
#include "retention.h"
#include "returned.h"
#include "spans.h"
#include "stored.h"

struct batch {
    const struct batch_context *context;
    struct command *commands;
    size_t n;
    struct list recovered; /* struct message_document: a former owner's, above last_seq */
    struct list changes;   /* struct change_document: a former owner's */
    struct list files;     /* struct file_document: what sends name */
    struct stored stored;
    struct message_document **fresh; /* new, in order */
    size_t n_fresh;
    struct effects effects;
    struct announcement announcement;
    int64_t lap_us; /* when the step began */
};

static void end_step(struct batch *batch, enum message_step step)
{
    int64_t now_us = clock_monotonic_us();

    metrics_observe(&message_metrics, MESSAGE_BATCH_SECONDS, METRIC_AT(step),
                    now_us - batch->lap_us);
    batch->lap_us = now_us;
}

/* What a former owner stored and may have told nobody. */
static void note_recovered(struct batch *batch)
{
    const struct message_document *messages = batch->recovered.items;

    for (size_t i = 0; i < batch->recovered.n; i++) {
        struct conversation *conversation =
            ledger_find(batch->context->ledger, messages[i].conversation_id);

        effects_note(&batch->effects, conversation, &messages[i]);
        if (messages[i].group_id) /* a private one's command may yet have a bot to tell */
            (void)ledger_take_republish(conversation, messages[i].seq); /* now */
        announce(&batch->announcement, conversation, &messages[i], NULL);
    }
}

/* Likewise of changes: the message may have been changed already, or not yet. */
static enum status note_recovered_changes(struct batch *batch, struct error *err)
{
    struct change_document *changes = batch->changes.items;
    enum status s = STATUS_OK;

    for (size_t i = 0; s == STATUS_OK && i < batch->changes.n; i++) {
        CLEANUP(strings_clear) struct strings returned = {0};
        struct conversation *conversation =
            ledger_find(batch->context->ledger, changes[i].conversation_id);
        struct message_document *message = stored_find(&batch->stored, changes[i].message_id);

        if (!message) { /* it has expired since */
            conversation->doc.change_seq = changes[i].change_seq;
            continue;
        }
        s = returned_find(batch->context->message, &conversation->doc, message, &returned, err);
        change_apply(&changes[i], message, &conversation->doc);
        effects_note_change(&batch->effects, conversation, &changes[i], message, false);
        announce_change(&batch->announcement, &changes[i], message, &returned, NULL);
    }
    return s;
}

/* A write whose outcome was unknown, or a former owner's, may have gone in after the conversation
 * was loaded: to answer it would acknowledge what last_seq or change_seq does not show. Load again. For
 * a change that is INTERNAL, which does so too, but not for ever: those below it may be gone. */
static enum status check_known(struct batch *batch, struct error *err)
{
    const struct message_document *known = batch->stored.known.items;

    for (size_t i = 0; i < batch->stored.known.n; i++) {
        const struct conversation *conversation =
            ledger_find(batch->context->ledger, known[i].conversation_id);

        if (known[i].seq > conversation->doc.last_seq)
            return error_set(err, STATUS_ID_TAKEN, "seq %lld was stored after it was looked for",
                             (long long)known[i].seq);
        if (known[i].change_seq > conversation->doc.change_seq)
            return error_set(err, STATUS_INTERNAL,
                             "change_seq %lld was stored after it was looked for",
                             (long long)known[i].change_seq);
    }
    return STATUS_OK;
}

/* May he write there, whoever he is? */
static enum status may_write_there(struct batch *batch, struct command *command, bool *ret_bot)
{
    const char *to = command_recipient(command);
    const struct row *row;

    *ret_bot = false;
    if (to && command->muted_until)
        return STATUS_OK; /* nobody was asked; see command_check_muted() */
    if (to)
        return permissions_check(batch->context->permissions, command, ret_bot, &command->error);
    row = ledger_find_row(batch->context->ledger, command->user_id, command->conversation_id);
    /* A stranger gets the answer of a group that does not exist: ids must not be probed. */
    if (!row || !row->exists || !row_find_open_span(&row->doc))
        return command->kind == COMMAND_CHANGE || command->kind == COMMAND_TIMER
                   ? error_field(&command->error, STATUS_NOT_FOUND, "conversation_id",
                                 "there is no such conversation")
                   : error_field(&command->error, STATUS_NOT_FOUND, "group_id",
                                 "there is no such group");
    if (row->doc.silenced_until > clock_now())
        return error_set(&command->error, STATUS_MUTED, "you are muted in this group");
    return STATUS_OK;
}

static enum status may_write(struct batch *batch, struct command *command, bool *ret_bot)
{
    enum status s = may_write_there(batch, command, ret_bot);

    return s == STATUS_OK ? command_check_muted(command) : s;
}

static void store_fresh(struct batch *batch, struct command *command)
{
    struct conversation *conversation = command->conversation;
    struct message_document *message = command_to_message(command, conversation->doc.last_seq + 1,
                                                          conversation->doc.count, clock_now());

    if (command->kind == COMMAND_SEND)
        message->expires_at =
            timer_end(&conversation->doc, batch->context->message->config->retention_days,
                      message->created_at);
    batch->fresh[batch->n_fresh++] = message;
    stored_add(&batch->stored, message);
    effects_note(&batch->effects, conversation, message);
    command->message = message;
}

/* Stored before. What this owner stored it has published; what a former one stored is published
 * once more, because he may have died in between. Receivers drop a seq that they have. */
static void repeat(struct batch *batch, struct command *command,
                   const struct message_document *message, bool to_bot)
{
    command->error = (struct error){0};
    command->message = message;
    if (!ledger_take_republish(command->conversation, message->seq))
        return;
    announce(&batch->announcement, command->conversation, message, command);
    if (to_bot)
        announce_to_bot(&batch->announcement, message->to_user_id, message);
}

static enum status check_references(struct batch *batch, struct command *command)
{
    const struct frame_send *send = &command->frame.send;
    const struct row *row = NULL;

    if (send->group_id)
        row = ledger_find_row(batch->context->ledger, command->user_id, command->conversation_id);
    return references_check(send->msg_type, send->content.text, row ? &row->doc : NULL,
                            &command->error);
}

static void judge_send(struct batch *batch, struct command *command)
{
    const struct message_document *known = stored_find(&batch->stored, command->document_id);
    const struct message_document *vanished =
        known ? NULL : stored_find_vanished(&batch->stored, command->document_id);
    bool to_bot;
    enum status s = may_write(batch, command, &to_bot);

    /* Known and his own: the same answer, even after leaving. Otherwise permission is judged before
     * the id, so that an id tells a stranger nothing. */
    if (known && strcmp(known->from_user_id, command->user_id) == 0) {
        /* Nobody knows whether a bot waits for it: ask again rather than acknowledge. */
        if (s != STATUS_UNAVAILABLE || !ledger_is_republish_due(command->conversation, known->seq))
            repeat(batch, command, known, to_bot);
        return;
    }
    if (vanished && strcmp(vanished->from_user_id, command->user_id) == 0) {
        command->error = (struct error){0};
        command->message = vanished; /* nobody is told of what is gone */
        return;
    }
    if (s != STATUS_OK)
        return;
    if (known || vanished) {
        (void)error_field(&command->error, STATUS_ID_TAKEN, "message_id",
                          "field 'message_id' names another's message in this conversation");
        return;
    }
    if (check_references(batch, command) != STATUS_OK)
        return;
    if (file_send_judge(&batch->files, command) != STATUS_OK)
        return;
    store_fresh(batch, command);
    announce(&batch->announcement, command->conversation, command->message, command);
    if (to_bot)
        announce_to_bot(&batch->announcement, command->message->to_user_id, command->message);
}

static void judge_members(struct batch *batch, struct command *command)
{
    const struct conversation *conversation = command->conversation;
    const struct message_document *known = stored_find(&batch->stored, command->document_id);

    if (known) {
        repeat(batch, command, known, false);
        return;
    }
    if (command->change.rev != conversation->doc.rev + 1) {
        command->rev_expected = conversation->doc.rev + 1;
        (void)error_set(&command->error, STATUS_CONFLICT, "the next change is rev %lld",
                        (long long)command->rev_expected);
        return;
    }
    store_fresh(batch, command);
    announce(&batch->announcement, command->conversation, command->message, command);
}

/* A recall takes words back: the silenced may, and those whom the other has blocked. */
static enum status may_change(struct batch *batch, struct command *command)
{
    bool unused;
    enum status s;

    if (command->frame.change.type == FRAME_RECALL &&
        (command->peer_id[0] || command->is_administrator))
        return STATUS_OK;
    s = may_write(batch, command, &unused);
    if (s == STATUS_MUTED && command->frame.change.type == FRAME_RECALL) {
        command->error = (struct error){0};
        s = STATUS_OK;
    }
    return s;
}

/* It is so already. A former owner may have made it so and died before he told of it: the message's
 * last change is told again, whatever it was; who misses one before it sees the gap. It is told to the
 * socket that asks as well: the ack of the change itself may be what did not come. */
static void repeat_change(struct batch *batch, struct command *command,
                          const struct message_document *message)
{
    CLEANUP(free) char *id = change_id(message->conversation_id, message->change_seq);
    CLEANUP(strings_clear) struct strings returned = {0};
    struct change_document change = {0};
    enum status s;

    command->change_seq = message->change_seq;
    command->is_repeated = true;
    if (message->change_seq == 0 || message->change_seq > command->conversation->loaded_change_seq)
        return;
    s = store_find_one(batch->context->message->store, CHANGES, &change_document_record, &change,
                       &command->error, "{'_id': %s}", id);
    if (s == STATUS_NOT_FOUND)
        command->error = (struct error){0};
    if (s == STATUS_OK)
        s = returned_find(batch->context->message, &command->conversation->doc, message, &returned,
                          &command->error);
    if (s == STATUS_OK)
        announce_change(&batch->announcement, &change, message, &returned, NULL);
    record_clear(&change_document_record, &change);
}

static void judge_change(struct batch *batch, struct command *command)
{
    struct conversation *conversation = command->conversation;
    const struct row *row =
        ledger_find_row(batch->context->ledger, command->user_id, command->conversation_id);
    struct message_document *message = stored_find_changeable(&batch->stored, command->document_id);
    struct change_document *change = NULL;
    CLEANUP(strings_clear) struct strings returned = {0};

    if (may_change(batch, command) != STATUS_OK ||
        change_judge(command, message, row && !command->peer_id[0] ? &row->doc : NULL,
                     &conversation->doc, clock_now(), &change, &command->error) != STATUS_OK)
        return;
    command->message = message;
    if (!change) {
        repeat_change(batch, command, message);
        return;
    }
    if (returned_find(batch->context->message, &conversation->doc, message, &returned,
                      &command->error) != STATUS_OK) {
        change_free(change);
        return;
    }
    change->change_seq = command->change_seq = conversation->doc.change_seq + 1;
    command->changed_at = change->created_at;
    change->id = change_id(conversation->doc.id, change->change_seq);
    change_apply(change, message, &conversation->doc);
    announce_change(&batch->announcement, change, message, &returned, command);
    effects_note_change(&batch->effects, conversation, change, message, true);
    change_free(change);
}

static void judge_timer(struct batch *batch, struct command *command)
{
    const struct message_document *known = stored_find(&batch->stored, command->document_id);
    const struct row *row =
        ledger_find_row(batch->context->ledger, command->user_id, command->conversation_id);
    bool unused;

    if (known && strcmp(known->from_user_id, command->user_id) == 0) {
        repeat(batch, command, known, false);
        return;
    }
    if (may_write(batch, command, &unused) != STATUS_OK ||
        timer_judge(command->peer_id[0] ? NULL : &row->doc, &command->error) != STATUS_OK)
        return;
    if (known) {
        (void)error_field(&command->error, STATUS_ID_TAKEN, "message_id",
                          "field 'message_id' names another's message in this conversation");
        return;
    }
    if (command->conversation->doc.ttl == command->timer.seconds)
        return;
    store_fresh(batch, command);
    announce(&batch->announcement, command->conversation, command->message, command);
}

/* Whatever is named is over: nobody need be asked, and it need not be there any more. */
static void judge_expire(struct batch *batch, struct command *command)
{
    struct system_content content;

    expire_apply(&command->expire, &command->conversation->doc);
    effects_note_expired(&batch->effects, &command->expire);
    expire_to_content(&command->expire, &content);
    announce_event(&batch->announcement, command->conversation_id,
                   expire_vanished_seq(&command->expire), &content);
}

/* Who is blocked learns no more of the other, in either direction. */
static void judge_mark(struct batch *batch, struct command *command)
{
    struct row *row =
        ledger_find_row(batch->context->ledger, command->user_id, command->conversation_id);
    struct message_document *message = NULL;
    bool may_tell =
        command_is_receipt(command) &&
        permissions_are_open(batch->context->permissions, command->user_id, command->peer_id);

    if (command->document_id)
        command->message = message = stored_find_changeable(&batch->stored, command->document_id);
    (void)mark_judge(&batch->effects, command, row, message, may_tell, &command->error);
}

/* Typing tells nobody that he is blocked, or no friend: a message does. */
static void judge_typing(struct batch *batch, struct command *command)
{
    bool unused;
    enum status s = may_write(batch, command, &unused);

    if (s == STATUS_OK)
        announce_typing(&batch->announcement, command);
    else if (s == STATUS_BLOCKED || s == STATUS_FORBIDDEN)
        command->error = (struct error){0};
}

static void judge(struct batch *batch, struct command *command)
{
    switch (command->kind) {
    case COMMAND_SEND:
        judge_send(batch, command);
        break;
    case COMMAND_MEMBERS:
        judge_members(batch, command);
        break;
    case COMMAND_TYPING:
        judge_typing(batch, command);
        break;
    case COMMAND_CHANGE:
        judge_change(batch, command);
        break;
    case COMMAND_TIMER:
        judge_timer(batch, command);
        break;
    case COMMAND_EXPIRE:
        judge_expire(batch, command);
        break;
    case COMMAND_MARK:
        judge_mark(batch, command);
        break;
    case COMMAND_UNREADABLE: /* parked by the owner */
        break;
    }
}

/* A look into memory. Before anything is asked about them: user makes friends of who writes. */
static void find_muted(struct batch *batch)
{
    struct identity *identity = batch->context->message->context->identity;

    for (size_t i = 0; i < batch->n; i++) {
        int64_t until = identity_muted_until(identity, batch->commands[i].user_id);

        batch->commands[i].muted_until = until > clock_now() ? until : 0;
    }
}

static enum status load(struct batch *batch, struct error *err)
{
    const struct batch_context *context = batch->context;
    enum status s = ledger_load(context->ledger, batch->commands, batch->n, &batch->recovered,
                                &batch->changes, err);

    if (s == STATUS_OK)
        s = stored_load(context->message->store, batch->commands, batch->n, &batch->recovered,
                        &batch->changes, &batch->stored, err);
    if (s == STATUS_OK)
        s = ledger_load_rows(context->ledger, batch->commands, batch->n, &batch->recovered, err);
    if (s == STATUS_OK)
        s = file_sends_load(context->message->store, batch->commands, batch->n, &batch->files, err);
    find_muted(batch);
    if (s == STATUS_OK)
        permissions_load(context->permissions, batch->commands, batch->n);
    return s;
}

static enum status store_and_publish(struct batch *batch, struct error *err)
{
    const struct batch_context *context = batch->context;
    enum status s = STATUS_OK;

    if (batch->n_fresh > 0)
        s = store_insert_many(context->message->store, MESSAGES, &message_document_record,
                              (const void *const *)batch->fresh, batch->n_fresh, err);
    end_step(batch, MESSAGE_STEP_STORE);
    if (s == STATUS_OK)
        s = effects_write(&batch->effects, err);
    end_step(batch, MESSAGE_STEP_EFFECTS);
    if (s == STATUS_OK)
        s = announcement_publish(&batch->announcement, context->publish, err);
    end_step(batch, MESSAGE_STEP_PUBLISH);
    if (s == STATUS_OK)
        atomic_fetch_add(&context->message->stored, (int64_t)batch->n_fresh);
    return s;
}

static void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->n_fresh; i++) {
        record_clear(&message_document_record, batch->fresh[i]);
        free(batch->fresh[i]);
    }
    free(batch->fresh);
    stored_clear(&batch->stored);
    list_clear(&batch->recovered, &message_document_record);
    list_clear(&batch->changes, &change_document_record);
    file_sends_clear(&batch->files);
    for (size_t i = 0; i < batch->n; i++)
        batch->commands[i].message = NULL;
    effects_clear(&batch->effects);
    announcement_clear(&batch->announcement);
}

enum status batch_run(const struct batch_context *context, struct command *commands, size_t n,
                      struct error *err)
{
    struct batch batch = {
        .context = context, .commands = commands, .n = n, .lap_us = clock_monotonic_us()};
    struct batch_spans spans;
    enum status s;

    batch.fresh = memory_grow(NULL, n, sizeof(struct message_document *));
    effects_init(&batch.effects, context->ledger, &context->message->search_queue);
    for (size_t i = 0; i < n; i++)
        command_reset(&commands[i]);
    batch_spans_begin(&spans, commands, n);
    span_resume(&spans.all);
    s = load(&batch, err);
    end_step(&batch, MESSAGE_STEP_LOAD);
    span_pause(&spans.all);
    if (s == STATUS_OK) {
        note_recovered(&batch);
        s = note_recovered_changes(&batch, err);
    }
    if (s == STATUS_OK)
        s = check_known(&batch, err);
    for (size_t i = 0; s == STATUS_OK && i < n; i++) {
        command_span_resume(&commands[i]);
        judge(&batch, &commands[i]);
        announce_answer(&batch.announcement, &commands[i]);
        command_span_pause(&commands[i]);
    }
    marks_flush(&batch.effects, &batch.announcement);
    end_step(&batch, MESSAGE_STEP_JUDGE);
    span_resume(&spans.all);
    if (s == STATUS_OK)
        s = store_and_publish(&batch, err);
    if (s == STATUS_OK)
        message_count_batch(commands, n);
    else
        metrics_add(&message_metrics, MESSAGE_BATCHES_FAILED, METRIC_AT(0), 1);
    batch_spans_end(&spans, commands, n, s == STATUS_OK);
    batch_clear(&batch);
    return s;
}

enum status batch_refuse(const struct batch_context *context, struct command *command,
                         struct error *err)
{
    struct announcement announcement = {0};
    enum status s;

    command_reset(command);
    if (command->error.status == STATUS_OK)
        (void)error_set(&command->error, STATUS_INTERNAL, "cannot be handled");
    announce_answer(&announcement, command);
    s = announcement_publish(&announcement, context->publish, err);
    announcement_clear(&announcement);
    return s;
}
