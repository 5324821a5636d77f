#ifndef CTL_SETTINGS_H
#define CTL_SETTINGS_H

#include "bus/bus.h"
#include "cache/cache.h"
#include "record/record.h"
#include "store/store.h"

/* Where everything is: from the environment, as the services have it (tools/run writes all of it to
 * var/etc/operator.env). A command needs only what it asks. */
struct settings {
    char *amqp_url;
    char *mongodb_uri;
    char *redis_url;
    char *auth_internal; /* INTERNAL_LISTEN of all processes of auth: host:port, comma-separated */
    char *user_internal;
    char *group_internal;
    char *message_internal;
    char *push_internal;
    char *bot_internal;
    char *internal_listen;
    char *parley_url;
    char *admin_username;
    char *admin_password;
};
extern const struct record settings_record;
DEFINE_RECORD_CLEANUP(struct settings, settings)

/* False, after it has complained of each fault. */
MUST_CHECK bool settings_read(struct settings *ret);

/* One thing alone, connected. False, after it has complained. */
MUST_CHECK bool settings_open_bus(struct bus **ret);
MUST_CHECK bool settings_open_store(struct store **ret);

#endif
