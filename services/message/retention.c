#include "retention.h"

#include <string.h>

#define DAY_MS (24LL * 3600 * 1000)

enum status timer_judge(const struct row_document *row, struct error *err)
{
    if (!row || row_is_admin(row))
        return STATUS_OK;
    return error_set(err, STATUS_FORBIDDEN, "only the group's owner and admins set its timer");
}

void timer_apply(const struct message_document *message, struct conversation_document *conversation)
{
    struct timer_content content;

    if (message->msg_type != MSG_SYSTEM || message->change.text ||
        record_from_json(&timer_content_record, message->content.text,
                         strlen(message->content.text), &content, NULL) != STATUS_OK)
        return;
    if (strcmp(content.event, EVENT_TIMER) == 0)
        conversation->ttl = content.seconds;
    record_clear(&timer_content_record, &content);
}

int64_t timer_end(const struct conversation_document *conversation, int64_t retention_days,
                  int64_t now)
{
    int64_t ms = conversation->ttl * 1000;

    if (ms == 0)
        return 0;
    if (retention_days > 0 && ms > retention_days * DAY_MS)
        ms = retention_days * DAY_MS;
    return now + ms;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t expire_vanished_seq(const struct expire *expire)
{
    return expire->first_seq ? 0 : expire->removed_seq;
}

void expire_apply(const struct expire *expire, struct conversation_document *conversation)
{
    for (size_t i = 0; i < expire->message_ids.n; i++)
        strings_remove(&conversation->pinned_ids, expire->message_ids.items[i]);
    conversation->removed_seq = larger(conversation->removed_seq, expire->removed_seq);
    conversation->vanished_seq = larger(conversation->vanished_seq, expire_vanished_seq(expire));
    conversation->first_seq = larger(conversation->first_seq, expire->first_seq);
    conversation->touched++;
}

void expire_to_content(const struct expire *expire, struct system_content *ret)
{
    *ret = (struct system_content){
        .event = (char *)(expire->first_seq ? EVENT_TRIMMED : EVENT_EXPIRED),
        .conversation_id = expire->conversation_id,
        .first_seq = expire->first_seq,
    };
    if (expire->first_seq == 0)
        ret->message_ids = expire->message_ids;
}
