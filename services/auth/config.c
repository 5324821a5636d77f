/* What auth is configured by, besides what all services are. */

#include "auth.h"
#include "wire/user_api.h"

static const struct field config_fields[] = {
    FIELD(struct auth_config, auth_key_file, .def = "var/auth-key.pem", .max = 1024,
          .about =
              "the private keys (P-256, PEM, mode 0600; the first signs) of access tokens, shared "
              "by all replicas of auth; made when it is not there, and given a new key by "
              "`parley-auth --rotate-keys`"),
    FIELD(struct auth_config, auth_key_lead_seconds, .def = "10", .min = 10, .max = 3600,
          .about = "how long a new key is in AUTH_KEY_FILE before it signs: longer than a new file "
                   "needs to reach all replicas of auth, where it is copied to them"),
    FIELD(struct auth_config, push_public_url, .max = 1024,
          .about = "the WebSocket's address that log-in tells (wss://push.example.com/ws); by "
                   "default /ws at the origin that the client used"),
    FIELD(struct auth_config, admin_username, .min = USERNAME_MIN, .max = USERNAME_MAX,
          .alphabet = USERNAME_ALPHABET,
          .about =
              "the first administrator: the account is made at start, or promoted if it exists "
              "and ADMIN_PASSWORD is its password"),
    FIELD(struct auth_config, admin_password, .min = PASSWORD_MIN, .max = PASSWORD_MAX,
          .secret = true,
          .about = "of ADMIN_USERNAME; used only when the account is made or promoted"),
    FIELD(struct auth_config, oauth_file, .max = 1024,
          .about = "the providers that one may log in with (JSON, mode 0600; docs/oauth.md); none "
                   "when it is not set"),
};
const struct record auth_config_record = RECORD("auth.config", struct auth_config, config_fields);
