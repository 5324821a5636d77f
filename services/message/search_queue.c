#include "search_queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

void search_news_free(struct search_news *news)
{
    struct search_news *one;
    struct search_news *next;

    HASH_ITER(hh, news, one, next) {
        HASH_DEL(news, one);
        strings_clear(&one->ids);
        free(one->conversation_id);
        free(one);
    }
}

static void forget(struct search_queue *queue)
{
    search_news_free(queue->news);
    queue->news = NULL;
    queue->n = 0;
}

static struct search_news *find(struct search_news **all, const char *conversation_id)
{
    struct search_news *news;

    HASH_FIND_STR(*all, conversation_id, news);
    if (news)
        return news;
    news = memory_new(sizeof *news);
    news->conversation_id = memory_text(conversation_id);
    HASH_ADD_KEYPTR(hh, *all, news->conversation_id, strlen(news->conversation_id), news);
    return news;
}

/* Numbers that were there already are a repetition, those too far ahead leave a gap. */
static bool extend(struct search_news *news, int64_t *from, int64_t *to, int64_t first,
                   int64_t last)
{
    if (*to >= last)
        return false;
    if (*to == 0)
        *from = first;
    else if (first > *to + 1)
        news->has_gap = true;
    *to = last;
    return true;
}

void search_news_add(struct search_news **news, const char *conversation_id, int64_t seq,
                     const char *id)
{
    struct search_news *one = find(news, conversation_id);

    if (extend(one, &one->from_seq, &one->to_seq, seq, seq) && id)
        strings_add(&one->ids, id);
}

void search_news_add_change(struct search_news **news, const char *conversation_id,
                            int64_t change_seq, const char *id)
{
    struct search_news *one = find(news, conversation_id);

    if (extend(one, &one->from_change, &one->to_change, change_seq, change_seq) && id)
        strings_add(&one->ids, id);
}

/* An id too many is only looked at twice. */
static void merge(struct search_queue *queue, const struct search_news *news)
{
    struct search_news *into = find(&queue->news, news->conversation_id);

    (void)extend(into, &into->from_seq, &into->to_seq, news->from_seq, news->to_seq);
    (void)extend(into, &into->from_change, &into->to_change, news->from_change, news->to_change);
    into->has_gap |= news->has_gap;
    for (size_t i = 0; i < news->ids.n; i++)
        strings_add(&into->ids, news->ids.items[i]);
    queue->n += news->ids.n + 1;
}

void search_queue_add(struct search_queue *queue, struct search_news *news)
{
    const struct search_news *one;

    (void)pthread_mutex_lock(&queue->lock);
    for (one = news; one; one = one->hh.next)
        merge(queue, one);
    if (queue->n > SEARCH_QUEUE_MAX) {
        forget(queue);
        queue->is_sweep_due = true;
    }
    (void)pthread_cond_signal(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
    search_news_free(news);
}

void search_queue_sweep(struct search_queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->is_sweep_due = true;
    (void)pthread_cond_signal(&queue->filled);
    (void)pthread_mutex_unlock(&queue->lock);
}

static void wait_until(struct search_queue *queue, int wait_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until); /* cannot fail; a jump costs one wait */
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += wait_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&queue->filled, &queue->lock, &until); /* late or early: alike */
}

/* The oldest conversations of the hash, which keeps the order in which they came. */
static struct search_news *take_some(struct search_queue *queue, size_t max)
{
    struct search_news *taken = NULL;
    struct search_news *news;
    struct search_news *next;
    size_t n = 0;

    HASH_ITER(hh, queue->news, news, next) {
        if (n >= max)
            break;
        n += news->ids.n + 1;
        HASH_DEL(queue->news, news);
        HASH_ADD_KEYPTR(hh, taken, news->conversation_id, strlen(news->conversation_id), news);
    }
    return taken;
}

struct search_news *search_queue_take(struct search_queue *queue, int wait_ms, size_t max)
{
    struct search_news *taken;
    struct search_news *news;

    (void)pthread_mutex_lock(&queue->lock);
    if (!queue->news && !queue->is_sweep_due)
        wait_until(queue, wait_ms);
    taken = take_some(queue, max);
    queue->n = 0;
    for (news = queue->news; news; news = news->hh.next)
        queue->n += news->ids.n + 1;
    (void)pthread_mutex_unlock(&queue->lock);
    return taken;
}

bool search_queue_take_sweep(struct search_queue *queue)
{
    bool due;

    (void)pthread_mutex_lock(&queue->lock);
    due = queue->is_sweep_due;
    queue->is_sweep_due = false;
    (void)pthread_mutex_unlock(&queue->lock);
    return due;
}

void search_queue_clear(struct search_queue *queue)
{
    forget(queue);
}
