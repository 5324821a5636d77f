/* Friends: the list with all that a client shows of it, removing, remarks. */

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"
#include "user.h"

#define PEERS_TIMEOUT_MS 1000
#define PEERS_SURE 16 /* so many of the longest messages fit into an answer */

static char *remark_of(const struct relation *relation, const char *user_id)
{
    bool is_a = strcmp(relation->user_a, user_id) == 0;

    return memory_text(is_a ? relation->remark_a : relation->remark_b);
}

static void fill_friend(const struct relation *relation, const char *user_id,
                        const struct user_own *profile, struct friend_item *ret)
{
    ret->user_id = memory_text(profile->user_id);
    ret->username = memory_text(profile->username);
    ret->nickname = memory_text(profile->nickname);
    if (profile->avatar && *profile->avatar)
        ret->avatar = memory_text(profile->avatar);
    ret->bot = profile->bot;
    ret->remark = remark_of(relation, user_id);
    ret->friends_since = relation->friends_since;
}

static const struct peer *find_peer(const struct peers *peers, const char *user_id)
{
    const struct peer *peer = peers->peers.items;

    for (size_t i = 0; i < peers->peers.n; i++)
        if (strcmp(peer[i].user_id, user_id) == 0)
            return &peer[i];
    return NULL;
}

/* Who is here. Without Redis nobody is, and all else is as good. */
static void add_presence(struct user_state *user, const char *user_id, const struct strings *ids,
                         struct list *friends)
{
    struct friend_item *friend = friends->items;
    CLEANUP(free) struct presence_view *views = memory_grow(NULL, ids->n, sizeof *views);
    struct error err;

    if (presence_find(user, user_id, ids, views, &err) != STATUS_OK) {
        log_warn("friends without presence", LOG_TEXT("reason", err.text));
        return;
    }
    for (size_t i = 0; i < friends->n; i++) {
        friend[i].online = views[i].online;
        friend[i].last_seen = views[i].last_seen;
    }
}

/* How the conversations stand. Without `message` the list is as good without. */
static void add_conversations(struct user_state *user, const char *user_id,
                              const struct strings *ids, struct list *friends)
{
    const struct peers_query query = {.user_id = (char *)user_id, .peer_ids = *ids};
    struct friend_item *friend = friends->items;
    CLEANUP(peers_clear) struct peers peers = {0};
    struct error err;
    enum status s = rpc_call(user->message, RPC_MESSAGE_PEERS, &peers_query_record, &query,
                             &peers_record, &peers, PEERS_TIMEOUT_MS, &err);

    if (s == STATUS_INTERNAL && ids->n > PEERS_SURE) { /* long messages: too long an answer */
        size_t half = ids->n / 2;

        add_conversations(user, user_id, &(struct strings){ids->items, half}, friends);
        add_conversations(user, user_id, &(struct strings){ids->items + half, ids->n - half},
                          friends);
        return;
    }
    if (s != STATUS_OK) {
        log_warn("friends without conversations", LOG_TEXT("reason", err.text));
        return;
    }
    for (size_t i = 0; i < friends->n; i++) {
        const struct peer *peer = find_peer(&peers, friend[i].user_id);

        if (!peer)
            continue;
        friend[i].unread_count = peer->unread_count;
        friend[i].last_time = peer->last_time;
        if (peer->last_message) {
            friend[i].last_message = memory_new(sizeof(struct frame_message));
            record_copy(&frame_message_record, peer->last_message, friend[i].last_message);
        }
    }
}

/* Three questions for all of them together: who they are, whether they are here, what was said. */
static enum status fill_page(struct user_state *user, const char *user_id,
                             const struct list *relations, struct list *friends, struct error *err)
{
    const struct relation *relation = relations->items;
    CLEANUP(profiles_clear) struct list profiles = {0};
    struct strings ids = {0};
    enum status s = relations_find_others(user, relations, user_id, &profiles, err);

    for (size_t i = 0; s == STATUS_OK && i < relations->n; i++) {
        const struct user_own *profile =
            profiles_get(&profiles, relation_other(&relation[i], user_id));

        if (!profile) /* auth does not know him */
            continue;
        fill_friend(&relation[i], user_id, profile, list_add(friends, &friend_item_record));
        strings_add(&ids, profile->user_id);
    }
    if (s == STATUS_OK && ids.n > 0) {
        add_presence(user, user_id, &ids, friends);
        add_conversations(user, user_id, &ids, friends);
    }
    strings_clear(&ids);
    return s;
}

/* In the order of the pairs, which no event changes: a page misses nobody and shows nobody twice,
 * whoever comes, goes or writes meanwhile. */
enum status handle_friends(void *state, struct call *call, const void *request, void *reply,
                           struct error *err)
{
    struct user_state *user = state;
    const struct friend_page *page = request;
    const struct store_find how = {.sort = "{'_id': 1}", .limit = page->limit + 1};
    struct friend_list *list = reply;
    CLEANUP(relations_clear) struct list found = {0};
    enum status s = relations_check_cursor(page->cursor, call->user_id, err);

    if (s == STATUS_OK)
        s = store_count(user->store, RELATIONS, RELATIONS_TOTAL_MAX, &list->total, err,
                        "{'friends': %s}", call->user_id);
    if (s == STATUS_OK)
        s = store_find(user->store, RELATIONS, &how, &relation_record, &found, err,
                       "{'friends': %s, '_id': {'$gt': %s}}", call->user_id,
                       page->cursor ? page->cursor : "");
    if (s != STATUS_OK)
        return s;
    list->next_cursor = relations_cut(&found, (size_t)page->limit);
    return fill_page(user, call->user_id, &found, &list->friends, err);
}

enum status handle_remove_friend(void *state, struct call *call, const void *request, void *reply,
                                 struct error *err)
{
    const struct user_path *path = request;
    struct relation_step step = {
        .by = call->user_id, .other = path->user_id, .now_ms = clock_now()};

    (void)reply;
    return relations_change(state, relation_remove, &step, NULL, err);
}

enum status handle_remark(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct friend_change *change = request;
    struct relation_step step = {.by = call->user_id,
                                 .other = change->user_id,
                                 .text = change->remark,
                                 .now_ms = clock_now()};
    enum status s = friend_change_check(change, err);

    (void)reply;
    return s == STATUS_OK ? relations_change(state, relation_remark, &step, NULL, err) : s;
}
