#ifndef WIRE_OAUTH_API_H
#define WIRE_OAUTH_API_H

#include "record/record.h"

/* The REST bodies of log-in by other providers. */

#define PROVIDER_NAME_MAX 32
#define IDENTITY_NAME_MAX 256 /* characters of what somebody is called there */
#define PROVIDER_NAME_ALPHABET "abcdefghijklmnopqrstuvwxyz0123456789-"
#define PROVIDERS_MAX 16 /* buttons on a page */

/* GET /api/oauth */
struct oauth_provider {
    char *name;
};
extern const struct record oauth_provider_record;

struct oauth_providers {
    struct list providers; /* struct oauth_provider */
};
extern const struct record oauth_providers_record;

/* GET /api/oauth/{provider}: redirect is where the browser goes afterwards; absent, the callback
 * answers as POST /api/login does. */
struct oauth_start {
    char *provider;
    char *redirect;
    char *device;
};
extern const struct record oauth_start_record;

/* What the tables cannot say: redirect (may be NULL) is a path of our own, device one visible
 * line. */
MUST_CHECK enum status oauth_redirect_check(const char *redirect, struct error *err);
MUST_CHECK enum status oauth_start_check(const struct oauth_start *request, struct error *err);

/* GET /api/oauth/{provider}/callback, as the provider fills it in */
struct oauth_callback {
    char *provider;
    char *state;
    char *code;
    char *error;
    char *iss; /* RFC 9207 */
};
extern const struct record oauth_callback_record;

/* POST /api/oauth/{provider}/link: redirect as above; absent, GET /api/identities. */
struct oauth_link {
    char *provider;
    char *redirect;
    char *password; /* as POST /api/account/delete takes it */
};
extern const struct record oauth_link_record;

struct oauth_url {
    char *url;
};
extern const struct record oauth_url_record;

/* GET /api/identities */
struct oauth_identity {
    char *provider;
    char *username; /* there; may be absent */
    int64_t created_at;
};
extern const struct record oauth_identity_record;

struct oauth_identities {
    int64_t total;
    struct list identities; /* struct oauth_identity */
    char *next_cursor;      /* always null: there are PROVIDERS_MAX at most */
};
extern const struct record oauth_identities_record;

/* DELETE /api/identities/{provider} */
struct oauth_unlink {
    char *provider;
};
extern const struct record oauth_unlink_record;

extern const struct record *const oauth_api_records[];
extern const size_t n_oauth_api_records;

#endif
