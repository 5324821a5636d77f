#ifndef WIRE_AUTH_API_H
#define WIRE_AUTH_API_H

#include "record/record.h"

/* The REST bodies of the auth service. */

#define USERNAME_MIN 3
#define PASSWORD_MIN 8
#define PASSWORD_MAX 128 /* a long sentence; hashing what is longer would be a gift to attackers */
#define DEVICE_MAX 64

/* POST /api/register. Usernames are folded on their way in (libs/fold): "ＡＮＮＡ" is anna, and what
 * is left must be of USERNAME_ALPHABET. */
struct auth_register {
    char *username;
    char *nickname; /* absent: the username */
    char *password;
};
extern const struct record auth_register_record;

/* What the table cannot say: the nickname is one visible line. */
MUST_CHECK enum status auth_register_check(const struct auth_register *request, struct error *err);

struct auth_registered {
    char *user_id;
    char *username;
    char *nickname;
};
extern const struct record auth_registered_record;

/* POST /api/login */
struct auth_login {
    char *username;
    char *password;
    char *device; /* a name that the user knows it by, "Anna's phone" */
};
extern const struct record auth_login_record;

/* POST /api/refresh: absent, the cookie refresh_token counts. */
struct auth_refresh {
    char *refresh_token;
};
extern const struct record auth_refresh_record;

/* The answer to both. */
struct auth_session {
    char *user_id;
    char *username;
    char *nickname;
    char *role; /* user, moderator or admin: what a page may offer; rights are judged by token */
    char *token;
    char *refresh_token;
    int64_t expires_at; /* of token, Unix ms */
    char *websocket_url;
};
extern const struct record auth_session_record;

/* GET /.well-known/jwks.json (RFC 7517), without the envelope */
struct auth_jwk {
    char *kty;
    char *crv;
    char *x;
    char *y;
    char *alg;
    char *use;
    char *kid;
};
extern const struct record auth_jwk_record;

struct auth_jwks {
    struct list keys; /* struct auth_jwk */
};
extern const struct record auth_jwks_record;
DEFINE_RECORD_CLEANUP(struct auth_jwks, auth_jwks)

extern const struct record *const auth_api_records[];
extern const size_t n_auth_api_records;

#endif
