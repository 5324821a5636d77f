#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "fold/fold.h"
#include "token/base64.h"
#include "user.h"

/* Counting goes no further: nobody pages through more by hand. */
#define TOTAL_MAX 10000

/* Texts that begin with a prefix are those from it up to it and the last of all characters. */
#define LAST_CHARACTER "\U0010ffff"

/* Who has left is not found. Not "false": most documents do not say. */
#define LIVING "'deleted': {'$ne': true}"

enum status search_prepare(struct user_state *user, struct error *err)
{
    /* Each holds all that its query looks at, so that only what is shown is fetched. */
    enum status s = store_index(user->store, USERS, "{'username': 1, 'deleted': 1}", false, 0, err);

    if (s != STATUS_OK)
        return s;
    return store_index(user->store, USERS,
                       "{'nickname_key': 1, '_id': 1, 'nickname_common': 1, 'deleted': 1}", false,
                       0, err);
}

int64_t search_common(const char *username, const char *nickname_key)
{
    int64_t n = 0;

    while (username[n] && username[n] == nickname_key[n])
        n++;
    return n;
}

/* ---- Places: "u<username>" or "n<user_id>:<folded nickname>" */

void search_place_clear(struct search_place *place)
{
    free(place->name);
    free(place->user_id);
    *place = (struct search_place){0};
}

char *search_place_write(const struct search_place *place)
{
    CLEANUP(buffer_clear) struct buffer text = {0};
    char *cursor;

    if (place->phase == SEARCH_USERNAMES)
        buffer_printf(&text, "u%s", place->name);
    else
        buffer_printf(&text, "n%s:%s", place->user_id, place->name);
    cursor = memory_new(text.length * 4 / 3 + 4);
    base64_encode(text.data, text.length, cursor);
    return cursor;
}

static bool read_text(const char *text, struct search_place *ret)
{
    const char *colon = strchr(text, ':');

    if (*text == 'u') {
        *ret = (struct search_place){.phase = SEARCH_USERNAMES, .name = memory_text(text + 1)};
        return true;
    }
    if (*text != 'n' || !colon)
        return false;
    *ret = (struct search_place){
        .phase = SEARCH_NICKNAMES,
        .name = memory_text(colon + 1),
        .user_id = memory_text_n(text + 1, (size_t)(colon - text - 1)),
    };
    return true;
}

bool search_place_read(const char *cursor, struct search_place *ret)
{
    size_t length = strlen(cursor);
    CLEANUP(free) char *text = memory_new(length + 1);
    size_t n = 0;

    *ret = (struct search_place){0};
    return base64_decode(cursor, length, text, length, &n) && strlen(text) == n &&
           utf8_is_valid(text, n) && read_text(text, ret);
}

/* ---- Looking */

struct looking {
    struct user_state *user;
    const char *key; /* the folded query */
    int64_t length;  /* of it, in bytes */
    const char *end; /* what begins with it comes before this */
};

static enum status find_by_username(const struct looking *looking, const char *after, int64_t limit,
                                    struct list *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'username': 1}", .limit = limit};

    return store_find(looking->user->store, USERS, &how, &profile_record, ret, err,
                      "{'username': {'$gte': %s, '$lt': %s, '$gt': %s}, " LIVING "}", looking->key,
                      looking->end, after);
}

/* Those whose username begins so are left out: they have been shown. Two looks, since one with an
 * "or" would fetch all namesakes before the place. */
static enum status find_by_nickname(const struct looking *looking, const struct search_place *place,
                                    int64_t limit, struct list *ret, struct error *err)
{
    struct store_find how = {.sort = "{'nickname_key': 1, '_id': 1}", .limit = limit};
    bool is_later = place->phase == SEARCH_NICKNAMES;
    enum status s = STATUS_OK;

    /* A place of another query's pages is somewhere else. */
    if (is_later && strncmp(place->name, looking->key, (size_t)looking->length) == 0)
        s = store_find(
            looking->user->store, USERS, &how, &profile_record, ret, err,
            "{'nickname_key': %s, '_id': {'$gt': %s}, 'nickname_common': {'$lt': %ld}, " LIVING "}",
            place->name, place->user_id, looking->length);
    how.limit = limit - (int64_t)ret->n;
    if (s != STATUS_OK || how.limit == 0)
        return s;
    return store_find(looking->user->store, USERS, &how, &profile_record, ret, err,
                      "{'nickname_key': {'$gte': %s, '$gt': %s, '$lt': %s}, "
                      "'nickname_common': {'$lt': %ld}, " LIVING "}",
                      looking->key, is_later ? place->name : "", looking->end, looking->length);
}

