/* Sessions: one for each device that is logged in, from log-in to its end. */

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "log/log.h"

#define AFTER_IDS "~" /* comes after every id */

static const struct field session_fields[] = {
    FIELD_NAMED(struct session_document, id, "_id"),
    FIELD(struct session_document, user_id),
    FIELD(struct session_document, device),
    FIELD(struct session_document, family_hash),
    FIELD(struct session_document, refresh_hash),
    FIELD(struct session_document, previous_hash),
    FIELD(struct session_document, rotated_at),
    FIELD(struct session_document, created_at),
    FIELD(struct session_document, seen_at),
    FIELD(struct session_document, ended_at),
    FIELD(struct session_document, end_reason),
    FIELD(struct session_document, announced),
    FIELD(struct session_document, address),
    FIELD(struct session_document, user_agent),
    FIELD(struct session_document, service, .omit_zero = true),
};
const struct record session_document_record =
    RECORD("auth.session_document", struct session_document, session_fields);

enum status sessions_prepare(struct auth_state *auth, struct error *err)
{
    enum status s = store_index(auth->store, SESSIONS, "{'family_hash': 1}", true, 0, err);

    if (s == STATUS_OK)
        s = store_index(auth->store, SESSIONS, "{'user_id': 1, 'ended_at': 1, '_id': -1}", false, 0,
                        err);
    if (s == STATUS_OK)
        s = store_index(auth->store, SESSIONS, "{'ended_at': 1}", false, 0, err);
    if (s == STATUS_OK)
        s = store_index(auth->store, SESSIONS, "{'seen_at': 1}", false, 0, err);
    return s;
}

enum status session_start(struct auth_state *auth, const struct call *call, const char *user_id,
                          const char *device, struct session_document *ret,
                          char ret_token[REFRESH_TOKEN_MAX], struct error *err)
{
    int64_t now = clock_now();
    char id[ID_MAX];
    char family[REFRESH_HASH_MAX];
    char hash[REFRESH_HASH_MAX];
    struct session_document session = {
        .id = id,
        .user_id = (char *)user_id, /* only read, as the rest */
        .device = (char *)device,
        .family_hash = family,
        .refresh_hash = hash,
        .created_at = now,
        .seen_at = now,
        .address = (char *)call->address,
        .user_agent = (char *)call->user_agent,
    };
    enum status s;

    id_new(SESSION_PREFIX, id);
    refresh_token_new(ret_token);
    if (!refresh_token_family(ret_token, family))
        return error_set(err, STATUS_INTERNAL, "a new refresh token has no family");
    refresh_token_hash(ret_token, hash);
    s = store_insert(auth->store, SESSIONS, &session_document_record, &session, err);
    if (s == STATUS_OK)
        record_copy(&session_document_record, &session, ret);
    return s;
}

enum status sessions_limit(struct auth_state *auth, const char *user_id, struct error *err)
{
    /* By twos, so that a crash, or a log-in beside us, never leaves too many for ever. */
    static const struct store_find how = {.sort = "{'seen_at': 1}", .limit = 2};
    struct list oldest = {0};
    struct session_document *items;
    int64_t n = 0;
    enum status s;

    s = store_count(auth->store, SESSIONS, SESSIONS_MAX + 2, &n, err,
                    "{'user_id': %s, 'ended_at': 0}", user_id);
    if (s != STATUS_OK || n <= SESSIONS_MAX)
        return s;
    s = store_find(auth->store, SESSIONS, &how, &session_document_record, &oldest, err,
                   "{'user_id': %s, 'ended_at': 0}", user_id);
    items = oldest.items;
    for (size_t i = 0; i < oldest.n; i++) {
        if (s == STATUS_OK && n-- > SESSIONS_MAX)
            s = session_end(auth, user_id, items[i].id, END_REPLACED, err);
        record_clear(&session_document_record, &items[i]);
    }
    free(items);
    return s;
}

enum status session_cursor_read(const char *cursor, const char **ret_before, struct error *err)
{
    *ret_before = cursor && *cursor ? cursor : AFTER_IDS;
    if (*ret_before == cursor && strncmp(cursor, SESSION_PREFIX, strlen(SESSION_PREFIX)) != 0)
        return error_field(err, STATUS_INVALID, "cursor", "field 'cursor' is not one of ours");
    return STATUS_OK;
}

/* ---- Refresh */

enum rotation rotation_judge(const struct session_document *session, const char *hash,
                             int64_t now_ms)
{
    if (session->ended_at > 0 || session->seen_at + SESSION_MS < now_ms)
        return ROTATION_OVER;
    if (strcmp(session->refresh_hash, hash) == 0)
        return ROTATION_NEXT;
    if (session->previous_hash && strcmp(session->previous_hash, hash) == 0 &&
        session->rotated_at + REFRESH_GRACE_MS >= now_ms)
        return ROTATION_REPEAT;
    return ROTATION_REPLAY;
}

