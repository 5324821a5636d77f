/* GET /api/messages/search: what of one's own conversations holds some words, newest first.
 *
 * The index message_terms is asked for the rarest of the words in the caller's conversations, some
 * candidates at a time, newest first; the other words and the filters are compared here. What is
 * then shown is read from `messages` and compared once more with what it says now, so that neither a
 * late indexer nor two words with the same stem can show what should not be. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "message.h"
#include "search_scope.h"
#include "wire/search_api.h"

/* Words past these are compared, but not counted. */
#define TERMS_COUNTED_MAX 10
#define COUNT_MAX 1000 /* two words that are more frequent are alike */

/* Of candidates for several words or with filters, most may be of no use: then more and more at a time,
 * since asking costs more than each of them. */
#define CANDIDATES_FIRST 500
#define CANDIDATES_MAX 2000
#define CANDIDATES_MIN 50
#define LOOKED_MAX 5000 /* in one request; then the client goes on by next_cursor */

struct search {
    struct message_state *message;
    const char *user_id;
    const struct search_query *query;
    struct words words;   /* of the query */
    struct strings terms; /* each once */
    const char *term;     /* the rarest */
    struct scope scope;
    int64_t from; /* places from <= place < to are looked at */
    int64_t to;
    struct list found; /* struct found_message */
};

static void search_clear_at(struct search *search)
{
    words_clear(&search->words);
    strings_clear(&search->terms);
    scope_clear(&search->scope);
}

static void clear_all(const struct record *rec, struct list *list, size_t from)
{
    for (size_t i = from; i < list->n; i++)
        record_clear(rec, (char *)list->items + i * rec->size);
    list->n = from;
    if (from == 0)
        free_at(&list->items);
}

/* ---- Words */

static void find_terms(struct search *search)
{
    words_of_query(search->query->q, &search->words);
    for (size_t i = 0; i < search->words.n; i++)
        if (!strings_has(&search->terms, search->words.items[i].term))
            strings_add(&search->terms, search->words.items[i].term);
}

/* Of equally frequent ones the longest. *ret_none: one is not there at all. */
static enum status choose_term(struct search *search, bool *ret_none, struct error *err)
{
    struct strings keys = {0};
    int64_t least = INT64_MAX;
    enum status s = STATUS_OK;

    *ret_none = false;
    search->term = search->terms.items[0];
    scope_all_keys(&search->scope, &keys);
    for (size_t i = 0; i < search->terms.n && i < TERMS_COUNTED_MAX && !*ret_none; i++) {
        const char *term = search->terms.items[i];
        int64_t n = 0;

        if (search->terms.n == 1)
            break;
        s = store_count(search->message->store, MESSAGE_TERMS, COUNT_MAX, &n, err,
                        "{'conversation': {'$in': %p}, 'terms': %s}", (void *)&keys, term);
        if (s != STATUS_OK)
            break;
        *ret_none = n == 0;
        if (n < least || (n == least && strlen(term) > strlen(search->term)))
            search->term = term;
        least = n < least ? n : least;
    }
    strings_clear(&keys);
    return s;
}

/* ---- Candidates */

static int newest_first(const void *a, const void *b)
{
    const struct terms_document *x = a;
    const struct terms_document *y = b;

    return (x->place < y->place) - (x->place > y->place);
}

static bool is_simple(const struct search *search)
{
    return search->terms.n == 1 && !search->query->from && search->query->msg_type < 0;
}

/* Among what there is already only the newer can make its way. */
static enum status look(const struct search *search, const struct strings *keys, int64_t end,
                        size_t want, struct list *ret, struct error *err)
{
    const struct store_find how = {.sort = "{'place': -1}", .limit = (int64_t)want};
    const struct terms_document *all = ret->items;
    int64_t from = ret->n == want ? all[want - 1].place : search->from;
    enum status s;

    if (keys->n == 0)
        return STATUS_OK;
    s = store_find(search->message->store, MESSAGE_TERMS, &how,
                   search->terms.n > 1 ? &terms_document_record : &terms_head_record, ret, err,
                   "{'conversation': {'$in': %p}, 'terms': %s, 'place': {'$gte': %ld, '$lt': %ld}}",
                   (const void *)keys, search->term, from, end < search->to ? end : search->to);
    if (ret->n > 0)
        qsort(ret->items, ret->n, sizeof(struct terms_document), newest_first);
    if (ret->n > want)
        clear_all(&terms_document_record, ret, want);
    return s;
}

/* The newest of all conversations. Of those whose newest message is older than what there is already,
 * there is no need to ask. */
static enum status find_candidates(const struct search *search, size_t want, struct list *ret,
                                   struct error *err)
{
    const struct scope *scope = &search->scope;
    enum status s = STATUS_OK;

