#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands.h"
#include "screen.h"

/* One's own account: in and out, password, profile, sessions. */

/* ---- Password and log-in */

/* The password of the line, or typed unseen. The caller frees it. */
static enum status get_password(const char *word, const char *prompt, bool twice, char **ret,
                                struct error *err)
{
    CLEANUP(free) char *first = NULL;
    CLEANUP(free) char *second = NULL;

    if (*word) {
        *ret = memory_text(word);
        return STATUS_OK;
    }
    if (!screen_is_terminal())
        return error_set(err, STATUS_INVALID, "the password is missing");
    first = screen_ask_secret(prompt);
    if (!first)
        return error_set(err, STATUS_INVALID, "nothing was typed");
    if (twice) {
        second = screen_ask_secret("once more: ");
        if (!second || strcmp(first, second) != 0)
            return error_set(err, STATUS_INVALID, "these are not the same");
    }
    *ret = TAKE(first);
    return STATUS_OK;
}

enum status run_register(struct session *session, char *args, struct error *err)
{
    CLEANUP(free) char *password = NULL;
    const char *name = command_word(&args);
    enum status s = get_password(command_word(&args), "password: ", true, &password, err);

    if (s != STATUS_OK)
        return s;
    s = session_register(session, name, password, *args ? args : NULL, err);
    if (s == STATUS_OK)
        screen_note("registered %s; now: login %s", name, name);
    return s;
}

enum status run_login(struct session *session, char *args, struct error *err)
{
    CLEANUP(free) char *password = NULL;
    const char *name = command_word(&args);
    enum status s;

    if (session_is_open(session))
        return error_set(err, STATUS_CONFLICT, "you are %s: logout first", session->grant.username);
    s = get_password(command_word(&args), "password: ", false, &password, err);
    if (s != STATUS_OK)
        return s;
    s = session_login(session, name, password, err);
    if (s != STATUS_OK)
        return s;
    screen_note("logged in as %s", session->grant.username);
    requests_mention(session);
    return STATUS_OK;
}

/* In two words, or typed unseen. */
enum status run_password(struct session *session, char *args, struct error *err)
{
    CLEANUP(free) char *old = NULL;
    CLEANUP(free) char *new = NULL;
    struct new_password change;
    enum status s = get_password(command_word(&args), "old password: ", false, &old, err);

    if (s == STATUS_OK)
        s = get_password(command_word(&args), "new password: ", true, &new, err);
    if (s != STATUS_OK)
        return s;
    change = (struct new_password){.old_password = old, .new_password = new};
    s = session_call(session, "POST", "/api/password",
                     (struct api_ask){&new_password_record, &change}, (struct api_answer){0}, err);
    if (s == STATUS_OK)
        screen_note("the password has changed, and your other sessions have ended");
    return s;
}

/* ---- Sessions */

static void say_login(const struct login *login)
{
    char seen[TIME_TEXT_MAX];

    time_show(login->seen_at, seen);
    screen_say("%s  %s  %s  %s%s", login->session_id, seen,
               login->address ? login->address : "somewhere", login->device ? login->device : "",
               login->current ? "  (this one)" : "");
}

enum status run_sessions(struct session *session, char *args, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    bool more = true;

    (void)args;
    buffer_add_text(&path, "/api/sessions?limit=100");
    while (more) {
        CLEANUP(logins_clear) struct logins logins = {0};
        const struct login *login;
        enum status s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                                     (struct api_answer){&logins_record, &logins, NULL}, err);

        if (s != STATUS_OK)
            return s;
        login = logins.sessions.items;
        for (size_t i = 0; i < logins.sessions.n; i++)
            say_login(&login[i]);
        more = logins.next_cursor != NULL;
        path.length = 0;
        buffer_add_text(&path, "/api/sessions?limit=100&cursor=");
        if (more)
            api_add_escaped(&path, logins.next_cursor);
    }
    return STATUS_OK;
}

