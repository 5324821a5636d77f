#include "wire/retention.h"

static const struct field timer_fields[] = {
    FIELD(struct timer, conversation_id, .required = true, .min = 1,
          .max = CONVERSATION_ID_MAX - 1),
    FIELD(struct timer, seconds, .required = true, .min = 0, .max = TIMER_MAX),
    FIELD(struct timer, message_id, .min = MESSAGE_ID_MIN, .max = MESSAGE_ID_MAX,
          .alphabet = ALPHABET_ID),
};
const struct record timer_record = RECORD("message.timer", struct timer, timer_fields);

static const struct field timer_content_fields[] = {
    FIELD(struct timer_content, event, .required = true),
    FIELD(struct timer_content, conversation_id, .required = true),
    FIELD(struct timer_content, user_id, .required = true),
    FIELD(struct timer_content, seconds, .required = true, .min = 0, .max = TIMER_MAX),
};
const struct record timer_content_record =
    RECORD("content.timer", struct timer_content, timer_content_fields);

static const struct field expire_fields[] = {
    FIELD(struct expire, conversation_id, .required = true, .min = 1,
          .max = CONVERSATION_ID_MAX - 1),
    FIELD(struct expire, message_ids, .required = true, .min = 1, .max = EXPIRE_MAX,
          .item_max = MESSAGE_ID_MAX),
    FIELD(struct expire, removed_seq, .required = true, .min = 1, .max = INT64_MAX),
    FIELD(struct expire, first_seq, .omit_zero = true, .min = 0, .max = INT64_MAX),
};
const struct record expire_record = RECORD("message.expire", struct expire, expire_fields);

enum status timer_check(const struct timer *timer, struct error *err)
{
    if (timer->seconds == 0 || timer->seconds >= TIMER_MIN)
        return STATUS_OK;
    return error_field(err, STATUS_INVALID, "seconds", "field 'seconds' must be 0 or at least %d",
                       TIMER_MIN);
}

const struct record *const retention_records[] = {
    &timer_record,
    &timer_content_record,
    &expire_record,
};
const size_t n_retention_records = N_ELEMENTS(retention_records);
