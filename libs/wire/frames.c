#include "wire/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"
#include "wire/egg.h"

#define USER_FIELD(record, member, ...) \
    FIELD(record, member, .min = 1, .max = ID_MAX - 1, .alphabet = ALPHABET_ID, ##__VA_ARGS__)

static const struct field frame_send_fields[] = {
    FIELD(struct frame_send, type, .required = true, .min = 0, .max = FRAME_CUSTOM),
    FIELD(struct frame_send, message_id, .min = MESSAGE_ID_MIN, .max = MESSAGE_ID_MAX,
          .alphabet = ALPHABET_ID),
    USER_FIELD(struct frame_send, to),
    USER_FIELD(struct frame_send, group_id),
    FIELD(struct frame_send, msg_type, .min = 0, .max = MSG_CUSTOM),
    FIELD(struct frame_send, content, .required = true, .max = FRAME_MAX),
    FIELD(struct frame_send, traceparent, .max = FRAME_TRACEPARENT_MAX),
};
const struct record frame_send_record = RECORD("frame.send", struct frame_send, frame_send_fields);

static const struct field frame_typing_fields[] = {
    FIELD(struct frame_typing, type, .required = true, .min = FRAME_TYPING, .max = FRAME_TYPING),
    USER_FIELD(struct frame_typing, to),
    USER_FIELD(struct frame_typing, group_id),
};
const struct record frame_typing_record =
    RECORD("frame.typing", struct frame_typing, frame_typing_fields);

static const struct field frame_delivered_fields[] = {
    FIELD(struct frame_delivered, type, .required = true, .min = FRAME_ACK, .max = FRAME_ACK),
    FIELD(struct frame_delivered, conversation_id, .required = true, .min = 1,
          .max = CONVERSATION_ID_MAX - 1),
    FIELD(struct frame_delivered, seq, .required = true, .min = 1, .max = INT64_MAX),
};
const struct record frame_delivered_record =
    RECORD("frame.delivered", struct frame_delivered, frame_delivered_fields);

/* What a client wants echoed is a time stamp; 1 KiB leaves room for its own bookkeeping. */
static const struct field frame_heartbeat_fields[] = {
    FIELD(struct frame_heartbeat, type, .required = true, .min = FRAME_HEARTBEAT,
          .max = FRAME_HEARTBEAT_ANSWER),
    FIELD(struct frame_heartbeat, content, .max = 1024),
};
const struct record frame_heartbeat_record =
    RECORD("frame.heartbeat", struct frame_heartbeat, frame_heartbeat_fields);

/* 100 people in one mention: past that, at_all. */
static const struct field content_text_fields[] = {
    FIELD(struct content_text, text, .required = true, .min = 1, .max = TEXT_MAX),
    FIELD(struct content_text, at_user_ids, .max = 100, .item_max = ID_MAX - 1,
          .alphabet = ALPHABET_ID, .omit_zero = true),
    FIELD(struct content_text, at_all, .omit_zero = true),
    FIELD(struct content_text, reply_to, .min = 1, .max = MESSAGE_ID_MAX, .alphabet = ALPHABET_ID),
};
const struct record content_text_record =
    RECORD("content.text", struct content_text, content_text_fields);

/* duration: a day; width and height: what libvips takes. */
static const struct field content_file_fields[] = {
    FIELD(struct content_file, file_id, .required = true, .min = 1, .max = ID_MAX - 1,
          .alphabet = ALPHABET_ID),
    FIELD(struct content_file, file_name, .max = 255),
    FIELD(struct content_file, file_size, .min = 0, .max = INT64_MAX, .omit_zero = true),
    FIELD(struct content_file, file_type, .max = 16),
    FIELD(struct content_file, mime_type, .max = 127),
    FIELD(struct content_file, url),
    FIELD(struct content_file, thumbnail_url),
    FIELD(struct content_file, width, .min = 0, .max = 100000, .omit_zero = true),
    FIELD(struct content_file, height, .min = 0, .max = 100000, .omit_zero = true),
    FIELD(struct content_file, duration, .min = 0, .max = 86400000, .omit_zero = true),
};
const struct record content_file_record =
    RECORD("content.file", struct content_file, content_file_fields);

static const struct field content_location_fields[] = {
    FIELD(struct content_location, title, .required = true, .min = 1, .max = 200),
    FIELD(struct content_location, lng, .required = true, .min = -180, .max = 180),
    FIELD(struct content_location, lat, .required = true, .min = -90, .max = 90),
};
const struct record content_location_record =
    RECORD("content.location", struct content_location, content_location_fields);

static const struct field frame_message_fields[] = {
    FIELD(struct frame_message, type, .required = true, .min = FRAME_PRIVATE, .max = FRAME_GROUP),
    FIELD(struct frame_message, message_id, .required = true),
    FIELD(struct frame_message, from, .required = true),
    FIELD(struct frame_message, to),
    FIELD(struct frame_message, group_id),
    FIELD(struct frame_message, content, .required = true, .max = FRAME_MAX),
    FIELD(struct frame_message, msg_type, .required = true, .min = 0, .max = MSG_CUSTOM),
    FIELD(struct frame_message, timestamp, .required = true),
    FIELD(struct frame_message, conversation_id, .required = true),
    FIELD(struct frame_message, seq, .required = true, .min = 1, .max = INT64_MAX),
    FIELD(struct frame_message, expires_at, .omit_zero = true),
    FIELD(struct frame_message, forwarded_from),
    FIELD(struct frame_message, from_user_id),
    FIELD(struct frame_message, to_user_id),
    FIELD(struct frame_message, created_at, .omit_zero = true),
    FIELD(struct frame_message, edited_at, .omit_zero = true),
    FIELD(struct frame_message, recalled_at, .omit_zero = true),
    FIELD(struct frame_message, reactions, .of = &reaction_record, .omit_zero = true),
    FIELD(struct frame_message, change_seq, .omit_zero = true),
};
const struct record frame_message_record =
    RECORD("frame.message", struct frame_message, frame_message_fields);

static const struct field error_data_fields[] = {
    FIELD(struct error_data, field),
};
const struct record error_data_record = RECORD("error.data", struct error_data, error_data_fields);

static const struct field frame_ack_fields[] = {
    FIELD(struct frame_ack, type, .required = true, .min = FRAME_ACK, .max = FRAME_ACK),
    FIELD(struct frame_ack, message_id, .nullable = true),
    FIELD(struct frame_ack, code, .required = true),
    FIELD(struct frame_ack, message, .required = true),
    FIELD(struct frame_ack, conversation_id),
    FIELD(struct frame_ack, seq, .omit_zero = true),
    FIELD(struct frame_ack, change_seq, .omit_zero = true),
    FIELD(struct frame_ack, repeated, .omit_zero = true),
    FIELD(struct frame_ack, timestamp, .required = true),
    FIELD(struct frame_ack, expires_at, .omit_zero = true),
    FIELD(struct frame_ack, data, .of = &error_data_record),
};
const struct record frame_ack_record = RECORD("frame.ack", struct frame_ack, frame_ack_fields);

static const struct field group_role_fields[] = {
    USER_FIELD(struct group_role, user_id, .required = true),
    FIELD(struct group_role, role, .required = true, .min = 1, .max = 16),
};
const struct record group_role_record = RECORD("group.role", struct group_role, group_role_fields);

static const struct field system_content_fields[] = {
    FIELD(struct system_content, event, .required = true),
    FIELD(struct system_content, conversation_id),
    FIELD(struct system_content, group_id),
    FIELD(struct system_content, user_id),
    FIELD(struct system_content, user_ids, .omit_zero = true, .item_max = ID_MAX - 1),
    FIELD(struct system_content, name),
    FIELD(struct system_content, reason),
    FIELD(struct system_content, session_id),
    FIELD(struct system_content, request_id),
    FIELD(struct system_content, greeting),
    FIELD(struct system_content, direction),
    FIELD(struct system_content, roles, .of = &group_role_record, .omit_zero = true),
    FIELD(struct system_content, pinned),
    FIELD(struct system_content, muted),
    FIELD(struct system_content, hidden),
    FIELD(struct system_content, hide_seq, .omit_zero = true),
    FIELD(struct system_content, draft, .max = TEXT_MAX),
    FIELD(struct system_content, message_ids, .omit_zero = true, .max = 500,
          .item_max = MESSAGE_ID_MAX),
    FIELD(struct system_content, first_seq, .omit_zero = true),
};
const struct record system_content_record =
    RECORD("content.system", struct system_content, system_content_fields);

static const struct field frame_system_fields[] = {
    FIELD(struct frame_system, type, .required = true, .min = FRAME_SYSTEM, .max = FRAME_SYSTEM),
    FIELD(struct frame_system, content, .required = true, .of = &system_content_record),
    FIELD(struct frame_system, timestamp, .required = true),
};
const struct record frame_system_record =
    RECORD("frame.system", struct frame_system, frame_system_fields);

static const struct field frame_typing_out_fields[] = {
    FIELD(struct frame_typing_out, type, .required = true, .min = FRAME_TYPING,
          .max = FRAME_TYPING),
    FIELD(struct frame_typing_out, from, .required = true),
    FIELD(struct frame_typing_out, to),
    FIELD(struct frame_typing_out, group_id),
    FIELD(struct frame_typing_out, conversation_id, .required = true),
};
const struct record frame_typing_out_record =
    RECORD("frame.typing_out", struct frame_typing_out, frame_typing_out_fields);

static const struct field frame_presence_fields[] = {
    FIELD(struct frame_presence, type, .required = true, .min = FRAME_PRESENCE,
          .max = FRAME_PRESENCE),
    FIELD(struct frame_presence, user_id, .required = true),
    FIELD(struct frame_presence, online, .required = true),
    FIELD(struct frame_presence, last_seen, .nullable = true, .omit_zero = true),
};
const struct record frame_presence_record =
    RECORD("frame.presence", struct frame_presence, frame_presence_fields);

static const struct record_choice choices[] = {
    {FRAME_TEXT, &frame_send_record},     {FRAME_PRIVATE, &frame_send_record},
    {FRAME_GROUP, &frame_send_record},    {FRAME_LOCATION, &frame_send_record},
    {FRAME_CUSTOM, &frame_send_record},   {FRAME_ACK, &frame_delivered_record},
    {FRAME_TYPING, &frame_typing_record}, {FRAME_HEARTBEAT, &frame_heartbeat_record},
    {FRAME_READ, &frame_read_record},     {FRAME_RECALL, &frame_recall_record},
    {FRAME_EDIT, &frame_edit_record},     {FRAME_REACTION, &frame_reaction_record},
    {FRAME_PIN, &frame_pin_record},       {FRAME_IMAGE, &frame_send_record},
    {FRAME_VOICE, &frame_send_record},    {FRAME_VIDEO, &frame_send_record},
    {FRAME_FILE, &frame_send_record},
};

/* What each msg_type's content must be; no record: any object. */
static const struct {
    int64_t msg_type;
    const struct record *content;
    size_t max;
} contents[] = {
    {MSG_TEXT, &content_text_record, FRAME_MAX},
    {MSG_IMAGE, &content_file_record, FRAME_MAX},
    {MSG_VOICE, &content_file_record, FRAME_MAX},
    {MSG_VIDEO, &content_file_record, FRAME_MAX},
    {MSG_FILE, &content_file_record, FRAME_MAX},
    {MSG_LOCATION, &content_location_record, FRAME_MAX},
    {MSG_CUSTOM, NULL, CUSTOM_MAX},
};

/* "field 'text' is missing" of a content becomes "field 'content.text' is missing". */
static enum status in_content(enum status s, struct error *err)
{
    struct error inner;
    const char *rest;

    if (s == STATUS_OK || !err)
        return s;
    inner = *err;
    if (!inner.field[0])
        return error_field(err, STATUS_INVALID, "content", "field 'content': %s", inner.text);
    rest = strstr(inner.text, "' ");
    (void)error_field(err, STATUS_INVALID, "", "field 'content.%s' %s", inner.field,
                      rest ? rest + 2 : "is wrong");
    (void)snprintf(err->field, sizeof err->field, "content.%.50s", inner.field); /* ours: fits */
    return STATUS_INVALID;
}

enum status content_check(int64_t msg_type, struct json *content, struct error *err)
{
    for (size_t i = 0; i < N_ELEMENTS(contents); i++) {
        CLEANUP(buffer_clear) struct buffer normal = {0};
        const struct record *rec = contents[i].content;
        union {
            struct content_text text;
            struct content_file file;
            struct content_location location;
        } value;
        enum status s;

        if (contents[i].msg_type != msg_type)
            continue;
        if (strlen(content->text) > contents[i].max)
            return error_field(err, STATUS_INVALID, "content",
                               "field 'content' must have at most %zu bytes", contents[i].max);
        if (!rec)
            return STATUS_OK;
        s = record_from_json(rec, content->text, strlen(content->text), &value, err);
        if (s != STATUS_OK)
            return in_content(s, err);
        record_to_json(rec, &value, &normal);
        record_clear(rec, &value);
        free(content->text);
        content->text = buffer_take(&normal);
        return STATUS_OK;
    }
    return error_field(err, STATUS_INVALID, "msg_type",
                       "field 'msg_type' has no meaning here: %lld", (long long)msg_type);
}

/* type 1 goes to a person, type 2 to a group (which `to` may name), the others to whichever is
 * there. */
static enum status check_target(int64_t type, char **to, char **group_id, struct error *err)
{
    if (type == FRAME_GROUP && *to) {
        if (*group_id && strcmp(*to, *group_id) != 0)
            return error_field(err, STATUS_INVALID, "to",
                               "field 'to' must equal 'group_id' in a group message");
        if (!*group_id)
            *group_id = TAKE(*to);
        free(TAKE(*to));
    }
    if (type == FRAME_PRIVATE && *group_id)
        return error_field(err, STATUS_INVALID, "group_id",
                           "field 'group_id' is not allowed in a private message");
    if (!*to && !*group_id)
        return error_field(err, STATUS_INVALID, type == FRAME_GROUP ? "group_id" : "to",
                           "field '%s' is missing", type == FRAME_GROUP ? "group_id" : "to");
    if (*to && *group_id)
        return error_field(err, STATUS_INVALID, "to",
                           "field 'to' is not allowed beside 'group_id'");
    return STATUS_OK;
}

enum status frame_send_check(struct frame_send *send, struct error *err)
{
    enum status s = check_target(send->type, &send->to, &send->group_id, err);

    if (s != STATUS_OK)
        return s;
    if (send->type >= FRAME_IMAGE && send->type <= FRAME_CUSTOM)
        send->msg_type = send->type;
    if (send->type == FRAME_TEXT)
        send->msg_type = MSG_TEXT;
    s = in_content(egg_translate(&send->msg_type, &send->content, err), err);
    if (s != STATUS_OK)
        return s;
    if (send->type == FRAME_TEXT && send->msg_type != MSG_TEXT)
        send->type = send->group_id ? FRAME_GROUP : FRAME_PRIVATE;
    return content_check(send->msg_type, &send->content, err);
}

enum status frame_from_json(const char *text, size_t length, struct frame *ret, struct error *err)
{
    enum status s;

    memset(ret, 0, sizeof *ret);
    s = record_from_json_by(choices, N_ELEMENTS(choices), "type", "message_id", text, length,
                            &ret->record, &ret->type, err);
    if (s != STATUS_OK)
        return s;
    if (ret->record == &frame_send_record)
        return frame_send_check(&ret->send, err);
    if (ret->record == &frame_typing_record)
        return check_target(FRAME_TYPING, &ret->typing.to, &ret->typing.group_id, err);
    if (frame_is_change(ret))
        return frame_change_check(&ret->change, err);
    return STATUS_OK;
}

bool frame_is_change(const struct frame *frame)
{
    return frame->record == &frame_recall_record || frame->record == &frame_edit_record ||
           frame->record == &frame_reaction_record || frame->record == &frame_pin_record;
}

const char *frame_message_id(const struct frame *frame)
{
    if (frame->record == &frame_send_record)
        return frame->send.message_id;
    return frame_is_change(frame) ? frame->change.message_id : NULL;
}

void frame_clear(struct frame *frame)
{
    if (frame->record)
        record_clear(frame->record, &frame->type);
    memset(frame, 0, sizeof *frame);
}

void conversation_id_single(const char *a, const char *b, char *ret)
{
    bool sorted = strcmp(a, b) < 0;

    (void)snprintf(ret, CONVERSATION_ID_MAX, "single:%s:%s", sorted ? a : b, sorted ? b : a);
}

void conversation_id_group(const char *group_id, char *ret)
{
    (void)snprintf(ret, CONVERSATION_ID_MAX, "group:%s", group_id);
}

bool conversation_id_has(const char *conversation_id, const char *user_id)
{
    size_t n = strlen(user_id);
    const char *a = conversation_id + strlen("single:");
    const char *colon;

    if (strncmp(conversation_id, "single:", strlen("single:")) != 0)
        return false;
    colon = strchr(a, ':');
    if (!colon)
        return false;
    return ((size_t)(colon - a) == n && memcmp(a, user_id, n) == 0) ||
           strcmp(colon + 1, user_id) == 0;
}

/* "single:" and two ids in order, or "group:" and one. */
static bool is_conversation_id(const char *id)
{
    const char *a = strchr(id, ':');
    size_t n;

    if (!a)
        return false;
    a++;
    n = strspn(a, ALPHABET_ID);
    if (n == 0 || n >= ID_MAX)
        return false;
    if (strncmp(id, "group:", strlen("group:")) == 0)
        return a[n] == '\0';
    if (strncmp(id, "single:", strlen("single:")) != 0 || a[n] != ':')
        return false;
    id = a + n + 1;
    n = strspn(id, ALPHABET_ID);
    return n > 0 && n < ID_MAX && id[n] == '\0' && strncmp(a, id, (size_t)(id - a - 1)) <= 0;
}

void conversation_id_peer(const char *conversation_id, const char *user_id, char *ret)
{
    const char *a = conversation_id + strlen("single:");
    const char *b = strchr(a, ':') + 1;
    size_t n = (size_t)(b - a - 1);

    if (strncmp(a, user_id, n) == 0 && user_id[n] == '\0')
        (void)snprintf(ret, ID_MAX, "%s", b);
    else
        (void)snprintf(ret, ID_MAX, "%.*s", (int)n, a);
}

enum status conversation_id_check(const char *conversation_id, const char *user_id,
                                  struct error *err)
{
    if (is_conversation_id(conversation_id) &&
        (conversation_id[0] == 'g' || conversation_id_has(conversation_id, user_id)))
        return STATUS_OK;
    return error_field(err, STATUS_NOT_FOUND, "conversation_id", "there is no such conversation");
}

void frame_refuse(const char *message_id, const struct error *err, struct buffer *ret)
{
    struct error_data data = {.field = (char *)err->field};
    const struct frame_ack ack = {
        .type = FRAME_ACK,
        .message_id = (char *)message_id,
        .code = status_code(err->status),
        .message = (char *)(err->status == STATUS_INTERNAL ? "something went wrong on our side"
                                                           : err->text),
        .timestamp = clock_now(),
        .data = err->field[0] ? &data : NULL,
    };

    record_to_json(&frame_ack_record, &ack, ret);
}

const struct record *const frames_records[] = {
    &frame_send_record,      &frame_typing_record,     &frame_delivered_record,
    &frame_heartbeat_record, &content_text_record,     &content_location_record,
    &content_file_record,    &frame_message_record,    &error_data_record,
    &frame_ack_record,       &group_role_record,       &system_content_record,
    &frame_system_record,    &frame_typing_out_record, &frame_presence_record,
};
const size_t n_frames_records = N_ELEMENTS(frames_records);
