#include "replies.h"

#define TOKEN_MAX 4096
#define URL_MAX 8192 /* of a cursor, too */
#define BIO_MAX 4096

static const struct field nothing_asked_fields[] = {FIELD(struct nothing_asked, unused)};
const struct record nothing_asked_record =
    RECORD("nothing", struct nothing_asked, nothing_asked_fields);

static const struct field credentials_fields[] = {
    FIELD(struct credentials, username),
    FIELD(struct credentials, password, .secret = true),
    FIELD(struct credentials, nickname),
    FIELD(struct credentials, device),
};
const struct record credentials_record =
    RECORD("credentials", struct credentials, credentials_fields);

static const struct field renewal_fields[] = {
    FIELD(struct renewal, refresh_token, .secret = true),
};
const struct record renewal_record = RECORD("renewal", struct renewal, renewal_fields);

static const struct field grant_fields[] = {
    FIELD(struct grant, user_id, .nullable = true),
    FIELD(struct grant, username, .nullable = true),
    FIELD(struct grant, token, .required = true, .min = 1, .max = TOKEN_MAX, .secret = true),
    FIELD(struct grant, refresh_token, .required = true, .min = 1, .max = TOKEN_MAX,
          .secret = true),
    FIELD(struct grant, expires_at, .required = true),
    FIELD(struct grant, websocket_url, .nullable = true, .max = URL_MAX),
};
const struct record grant_record = RECORD("grant", struct grant, grant_fields);

static const struct field person_fields[] = {
    FIELD(struct person, user_id, .required = true, .min = 1),
    FIELD(struct person, username, .nullable = true),
    FIELD(struct person, nickname, .nullable = true),
    FIELD(struct person, role, .nullable = true),
    FIELD(struct person, remark, .nullable = true),
    FIELD(struct person, online),
    FIELD(struct person, last_seen, .nullable = true),
    FIELD(struct person, unread_count),
    FIELD(struct person, request_id, .nullable = true),
    FIELD(struct person, status, .nullable = true),
    FIELD(struct person, greeting, .nullable = true),
};
const struct record person_record = RECORD("person", struct person, person_fields);