static enum status end_session(struct session *session, const char *session_id, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer path = {0};
    enum status s;

    buffer_add_text(&path, "/api/sessions/");
    api_add_escaped(&path, session_id);
    s = session_call(session, "DELETE", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){0}, err);
    if (s == STATUS_OK)
        screen_note("ended %s", session_id);
    return s;
}

enum status run_logout(struct session *session, char *args, struct error *err)
{
    const char *which = command_word(&args);
    bool everywhere = strcmp(which, "everywhere") == 0;
    enum status s = STATUS_OK;

    if (*which && !everywhere)
        return end_session(session, which, err);
    if (everywhere)
        s = session_call(session, "POST", "/api/logout",
                         (struct api_ask){&logout_record, &(struct logout){.everywhere = true}},
                         (struct api_answer){0}, err);
    if (s != STATUS_OK)
        return s;
    session_logout(session, !everywhere);
    screen_note("logged out%s", everywhere ? " everywhere" : "");
    return STATUS_OK;
}

/* ---- Profile */

static const struct profile_field {
    const char *name;
    size_t offset;
} profile_fields[] = {
    {"nickname", offsetof(struct profile, nickname)}, {"avatar", offsetof(struct profile, avatar)},
    {"bio", offsetof(struct profile, bio)},           {"gender", offsetof(struct profile, gender)},
    {"birthday", offsetof(struct profile, birthday)}, {"region", offsetof(struct profile, region)},
    {"email", offsetof(struct profile, email)},
};

static char **text_of(struct profile *profile, const struct profile_field *field)
{
    return (char **)((char *)profile + field->offset);
}

static void say_profile(struct profile *profile)
{
    screen_say("username: %s", profile->username);
    for (size_t i = 0; i < N_ELEMENTS(profile_fields); i++) {
        const char *text = *text_of(profile, &profile_fields[i]);

        if (text)
            screen_say("%s: %s", profile_fields[i].name, text);
    }
    if (profile->invisible.is_set)
        screen_say("invisible: %s", profile->invisible.value ? "yes" : "no");
}

enum status profile_show(struct session *session, const char *user_id, struct error *err)
{
    CLEANUP(profile_clear) struct profile profile = {0};
    CLEANUP(buffer_clear) struct buffer path = {0};
    enum status s;

    buffer_add_text(&path, "/api/users/");
    api_add_escaped(&path, user_id);
    s = session_call(session, "GET", buffer_text(&path), (struct api_ask){0},
                     (struct api_answer){&profile_record, &profile, NULL}, err);
    if (s == STATUS_OK)
        say_profile(&profile);
    return s;
}

static enum status set_field(struct profile *change, const char *name, char *value,
                             struct error *err)
{
    if (strcmp(name, "invisible") == 0) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return error_set(err, STATUS_INVALID, "profile invisible yes, or no?");
        change->invisible = (struct maybe){.is_set = true, .value = strcmp(value, "yes") == 0};
        return STATUS_OK;
    }
    for (size_t i = 0; i < N_ELEMENTS(profile_fields); i++)
        if (strcmp(name, profile_fields[i].name) == 0) {
            *text_of(change, &profile_fields[i]) = value;
            return STATUS_OK;
        }
    return error_set(err, STATUS_INVALID, "a profile has no '%.40s' that can be changed", name);
}

enum status run_profile(struct session *session, char *args, struct error *err)
{
    const char *name = command_word(&args);
    struct profile change = {0}; /* points into args */
    enum status s;

    if (!*name)
        return profile_show(session, "me", err);
    s = set_field(&change, name, args, err);
    if (s == STATUS_OK)
        s = session_call(session, "PATCH", "/api/users/me",
                         (struct api_ask){&profile_change_record, &change}, (struct api_answer){0},
                         err);
    if (s == STATUS_OK)
        screen_note("%s: %s", name, *args ? args : "removed");
    return s;
}
