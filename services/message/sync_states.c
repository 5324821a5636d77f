#include "sync_states.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/memory.h"

/* A device that was away this long begins anew. Also what bounds the states of ended sessions. */
#define KEPT_S (60LL * 24 * 3600)

/* Of one session. A device in good health leaves two; more are those of answers that were lost, or
 * of tabs that share a session. */
#define STATES_MAX 8
#define DAY_MS (24LL * 3600 * 1000)
#define STATES_SEEN 64 /* looked at when there are too many */

static const struct field state_fields[] = {
    FIELD_NAMED(struct sync_state, id, "_id"), FIELD(struct sync_state, user_id),
    FIELD(struct sync_state, session_id),      FIELD(struct sync_state, before),
    FIELD(struct sync_state, round),           FIELD(struct sync_state, used_at),
    FIELD(struct sync_state, vector),
};
const struct record sync_state_record = RECORD("sync.state", struct sync_state, state_fields);

struct state_id {
    char *id;
};

static const struct field state_id_fields[] = {FIELD_NAMED(struct state_id, id, "_id")};
static const struct record state_id_record =
    RECORD("sync.state_id", struct state_id, state_id_fields);

enum status sync_states_index(struct store *store, struct error *err)
{
    enum status s =
        store_index(store, SYNC_STATES, "{'session_id': 1, 'used_at': -1}", false, 0, err);

    if (s == STATUS_OK)
        s = store_index(store, SYNC_STATES, "{'user_id': 1}", false, 0, err);
    return s == STATUS_OK ? store_index(store, SYNC_STATES, "{'used': 1}", false, KEPT_S, err) : s;
}

enum status sync_states_find(struct store *store, const char *session_id, const char *cursor,
                             struct sync_state *ret, struct error *err)
{
    CLEANUP(buffer_clear) struct buffer id = {0};
    enum status s;

    buffer_printf(&id, "%s/%s", session_id, cursor);
    s = store_find_one(store, SYNC_STATES, &sync_state_record, ret, err, "{'_id': %s}",
                       buffer_text(&id));
    if (s == STATUS_NOT_FOUND)
        return error_field(err, STATUS_INVALID, "cursor",
                           "field 'cursor' is not known, or not any more: begin without one");
    return s;
}

/* `used` is the same as a date: by it MongoDB removes what nobody uses any more. */
static enum status use(struct store *store, const struct sync_state *state, struct error *err)
{
    return store_update(store, SYNC_STATES, 0, NULL, err,
                        "[{'_id': %s}, {'$set': {'used_at': %ld}, '$currentDate': {'used': true}}]",
                        state->id, clock_now());
}

enum status sync_states_keep(struct store *store, const struct sync_state *state, struct error *err)
{
    return clock_now() - state->used_at < DAY_MS ? STATUS_OK : use(store, state, err);
}

static enum status insert(struct store *store, const struct sync_state *state, struct error *err)
{
    return store_update(store, SYNC_STATES, STORE_UPSERT, NULL, err,
                        "[{'_id': %s}, {'$set': {'user_id': %s, 'session_id': %s, 'before': %s, "
                        "'round': %ld, 'vector': %s, 'used_at': %ld}, '$currentDate': {'used': "
                        "true}}]",
                        state->id, state->user_id, state->session_id, state->before, state->round,
                        state->vector, clock_now());
}

static enum status trim(struct store *store, const char *session_id, struct error *err)
{
    static const struct store_find how = {.sort = "{'used_at': -1}", .limit = STATES_SEEN};
    struct list found = {0};
    struct strings old = {0};
    struct state_id *states;
    enum status s = store_find(store, SYNC_STATES, &how, &state_id_record, &found, err,
                               "{'session_id': %s}", session_id);

    states = found.items;
    for (size_t i = 0; i < found.n; i++) {
        if (i >= STATES_MAX)
            strings_add(&old, states[i].id);
        record_clear(&state_id_record, &states[i]);
    }
    free(found.items);
    if (s == STATUS_OK && old.n > 0)
        s = store_delete(store, SYNC_STATES, NULL, err, "{'_id': {'$in': %p}}", (void *)&old);
    strings_clear(&old);
    return s;
}

enum status sync_states_add(struct store *store, const struct sync_state *from,
                            struct sync_state *state, struct error *err)
{
    char cursor[ID_MAX];
    struct buffer id = {0};
    enum status s = STATUS_OK;

    id_new("sync_", cursor);
    buffer_printf(&id, "%s/%s", state->session_id, cursor);
    state->id = buffer_take(&id);
    state->before = memory_text(from->id);
    s = insert(store, state, err);
    /* What the client came with stays, and is younger than what was made from it before: he may come
     * with it again and again. What that follows he has behind him. */
    if (s == STATUS_OK && from->id)
        s = use(store, from, err);
    if (s == STATUS_OK && from->before)
        s = store_delete(store, SYNC_STATES, NULL, err, "{'_id': %s}", from->before);
    return s == STATUS_OK ? trim(store, state->session_id, err) : s;
}

const char *sync_states_cursor(const struct sync_state *state)
{
    return strchr(state->id, '/') + 1; /* session ids hold no slash */
}
