#ifndef CONTRACT_RECORDS_H
#define CONTRACT_RECORDS_H

/* Every record that travels: one list over the tables at the end of libs/wire/'s files. */

#include "wire/account_api.h"
#include "wire/admin_api.h"
#include "wire/auth_api.h"
#include "wire/bot_api.h"
#include "wire/changes.h"
#include "wire/egg.h"
#include "wire/file_api.h"
#include "wire/forward.h"
#include "wire/frames.h"
#include "wire/friend_api.h"
#include "wire/group_api.h"
#include "wire/internal.h"
#include "wire/marks.h"
#include "wire/message_api.h"
#include "wire/moderation.h"
#include "wire/oauth_api.h"
#include "wire/overview.h"
#include "wire/presence_api.h"
#include "wire/retention.h"
#include "wire/search_api.h"
#include "wire/service_api.h"
#include "wire/session_api.h"
#include "wire/sync_api.h"
#include "wire/user_api.h"

static const struct {
    const struct record *const *records;
    const size_t *n;
} contract_tables[] = {
    {account_api_records, &n_account_api_records},
    {frames_records, &n_frames_records},
    {oauth_api_records, &n_oauth_api_records},
    {internal_records, &n_internal_records},
    {auth_api_records, &n_auth_api_records},
    {group_api_records, &n_group_api_records},
    {marks_records, &n_marks_records},
    {message_api_records, &n_message_api_records},
    {user_api_records, &n_user_api_records},
    {presence_api_records, &n_presence_api_records},
    {admin_api_records, &n_admin_api_records},
    {changes_records, &n_changes_records},
    {friend_api_records, &n_friend_api_records},
    {session_api_records, &n_session_api_records},
    {service_api_records, &n_service_api_records},
    {sync_api_records, &n_sync_api_records},
    {retention_records, &n_retention_records},
    {moderation_records, &n_moderation_records},
    {overview_records, &n_overview_records},
    {file_api_records, &n_file_api_records},
    {egg_records, &n_egg_records},
    {forward_records, &n_forward_records},
    {search_api_records, &n_search_api_records},
    {bot_api_records, &n_bot_api_records},
};

static inline size_t contract_n_records(void)
{
    size_t n = 0;

    for (size_t i = 0; i < N_ELEMENTS(contract_tables); i++)
        n += *contract_tables[i].n;
    return n;
}

/* The i-th of contract_n_records(). */
static inline const struct record *contract_record(size_t i)
{
    size_t table = 0;

    while (i >= *contract_tables[table].n)
        i -= *contract_tables[table++].n;
    return contract_tables[table].records[i];
}

/* NULL when no record has that name. */
static inline const struct record *contract_find_record(const char *name)
{
    for (size_t i = 0; i < contract_n_records(); i++)
        if (strcmp(contract_record(i)->name, name) == 0)
            return contract_record(i);
    return NULL;
}

#endif
