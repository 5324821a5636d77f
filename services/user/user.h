#ifndef USER_USER_H
#define USER_USER_H

#include "changes.h"
#include "presence.h"
#include "directory.h"
#include "service/service.h"
#include "wire/frames.h"
#include "wire/friend_api.h"
#include "wire/internal.h"
#include "wire/presence_api.h"
#include "wire/user_api.h"

/* Its own settings. */
struct user_config {
    char *friend_policy;     /* approve, open */
    char *stranger_messages; /* allow, deny */
};
extern const struct record user_config_record;

/* user: who people are, and what they are to each other. A profile begins as a copy of what auth
 * knows, made by directory.c, or when it is asked for before that. */
struct user_state {
    const struct user_config *config;
    struct store *store;
    struct cache *cache;
    struct ask *ask;
    struct identity *identity;
    struct rpc_client *auth;
    struct directory directory;
    struct rpc_client *message;
};

/* What auth and message are given where somebody waits for us in turn
 * (docs/decisions/0203-how-long-redis-may-take.md). */
#define ANSWER_MS 3000

/* ---- profiles.c: the collection users */

#define USERS "users"

/* A stored profile: what its owner may see of it. */
extern const struct record profile_record; /* of struct user_own, with user_id as _id */

DEFINE_RECORD_CLEANUP(struct user_own, user_own)
DEFINE_RECORD_CLEANUP(struct accounts, accounts)
DEFINE_RECORD_CLEANUP(struct user_ids, user_ids)

/* The profile of a user, which is made now if auth knows him and we do not yet.
 * NOT_FOUND: nobody has that id. *ret is the caller's to clear. */
MUST_CHECK enum status profile_find(struct user_state *user, const char *user_id,
                                    struct user_own *ret, struct error *err);

/* The same, but who has left is nobody. */
MUST_CHECK enum status profile_find_living(struct user_state *user, const char *user_id,
                                           struct user_own *ret, struct error *err);

/* Append the profiles of those of user_ids that exist to *ret, a list of struct user_own, sorted
 * by user_id and none twice: one query, and a question to auth for each that is missing. */
MUST_CHECK enum status profiles_find(struct user_state *user, const struct strings *user_ids,
                                     struct list *ret, struct error *err);

/* Make a profile of each of the accounts (struct account) that has none. */
MUST_CHECK enum status profiles_keep(struct user_state *user, const struct list *accounts,
                                     struct error *err);

/* Give those from before nicknames were searched their nickname_key; OK also when it was stopped,
 * and the next call goes on. */
MUST_CHECK enum status profiles_fold(struct user_state *user, const atomic_bool *stopping,
                                     struct error *err);

void profiles_clear(struct list *profiles);
static inline void profiles_clear_at(struct list *profiles)
{
    profiles_clear(profiles);
}

/* The one with that id in such a list, or NULL. */
const struct user_own *profiles_get(const struct list *profiles, const char *user_id);

/* ---- people.c: REST */

http_handler handle_me;
http_handler handle_change;
http_handler handle_person;

/* What others see of it; moves the texts out of profile. */
void profile_show(struct user_own *profile, bool is_friend, struct user_profile *ret);

/* ---- search.c */

MUST_CHECK enum status search_prepare(struct user_state *user, struct error *err); /* the indexes */
http_handler handle_search;

/* ---- directory.c */

void directory_hear(void *state, const void *event); /* user.registered */
void directory_missed(struct user_state *user);
void directory_run(void *state, struct service_context *context); /* the worker */

/* ---- friends.c, requests.c, blocks.c: REST */

http_handler handle_friends;
http_handler handle_remove_friend;
http_handler handle_remark;

http_handler handle_ask;
http_handler handle_requests;
http_handler handle_accept;
http_handler handle_reject;
http_handler handle_withdraw;

http_handler handle_blocks;
http_handler handle_block;
http_handler handle_unblock;

DEFINE_RECORD_CLEANUP(struct peers, peers)

/* ---- presence.c: REST */

http_handler handle_presence;

/* ---- avatars.c */

/* profile's owner is about to have this avatar: message must know before it is written. INVALID: it
 * is a file of ours, and no picture that he uploaded. */
MUST_CHECK enum status avatar_keep(struct user_state *user, const struct user_own *profile,
                                   const char *avatar, struct error *err);
rpc_handler handle_avatar;

/* ---- export.c, erase.c: data rights */

MUST_CHECK enum status erase_prepare(struct user_state *user, struct error *err); /* indexes */
rpc_handler handle_export;
rpc_handler handle_erase;

/* ---- answers.c: what other services ask */

rpc_handler handle_may_write;
rpc_handler handle_find;

#endif
