#include "wire/forward.h"

#include "base/id.h"
#include "wire/frames.h"

#define USER_FIELD(record, member, ...) \
    FIELD(record, member, .min = 1, .max = ID_MAX - 1, .alphabet = ALPHABET_ID, ##__VA_ARGS__)
#define MESSAGE_FIELD(record, member, ...) \
    FIELD(record, member, .min = MESSAGE_ID_MIN, .max = MESSAGE_ID_MAX, .alphabet = ALPHABET_ID, \
          ##__VA_ARGS__)

static const struct field forward_fields[] = {
    FIELD(struct message_forward, conversation_id, .required = true, .min = 1,
          .max = CONVERSATION_ID_MAX - 1),
    FIELD(struct message_forward, message_id, .required = true, .min = 1, .max = MESSAGE_ID_MAX),
    USER_FIELD(struct message_forward, to),
    USER_FIELD(struct message_forward, group_id),
    MESSAGE_FIELD(struct message_forward, new_message_id),
};
const struct record message_forward_record =
    RECORD("message.forward", struct message_forward, forward_fields);

static const struct field forwarded_fields[] = {
    MESSAGE_FIELD(struct message_forwarded, message_id, .required = true),
    USER_FIELD(struct message_forwarded, to),
    USER_FIELD(struct message_forwarded, group_id),
    FIELD(struct message_forwarded, msg_type, .required = true, .min = 0, .max = MSG_CUSTOM),
    FIELD(struct message_forwarded, content, .required = true, .max = FRAME_MAX),
    USER_FIELD(struct message_forwarded, forwarded_from, .required = true),
};
const struct record message_forwarded_record =
    RECORD("message.forwarded", struct message_forwarded, forwarded_fields);

const struct record *const forward_records[] = {&message_forward_record, &message_forwarded_record};
const size_t n_forward_records = N_ELEMENTS(forward_records);