    for (size_t i = 0; i < scope->n && s == STATUS_OK;) {
        const struct terms_document *all = ret->items;
        int64_t end = scope->items[i].end;
        struct strings keys = {0};

        if (ret->n == want && all[want - 1].place >= scope->items[i].newest)
            break;
        scope_keys(scope, &i, &keys);
        s = look(search, &keys, end, want, ret, err);
        strings_clear(&keys);
    }
    return s;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_terms(const struct search *search, const struct terms_document *candidate)
{
    for (size_t i = 0; i < search->terms.n && search->terms.n > 1; i++)
        if (!bsearch(&search->terms.items[i], candidate->terms.items, candidate->terms.n,
                     sizeof(char *), compare_texts))
            return false;
    return true;
}

static bool is_wanted(const struct search *search, const struct terms_document *candidate)
{
    const struct search_query *query = search->query;
    struct scope_conversation *conversation = scope_find(&search->scope, candidate->id);

    if (!conversation)
        return false; /* another's, with the same key */
    if (!readable_has(&conversation->readable, candidate->seq)) {
        const struct span *spans = conversation->readable.spans.items;

        conversation->is_over |= candidate->seq < spans[0].from_seq;
        return false;
    }
    return (!query->from || strcmp(candidate->from_user_id, query->from) == 0) &&
           (query->msg_type < 0 || candidate->msg_type == query->msg_type) &&
           has_terms(search, candidate);
}

/* ---- Messages */

static int later_first(const void *a, const void *b)
{
    int64_t x = terms_place(a);
    int64_t y = terms_place(b);

    return (x < y) - (x > y);
}

static void show(struct search *search, const struct message_document *message)
{
    CLEANUP(words_clear) struct words words = {0};
    CLEANUP(free) struct words_place *places = NULL;
    CLEANUP(free) char *text = terms_text(message);
    struct found_message *found;
    size_t n = 0;

    words_of_text(text, &words);
    if (!words_match(&search->words, &words, HIGHLIGHTS_MAX, &places, &n))
        return;
    found = list_add(&search->found, &found_message_record);
    found->message = memory_new(sizeof(struct frame_message));
    message_to_view(message, found->message);
    for (size_t i = 0; i < n; i++) {
        struct highlight *highlight = list_add(&found->highlights, &highlight_record);

        *highlight = (struct highlight){.start = places[i].start, .length = places[i].length};
    }
}

/* Show those of the candidates that still say so. */
static enum status show_all(struct search *search, const struct strings *ids, struct error *err)
{
    struct list messages = {0};
    const struct message_document *all;
    enum status s = store_find(
        search->message->store, MESSAGES, &(struct store_find){0}, &message_document_record,
        &messages, err,
        "{'_id': {'$in': %p}, 'hidden_for': {'$ne': %s}, 'expires_at': {'$not': {'$lte': %ld}}}",
        (const void *)ids, search->user_id, clock_now());

    if (messages.n > 0)
        qsort(messages.items, messages.n, sizeof *all, later_first);
    all = messages.items;
    for (size_t i = 0; i < messages.n && s == STATUS_OK; i++)
        show(search, &all[i]);
    clear_all(&message_document_record, &messages, 0);
    return s;
}

/* As many of the candidates as there is room for; search->to is then where the next are. */
static enum status take(struct search *search, const struct list *candidates, struct error *err)
{
    const struct terms_document *all = candidates->items;
    size_t limit = (size_t)search->query->limit;
    enum status s = STATUS_OK;

    for (size_t i = 0; i < candidates->n && search->found.n < limit && s == STATUS_OK;) {
        struct strings ids = {0};

        for (; i < candidates->n && ids.n < limit - search->found.n; i++) {
            if (is_wanted(search, &all[i]))
                strings_add(&ids, all[i].id);
            search->to = all[i].place;
        }
        if (ids.n > 0)
            s = show_all(search, &ids, err);
        strings_clear(&ids);
    }
    return s;
}

/* For one word nearly all candidates will do. */
static size_t count_wanted(const struct search *search, size_t looked)
{
    size_t room = (size_t)search->query->limit - search->found.n;
    size_t want = looked > 0 ? looked : CANDIDATES_FIRST;

    if (is_simple(search))
        return room < CANDIDATES_MIN ? CANDIDATES_MIN : room + 1;
    return want < CANDIDATES_MAX ? want : CANDIDATES_MAX;
}

static enum status search_all(struct search *search, bool *ret_more, struct error *err)
{
    size_t limit = (size_t)search->query->limit;
    size_t looked = 0;
    enum status s = STATUS_OK;

    *ret_more = true;
    while (s == STATUS_OK && *ret_more && search->found.n < limit && looked < LOOKED_MAX) {
        size_t want = count_wanted(search, looked);
        struct list candidates = {0};
        const struct terms_document *all;

        s = find_candidates(search, want, &candidates, err);
        if (s == STATUS_OK)
            s = take(search, &candidates, err);
        all = candidates.items;
        /* With fewer than wanted these were all; take() may not have come to the last. */
        *ret_more =
            candidates.n == want || (candidates.n > 0 && search->to > all[candidates.n - 1].place);
        looked += want;
        clear_all(&terms_document_record, &candidates, 0);
    }
    return s;
}

static enum status read_query(struct search *search, struct error *err)
{
    const struct search_query *query = search->query;

    search->from = terms_place_at(query->after);
    search->to = query->before ? terms_place_at(query->before) : INT64_MAX;
    if (query->cursor) {
        int64_t to = strtoll(query->cursor, NULL, 10); /* digits alone; too many: INT64_MAX */

        if (to < search->to)
            search->to = to;
    }
    find_terms(search);
    return scope_load(search->message, search->user_id, query->conversation_id, &search->scope,
                      err);
}

enum status handle_message_search(void *state, struct call *call, const void *request, void *reply,
                                  struct error *err)
{
    CLEANUP(search_clear)
    struct search search = {.message = state, .user_id = call->user_id, .query = request};
    struct search_page *page = reply;
    struct buffer cursor = {0};
    bool is_none;
    bool is_more = false;
    enum status s = read_query(&search, err);

    if (s != STATUS_OK || search.terms.n == 0)
        return s;
    s = choose_term(&search, &is_none, err);
    if (s == STATUS_OK && !is_none)
        s = search_all(&search, &is_more, err);
    page->messages = search.found;
    if (s != STATUS_OK || !is_more)
        return s;
    buffer_printf(&cursor, "%lld", (long long)search.to);
    page->next_cursor = buffer_take(&cursor);
    return STATUS_OK;
}
