#include "wire/user_api.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire/shown.h"

static const struct field path_fields[] = {
    FIELD(struct user_path, user_id, .required = true),
};
const struct record user_path_record = RECORD("user.path", struct user_path, path_fields);

static const struct field search_fields[] = {
    FIELD(struct user_search, query, .required = true, .min = 1, .max = 64),
    FIELD(struct user_search, limit, .min = 1, .max = 100, .def = "50"),
    FIELD(struct user_search, cursor, .max = SEARCH_CURSOR_MAX, .alphabet = ALPHABET_ID),
};
const struct record user_search_record = RECORD("user.search", struct user_search, search_fields);

static const struct field change_fields[] = {
    FIELD(struct user_change, nickname, .min = 1, .max = NICKNAME_MAX),
    FIELD(struct user_change, avatar, .max = AVATAR_MAX),
    FIELD(struct user_change, bio, .max = 500),
    FIELD(struct user_change, gender, .max = 6, .alphabet = "abcdefghijklmnopqrstuvwxyz"),
    FIELD(struct user_change, birthday, .max = 10, .alphabet = "0123456789-"),
    FIELD(struct user_change, region, .max = 100),
    FIELD(struct user_change, email, .max = EMAIL_MAX),
    FIELD(struct user_change, invisible),
};
const struct record user_change_record = RECORD("user.change", struct user_change, change_fields);

static const struct field own_fields[] = {
    FIELD(struct user_own, user_id, .required = true),
    FIELD(struct user_own, username, .required = true),
    FIELD(struct user_own, nickname, .required = true),
    FIELD(struct user_own, avatar, .max = AVATAR_MAX, .nullable = true),
    FIELD(struct user_own, bio, .max = 500, .nullable = true),
    FIELD(struct user_own, gender, .nullable = true),
    FIELD(struct user_own, birthday, .nullable = true),
    FIELD(struct user_own, region, .nullable = true),
    FIELD(struct user_own, email, .nullable = true),
    FIELD(struct user_own, invisible),
    FIELD(struct user_own, bot),
    FIELD(struct user_own, created_at),
};
const struct record user_own_record = RECORD("user.own", struct user_own, own_fields);

static const struct field profile_fields[] = {
    FIELD(struct user_profile, user_id, .required = true),
    FIELD(struct user_profile, username, .required = true),
    FIELD(struct user_profile, nickname, .required = true),
    FIELD(struct user_profile, avatar, .max = AVATAR_MAX, .nullable = true),
    FIELD(struct user_profile, bio, .max = 500, .nullable = true),
    FIELD(struct user_profile, gender, .nullable = true),
    FIELD(struct user_profile, birthday, .nullable = true),
    FIELD(struct user_profile, region, .nullable = true),
    FIELD(struct user_profile, bot),
    FIELD(struct user_profile, deleted, .omit_zero = true),
    FIELD(struct user_profile, created_at),
    FIELD(struct user_profile, is_your_friend),
};
const struct record user_profile_record =
    RECORD("user.profile", struct user_profile, profile_fields);

static const struct field list_fields[] = {
    FIELD(struct user_list, total),
    FIELD(struct user_list, users, .required = true, .max = 100, .of = &user_profile_record),
    FIELD(struct user_list, next_cursor, .nullable = true),
};
const struct record user_list_record = RECORD("user.list", struct user_list, list_fields);

static enum status check_gender(const char *gender, struct error *err)
{
    static const char *const genders[] = {"", "male", "female", "other"};

    for (size_t i = 0; i < N_ELEMENTS(genders); i++)
        if (strcmp(gender, genders[i]) == 0)
            return STATUS_OK;
    return error_field(err, STATUS_INVALID, "gender",
                       "field 'gender' must be male, female or other");
}

/* A day that has been in somebody's life: the calendar is asked, so no 30th of February. */
static bool is_birthday(const char *text, int64_t now_ms)
{
    int y, m, d, end = 0;
    struct tm day = {0}, back;
    time_t t;

    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &end) != 3 || end != 10)
        return false;
    day.tm_year = y - 1900;
    day.tm_mon = m - 1;
    day.tm_mday = d;
    t = timegm(&day);
    if (y < 1900 || (int64_t)t * 1000 > now_ms || !gmtime_r(&t, &back))
        return false;
    return back.tm_year == y - 1900 && back.tm_mon == m - 1 && back.tm_mday == d;
}

/* Only what is never an address is refused: whether it is one, a letter to it will tell. */
static bool is_email(const char *text)
{
    const char *at = strrchr(text, '@');
    const char *dot;

    if (!at || at == text || at - text > 64 || strchr(text, '@') != at)
        return false;
    for (const char *c = text; c < at; c++)
        if (*c <= ' ' || *c == 0x7f || strchr("\"(),:;<>[\\]", *c))
            return false;
    dot = strchr(at, '.');
    if (!dot || dot == at + 1 || text[strlen(text) - 1] == '.' || strstr(at, ".."))
        return false;
    return strspn(at + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
           strlen(at + 1);
}

enum status user_change_check(const struct user_change *change, int64_t now_ms, struct error *err)
{
    enum status s = STATUS_OK;

    if (change->nickname)
        s = shown_check_line(change->nickname, "nickname", err);
    if (s == STATUS_OK && change->avatar && *change->avatar)
        s = shown_check_address(change->avatar, "avatar", err);
    if (s == STATUS_OK && change->bio)
        s = shown_check_text(change->bio, "bio", err);
    if (s == STATUS_OK && change->gender)
        s = check_gender(change->gender, err);
    if (s == STATUS_OK && change->region && *change->region)
        s = shown_check_line(change->region, "region", err);
    if (s != STATUS_OK)
        return s;
    if (change->birthday && *change->birthday && !is_birthday(change->birthday, now_ms))
        return error_field(err, STATUS_INVALID, "birthday",
                           "field 'birthday' must be a day such as 1990-12-31");
    if (change->email && *change->email && !is_email(change->email))
        return error_field(err, STATUS_INVALID, "email", "field 'email' must be an email address");
    return STATUS_OK;
}

const struct record *const user_api_records[] = {
    &user_path_record, &user_search_record,  &user_change_record,
    &user_own_record,  &user_profile_record, &user_list_record,
};
const size_t n_user_api_records = N_ELEMENTS(user_api_records);
