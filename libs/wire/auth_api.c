#include "wire/auth_api.h"

#include "wire/shown.h"
#include "wire/user_api.h"

#define TOKEN_TEXT_MAX 2048 /* as libs/token has it */
#define URL_MAX 2048

static const struct field register_fields[] = {
    FIELD(struct auth_register, username, .required = true, .min = USERNAME_MIN,
          .max = USERNAME_MAX), /* its characters are looked at in its normal form */
    FIELD(struct auth_register, nickname, .min = 1, .max = NICKNAME_MAX),
    FIELD(struct auth_register, password, .required = true, .min = PASSWORD_MIN,
          .max = PASSWORD_MAX),
};
const struct record auth_register_record =
    RECORD("auth.register", struct auth_register, register_fields);

static const struct field registered_fields[] = {
    FIELD(struct auth_registered, user_id, .required = true),
    FIELD(struct auth_registered, username, .required = true),
    FIELD(struct auth_registered, nickname, .required = true),
};
const struct record auth_registered_record =
    RECORD("auth.registered", struct auth_registered, registered_fields);

/* Looser than registration: a name that nobody can have is a wrong name, not a mistake to explain. */
static const struct field login_fields[] = {
    FIELD(struct auth_login, username, .required = true, .min = 1),
    FIELD(struct auth_login, password, .required = true, .min = 1, .max = PASSWORD_MAX),
    FIELD(struct auth_login, device, .max = DEVICE_MAX),
};
const struct record auth_login_record = RECORD("auth.login", struct auth_login, login_fields);

static const struct field refresh_fields[] = {
    FIELD(struct auth_refresh, refresh_token, .min = 1, .max = TOKEN_TEXT_MAX),
};
const struct record auth_refresh_record =
    RECORD("auth.refresh", struct auth_refresh, refresh_fields);

static const struct field session_fields[] = {
    FIELD(struct auth_session, user_id, .required = true),
    FIELD(struct auth_session, username, .required = true),
    FIELD(struct auth_session, nickname, .required = true),
    FIELD(struct auth_session, role, .required = true),
    FIELD(struct auth_session, token, .required = true, .max = TOKEN_TEXT_MAX),
    FIELD(struct auth_session, refresh_token, .required = true),
    FIELD(struct auth_session, expires_at, .required = true),
    FIELD(struct auth_session, websocket_url, .required = true, .max = URL_MAX),
};
const struct record auth_session_record =
    RECORD("auth.session", struct auth_session, session_fields);

static const struct field jwk_fields[] = {
    FIELD(struct auth_jwk, kty, .required = true), FIELD(struct auth_jwk, crv, .required = true),
    FIELD(struct auth_jwk, x, .required = true),   FIELD(struct auth_jwk, y, .required = true),
    FIELD(struct auth_jwk, alg, .required = true), FIELD(struct auth_jwk, use, .required = true),
    FIELD(struct auth_jwk, kid, .required = true),
};
const struct record auth_jwk_record = RECORD("auth.jwk", struct auth_jwk, jwk_fields);

static const struct field jwks_fields[] = {
    FIELD(struct auth_jwks, keys, .required = true, .of = &auth_jwk_record),
};
const struct record auth_jwks_record = RECORD("auth.jwks", struct auth_jwks, jwks_fields);

enum status auth_register_check(const struct auth_register *request, struct error *err)
{
    return request->nickname ? shown_check_line(request->nickname, "nickname", err) : STATUS_OK;
}

const struct record *const auth_api_records[] = {
    &auth_register_record, &auth_registered_record, &auth_login_record, &auth_refresh_record,
    &auth_session_record,  &auth_jwk_record,        &auth_jwks_record,
};
const size_t n_auth_api_records = N_ELEMENTS(auth_api_records);
