#include "wire/rpc_info.h"

#include <string.h>

#include "wire/internal.h"
#include "wire/moderation.h"
#include "wire/overview.h"

const struct rpc_info rpc_infos[] = {
    {RPC_AUTH_KEYS, "the public keys by which everybody verifies tokens, as a JWKS", 1000},
    {RPC_AUTH_RESTRICTIONS,
     "the sessions that ended within 15 minutes, and who is muted or has had another role since: "
     "asked for at start and after each reconnect to the bus",
     1000},
    {RPC_AUTH_CHECK_SESSIONS, "which of these sessions have ended, and why", 2000},
    {RPC_AUTH_FIND_ACCOUNT, "one account, by its id or its username", 1000},
    {RPC_AUTH_FIND_ACCOUNTS, "accounts by their ids; those that do not exist are left out", 1000},
    {RPC_AUTH_LIST_ACCOUNTS, "all accounts, in the order of their making, page by page", 5000},
    {RPC_AUTH_RENAME, "another nickname; harmless to repeat", 1000},
    {RPC_AUTH_FIND_SERVICE,
     "the service account of a token (by its hash) or of a RabbitMQ user (by its name); "
     "unauthenticated unless it may act now",
     1000},
    {RPC_USER_MAY_WRITE,
     "may the one write to the other, see him typing, or take him into a group? An answer for each "
     "pair, in their order; with purpose message and FRIEND_POLICY=open it makes friends",
     5000},
    {RPC_USER_FIND, "people by their ids, as they are shown; unknown ids are left out", 5000},
    {RPC_USER_AVATAR, "which of our files somebody shows as his picture", 2000},
    {RPC_USER_EXPORT, "a page of what user has of a person, for his archive", 10000},
    {RPC_GROUP_EXPORT, "the same of group's", 10000},
    {RPC_MESSAGE_EXPORT, "the same of message's", 10000},
    {RPC_USER_ERASE, "a second's work of forgetting a person; again until it is done", 15000},
    {RPC_GROUP_ERASE, "the same in group", 15000},
    {RPC_MESSAGE_ERASE, "the same in message", 15000},
    {RPC_MESSAGE_FIGURES, "how much message keeps, for the administrators' overview", 2000},
    {RPC_MESSAGE_LOOK_UP,
     "a message as it is, and what happened to it; for administrators, whom auth has judged", 2000},
    {RPC_MESSAGE_RECALL, "a message is recalled by an administrator; harmless to repeat", 7000},
    {RPC_MESSAGE_PEERS, "how one's private conversations with these people stand", 1000},
    {RPC_MESSAGE_AVATAR,
     "a picture of his own is about to be somebody's avatar, or none is any more: those that he had "
     "are looked at in ten minutes; harmless to repeat",
     2000},
    {RPC_MESSAGE_FELLOWS, "which of these people share a group with one", 1000},
    {RPC_MESSAGE_GROUPS, "the groups of these users, each with the last change that it knows",
     2000},
};
const size_t n_rpc_infos = sizeof rpc_infos / sizeof *rpc_infos;

const struct rpc_info *rpc_info_find(const char *name)
{
    for (size_t i = 0; i < n_rpc_infos; i++)
        if (strcmp(rpc_infos[i].name, name) == 0)
            return &rpc_infos[i];
    return NULL;
}
