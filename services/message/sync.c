/* GET /api/sync: what has changed for somebody since his cursor, from MongoDB alone. Rows and
 * conversations are always looked at, of what differs only a page's worth. */

#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "sync_states.h"

/* A conversation that may have something for the device. */
struct candidate {
    const struct entry *entry;
    const struct sync_known *known; /* NULL: nothing */
    char *key;
    bool is_given; /* in a page before of this round */
    bool differs;
    struct sync_known now; /* is_done: what the device knows after this page */
    bool is_done;
};

struct sync {
    struct message_state *message;
    const char *user_id;
    struct sync_state from; /* all zeroes: there was no cursor */
    struct sync_vector vector;
    struct overview overview;
    struct candidate *candidates; /* those that differ first, and of them those not given yet */
    size_t n_differ;
    struct list
        rows; /* struct row_document, by id: of the page, as they are after the conversations */
};

static void sync_clear(struct sync *sync)
{
    for (size_t i = 0; sync->candidates && i < sync->overview.n; i++)
        free(sync->candidates[i].key);
    free(sync->candidates);
    list_clear(&sync->rows, &row_document_record);
    overview_clear(&sync->overview);
    sync_vector_clear(&sync->vector);
    record_clear(&sync_state_record, &sync->from);
}

/* Those that differ and were not given in this round, then those that were and differ again: else what
 * is busy would keep a page from ever reaching the rest. Newest activity first in each. */
