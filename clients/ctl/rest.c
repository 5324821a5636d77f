#include "rest.h"

#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "fetch/fetch.h"
#include "wire/internal.h"

struct envelope {
    int64_t code;
    char *message;
    struct json data;
};

static const struct field envelope_fields[] = {
    FIELD(struct envelope, code, .required = true),
    FIELD(struct envelope, message, .max = 1000),
    FIELD(struct envelope, data, .nullable = true, .max = FETCH_BODY_MAX),
};
static const struct record envelope_record =
    RECORD("ctl.envelope", struct envelope, envelope_fields);
DEFINE_RECORD_CLEANUP(struct envelope, envelope)

static enum status read_answer(struct fetch_answer *answer, const struct record *rec, void *ret,
                               struct error *err)
{
    CLEANUP(envelope_clear) struct envelope envelope = {0};

    if (record_from_json(&envelope_record, buffer_text(&answer->body), answer->body.length,
                         &envelope, NULL) != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "HTTP %" PRId64 " that is no answer of Parley",
                         answer->status);
    if (envelope.code != 0)
        return error_set(err, status_from_code(envelope.code), "%" PRId64 " %s", envelope.code,
                         envelope.message ? envelope.message : "");
    if (!rec)
        return STATUS_OK;
    if (!envelope.data.text)
        return error_set(err, STATUS_UNAVAILABLE, "an answer without data");
    return record_from_json(rec, envelope.data.text, strlen(envelope.data.text), ret, err);
}

enum status session_call(struct session *session, const struct call *what, void *ret,
                         struct error *err)
{
    CLEANUP(buffer_clear) struct buffer url = {0};
    CLEANUP(buffer_clear) struct buffer json = {0};
    CLEANUP(fetch_answer_clear) struct fetch_answer answer = {0};
    struct fetch_request request = {.method = what->method, .is_inside = true};
    enum status s;

    buffer_printf(&url, "%s%s", session->settings.parley_url, what->path);
    if (what->ask)
        record_to_json(what->ask, what->value, &json);
    request.url = buffer_text(&url);
    request.json = what->ask ? buffer_text(&json) : NULL;
    request.bearer = session->granted.token;
    s = fetch(&request, &answer, err);
    if (json.length > 0)
        explicit_bzero(json.data, json.length); /* a password, at log-in */
    return s == STATUS_OK ? read_answer(&answer, what->reply, ret, err) : s;
}

static bool log_in(struct session *session)
{
    static char device[] = "parleyctl";
    const struct settings *settings = &session->settings;
    struct auth_login login = {settings->admin_username, settings->admin_password, device};
    const struct call what = {"POST", "/api/login", &auth_login_record, &login,
                              &auth_session_record};
    struct error err;

    if (!settings->admin_username || !settings->admin_password) {
        complain("ADMIN_USERNAME and ADMIN_PASSWORD_FILE are needed, of an administrator");
        return false;
    }
    if (session_call(session, &what, &session->granted, &err) == STATUS_OK)
        return true;
    complain("%s: %s", settings->parley_url, err.text);
    return false;
}

bool session_open(struct session *ret)
{
    *ret = (struct session){0};
    return settings_read(&ret->settings) && log_in(ret);
}

void session_close(struct session *session)
{
    const struct nothing nothing = {0};
    const struct call what = {"POST", "/api/logout", &nothing_record, &nothing, NULL};
    struct error err;

    if (session->granted.token && session_call(session, &what, NULL, &err) != STATUS_OK)
        complain("the log-in of parleyctl could not be ended: %s", err.text);
    record_clear(&auth_session_record, &session->granted);
    record_clear(&settings_record, &session->settings);
}
