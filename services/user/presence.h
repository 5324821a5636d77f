#ifndef USER_PRESENCE_H
#define USER_PRESENCE_H

#include "base/error.h"
#include "record/record.h"

/* Who is online, told to whom: friends who are online themselves get a frame, anyone who may ask is
 * answered. Invisible people are offline to everybody else, and whoever has blocked somebody is
 * offline to him.
 *
 * Redis knows who is online; the profile's last_seen is when he went. What push publishes are hints
 * to look: two nodes' events may come in any order. */

struct user_state;
struct service_context;
struct presence_news;

struct presence_view {
    bool online;
    int64_t last_seen; /* Unix ms; online: about now; 0: never, or it is hidden from the viewer */
};

/* ret[i] is what viewer_id may know of user_ids->items[i]; whether he may ask at all is the
 * caller's to know. Without Redis everybody is offline. One query each of profiles and relations,
 * one pipeline. Any thread. */
MUST_CHECK enum status presence_find(struct user_state *user, const char *viewer_id,
                                     const struct strings *user_ids, struct presence_view *ret,
                                     struct error *err);

/* The profile has changed, and is stored: his friends see him come or go. Nobody waits for it. */
void presence_visibility_changed(struct user_state *user, const char *user_id, bool invisible);

/* What is between the two has changed (friends, blocks), and is stored: each is told what he may
 * now know of the other. Nobody waits for it. */
void presence_introduce(struct user_state *user, const char *user_id, const char *other_id);

/* ---- For presence's own files */

struct presence_profile { /* the part of a profile that is about presence */
    char *user_id;
    bool invisible;
    int64_t last_seen;
};

/* Append the profiles of those of user_ids that have one, sorted. */
MUST_CHECK enum status presence_profiles(struct user_state *user, const struct strings *user_ids,
                                         struct list *ret, struct error *err);
const struct presence_profile *presence_profile_get(const struct list *profiles,
                                                    const char *user_id);
void presence_profiles_clear(struct list *profiles);
static inline void presence_profiles_clear_at(struct list *profiles)
{
    presence_profiles_clear(profiles);
}

/* Keep when they were here last. */
MUST_CHECK enum status presence_save_last_seen(struct user_state *user,
                                               const struct presence_news *gone, size_t n,
                                               struct error *err);

/* The workers: friends are told of what push saw, and of those whose node died. */
void presence_run(void *state, struct service_context *context);
void presence_sweep_run(void *state, struct service_context *context);

#endif
