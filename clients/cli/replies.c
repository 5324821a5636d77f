#include "replies.h"

#define TOKEN_MAX 4096
#define URL_MAX 2048

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
};
const struct record person_record = RECORD("person", struct person, person_fields);

static const struct field people_fields[] = {
    FIELD(struct people, users, .of = &person_record),
    FIELD(struct people, members, .of = &person_record),
    FIELD(struct people, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record people_record = RECORD("people", struct people, people_fields);

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

static const struct field chat_fields[] = {
    FIELD(struct chat, conversation_id, .required = true, .min = 1),
    FIELD(struct chat, peer, .nullable = true, .of = &person_record),
    FIELD(struct chat, group, .nullable = true, .of = &room_record),
    FIELD(struct chat, last_seq, .required = true),
    FIELD(struct chat, unread_count),
};
const struct record chat_record = RECORD("chat", struct chat, chat_fields);

static const struct field chats_fields[] = {
    FIELD(struct chats, conversations, .required = true, .of = &chat_record),
    FIELD(struct chats, next_cursor, .nullable = true, .max = URL_MAX),
};
const struct record chats_record = RECORD("chats", struct chats, chats_fields);
