#include "documents.h"

#include <string.h>

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
};
const struct record message_document_record =
    RECORD("message.document", struct message_document, message_fields);

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
};
const struct record row_document_record =
    RECORD("conversation_user.document", struct row_document, row_fields);

const char *message_id_of(const struct message_document *message)
{
    return strchr(message->id, '/') + 1; /* conversation ids hold no slash */
}

const struct span *row_find_open_span(const struct row_document *row)
{
    const struct span *spans = row->spans.items;

    return row->spans.n > 0 && spans[row->spans.n - 1].to_seq == 0 ? &spans[row->spans.n - 1]
                                                                   : NULL;
}
