#ifndef WIRE_ACCOUNT_API_H
#define WIRE_ACCOUNT_API_H

#include "record/record.h"

/* The REST bodies of data rights: what a user takes along, and how he goes. */

/* POST /api/account/delete */
struct account_delete {
    char *password; /* absent where the account has none: then the session must be young */
};
extern const struct record account_delete_record;

/* What is left of somebody's names, in auth and in user alike. */
#define DELETED_NICKNAME "Deleted user"
#define DELETED_PREFIX "deleted-" /* no living one's username begins so */
#define DELETED_USERNAME_MAX 32

/* The prefix and the last 16 characters of the id, in lower case. */
void deleted_username(const char *user_id, char ret[DELETED_USERNAME_MAX]);

extern const struct record *const account_api_records[];
extern const size_t n_account_api_records;

#endif