static int next_first(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;

    if (x->differs != y->differs)
        return x->differs ? -1 : 1;
    if (x->is_given != y->is_given)
        return x->is_given ? 1 : -1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static void find_candidates(struct sync *sync)
{
    sync->candidates = memory_grow(NULL, sync->overview.n + 1, sizeof *sync->candidates);
    for (size_t i = 0; i < sync->overview.n; i++) {
        const struct entry *entry = &sync->overview.entries[i];
        struct candidate *candidate = &sync->candidates[i];
        struct sync_known now = {0};

        *candidate = (struct candidate){.entry = entry,
                                        .key = sync_key(entry->conversation->id, sync->user_id)};
        candidate->known = sync_vector_find(&sync->vector, candidate->key);
        sync_state_of(entry, &now);
        candidate->differs = sync_differs(candidate->known, &now);
        candidate->is_given = candidate->known && candidate->known->round == sync->from.round;
        sync->n_differ += candidate->differs;
    }
    qsort(sync->candidates, sync->overview.n, sizeof *sync->candidates, next_first);
}

/* A device that knows more of a conversation than there is has seen another history: the server was
 * restored from a back-up, and its numbers go on from there with other messages. It cannot go on. */
static enum status check_past(const struct sync *sync, struct error *err)
{
    for (size_t i = 0; i < sync->overview.n; i++) {
        const struct sync_known *known = sync->candidates[i].known;
        const struct conversation_document *now = sync->candidates[i].entry->conversation;

        if (known && (known->last_seq > now->last_seq || known->change_seq > now->change_seq))
            return error_field(err, STATUS_INVALID, "cursor",
                               "field 'cursor' is of what is no more: begin without one");
    }
    return STATUS_OK;
}

static enum status load(struct sync *sync, const struct call *call, const char *cursor,
                        struct error *err)
{
    enum status s = STATUS_OK;

    sync->from.round = 1;
    if (cursor)
        s = sync_states_find(sync->message->store, call->session_id, cursor, &sync->from, err);
    if (s == STATUS_OK)
        s = sync_vector_read(memory_text(sync->from.vector ? sync->from.vector : ""), &sync->vector,
                             err);
    if (s == STATUS_OK)
        s = overview_load(sync->message, sync->user_id, &sync->overview, err);
    if (s != STATUS_OK)
        return s;
    find_candidates(sync);
    return check_past(sync, err);
}

/* ---- Rows, once more */

static int by_id(const void *a, const void *b)
{
    const struct row_document *x = a;
    const struct row_document *y = b;

    return strcmp(x->id, y->id);
}

static void add_row_id(struct strings *ids, const char *user_id, const char *conversation_id)
{
    CLEANUP(buffer_clear) struct buffer id = {0};

    buffer_printf(&id, "%s/%s", user_id, conversation_id);
    strings_add(ids, buffer_text(&id));
}

static const struct row_document *find_row(const struct sync *sync, const char *user_id,
                                           const char *conversation_id)
{
    CLEANUP(buffer_clear) struct buffer id = {0};
    struct row_document wanted = {0};

    buffer_printf(&id, "%s/%s", user_id, conversation_id);
    wanted.id = buffer_text(&id);
    return sync->rows.n == 0
               ? NULL
               : bsearch(&wanted, sync->rows.items, sync->rows.n, sizeof wanted, by_id);
}

/* A batch writes rows before conversations: now they are at least as new. The others' too, for
 * receipts. */
static enum status read_rows(struct sync *sync, size_t n, struct error *err)
{
    struct strings ids = {0};
    enum status s = STATUS_OK;

    for (size_t i = 0; i < n; i++) {
        const struct conversation_document *conversation = sync->candidates[i].entry->conversation;

        add_row_id(&ids, sync->user_id, conversation->id);
        if (!conversation->group_id)
            add_row_id(&ids, sync->candidates[i].key, conversation->id);
    }
    if (ids.n > 0)
        s = store_find(sync->message->store, CONVERSATION_USERS, &(struct store_find){0},
                       &row_document_record, &sync->rows, err, "{'_id': {'$in': %p}}",
                       (void *)&ids);
    strings_clear(&ids);
    if (sync->rows.n > 0)
        qsort(sync->rows.items, sync->rows.n, sizeof(struct row_document), by_id);
    return s;
}

/* ---- A page */

/* What goes on in a group that he has left is not told, but for what he may still see. */
static bool is_nothing(const struct candidate *candidate, const struct sync_source *source,
                       const struct sync_conversation *conversation)
{
    return source->entry.has_left && candidate->known &&
           candidate->known->version == candidate->now.version &&
           candidate->known->rev == candidate->now.rev && conversation->messages.n == 0 &&
           conversation->changes.n == 0;
}

/* *ret_is_full: it does not fit any more, and waits for the next page. */
static enum status add_candidate(struct sync *sync, struct candidate *candidate, size_t *size,
                                 struct sync_page *page, bool *ret_is_full, struct error *err)
{
    const struct conversation_document *conversation = candidate->entry->conversation;
    struct sync_source source = {
        .message = sync->message,
        .user_id = sync->user_id,
        .entry = *candidate->entry,
        .known = candidate->known,
        .is_new_device = !sync->from.id,
    };
    struct sync_conversation filled = {0};
    size_t filled_size = 0;
    enum status s;

    source.entry.row = find_row(sync, sync->user_id, conversation->id);
    if (!source.entry.row) /* his account is just being deleted */
        return STATUS_OK;
    entry_fill(&source.entry);
    if (!conversation->group_id)
        source.peer = find_row(sync, candidate->key, conversation->id);
    s = sync_fill(&source, &filled, &candidate->now, &filled_size, err);
    *ret_is_full = page->conversations.n > 0 && *size + filled_size > SYNC_PAGE_BYTES;
    if (s == STATUS_OK && !*ret_is_full) {
        candidate->is_done = true;
        *size += filled_size;
        if (!is_nothing(candidate, &source, &filled)) {
            *(struct sync_conversation *)list_add(&page->conversations, &sync_conversation_record) =
                filled;
            return STATUS_OK;
        }
    }
    record_clear(&sync_conversation_record, &filled);
    return s;
}

static enum status fill_page(struct sync *sync, size_t limit, struct sync_page *ret,
                             struct error *err)
{
    size_t n = limit < sync->n_differ ? limit : sync->n_differ;
    size_t size = 0;
    bool is_full = false;
    enum status s = read_rows(sync, n, err);

    for (size_t i = 0; s == STATUS_OK && !is_full && i < n; i++)
        s = add_candidate(sync, &sync->candidates[i], &size, ret, &is_full, err);
    if (s == STATUS_OK)
        conversations_add_names(sync->message, ret->conversations.items, ret->conversations.n,
                                sizeof(struct sync_conversation));
    return s;
}

/* ---- What the device knows then */

static bool is_behind(const struct candidate *candidate)
{
    struct sync_known all = {0};

    if (!candidate->is_done)
        return candidate->differs;
    sync_state_of(candidate->entry, &all);
    return candidate->now.change_seq < all.change_seq || candidate->now.version < all.version;
}

static char *vector_of(struct sync *sync, bool *ret_has_more)
{
    struct buffer text = {0};

    for (size_t i = 0; i < sync->overview.n; i++) {
        struct candidate *candidate = &sync->candidates[i];
        struct sync_known known = {0};

        *ret_has_more |= is_behind(candidate);
        if (!candidate->is_done && !candidate->known)
            continue;
        known = candidate->is_done ? candidate->now : *candidate->known;
        if (candidate->is_done)
            known.round = is_behind(candidate) ? 0 : sync->from.round;
        known.key = candidate->key;
        sync_vector_add(&text, &known);
    }
    return text.length > 0 ? buffer_take(&text) : memory_text("");
}

static enum status store_state(struct sync *sync, const struct call *call, struct sync_page *page,
                               struct error *err)
{
    struct sync_state state = {
        .user_id = memory_text(call->user_id),
        .session_id = memory_text(call->session_id),
        .vector = vector_of(sync, &page->has_more),
    };
    enum status s;

    state.round = page->has_more ? sync->from.round : sync->from.round + 1;
    s = sync_states_add(sync->message->store, &sync->from, &state, err);
    if (s == STATUS_OK)
        page->cursor = memory_text(sync_states_cursor(&state));
    record_clear(&sync_state_record, &state);
    return s;
}

enum status handle_sync(void *state, struct call *call, const void *request, void *reply,
                        struct error *err)
{
    struct sync sync = {.message = state, .user_id = call->user_id};
    const struct sync_query *query = request;
    struct sync_page *page = reply;
    enum status s = load(&sync, call, query->cursor, err);

    if (s == STATUS_OK && query->cursor && sync.n_differ == 0) {
        page->cursor = memory_text(query->cursor);
        s = sync_states_keep(sync.message->store, &sync.from, err);
    } else if (s == STATUS_OK) {
        s = fill_page(&sync, (size_t)query->limit, page, err);
        if (s == STATUS_OK)
            s = store_state(&sync, call, page, err);
    }
    sync_clear(&sync);
    return s;
}
