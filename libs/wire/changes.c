#include "wire/changes.h"

#include "base/id.h"
#include "wire/frames.h"

#define TYPE_FIELD(record, value) FIELD(record, type, .required = true, .min = value, .max = value)
#define CONVERSATION_FIELD(record) \
    FIELD(record, conversation_id, .required = true, .min = 1, .max = CONVERSATION_ID_MAX - 1)
#define SEQ_FIELD(record) FIELD(record, seq, .required = true, .min = 1, .max = INT64_MAX)

/* Any id that a message may have, those of system messages ("rev:7") too. */
#define MESSAGE_FIELD(record) \
    FIELD(record, message_id, .required = true, .min = 1, .max = MESSAGE_ID_MAX)

#define TRACE_FIELD(record) FIELD(record, traceparent, .max = FRAME_TRACEPARENT_MAX)

static const struct field recall_fields[] = {
    TYPE_FIELD(struct frame_change, FRAME_RECALL),
    CONVERSATION_FIELD(struct frame_change),
    MESSAGE_FIELD(struct frame_change),
    TRACE_FIELD(struct frame_change),
};
const struct record frame_recall_record =
    RECORD("frame.recall", struct frame_change, recall_fields);

static const struct field edit_fields[] = {
    TYPE_FIELD(struct frame_change, FRAME_EDIT),
    CONVERSATION_FIELD(struct frame_change),
    MESSAGE_FIELD(struct frame_change),
    FIELD(struct frame_change, content, .required = true, .max = FRAME_MAX),
    TRACE_FIELD(struct frame_change),
};
const struct record frame_edit_record = RECORD("frame.edit", struct frame_change, edit_fields);

static const struct field reaction_fields[] = {
    TYPE_FIELD(struct frame_change, FRAME_REACTION),
    CONVERSATION_FIELD(struct frame_change),
    MESSAGE_FIELD(struct frame_change),
    FIELD(struct frame_change, emoji, .required = true, .min = 1, .max = EMOJI_MAX),
    FIELD(struct frame_change, removed, .omit_zero = true),
    TRACE_FIELD(struct frame_change),
};
const struct record frame_reaction_record =
    RECORD("frame.reaction", struct frame_change, reaction_fields);

static const struct field pin_fields[] = {
    TYPE_FIELD(struct frame_change, FRAME_PIN),
    CONVERSATION_FIELD(struct frame_change),
    MESSAGE_FIELD(struct frame_change),
    FIELD(struct frame_change, removed, .omit_zero = true),
    TRACE_FIELD(struct frame_change),
};
const struct record frame_pin_record = RECORD("frame.pin", struct frame_change, pin_fields);

static const struct field read_fields[] = {
    TYPE_FIELD(struct frame_read, FRAME_READ),
    CONVERSATION_FIELD(struct frame_read),
    SEQ_FIELD(struct frame_read),
};
const struct record frame_read_record = RECORD("frame.read", struct frame_read, read_fields);

/* What every change tells. */
#define CHANGED_FIELDS(value) \
    TYPE_FIELD(struct frame_changed, value), CONVERSATION_FIELD(struct frame_changed), \
        MESSAGE_FIELD(struct frame_changed), SEQ_FIELD(struct frame_changed), \
        FIELD(struct frame_changed, from, .required = value != FRAME_RECALL), \
        FIELD(struct frame_changed, change_seq, .required = true, .min = 1, .max = INT64_MAX), \
        FIELD(struct frame_changed, timestamp, .required = true)

static const struct field recalled_fields[] = {CHANGED_FIELDS(FRAME_RECALL)};
const struct record frame_recalled_record =
    RECORD("frame.recalled", struct frame_changed, recalled_fields);

static const struct field edited_fields[] = {
    CHANGED_FIELDS(FRAME_EDIT),
    FIELD(struct frame_changed, content, .required = true, .max = FRAME_MAX),
};
const struct record frame_edited_record =
    RECORD("frame.edited", struct frame_changed, edited_fields);

static const struct field reacted_fields[] = {
    CHANGED_FIELDS(FRAME_REACTION),
    FIELD(struct frame_changed, emoji, .required = true, .max = EMOJI_MAX),
    FIELD(struct frame_changed, count, .required = true),
    FIELD(struct frame_changed, removed, .omit_zero = true),
};
const struct record frame_reacted_record =
    RECORD("frame.reacted", struct frame_changed, reacted_fields);

static const struct field pinned_fields[] = {
    CHANGED_FIELDS(FRAME_PIN),
    FIELD(struct frame_changed, removed, .omit_zero = true),
};
const struct record frame_pinned_record =
    RECORD("frame.pinned", struct frame_changed, pinned_fields);

static const struct field receipt_fields[] = {
    FIELD(struct frame_receipt, type, .required = true, .min = FRAME_READ, .max = FRAME_DELIVERED),
    CONVERSATION_FIELD(struct frame_receipt),
    SEQ_FIELD(struct frame_receipt),
    FIELD(struct frame_receipt, from, .required = true),
};
const struct record frame_receipt_record =
    RECORD("frame.receipt", struct frame_receipt, receipt_fields);

static const struct field one_reaction_fields[] = {
    FIELD(struct reaction, emoji, .required = true, .max = EMOJI_MAX),
    FIELD(struct reaction, count, .required = true),
    FIELD(struct reaction, user_ids, .required = true, .max = REACTION_USERS_MAX),
};
const struct record reaction_record =
    RECORD("message.reaction", struct reaction, one_reaction_fields);

/* Reactions are kept as "<emoji> <user_id>". */
static enum status check_emoji(const char *emoji, struct error *err)
{
    for (const char *p = emoji; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return error_field(err, STATUS_INVALID, "emoji",
                               "field 'emoji' must not hold spaces or control characters");
    return STATUS_OK;
}

enum status frame_change_check(const struct frame_change *change, struct error *err)
{
    return change->type == FRAME_REACTION ? check_emoji(change->emoji, err) : STATUS_OK;
}

const struct record *const changes_records[] = {
    &frame_recall_record, &frame_edit_record,     &frame_reaction_record, &frame_pin_record,
    &frame_read_record,   &frame_recalled_record, &frame_edited_record,   &frame_reacted_record,
    &frame_pinned_record, &frame_receipt_record,  &reaction_record,
};
const size_t n_changes_records = N_ELEMENTS(changes_records);
