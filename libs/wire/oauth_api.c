#include "wire/oauth_api.h"

#include <string.h>

#include "wire/auth_api.h"
#include "wire/shown.h"

#define REDIRECT_MAX 512
#define CODE_MAX 4096 /* some providers' codes are tokens themselves */
#define STATE_MAX 256
#define ADDRESS_MAX 4096

#define PROVIDER(record) \
    FIELD(record, provider, .required = true, .min = 1, .max = PROVIDER_NAME_MAX, \
          .alphabet = PROVIDER_NAME_ALPHABET)

static const struct field provider_fields[] = {
    FIELD(struct oauth_provider, name, .required = true),
};
const struct record oauth_provider_record =
    RECORD("oauth.provider", struct oauth_provider, provider_fields);

static const struct field providers_fields[] = {
    FIELD(struct oauth_providers, providers, .required = true, .of = &oauth_provider_record),
};
const struct record oauth_providers_record =
    RECORD("oauth.providers", struct oauth_providers, providers_fields);

static const struct field start_fields[] = {
    PROVIDER(struct oauth_start),
    FIELD(struct oauth_start, redirect, .min = 1, .max = REDIRECT_MAX),
    FIELD(struct oauth_start, device, .max = DEVICE_MAX),
};
const struct record oauth_start_record = RECORD("oauth.start", struct oauth_start, start_fields);

static const struct field callback_fields[] = {
    PROVIDER(struct oauth_callback),
    FIELD(struct oauth_callback, state, .max = STATE_MAX),
    FIELD(struct oauth_callback, code, .max = CODE_MAX),
    FIELD(struct oauth_callback, error),
    FIELD(struct oauth_callback, iss, .max = ADDRESS_MAX),
};
const struct record oauth_callback_record =
    RECORD("oauth.callback", struct oauth_callback, callback_fields);

static const struct field link_fields[] = {
    PROVIDER(struct oauth_link),
    FIELD(struct oauth_link, redirect, .min = 1, .max = REDIRECT_MAX),
    FIELD(struct oauth_link, password, .min = 1, .max = PASSWORD_MAX, .secret = true),
};
const struct record oauth_link_record = RECORD("oauth.link", struct oauth_link, link_fields);

static const struct field url_fields[] = {
    FIELD(struct oauth_url, url, .required = true, .max = ADDRESS_MAX),
};
const struct record oauth_url_record = RECORD("oauth.url", struct oauth_url, url_fields);

static const struct field identity_fields[] = {
    FIELD(struct oauth_identity, provider, .required = true),
    FIELD(struct oauth_identity, username, .nullable = true, .max = IDENTITY_NAME_MAX),
    FIELD(struct oauth_identity, created_at, .required = true),
};
const struct record oauth_identity_record =
    RECORD("oauth.identity", struct oauth_identity, identity_fields);

static const struct field identities_fields[] = {
    FIELD(struct oauth_identities, total, .required = true),
    FIELD(struct oauth_identities, identities, .required = true, .of = &oauth_identity_record),
    FIELD(struct oauth_identities, next_cursor, .nullable = true),
};
const struct record oauth_identities_record =
    RECORD("oauth.identities", struct oauth_identities, identities_fields);

static const struct field unlink_fields[] = {
    PROVIDER(struct oauth_unlink),
};
const struct record oauth_unlink_record =
    RECORD("oauth.unlink", struct oauth_unlink, unlink_fields);

/* A path of our own, whatever a browser makes of it: "//host", "/\host" and "/<tab>/host" lead to
 * others. */
static bool is_own_path(const char *text)
{
    if (*text != '/' || strstr(text, "//"))
        return false;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c >= 0x7f || *c == '\\')
            return false;
    return true;
}

enum status oauth_redirect_check(const char *redirect, struct error *err)
{
    if (!redirect || is_own_path(redirect))
        return STATUS_OK;
    return error_field(err, STATUS_INVALID, "redirect",
                       "field 'redirect' must be a path of this site, percent-encoded");
}

enum status oauth_start_check(const struct oauth_start *request, struct error *err)
{
    enum status s = oauth_redirect_check(request->redirect, err);

    if (s == STATUS_OK && request->device && *request->device)
        s = shown_check_line(request->device, "device", err);
    return s;
}

const struct record *const oauth_api_records[] = {
    &oauth_provider_record, &oauth_providers_record,  &oauth_start_record,
    &oauth_callback_record, &oauth_link_record,       &oauth_url_record,
    &oauth_identity_record, &oauth_identities_record, &oauth_unlink_record,
};
const size_t n_oauth_api_records = N_ELEMENTS(oauth_api_records);
