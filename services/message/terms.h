#ifndef MESSAGE_TERMS_H
#define MESSAGE_TERMS_H

#include "documents.h"
#include "store/store.h"
#include "words/words.h"

/* What search finds messages by: one small document for each message that has words, in a collection
 * of its own, written by the indexer alone. It is derived: dropped, with indexed_seq and
 * indexed_change_seq of all conversations, it is made anew. */

#define MESSAGE_TERMS "message_terms"

/* For each of them the index has an entry: what comes after these is not found. English letters of
 * 10,000 characters have some 600. */
#define TERMS_MAX 1000

struct terms_document {
    char *id;           /* "_id": the message's */
    char *conversation; /* terms_key() */
    int64_t place;      /* terms_place() */
    int64_t seq;
    char *from_user_id;
    int64_t msg_type;
    int64_t change_seq;   /* of the message, as it was indexed */
    struct strings terms; /* none: it is recalled, or has no words any more */
};
extern const struct record terms_document_record;

/* The same without its terms, for who need not compare them. */
extern const struct record terms_head_record;

/* Short, since it is in each entry of the index; the same for two conversations so rarely that it
 * costs no more than a look at their _id. TERMS_KEY bytes. */
#define TERMS_KEY 9
void terms_key(const char *conversation_id, char *ret);

/* Newest first is by place, descending: created_at, and below it as much of seq and conversation as
 * tells those of one millisecond apart. */
int64_t terms_place(const struct message_document *message);
int64_t terms_place_at(int64_t created_at); /* the least of that time */

/* The text of a message that is searched: of a text itself, of a file its name, of a location its
 * title. NULL: there is none. The caller frees it. */
char *terms_text(const struct message_document *message);

/* What becomes of a message. Its strings are ret's; record_clear() by terms_document_record. */
void terms_of(const struct message_document *message, struct terms_document *ret);

/* Write those of n messages, from what they are now. A message that is known already, perhaps as of
 * a later change, is left so. */
MUST_CHECK enum status terms_write(struct store *store, const struct message_document *messages,
                                   size_t n, struct error *err);

/* The index. */
MUST_CHECK enum status terms_prepare(struct store *store, struct error *err);

#endif
