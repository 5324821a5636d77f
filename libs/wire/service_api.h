#ifndef WIRE_SERVICE_API_H
#define WIRE_SERVICE_API_H

#include "record/record.h"

/* The REST bodies of service accounts: programs (a shop, a build server) that write to people. All
 * of it lies under /v1/admin/services. */

/* POST /v1/admin/services */
struct service_new {
    char *username;
    char *nickname; /* absent: as the username */
    char *reason;
};
extern const struct record service_new_record;

struct service_account {
    char *user_id;
    char *username;
    char *nickname;
    bool bot; /* always: clients show it as one */
    int64_t created_at;
};
extern const struct record service_account_record;

/* The only time that the token is told. */
struct service_created {
    void *service; /* struct service_account */
    char *token;
};
extern const struct record service_created_record;

/* GET /v1/admin/services */
struct service_page {
    int64_t limit;
    char *cursor;
};
extern const struct record service_page_record;

struct service_list {
    int64_t total;
    struct list services; /* struct service_account, by username */
    char *next_cursor;
};
extern const struct record service_list_record;

/* POST …/{user_id}/token takes an admin_reason and answers with a service_created; DELETE
 * …/{user_id} takes an admin_reason. */

extern const struct record *const service_api_records[];
extern const size_t n_service_api_records;

#endif
