#include "documents.h"

#include <string.h>

#include "base/clock.h"

static const struct field message_fields[] = {
    FIELD_NAMED(struct message_document, id, "_id"),
    FIELD(struct message_document, conversation_id),
    FIELD(struct message_document, seq),
    FIELD(struct message_document, count),
    FIELD(struct message_document, from_user_id),
    FIELD(struct message_document, to_user_id),
    FIELD(struct message_document, group_id),
    FIELD(struct message_document, msg_type),
    FIELD(struct message_document, content),
    FIELD(struct message_document, change),
    FIELD(struct message_document, rev, .omit_zero = true),
    FIELD(struct message_document, created_at),
    FIELD(struct message_document, expires_at, .omit_zero = true),
    FIELD(struct message_document, forwarded_from),
    FIELD(struct message_document, change_seq, .omit_zero = true),
    FIELD(struct message_document, edited_at, .omit_zero = true),
    FIELD(struct message_document, recalled_at, .omit_zero = true),
    FIELD(struct message_document, reactions, .omit_zero = true),
    FIELD(struct message_document, hidden_for, .omit_zero = true),
    FIELD(struct message_document, mentions, .omit_zero = true),
};
const struct record message_document_record =
    RECORD("message.document", struct message_document, message_fields);

static const struct field change_fields[] = {
    FIELD_NAMED(struct change_document, id, "_id"),
    FIELD(struct change_document, conversation_id),
    FIELD(struct change_document, change_seq),
    FIELD(struct change_document, kind),
    FIELD(struct change_document, message_id),
    FIELD(struct change_document, seq),
    FIELD(struct change_document, user_id),
    FIELD(struct change_document, content),
    FIELD(struct change_document, old_content),
    FIELD(struct change_document, emoji),
    FIELD(struct change_document, removed, .omit_zero = true),
    FIELD(struct change_document, created_at),
};
const struct record change_document_record =
    RECORD("change.document", struct change_document, change_fields);

static const struct field conversation_fields[] = {
    FIELD_NAMED(struct conversation_document, id, "_id"),
    FIELD(struct conversation_document, group_id),
    FIELD(struct conversation_document, name),
    FIELD(struct conversation_document, bots),
    FIELD(struct conversation_document, last_seq),
    FIELD(struct conversation_document, count),
    FIELD(struct conversation_document, rev),
    FIELD(struct conversation_document, last_id),
    FIELD(struct conversation_document, updated_at),
    FIELD(struct conversation_document, change_seq),
    FIELD(struct conversation_document, removed_seq),
    FIELD(struct conversation_document, vanished_seq),
    FIELD(struct conversation_document, first_seq),
    FIELD(struct conversation_document, at_all_seq),
    FIELD(struct conversation_document, returned_seq),
    FIELD(struct conversation_document, ttl),
    FIELD(struct conversation_document, touched),
    FIELD(struct conversation_document, pinned_ids),
};
const struct record conversation_document_record =
    RECORD("conversation.document", struct conversation_document, conversation_fields);

static const struct field span_fields[] = {
    FIELD(struct span, from_seq),
    FIELD(struct span, to_seq),
};
const struct record span_record = RECORD("span", struct span, span_fields);

static const struct field row_fields[] = {
    FIELD_NAMED(struct row_document, id, "_id"),
    FIELD(struct row_document, user_id),
    FIELD(struct row_document, conversation_id),
    FIELD(struct row_document, read_seq),
    FIELD(struct row_document, read_count),
    FIELD(struct row_document, spans, .of = &span_record),
    FIELD(struct row_document, rev),
    FIELD(struct row_document, silenced_until),
    FIELD(struct row_document, role),
    FIELD(struct row_document, receipt_seq),
    FIELD(struct row_document, delivered_seq),
    FIELD(struct row_document, mentioned_seq),
    FIELD(struct row_document, hidden_seq),
    FIELD(struct row_document, hide_seq),
    FIELD(struct row_document, version),
    FIELD(struct row_document, pinned),
    FIELD(struct row_document, muted),
    FIELD(struct row_document, draft),
};
const struct record row_document_record =
    RECORD("conversation_user.document", struct row_document, row_fields);

static const struct field standing_fields[] = {
    FIELD(struct row_document, user_id),
    FIELD(struct row_document, conversation_id),
    FIELD(struct row_document, read_seq),
    FIELD(struct row_document, spans, .of = &span_record),
    FIELD(struct row_document, rev),
    FIELD(struct row_document, receipt_seq),
    FIELD(struct row_document, delivered_seq),
};
const struct record row_standing_record =
    RECORD("conversation_user.standing", struct row_document, standing_fields);

char *change_id(const char *conversation_id, int64_t change_seq)
{
    struct buffer id = {0};

    buffer_printf(&id, "%s/%lld", conversation_id, (long long)change_seq);
    return buffer_take(&id);
}

const char *message_id_of(const struct message_document *message)
{
    return strchr(message->id, '/') + 1; /* conversation ids hold no slash */
}

char *message_document_id(const char *conversation_id, const char *message_id)
{
    struct buffer id = {0};

    buffer_printf(&id, "%s/%s", conversation_id, message_id);
    return buffer_take(&id);
}

bool message_is_seen(const struct message_document *message, const char *user_id,
                     const struct row_document *row,
                     const struct conversation_document *conversation)
{
    return message->seq >= conversation->first_seq && (!row || row_sees(row, message->seq)) &&
           !strings_has(&message->hidden_for, user_id) &&
           (message->expires_at == 0 || message->expires_at > clock_now());
}

bool row_is_admin(const struct row_document *row)
{
    return row->role && (strcmp(row->role, "owner") == 0 || strcmp(row->role, "admin") == 0);
}

bool row_sees(const struct row_document *row, int64_t seq)
{
    const struct span *spans = row->spans.items;

    for (size_t i = 0; i < row->spans.n; i++)
        if (seq >= spans[i].from_seq && (spans[i].to_seq == 0 || seq <= spans[i].to_seq))
            return true;
    return false;
}

const struct span *row_find_open_span(const struct row_document *row)
{
    const struct span *spans = row->spans.items;

    return row->spans.n > 0 && spans[row->spans.n - 1].to_seq == 0 ? &spans[row->spans.n - 1]
                                                                   : NULL;
}
