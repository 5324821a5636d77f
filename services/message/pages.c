#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Half of 2^63 is halved no more often. */
#define PROBES_MAX 63

/* ---- What is asked for */

/* Midnight of the day where the clock is offset minutes ahead of UTC. False: there is no such day. */
static bool day_begins(const char *day, int64_t offset, int64_t *ret)
{
    struct tm tm = {0};
    const char *end = strptime(day, "%Y-%m-%d", &tm);
    int day_of_month = tm.tm_mday;

    if (!end || *end || strlen(day) != strlen("2026-11-21"))
        return false;
    *ret = ((int64_t)timegm(&tm) - offset * 60) * 1000;
    if (tm.tm_mday != day_of_month)
        return false; /* the 30th of February: timegm() made it another day */
    return true;
}

enum status page_check(const struct history_page *page, int64_t *ret_at, struct error *err)
{
    bool by_seq = page->last_seq > 0 || page->after_seq >= 0;
    const char *also = page->around_seq > 0 && (by_seq || page->day || page->at >= 0) ? "around_seq"
                       : page->day && (by_seq || page->at >= 0)                       ? "day"
                       : page->at >= 0 && by_seq                                      ? "at"
                                                                                      : NULL;

    if (also)
        return error_field(err, STATUS_INVALID, also, "field '%s' is asked for alone", also);
    *ret_at = page->at;
    if (page->day && !day_begins(page->day, page->offset, ret_at))
        return error_field(err, STATUS_INVALID, "day",
                           "field 'day' must be a day such as 2026-11-21");
    if (page->day && *ret_at < 0)
        *ret_at = 0; /* before 1970 nobody said anything */
    return STATUS_OK;
}

/* ---- What is shown */

/* The first n of what was found, which came forwards or backwards. */
static void show(const struct list *found, size_t n, bool forwards, struct history *ret)
{
    const struct message_document *messages = found->items;

    for (size_t i = 0; i < n; i++)
        message_to_view(&messages[forwards ? i : n - 1 - i],
                        list_add(&ret->messages, &frame_message_record));
}

/* The page before last_seq, or after after_seq, or between the two. */
static enum status read_in_order(struct message_state *message, const struct readable *readable,
                                 const struct history_page *page, struct history *ret,
                                 struct error *err)
{
    bool forwards = page->after_seq >= 0 && page->last_seq == 0;
    int64_t from = page->after_seq < 0 ? 1 : page->after_seq + 1;
    int64_t to = page->last_seq > 0 ? page->last_seq - 1 : INT64_MAX;
    struct list found = {0};
    enum status s =
        readable_find(message, readable, from, to, forwards, page->limit + 1, &found, err);
    size_t n = found.n > (size_t)page->limit ? (size_t)page->limit : found.n;

    ret->has_more = found.n > n;
    if (s == STATUS_OK)
        show(&found, n, forwards, ret);
    list_clear(&found, &message_document_record);
    return s;
}

size_t page_divide(size_t limit, size_t n_before, size_t n_after)
{
    size_t most = n_after < limit - limit / 2 ? limit - n_after : limit / 2;

    return n_before < most ? n_before : most;
}

/* n_before of the page's messages are before seq, at least. */
static enum status read_at(struct message_state *message, const struct readable *readable,
                           int64_t seq, size_t limit, bool with_before, struct history *ret,
                           struct error *err)
{
    struct list before = {0};
    struct list after = {0};
    size_t n_before;
    size_t n_after;
    enum status s =
        readable_find(message, readable, seq, INT64_MAX, true, (int64_t)limit + 1, &after, err);

    if (s == STATUS_OK)
        s = readable_find(message, readable, 1, seq - 1, false,
                          with_before ? (int64_t)limit + 1 : 1, &before, err);
    n_before = with_before ? page_divide(limit, before.n, after.n) : 0;
    n_after = after.n < limit - n_before ? after.n : limit - n_before;
    ret->has_more_before = (struct maybe){.is_set = true, .value = before.n > n_before};
    ret->has_more_after = (struct maybe){.is_set = true, .value = after.n > n_after};
    ret->has_more = before.n > n_before || after.n > n_after;
    if (s == STATUS_OK) {
        show(&before, n_before, false, ret);
        show(&after, n_after, true, ret);
    }
    list_clear(&before, &message_document_record);
    list_clear(&after, &message_document_record);
    return s;
}

/* ---- By time */

struct moment {
    int64_t seq;
    int64_t created_at;
};

static const struct field moment_fields[] = {
    FIELD(struct moment, seq),
    FIELD(struct moment, created_at),
};
static const struct record moment_record = RECORD("messages.moment", struct moment, moment_fields);

/* The first message from seq on, holes skipped. NOT_FOUND: none up to `to`. */
static enum status find_moment(struct message_state *message, const struct readable *readable,
                               int64_t seq, int64_t to, struct moment *ret, struct error *err)
{
    static const struct store_find first = {.sort = "{'seq': 1}", .limit = 1};
    struct list found = {0};
    enum status s = store_find(message->store, MESSAGES, &first, &moment_record, &found, err,
                               "{'conversation_id': %s, 'seq': {'$gte': %ld, '$lte': %ld}}",
                               readable->conversation_id, seq, to);

    if (s == STATUS_OK && found.n == 0)
        s = STATUS_NOT_FOUND;
    if (s == STATUS_OK)
        *ret = *(struct moment *)found.items;
    free(found.items);
    return s;
}

/* The first seq that was sent at `at` or later, or one past the last. Messages are stored in the
 * order of seq, so their times rise: seq is halved, each time by one look into its index, and no
 * index of times burdens every insert. Where an owner's clock was set back, times repeat for as
 * long, and a page that begins in that while may begin at either of its times. */
static enum status find_seq_at(struct message_state *message, const struct readable *readable,
                               int64_t at, int64_t *ret, struct error *err)
{
    const struct span *spans = readable->spans.items;
    int64_t low = readable->spans.n ? spans[0].from_seq : 1;
    int64_t high = readable->spans.n ? spans[readable->spans.n - 1].to_seq : 0;

    *ret =
        high + 1; /* all of [low, high] is yet to be judged; *ret is late enough, or past the end */
    for (int i = 0; i < PROBES_MAX && low <= high; i++) {
        int64_t middle = low + (high - low) / 2;
        struct moment moment;
        enum status s = find_moment(message, readable, middle, high, &moment, err);

        if (s == STATUS_NOT_FOUND) {
            high = middle - 1;
        } else if (s != STATUS_OK) {
            return s;
        } else if (moment.created_at < at) {
            low = moment.seq + 1;
        } else {
            *ret = moment.seq;
            high = middle - 1;
        }
    }
    return STATUS_OK;
}

enum status page_read(struct message_state *message, const struct readable *readable,
                      const struct history_page *page, int64_t at, struct history *ret,
                      struct error *err)
{
    int64_t seq = page->around_seq;
    enum status s = STATUS_OK;

    if (seq == 0 && at < 0)
        return read_in_order(message, readable, page, ret, err);
    if (seq == 0)
        s = find_seq_at(message, readable, at, &seq, err);
    if (s == STATUS_OK)
        s = read_at(message, readable, seq, (size_t)page->limit, page->around_seq > 0, ret, err);
    return s;
}
