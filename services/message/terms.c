#include "terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "message.h"
#include "wire/frames.h"

#define SEQ_BITS 10
#define KEY_BITS 10

/* What expires before anybody could search for it. It is not written, so that removing it and writing
 * its terms do not cross. */
#define EXPIRES_SOON_MS 60000

#define HEAD_FIELDS(record) \
    FIELD_NAMED(record, id, "_id"), FIELD(record, conversation), FIELD(record, place), \
        FIELD(record, seq), FIELD(record, from_user_id), FIELD(record, msg_type), \
        FIELD(record, change_seq)

static const struct field head_fields[] = {HEAD_FIELDS(struct terms_document)};
const struct record terms_head_record = RECORD("terms.head", struct terms_document, head_fields);

static const struct field document_fields[] = {
    HEAD_FIELDS(struct terms_document),
    FIELD(struct terms_document, terms),
};
const struct record terms_document_record =
    RECORD("terms.document", struct terms_document, document_fields);

/* The one member that is searched, of any kind of content. */
struct searched {
    char *text;
    char *file_name;
    char *title;
};

static const struct field searched_fields[] = {
    FIELD(struct searched, text, .max = TEXT_MAX),
    FIELD(struct searched, file_name, .max = TEXT_MAX),
    FIELD(struct searched, title, .max = TEXT_MAX),
};
static const struct record searched_record =
    RECORD("message.searched", struct searched, searched_fields);

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211U;
    return hash ^ hash >> 32;
}

void terms_key(const char *conversation_id, char *ret)
{
    uint64_t hash = hash_of(conversation_id);

    for (size_t i = 0; i < TERMS_KEY - 1; i++, hash >>= 6)
        ret[i] = ALPHABET_ID[hash & 63];
    ret[TERMS_KEY - 1] = '\0';
}

int64_t terms_place_at(int64_t created_at)
{
    return created_at << (SEQ_BITS + KEY_BITS); /* until the year 2248 */
}

int64_t terms_place(const struct message_document *message)
{
    int64_t seq = message->seq & ((1 << SEQ_BITS) - 1);
    int64_t key = (int64_t)(hash_of(message->conversation_id) & ((1 << KEY_BITS) - 1));

    return terms_place_at(message->created_at) | seq << KEY_BITS | key;
}

char *terms_text(const struct message_document *message)
{
    struct searched searched;
    char *text = NULL;

    if (message->msg_type == MSG_SYSTEM || message->msg_type == MSG_CUSTOM ||
        !message->content.text)
        return NULL;
    if (record_from_json(&searched_record, message->content.text, strlen(message->content.text),
                         &searched, NULL) != STATUS_OK)
        return NULL;
    if (message->msg_type == MSG_TEXT)
        text = TAKE(searched.text);
    else if (message->msg_type == MSG_LOCATION)
        text = TAKE(searched.title);
    else
        text = TAKE(searched.file_name);
    record_clear(&searched_record, &searched);
    return text;
}

void terms_of(const struct message_document *message, struct terms_document *ret)
{
    CLEANUP(words_clear) struct words words = {0};
    CLEANUP(free) char *text = terms_text(message);
    char key[TERMS_KEY];

    terms_key(message->conversation_id, key);
    *ret = (struct terms_document){
        .id = memory_text(message->id),
        .conversation = memory_text(key),
        .place = terms_place(message),
        .seq = message->seq,
        .from_user_id = memory_text(message->from_user_id),
        .msg_type = message->msg_type,
        .change_seq = message->change_seq,
    };
    words_of_text(text, &words);
    words_reduce(&words, TERMS_MAX);
    for (size_t i = 0; i < words.n; i++)
        strings_add(&ret->terms, words.items[i].term);
}

/* ---- Writing */

/* Those that were changed, or some are in already: a crash, or two processes at once. Nothing newer
 * is taken back. */