static enum status count(const struct looking *looking, int64_t *ret, struct error *err)
{
    struct store *store = looking->user->store;
    int64_t more = 0;
    enum status s;

    s = store_count(store, USERS, TOTAL_MAX, ret, err,
                    "{'username': {'$gte': %s, '$lt': %s}, " LIVING "}", looking->key,
                    looking->end);
    if (s != STATUS_OK || *ret == TOTAL_MAX)
        return s;
    s = store_count(
        store, USERS, TOTAL_MAX - *ret, &more, err,
        "{'nickname_key': {'$gte': %s, '$lt': %s}, 'nickname_common': {'$lt': %ld}, " LIVING "}",
        looking->key, looking->end, looking->length);
    *ret += more;
    return s;
}

/* Up to limit after the place; *ret_by_username of them were found so. */
static enum status find_after(const struct looking *looking, const struct search_place *place,
                              int64_t limit, struct list *ret, size_t *ret_by_username,
                              struct error *err)
{
    enum status s = STATUS_OK;

    if (place->phase == SEARCH_USERNAMES)
        s = find_by_username(looking, place->name ? place->name : "", limit, ret, err);
    *ret_by_username = ret->n;
    if (s != STATUS_OK || (int64_t)ret->n == limit)
        return s;
    return find_by_nickname(looking, place, limit, ret, err);
}

/* ---- Showing */

static char *place_of(const struct user_own *profile, bool by_username)
{
    CLEANUP(free) char *key = fold_name(profile->nickname);
    const struct search_place place = {
        .phase = by_username ? SEARCH_USERNAMES : SEARCH_NICKNAMES,
        .name = by_username ? profile->username : key,
        .user_id = profile->user_id,
    };

    return key ? search_place_write(&place) : NULL;
}

static enum status add_people(struct user_state *user, const char *viewer_id,
                              struct user_own *profiles, size_t n, struct list *ret,
                              struct error *err)
{
    CLEANUP(free) bool *are_friends = memory_new(n + 1);
    CLEANUP(user_ids_clear) struct user_ids ids = {0};
    enum status s;

    for (size_t i = 0; i < n; i++)
        strings_add(&ids.user_ids, profiles[i].user_id);
    s = relations_friends_among(user, viewer_id, &ids.user_ids, are_friends, err);
    for (size_t i = 0; s == STATUS_OK && i < n; i++)
        profile_show(&profiles[i], are_friends[i], list_add(ret, &user_profile_record));
    return s;
}

static enum status search(const struct looking *looking, const struct call *call,
                          const struct user_search *request, struct user_list *ret,
                          struct error *err)
{
    CLEANUP(profiles_clear) struct list found = {0};
    CLEANUP(search_place_clear) struct search_place place = {0};
    size_t limit = (size_t)request->limit;
    size_t by_username = 0;
    enum status s;

    if (request->cursor && !search_place_read(request->cursor, &place))
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is none of ours");
    s = find_after(looking, &place, request->limit + 1, &found, &by_username, err);
    if (s != STATUS_OK)
        return s;
    ret->total = (int64_t)found.n;
    if (request->cursor || found.n > limit)
        s = count(looking, &ret->total, err);
    if (s != STATUS_OK)
        return s;
    if (found.n > limit)
        ret->next_cursor =
            place_of(&((struct user_own *)found.items)[limit - 1], limit <= by_username);
    return add_people(looking->user, call->user_id, found.items, found.n < limit ? found.n : limit,
                      &ret->users, err);
}

enum status handle_search(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    const struct user_search *wanted = request;
    CLEANUP(free) char *key = fold_name(wanted->query);
    CLEANUP(buffer_clear) struct buffer end = {0};
    struct looking looking = {.user = state, .key = key, .length = key ? (int64_t)strlen(key) : 0};

    if (!key || !*key)
        return STATUS_OK; /* nobody's name begins with what nobody sees, and not everybody's */
    buffer_printf(&end, "%s" LAST_CHARACTER, key);
    looking.end = buffer_text(&end);
    return search(&looking, call, wanted, reply, err);
}
