#ifndef MESSAGE_SEARCH_QUEUE_H
#define MESSAGE_SEARCH_QUEUE_H

#include <pthread.h>
#include <uthash.h>

#include "record/record.h"

/* What the owner has stored and the indexer has yet to look at. In memory alone: what a crash or an
 * overflow loses, a sweep over all conversations finds by their indexed_seq. Any thread. */

#define SEARCH_QUEUE_MAX \
    20000 /* messages and changes; some 3 MB. Past that: forget all, and sweep */

/* Of one conversation. */
struct search_news {
    char *conversation_id;
    int64_t from_seq; /* messages from_seq to to_seq are new, all of them; 0: none */
    int64_t to_seq;
    int64_t from_change; /* changes likewise */
    int64_t to_change;
    bool has_gap;       /* something between is missing: MongoDB must be asked what */
    struct strings ids; /* _id of each message whose words are to be written */
    UT_hash_handle hh;
};

struct search_queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct search_news *news; /* hash by conversation_id */
    size_t n;
    bool is_sweep_due;
};
#define SEARCH_QUEUE_INITIALIZER \
    { \
        .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER, \
        .is_sweep_due = true \
    }

/* Note a message, or a change, in a hash of news that begins as NULL. id is the message's, or
 * NULL: it has no words, or the change leaves them as they are. One thread. */
void search_news_add(struct search_news **news, const char *conversation_id, int64_t seq,
                     const char *id);
void search_news_add_change(struct search_news **news, const char *conversation_id,
                            int64_t change_seq, const char *id);

/* Hand over what is stored and shown. */
void search_queue_add(struct search_queue *queue, struct search_news *news);

/* There may be conversations that nobody told of. */
void search_queue_sweep(struct search_queue *queue);

/* Take what waits for at most so long: some conversations, of about max messages, as a hash that the
 * caller frees with search_news_free(); NULL: nothing came. */
struct search_news *search_queue_take(struct search_queue *queue, int wait_ms, size_t max);
bool search_queue_take_sweep(struct search_queue *queue);

void search_news_free(struct search_news *news);
void search_queue_clear(struct search_queue *queue);

#endif
