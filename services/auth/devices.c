/* One's own sessions: which devices are logged in, and how they are logged out. */

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "base/clock.h"
#include "base/memory.h"
#include "wire/session_api.h"

/* In place of an expired or foreign one there is nothing. */
#define ALIVE "'user_id': %s, 'ended_at': 0, 'seen_at': {'$gt': %ld}"

static void show(const struct session_document *session, const char *current,
                 struct session_view *ret)
{
    *ret = (struct session_view){.session_id = memory_text(session->id),
                                 .device = memory_text(session->device),
                                 .address = memory_text(session->address ? session->address : ""),
                                 .user_agent = memory_text(session->user_agent),
                                 .created_at = session->created_at,
                                 .seen_at = session->seen_at,
                                 .current = strcmp(session->id, current) == 0};
}

/* Frees found. */
static void show_all(struct list *found, size_t limit, const char *current,
                     struct session_list *ret)
{
    struct session_document *items = found->items;

    for (size_t i = 0; i < found->n; i++) {
        if (i < limit)
            show(&items[i], current, list_add(&ret->sessions, &session_view_record));
        if (i + 1 == limit && found->n > limit)
            ret->next_cursor = memory_text(items[i].id);
        record_clear(&session_document_record, &items[i]);
    }
    free(items);
}

/* The newest first. The cursor is the last id that was shown. */
enum status handle_sessions(void *state, struct call *call, const void *request, void *reply,
                            struct error *err)
{
    struct auth_state *auth = state;
    const struct session_page *page = request;
    struct session_list *list = reply;
    const struct store_find how = {.sort = "{'_id': -1}", .limit = page->limit + 1};
    int64_t alive_from = clock_now() - SESSION_MS;
    struct list found = {0};
    const char *before;
    enum status s = session_cursor_read(page->cursor, &before, err);

    if (s == STATUS_OK)
        s = store_count(auth->store, SESSIONS, SESSIONS_MAX * 2, &list->total, err, "{" ALIVE "}",
                        call->user_id, alive_from);
    if (s == STATUS_OK)
        s = store_find(auth->store, SESSIONS, &how, &session_document_record, &found, err,
                       "{" ALIVE ", '_id': {'$lt': %s}}", call->user_id, alive_from, before);
    show_all(&found, (size_t)page->limit, call->session_id, list);
    return s;
}

static enum status log_out(struct auth_state *auth, struct call *call, struct error *err)
{
    enum status s = session_end(auth, call->user_id, call->session_id, END_LOGOUT, err);

    if (s == STATUS_OK)
        login_clear_cookies(call);
    return s;
}

enum status handle_end_session(void *state, struct call *call, const void *request, void *reply,
                               struct error *err)
{
    struct auth_state *auth = state;
    const struct session_path *path = request;
    CLEANUP(session_document_clear) struct session_document found = {0};
    enum status s;

    (void)reply;
    if (strcmp(path->session_id, call->session_id) == 0)
        return log_out(auth, call, err);
    s = store_find_one(auth->store, SESSIONS, &session_document_record, &found, err,
                       "{" ALIVE ", '_id': %s}", call->user_id, clock_now() - SESSION_MS,
                       path->session_id);
    if (s == STATUS_NOT_FOUND)
        return error_set(err, s, "there is no such session");
    if (s != STATUS_OK)
        return s;
    return session_end(auth, call->user_id, path->session_id, END_ENDED, err);
}

/* The others first: if that fails, who asked is still there to ask again. */
enum status handle_logout(void *state, struct call *call, const void *request, void *reply,
                          struct error *err)
{
    struct auth_state *auth = state;
    const struct session_logout *logout = request;
    enum status s = STATUS_OK;

    (void)reply;
    if (logout->everywhere)
        s = sessions_end_all(auth, call->user_id, call->session_id, END_EVERYWHERE, err);
    return s == STATUS_OK ? log_out(auth, call, err) : s;
}