/* One answer for a stranger's guess and for an old token. */
static enum status refuse(struct error *err)
{
    return error_set(err, STATUS_UNAUTHENTICATED, "the refresh token is not valid");
}

/* CONFLICT: it was rotated, or ended, since it was read. */
static enum status rotate(struct auth_state *auth, const struct session_document *session,
                          const char *hash, const char *next_hash, int64_t now, struct error *err)
{
    int64_t matched = 0;
    enum status s;

    s = store_update(auth->store, SESSIONS, 0, &matched, err,
                     "[{'_id': %s, 'refresh_hash': %s, 'ended_at': 0}, {'$set': "
                     "{'refresh_hash': %s, 'previous_hash': %s, 'rotated_at': %ld, "
                     "'seen_at': %ld}}]",
                     session->id, hash, next_hash, hash, now, now);
    if (s == STATUS_OK && matched == 0)
        return error_set(err, STATUS_CONFLICT, "the session changed meanwhile");
    return s;
}

static enum status end_replayed(struct auth_state *auth, const struct session_document *session,
                                struct error *err)
{
    enum status s;

    log_warn("refresh token replayed", LOG_TEXT("user_id", session->user_id),
             LOG_TEXT("session_id", session->id));
    s = session_end(auth, session->user_id, session->id, END_REPLAY, err);
    return s == STATUS_OK ? refuse(err) : s;
}

/* What may follow on a token: one for each signing key, the one of now first. */
struct successors {
    char tokens[TOKEN_KEYS_MAX][REFRESH_TOKEN_MAX];
    char hashes[TOKEN_KEYS_MAX][REFRESH_HASH_MAX];
    size_t n;
};

/* Which of them was given out? None when its key is gone since. */
static bool find_successor(const struct successors *next, const char *hash, size_t *ret_i)
{
    for (*ret_i = 0; *ret_i < next->n; (*ret_i)++)
        if (strcmp(next->hashes[*ret_i], hash) == 0)
            return true;
    return false;
}

/* One look at the session and one step; *ret_i is the place of the token's successor. */
static enum status advance(struct auth_state *auth, const char *family, const char *hash,
                           const struct successors *next, struct session_document *ret,
                           size_t *ret_i, struct error *err)
{
    int64_t now = clock_now();
    enum status s;

    s = store_find_one(auth->store, SESSIONS, &session_document_record, ret, err,
                       "{'family_hash': %s}", family);
    if (s == STATUS_NOT_FOUND)
        return refuse(err);
    if (s != STATUS_OK)
        return s;
    switch (rotation_judge(ret, hash, now)) {
    case ROTATION_NEXT:
        *ret_i = 0;
        return rotate(auth, ret, hash, next->hashes[0], now, err);
    case ROTATION_REPEAT:
        return find_successor(next, ret->refresh_hash, ret_i) ? STATUS_OK : refuse(err);
    case ROTATION_REPLAY:
        return end_replayed(auth, ret, err);
    case ROTATION_OVER:
        break;
    }
    return refuse(err);
}

enum status session_rotate(struct auth_state *auth, const char *token, struct session_document *ret,
                           char ret_token[REFRESH_TOKEN_MAX], struct error *err)
{
    struct session_document session = {0};
    struct successors next;
    char family[REFRESH_HASH_MAX];
    char hash[REFRESH_HASH_MAX];
    size_t i;
    enum status s;

    if (!refresh_token_family(token, family))
        return refuse(err);
    refresh_token_hash(token, hash);
    next.n = refresh_token_derive(auth->signer, token, next.tokens);
    for (i = 0; i < next.n; i++)
        refresh_token_hash(next.tokens[i], next.hashes[i]);
    s = advance(auth, family, hash, &next, &session, &i, err);
    if (s == STATUS_CONFLICT) { /* a second tab was faster: then it is the one before, by now */
        record_clear(&session_document_record, &session);
        s = advance(auth, family, hash, &next, &session, &i, err);
    }
    if (s != STATUS_OK) {
        record_clear(&session_document_record, &session);
        return s == STATUS_CONFLICT ? error_set(err, STATUS_UNAVAILABLE, "try again") : s;
    }
    memcpy(ret_token, next.tokens[i], REFRESH_TOKEN_MAX);
    *ret = session;
    return STATUS_OK;
}

/* ---- End */

enum status session_end(struct auth_state *auth, const char *user_id, const char *session_id,
                        const char *reason, struct error *err)
{
    enum status s;

    s = store_update(auth->store, SESSIONS, 0, NULL, err,
                     "[{'_id': %s, 'user_id': %s, 'ended_at': 0}, {'$set': {'ended_at': %ld, "
                     "'end_reason': %s, 'announced': false}}]",
                     session_id, user_id, clock_now(), reason);
    if (s != STATUS_OK)
        return s;
    ended_announce(auth, user_id, session_id, reason);
    return STATUS_OK;
}
