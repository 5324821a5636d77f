#ifndef MESSAGE_PAGES_H
#define MESSAGE_PAGES_H

#include "readable.h"

/* Pages of what somebody may read of a conversation: the newest, before and after a seq, around one,
 * and from a time on. */

/* Is it one question that can be answered? INVALID names the field. *ret_at is the time from which
 * a page by day or time begins, or -1. Pure. */
MUST_CHECK enum status page_check(const struct history_page *page, int64_t *ret_at,
                                  struct error *err);

/* at is page_check()'s. *ret (zeroed before) is the caller's to clear, on failure too. */
MUST_CHECK enum status page_read(struct message_state *message, const struct readable *readable,
                                 const struct history_page *page, int64_t at, struct history *ret,
                                 struct error *err);

/* How a page around a seq is divided: of the n_before and n_after that there are, how many of those
 * before are shown. Half of each; where one side has less, the other has more. Pure. */
size_t page_divide(size_t limit, size_t n_before, size_t n_after);

#endif
