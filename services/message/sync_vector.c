#include "sync_vector.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NUMBERS 6

static int by_key(const void *a, const void *b)
{
    const struct sync_known *x = a;
    const struct sync_known *y = b;

    return strcmp(x->key, y->key);
}

/* "<key> <last_seq> <change_seq> <version> <touched> <rev> <round>", ended at its newline. */
static bool read_line(char *line, struct sync_known *ret)
{
    int64_t numbers[NUMBERS];
    char *p = strchr(line, ' ');

    if (!p || p == line)
        return false;
    *p++ = '\0';
    for (size_t i = 0; i < NUMBERS; i++) {
        char *end;

        numbers[i] = strtoll(p, &end, 10);
        if (end == p || *end != (i + 1 < NUMBERS ? ' ' : '\0'))
            return false;
        p = end + 1;
    }
    *ret = (struct sync_known){line,       numbers[0], numbers[1], numbers[2],
                               numbers[3], numbers[4], numbers[5]};
    return true;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (const char *p = strchr(text, '\n'); p; p = strchr(p + 1, '\n'))
        n++;
    return n;
}

enum status sync_vector_read(char *text, struct sync_vector *ret, struct error *err)
{
    char *line = text;

    *ret = (struct sync_vector){.text = text};
    ret->known = memory_grow(NULL, count_lines(text) + 1, sizeof *ret->known);
    for (char *end = strchr(line, '\n'); end; end = strchr(line, '\n')) {
        *end = '\0';
        if (!read_line(line, &ret->known[ret->n++]))
            return error_set(err, STATUS_INTERNAL, "not a line of a vector: '%.80s'", line);
        line = end + 1;
    }
    qsort(ret->known, ret->n, sizeof *ret->known, by_key);
    return STATUS_OK;
}

void sync_vector_clear(struct sync_vector *vector)
{
    free(vector->text);
    free(vector->known);
    *vector = (struct sync_vector){0};
}

const struct sync_known *sync_vector_find(const struct sync_vector *vector, const char *key)
{
    const struct sync_known wanted = {.key = key};

    if (vector->n == 0)
        return NULL;
    return bsearch(&wanted, vector->known, vector->n, sizeof wanted, by_key);
}

void sync_vector_add(struct buffer *text, const struct sync_known *known)
{
    buffer_printf(text, "%s %lld %lld %lld %lld %lld %lld\n", known->key,
                  (long long)known->last_seq, (long long)known->change_seq,
                  (long long)known->version, (long long)known->touched, (long long)known->rev,
                  (long long)known->round);
}

char *sync_key(const char *conversation_id, const char *user_id)
{
    const char *a = conversation_id + strlen("single:");
    const char *colon;

    if (strncmp(conversation_id, "single:", strlen("single:")) != 0 || !(colon = strchr(a, ':')))
        return memory_text(conversation_id);
    return strcmp(colon + 1, user_id) == 0 ? memory_text_n(a, (size_t)(colon - a))
                                           : memory_text(colon + 1);
}

bool sync_differs(const struct sync_known *known, const struct sync_known *now)
{
    return !known || now->last_seq > known->last_seq || now->change_seq > known->change_seq ||
           now->version != known->version || now->touched != known->touched ||
           now->rev != known->rev;
}