static const struct field people_fields[] = {
    FIELD(struct people, users, .of = &person_record),
    FIELD(struct people, members, .of = &person_record),
    FIELD(struct people, friends, .of = &person_record),
    FIELD(struct people, requests, .of = &person_record),
    FIELD(struct people, blocks, .of = &person_record),
    FIELD(struct people, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record people_record = RECORD("people", struct people, people_fields);

static const struct field friend_wanted_fields[] = {
    FIELD(struct friend_wanted, user_id),
    FIELD(struct friend_wanted, greeting),
};
const struct record friend_wanted_record =
    RECORD("friend_wanted", struct friend_wanted, friend_wanted_fields);

static const struct field profile_fields[] = {
    FIELD(struct profile, username, .required = true),
    FIELD(struct profile, nickname, .nullable = true),
    FIELD(struct profile, avatar, .nullable = true, .max = URL_MAX),
    FIELD(struct profile, bio, .nullable = true, .max = BIO_MAX),
    FIELD(struct profile, gender, .nullable = true),
    FIELD(struct profile, birthday, .nullable = true),
    FIELD(struct profile, region, .nullable = true),
    FIELD(struct profile, email, .nullable = true),
    FIELD(struct profile, invisible),
};
const struct record profile_record = RECORD("profile", struct profile, profile_fields);

static const struct field profile_change_fields[] = {
    FIELD(struct profile, nickname), FIELD(struct profile, avatar),
    FIELD(struct profile, bio),      FIELD(struct profile, gender),
    FIELD(struct profile, birthday), FIELD(struct profile, region),
    FIELD(struct profile, email),    FIELD(struct profile, invisible),
};
const struct record profile_change_record =
    RECORD("profile_change", struct profile, profile_change_fields);

static const struct field login_fields[] = {
    FIELD(struct login, session_id, .required = true, .min = 1),
    FIELD(struct login, device, .nullable = true),
    FIELD(struct login, address, .nullable = true),
    FIELD(struct login, seen_at),
    FIELD(struct login, current),
};
const struct record login_record = RECORD("login", struct login, login_fields);

static const struct field logins_fields[] = {
    FIELD(struct logins, sessions, .required = true, .of = &login_record),
    FIELD(struct logins, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record logins_record = RECORD("logins", struct logins, logins_fields);

static const struct field logout_fields[] = {FIELD(struct logout, everywhere)};
const struct record logout_record = RECORD("logout", struct logout, logout_fields);

static const struct field new_password_fields[] = {
    FIELD(struct new_password, old_password, .secret = true),
    FIELD(struct new_password, new_password, .secret = true),
};
const struct record new_password_record =
    RECORD("new_password", struct new_password, new_password_fields);

static const struct field room_fields[] = {
    FIELD(struct room, group_id, .required = true, .min = 1),
    FIELD(struct room, name, .nullable = true),
};
const struct record room_record = RECORD("room", struct room, room_fields);

static const struct field rooms_fields[] = {
    FIELD(struct rooms, groups, .required = true, .of = &room_record),
    FIELD(struct rooms, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record rooms_record = RECORD("rooms", struct rooms, rooms_fields);

static const struct field room_wanted_fields[] = {
    FIELD(struct room_wanted, name),
    FIELD(struct room_wanted, member_ids),
};
const struct record room_wanted_record =
    RECORD("room_wanted", struct room_wanted, room_wanted_fields);

static const struct field any_message_fields[] = {
    FIELD(struct frame_message, type, .required = true),
    FIELD(struct frame_message, message_id, .required = true),
    FIELD(struct frame_message, from, .required = true),
    FIELD(struct frame_message, to),
    FIELD(struct frame_message, group_id),
    FIELD(struct frame_message, content, .required = true, .max = FRAME_MAX),
    FIELD(struct frame_message, msg_type, .required = true),
    FIELD(struct frame_message, timestamp, .required = true),
    FIELD(struct frame_message, conversation_id, .required = true),
    FIELD(struct frame_message, seq, .required = true),
    FIELD(struct frame_message, expires_at),
    FIELD(struct frame_message, forwarded_from),
    FIELD(struct frame_message, edited_at),
    FIELD(struct frame_message, recalled_at),
    FIELD(struct frame_message, reactions, .of = &reaction_record),
    FIELD(struct frame_message, change_seq),
};
const struct record any_message_record =
    RECORD("message", struct frame_message, any_message_fields);

static const struct field receipt_fields[] = {
    FIELD(struct receipt, user_id, .required = true),
    FIELD(struct receipt, username, .nullable = true),
    FIELD(struct receipt, read_seq),
    FIELD(struct receipt, delivered_seq),
    FIELD(struct receipt, read),
    FIELD(struct receipt, delivered),
};
const struct record receipt_record = RECORD("receipt", struct receipt, receipt_fields);

static const struct field chat_fields[] = {
    FIELD(struct chat, conversation_id, .required = true, .min = 1),
    FIELD(struct chat, peer, .nullable = true, .of = &person_record),
    FIELD(struct chat, group, .nullable = true, .of = &room_record),
    FIELD(struct chat, last_message, .nullable = true, .of = &any_message_record),
    FIELD(struct chat, last_seq, .required = true),
    FIELD(struct chat, read_seq),
    FIELD(struct chat, unread_count),
    FIELD(struct chat, updated_at),
    FIELD(struct chat, mentioned),
    FIELD(struct chat, pinned),
    FIELD(struct chat, muted),
    FIELD(struct chat, messages, .of = &any_message_record),
    FIELD(struct chat, limited),
    FIELD(struct chat, changes, .of = &any_message_record),
    FIELD(struct chat, change_seq),
    FIELD(struct chat, receipts, .of = &receipt_record),
    FIELD(struct chat, pinned_ids),
};
const struct record chat_record = RECORD("chat", struct chat, chat_fields);

static const struct field chats_fields[] = {
    FIELD(struct chats, conversations, .required = true, .of = &chat_record),
    FIELD(struct chats, has_more),
    FIELD(struct chats, cursor, .nullable = true, .max = URL_MAX),
    FIELD(struct chats, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record chats_record = RECORD("chats", struct chats, chats_fields);

static const struct field edit_wanted_fields[] = {FIELD(struct change_wanted, content)};
const struct record edit_wanted_record = RECORD("edit", struct change_wanted, edit_wanted_fields);

static const struct field reaction_wanted_fields[] = {FIELD(struct change_wanted, emoji)};
const struct record reaction_wanted_record =
    RECORD("reaction", struct change_wanted, reaction_wanted_fields);

static const struct field chat_change_fields[] = {
    FIELD(struct chat_change, pinned),
    FIELD(struct chat_change, muted),
};
const struct record chat_change_record =
    RECORD("chat_change", struct chat_change, chat_change_fields);

static const struct field timer_wanted_fields[] = {FIELD(struct timer_wanted, seconds)};
const struct record timer_wanted_record = RECORD("timer", struct timer_wanted, timer_wanted_fields);

static const struct field find_fields[] = {
    FIELD(struct find, message, .required = true, .of = &any_message_record),
};
const struct record find_record = RECORD("find", struct find, find_fields);

static const struct field finds_fields[] = {
    FIELD(struct finds, messages, .required = true, .of = &find_record),
    FIELD(struct finds, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record finds_record = RECORD("finds", struct finds, finds_fields);

static const struct field receipts_fields[] = {
    FIELD(struct receipts, receipts, .required = true, .of = &receipt_record),
    FIELD(struct receipts, total),
    FIELD(struct receipts, read_count),
    FIELD(struct receipts, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record receipts_record = RECORD("receipts", struct receipts, receipts_fields);

static const struct field forward_wanted_fields[] = {
    FIELD(struct forward_wanted, to),
    FIELD(struct forward_wanted, group_id),
    FIELD(struct forward_wanted, message_id),
};
const struct record forward_wanted_record =
    RECORD("forward", struct forward_wanted, forward_wanted_fields);

static const struct field role_fields[] = {
    FIELD(struct role, user_id, .required = true),
    FIELD(struct role, role, .required = true),
};
const struct record role_record = RECORD("role", struct role, role_fields);

static const struct field told_fields[] = {
    FIELD(struct told, event, .required = true),
    FIELD(struct told, user_id),
    FIELD(struct told, user_ids),
    FIELD(struct told, roles, .of = &role_record),
    FIELD(struct told, seconds),
    FIELD(struct told, text, .max = TEXT_MAX),
};
const struct record told_record = RECORD("told", struct told, told_fields);