static enum status write_again(struct store *store, const struct terms_document *const *documents,
                               size_t n, struct error *err)
{
    struct store_bulk *bulk = store_bulk_new(store, MESSAGE_TERMS);
    enum status s;

    for (size_t i = 0; i < n; i++) {
        const struct terms_document *doc = documents[i];

        store_bulk_add(
            bulk, STORE_UPSERT,
            "[{'_id': %s}, {'$setOnInsert': {'conversation': %s, 'place': %ld, 'seq': "
            "%ld, 'from_user_id': %s, 'msg_type': %ld, 'change_seq': %ld, 'terms': %p}}]",
            doc->id, doc->conversation, doc->place, doc->seq, doc->from_user_id, doc->msg_type,
            doc->change_seq, (const void *)&doc->terms);
    }
    s = store_bulk_run(bulk, err);
    bulk = store_bulk_new(store, MESSAGE_TERMS);
    for (size_t i = 0; s == STATUS_OK && i < n; i++)
        if (documents[i]->change_seq > 0)
            store_bulk_add(bulk, 0,
                           "[{'_id': %s, 'change_seq': {'$lt': %ld}}, {'$set': {'change_seq': %ld, "
                           "'terms': %p}}]",
                           documents[i]->id, documents[i]->change_seq, documents[i]->change_seq,
                           (const void *)&documents[i]->terms);
    if (s == STATUS_OK)
        return store_bulk_run(bulk, err);
    store_bulk_free(bulk);
    return s;
}

static enum status write_all(struct store *store, const struct terms_document **documents,
                             size_t n_new, size_t n, struct error *err)
{
    enum status s = STATUS_OK;

    if (n_new > 0)
        s = store_insert_many(store, MESSAGE_TERMS, &terms_document_record,
                              (const void *const *)documents, n_new, err);
    if (s == STATUS_ID_TAKEN)
        return write_again(store, documents, n, err);
    return s == STATUS_OK && n > n_new ? write_again(store, documents + n_new, n - n_new, err) : s;
}

/* What was changed keeps its document even without words: who is late with what it was before finds
 * it taken. */
static bool is_wanted(const struct message_document *message, const struct terms_document *doc)
{
    if (message->expires_at > 0 && message->expires_at < clock_now() + EXPIRES_SOON_MS)
        return false;
    return doc->terms.n > 0 || doc->change_seq > 0;
}

enum status terms_write(struct store *store, const struct message_document *messages, size_t n,
                        struct error *err)
{
    CLEANUP(free) struct terms_document *documents = memory_grow(NULL, n + 1, sizeof *documents);
    CLEANUP(free) const struct terms_document **wanted = memory_grow(NULL, n + 1, sizeof *wanted);
    size_t n_wanted = 0;
    size_t n_new;
    enum status s;

    for (size_t i = 0; i < n; i++)
        terms_of(&messages[i], &documents[i]);
    for (size_t i = 0; i < n; i++)
        if (documents[i].change_seq == 0 && is_wanted(&messages[i], &documents[i]))
            wanted[n_wanted++] = &documents[i];
    n_new = n_wanted;
    for (size_t i = 0; i < n; i++)
        if (documents[i].change_seq > 0 && is_wanted(&messages[i], &documents[i]))
            wanted[n_wanted++] = &documents[i];
    s = write_all(store, wanted, n_new, n_wanted, err);
    for (size_t i = 0; i < n; i++)
        record_clear(&terms_document_record, &documents[i]);
    return s;
}

enum status terms_prepare(struct store *store, struct error *err)
{
    return store_index(store, MESSAGE_TERMS, "{'conversation': 1, 'terms': 1, 'place': -1}", false,
                       0, err);
}

enum status search_forget(struct store *store, const struct strings *ids, struct error *err)
{
    return store_delete(store, MESSAGE_TERMS, NULL, err, "{'_id': {'$in': %p}}", (const void *)ids);
}
