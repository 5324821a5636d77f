/* Who has a name that begins so: for `user`, which shows them. */

#include <stdlib.h>

#include "auth.h"

/* Counting goes no further: nobody pages through more by hand. */
#define TOTAL_MAX 10000

/* "~" comes after every character of a username, so the names that begin with a prefix are those
 * from it up to it and "~". */
#define AFTER_USERNAMES "~"

/* Without the password's hash, which is not even read. */
static const struct field shown_fields[] = {
    FIELD_NAMED(struct account, user_id, "_id"),
    FIELD(struct account, username),
    FIELD(struct account, nickname),
    FIELD(struct account, bot),
    FIELD(struct account, created_at),
};
static const struct record shown_record =
    RECORD("auth.shown_account", struct account, shown_fields);

enum status handle_search_accounts(void *state, const void *request, void *reply, struct error *err)
{
    struct auth_state *auth = state;
    const struct account_search *search = request;
    struct account_page *page = reply;
    const struct store_find how = {.sort = "{'username': 1}", .limit = search->limit};
    CLEANUP(buffer_clear) struct buffer end = {0};
    enum status s;

    buffer_printf(&end, "%s" AFTER_USERNAMES, search->prefix);
    s = store_count(auth->store, ACCOUNTS, TOTAL_MAX, &page->total, err,
                    "{'username': {'$gte': %s, '$lt': %s}}", search->prefix, buffer_text(&end));
    if (s != STATUS_OK)
        return s;
    return store_find(auth->store, ACCOUNTS, &how, &shown_record, &page->accounts, err,
                      "{'username': {'$gte': %s, '$lt': %s, '$gt': %s}}", search->prefix,
                      buffer_text(&end), search->after ? search->after : "");
}
