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
