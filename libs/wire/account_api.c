#include "wire/account_api.h"

#include <stdio.h>
#include <string.h>

#include "wire/auth_api.h"

#define PART 16 /* characters of the id: its random part */

static const struct field delete_fields[] = {
    FIELD(struct account_delete, password, .min = 1, .max = PASSWORD_MAX, .secret = true),
};
const struct record account_delete_record =
    RECORD("account.delete", struct account_delete, delete_fields);

void deleted_username(const char *user_id, char ret[DELETED_USERNAME_MAX])
{
    size_t length = strlen(user_id);

    (void)snprintf(ret, DELETED_USERNAME_MAX, DELETED_PREFIX "%s",
                   user_id + (length > PART ? length - PART : 0));
    for (char *c = ret; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A';
}

const struct record *const account_api_records[] = {
    &account_delete_record,
};
const size_t n_account_api_records = N_ELEMENTS(account_api_records);
